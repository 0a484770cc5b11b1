"""Heads of requests, as somebody sends them who means no good."""

from __future__ import annotations

import asyncio

import pytest

from crosstie.web import heads

from .conftest import Door
from .test_webhook_route import play

PATIENCE = 10.0
BEGUN = b"POST /webhooks/crm HTTP/1.1\r\nHost: x\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def _sent(door: Door, first: bytes, again: bytes = b"", times: int = 0) -> bytes:
    """What is answered until the other side hangs up."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(first)
        for _ in range(times):
            writer.write(again)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b"hung up"
    finally:
        writer.close()


@pytest.mark.parametrize(
    "first, again",
    [
        (BEGUN, b"a: b\r\n" * 1_000),
        (BEGUN + b"x: ", b"x" * 6_000),
        (BEGUN, b"x" * 6_000),
        (b"GET /", b"x" * 6_000),
        (WHOLE + BEGUN, b"a: b\r\n" * 1_000),
    ],
)
def test_a_head_without_end_is_hung_up_on(first: bytes, again: bytes) -> None:
    async def story(door: Door) -> None:
        # Far more than a kernel keeps for us: it went nowhere.
        answer = await _sent(door, first, again, times=4_000)
        assert b"Too large a head." in answer or answer == b"hung up"

    play(story)


@pytest.mark.parametrize("sent, answers", [(b"", 0), (BEGUN, 0), (WHOLE + BEGUN, 1)])
def test_a_head_that_comes_too_slowly_is_hung_up_on(
    sent: bytes, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads.BoundedHeads, "slow", 0.05)

    async def story(door: Door) -> None:
        assert (await _sent(door, sent)).count(b"HTTP/1.1 200 OK") == answers

    play(story)


def test_what_is_no_request_writes_nothing_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(door: Door) -> None:
        assert (await _sent(door, b"\x16\x03\x01\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert door.logged == []

    play(story)
    assert caplog.records == []
