"""The inbox as a person sees it."""

from __future__ import annotations

from typing import Any

import pytest

from crosstie import Endpoint
from crosstie.ports import Event
from crosstie.service.asked import Misused
from crosstie.service.inboxes import inboxes, moment, parsed
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.driving import run
from crosstie.testing.memory import MemoryAccount
from crosstie.testing.signed import SignedSource

APP = Crosstie([], webhooks=[Endpoint("crm", SignedSource(MemoryAccount(), "env:NONE"))])
HOUR = 3_600.0


def store_with(times: list[float], endpoint: str = "crm") -> SqlStore:
    store = SqlStore.open("sqlite://")
    for number, at in enumerate(times):
        run(store.receive([(endpoint, Event(f"d{number}", "changed", b"{}"))], at))
    return store


def test_an_endpoint_that_nothing_came_to_is_shown_as_such() -> None:
    [box] = run(inboxes(APP, SqlStore.open("sqlite://"), 0.0))
    assert (box.endpoint, box.waiting, box.failed, box.last_received) == ("crm", 0, 0, None)
    assert (box.oldest_age, box.usual_pause, box.silent_for) == (None, None, None)


def test_what_waits_and_what_is_usual_is_shown() -> None:
    store = store_with([HOUR * n for n in range(6)])
    [box] = run(inboxes(APP, store, 8 * HOUR))
    assert (box.waiting, box.oldest_age, box.last_received) == (6, 8 * HOUR, 5 * HOUR)
    assert (box.usual_pause, box.silent_for) == (HOUR, None)
    [box] = run(inboxes(APP, store, 8 * HOUR + 1.0))
    assert box.silent_for == 3 * HOUR + 1.0


def test_an_endpoint_that_is_gone_is_shown_while_something_is_to_be_done() -> None:
    store = store_with([HOUR * n for n in range(6)], "old")
    _, old = run(inboxes(APP, store, 100 * HOUR))
    # It is meant to be silent.
    assert (old.endpoint, old.waiting, old.silent_for) == ("old", 6, None)
    run(store.worked_off([each.id for each in run(store.waiting_arrivals(None, 9))], 1.0))
    assert [box.endpoint for box in run(inboxes(APP, store, 100 * HOUR))] == ["crm"]


@pytest.mark.parametrize(
    "text, at",
    [
        ("1970-01-02", 86_400.0),
        ("1970-01-01T01:00", HOUR),
        ("1970-01-01T01:00+01:00", 0.0),
        ("1970-01-01 00:00:01Z", 1.0),
    ],
)
def test_a_time_is_in_utc_where_it_names_no_zone(text: str, at: float) -> None:
    assert moment(text) == at


@pytest.mark.parametrize("text", ["", "yesterday", "12:00", "2026-13-01"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(Misused, match="is no time"):
        moment(text)


@pytest.mark.parametrize(
    "saved, headers, body",
    [
        (b"A: 1\r\nB:2\r\n\r\n{}\r\n", {"a": ["1"], "b": ["2"]}, b"{}\r\n"),
        (b"A: 1\na: 2\n\n\n{}", {"a": ["1", "2"]}, b"\n{}"),
        (b"POST / HTTP/1.1\nA: 1:2\n\n", {"a": ["1:2"]}, b""),
        (b"A: 1\n\nx\r\n\r\ny", {"a": ["1"]}, b"x\r\n\r\ny"),
        (b"A: 1\r\n\r\nx\n\ny", {"a": ["1"]}, b"x\n\ny"),
    ],
)
def test_a_saved_request_is_taken_byte_for_byte(saved: bytes, headers: Any, body: bytes) -> None:
    assert parsed(saved) == (headers, body)


def test_a_request_without_an_empty_line_is_none() -> None:
    with pytest.raises(Misused, match="no empty line"):
        parsed(b"A: 1\r\n{}")
