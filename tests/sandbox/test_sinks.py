"""The sinks take what the real ones take, refuse what they refuse, and fail when they are told."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from crosstie.cli import main
from crosstie.sandbox.sinks import (
    DISCORD_PATH,
    SLACK_PATH,
    WEBHOOK_PATH,
    Box,
    HostedSink,
    start_chat,
)
from crosstie.sandbox.sinks.box import MOST
from crosstie.sandbox.sinks.mail import PASSWORD, start_mail


@pytest.fixture
def chat() -> Iterator[HostedSink[Any]]:
    with HostedSink(partial(start_chat, Box())) as sink:
        yield sink


@pytest.fixture
def mail() -> Iterator[HostedSink[Any]]:
    with HostedSink(partial(start_mail, Box())) as sink:
        yield sink


def post(url: str, body: Any, kind: str = "application/json") -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(url, raw, {"Content-Type": kind}, method="POST")
    try:
        with urlopen(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


EMBED = {"title": "t", "description": "d"}
REFUSED = [
    (SLACK_PATH, b"{", 400, "invalid_payload"),
    (SLACK_PATH, [], 400, "invalid_payload"),
    (SLACK_PATH, {}, 400, "no_text"),
    (SLACK_PATH, {"blocks": [{"text": {"text": "x" * 3_001}}]}, 400, "invalid_blocks"),
    (SLACK_PATH, {"text": "a", "blocks": [{"text": {"text": ""}}]}, 400, "invalid_blocks"),
    (DISCORD_PATH, b"{", 400, "50109"),
    (DISCORD_PATH, {}, 400, "50006"),
    (DISCORD_PATH, {"content": "x" * 2_001}, 400, "50035"),
    (DISCORD_PATH, {"embeds": [EMBED] * 11}, 400, "50035"),
    (DISCORD_PATH, {"embeds": [{"title": "x" * 257}]}, 400, "50035"),
    (DISCORD_PATH, {"embeds": [{"description": "x" * 4_097}]}, 400, "50035"),
]


@pytest.mark.parametrize(("path", "body", "status", "said"), REFUSED)
def test_what_the_real_ones_refuse_is_refused(
    chat: HostedSink[Any], path: str, body: Any, status: int, said: str
) -> None:
    answer = post(chat.url + path, body)
    assert answer[0] == status
    assert said in answer[1]
    assert chat.messages() == []


def test_what_they_take_is_taken_and_shown(chat: HostedSink[Any]) -> None:
    assert post(chat.url + SLACK_PATH, {"text": "<b>hello</b>"}) == (200, "ok")
    assert post(chat.url + DISCORD_PATH, {"embeds": [EMBED]}) == (204, "")
    status, told = post(chat.url + DISCORD_PATH + "?wait=true", {"content": "hi"})
    assert (status, json.loads(told)["content"]) == (200, "hi")
    assert post(chat.url + WEBHOOK_PATH, {"type": "alert.raised"})[0] == 204
    assert post(chat.url + WEBHOOK_PATH, b"not json")[0] == 204
    assert [m["kind"] for m in chat.messages()] == ["slack", *["discord"] * 2, *["webhook"] * 2]
    with urlopen(chat.url, timeout=10) as reply:
        page = reply.read().decode()
        policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "&lt;b&gt;hello" in page
    assert "<b>hello" not in page
    with urlopen(f"{chat.url}/_page/style.css", timeout=10) as reply:
        assert reply.headers.get_content_type() == "text/css"
    chat.clear()
    assert chat.messages() == []


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (SLACK_PATH, 404, "no_service"),
        (SLACK_PATH, 500, "rollup_error"),
        (DISCORD_PATH, 404, "10015"),
        (DISCORD_PATH, 401, "50027"),
        (DISCORD_PATH, 429, "retry_after"),
        (WEBHOOK_PATH, 410, ""),
    ],
)
def test_it_fails_as_often_as_it_is_told(
    chat: HostedSink[Any], path: str, status: int, said: str
) -> None:
    chat.fail(times=2, status=status, retry_after=3)
    for _ in range(2):
        answer = post(chat.url + path, {"text": "a", "content": "a"})
        assert answer[0] == status
        assert said in answer[1]
    assert post(chat.url + path, {"text": "a", "content": "a"})[0] in (200, 204)
    chat.fail(times=5, status=500)
    chat.fail(times=0)
    assert post(chat.url + path, {"text": "a", "content": "a"})[0] in (200, 204)


@pytest.mark.parametrize("body", [b"{", [], {}, {"times": 1, "status": 200}, {"times": -1}])
def test_an_order_to_fail_that_is_none_is_refused(chat: HostedSink[Any], body: Any) -> None:
    assert post(f"{chat.url}/_sandbox/fail", body)[0] == 400


@pytest.mark.parametrize("path", ["fail", "clear"])
def test_a_form_of_another_page_controls_nothing(chat: HostedSink[Any], path: str) -> None:
    place = f"{chat.url}/_sandbox/{path}"
    assert post(place, b"times=1", "application/x-www-form-urlencoded")[0] == 415
    with pytest.raises(ValueError, match="times is 0 to 1000"):
        chat.fail(times=5_000)


def test_only_the_newest_messages_are_kept() -> None:
    box = Box()
    for number in range(MOST + 1):
        box.keep(number=number)
    assert len(box.messages) == MOST
    assert box.messages[0]["number"] == 1


def test_the_mail_server_takes_a_log_in_with_its_password_alone(mail: HostedSink[Any]) -> None:
    with smtplib.SMTP("127.0.0.1", mail.running.port, timeout=10) as server:
        server.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError):
            server.login("somebody", "wrong")
        server.login("somebody", PASSWORD)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail("a@localhost", ["nobody@localhost"], "Subject: a\r\n\r\nb")
        server.sendmail("a@localhost", ["b@localhost"], "Subject: a\r\n\r\nb")
    (taken,) = mail.messages()
    assert (taken["title"], taken["user"], taken["to"]) == ("a", "somebody", ["b@localhost"])


def test_a_taken_port_is_told_with_what_to_do(
    chat: HostedSink[Any], mail: HostedSink[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    taken = str(urlsplit(chat.url).port)
    for call in (["chat", "--port", taken], ["mail", "--port", taken]):
        assert main(["sandbox", *call]) == 1
        assert capsys.readouterr().err.startswith(f"error: port {taken} on 127.0.0.1 is taken\nfix")
    assert main(["sandbox", "mail", "--port", "0", "--web-port", taken]) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["chat", "--port", "0"], ["SLACK_URL=http://", "DISCORD_URL=http://", "loopback=True"]),
        (["mail", "--port", "0", "--web-port", "0"], ["127.0.0.1:", 'security="none"']),
    ],
)
def test_the_commands_stay_up_and_say_what_to_declare(call: list[str], words: list[str]) -> None:
    for extra in ([], ["--json"]):
        program = [sys.executable, "-m", "crosstie", "sandbox", *call, *extra]
        with subprocess.Popen(
            program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            told += process.stdout.read()
        assert process.returncode == 0
        assert json.loads(told)["url"] if extra else all(word in told for word in words)


def test_without_its_package_the_mail_server_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "crosstie.sandbox.sinks.mail")
    monkeypatch.setitem(sys.modules, "aiosmtpd.smtp", None)
    assert main(["sandbox", "mail"]) == 3
    assert "crosstie[demo]" in capsys.readouterr().err
