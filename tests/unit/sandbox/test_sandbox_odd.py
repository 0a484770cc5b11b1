"""A client that leaves in the middle of its request, and a date beyond all calendars."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from crosstie.sandbox.ghl import GhlSandbox
from crosstie.sandbox.ghl.custom_values import date_text
from crosstie.sandbox.hosted import Hosted


def test_a_date_that_no_calendar_has_is_shown_in_milliseconds() -> None:
    assert date_text(1_767_268_800_000) == "2026-01-01"
    assert date_text(10**25) == str(10**25)


def test_a_client_that_leaves_in_the_middle_of_its_request_changes_nothing() -> None:
    with Hosted(GhlSandbox()) as hosted:
        at = urlsplit(hosted.url)
        with socket.create_connection((at.hostname, at.port or 0), timeout=10) as client:
            head = f"POST /contacts/ HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Length: 100\r\n\r\n"
            client.sendall(head.encode() + b'{"firstName"')
            while "POST /contacts/" not in hosted.control("state")["calls"]:
                pass
        state = hosted.control("state")
    assert (state["contacts"], state["stored"]) == (0, 0)
