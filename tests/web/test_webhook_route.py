"""Webhooks over real HTTP: the ways in which a sender may be wrong, slow, or too many."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

import pytest

from crosstie.core.errors import Retry
from crosstie.service.receiving import LIMIT, REFUSED, RETRY_AFTER
from crosstie.testing.driving import run
from crosstie.testing.signed import signed
from crosstie.web import webhooks

from .conftest import SECRET, Door, door


def play(story: Any, **options: Any) -> None:
    """Run a story with a door of its own."""

    async def told() -> None:
        async with door(**options) as opened:
            await story(opened)

    asyncio.run(told())


def kept(door: Door) -> int:
    return len(run(door.serving.opened.store.arrivals(None, None, 1_000)))


def test_a_delivery_is_kept_before_it_is_answered() -> None:
    async def story(door: Door) -> None:
        reply = await door.post(*signed(SECRET, id="1", kind="people", record="r"))
        assert (reply.status, reply.body) == (200, b'{"received":true}')
        assert kept(door) == 1
        # As it is sent again by a system that missed the answer.
        assert (await door.post(*signed(SECRET, id="1", kind="people", record="r"))).status == 200
        assert kept(door) == 1

    play(story)


def test_every_forgery_gets_the_same_answer_byte_for_byte() -> None:
    headers, body = signed(SECRET, id="1", kind="people", record="r")
    squeezed = {**headers, "Content-Encoding": "gzip"}
    attempts = [
        ({}, body, "crm"),
        ({"X-Signature": "nonsense"}, body, "crm"),
        (signed("another", id="1")[0], body, "crm"),
        (headers, body + b"\n", "crm"),
        (headers, b"", "crm"),
        (squeezed, gzip.compress(body), "crm"),
        (squeezed, gzip.compress(b"0" * 10_000_000), "crm"),
        (headers, body, "none"),
        (headers, body, "%00%ff"),
        (headers, body, "x" * 2_000),
    ]

    async def story(door: Door) -> None:
        answers = [await door.post(*attempt) for attempt in attempts]
        assert {(each.status, each.body) for each in answers} == {(401, REFUSED.body)}
        ignored = {"date", "x-request-id"}
        looks = {
            tuple(
                (name, value) for name, value in each.headers.items() if name.lower() not in ignored
            )
            for each in answers
        }
        assert len(looks) == 1
        assert kept(door) == 0
        said = repr(door.logged)
        assert SECRET not in said and "nonsense" not in said and headers["x-signature"] not in said

    play(story)


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() -> None:
    async def story(door: Door) -> None:
        headers, body = signed(SECRET, id="1", filler="x" * LIMIT)
        assert (await door.post(headers, body)).status == 413

        async def parts() -> Any:
            for _ in range(20):
                yield b"x" * 100_000

        async with door.client.post(f"{door.url}/webhooks/crm", data=parts()) as reply:
            assert reply.status == 413
        largest = signed(SECRET, id="2", filler="")
        filler = "x" * (LIMIT - len(largest[1]))
        assert (await door.post(*signed(SECRET, id="2", filler=filler))).status == 200
        assert door.serving.receiver.outcomes["crm", "too_large"] == 2
        assert kept(door) == 1

    play(story)


async def _raw(door: Door, sent: bytes) -> bytes:
    """What comes back for these bytes, until the other side closes."""
    place = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(sent)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("length", ["99999999999999999999", str(LIMIT + 1)])
def test_a_length_alone_is_enough_to_refuse(length: str) -> None:
    async def story(door: Door) -> None:
        asked = f"POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        answer = await _raw(door, asked.encode())
        assert answer.split()[1] in (b"413", b"400")

    play(story)


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def story(door: Door) -> None:
        asked = b"POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
        answer = await _raw(door, asked)
        assert answer.split()[1] == b"408"
        assert b"connection: close" in answer.lower()
        assert door.serving.receiver.outcomes["crm", "too_slow"] == 1

    play(story, slow=0.05)


def test_who_hangs_up_in_the_middle_is_forgotten() -> None:
    async def story(door: Door) -> None:
        place = urlsplit(door.url)
        _, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(b"POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await door.post(*signed(SECRET, id="1"))).status == 200
        assert dict(door.serving.receiver.outcomes) == {("crm", "kept"): 1}
        assert door.logged == []

    play(story)


def test_fifty_senders_of_one_delivery_make_one_row() -> None:
    async def story(door: Door) -> None:
        delivery = signed(SECRET, id="1", kind="people", record="r")
        posts: list[Coroutine[Any, Any, Any]] = [door.post(*delivery) for _ in range(50)]
        assert {reply.status for reply in await asyncio.gather(*posts)} == {200}
        assert kept(door) == 1

    play(story)


def test_while_the_state_is_away_senders_are_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: object) -> None:
        raise Retry("the state is away")

    async def story(door: Door) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(door.serving.opened.store, "receive", away)
            reply = await door.post(*signed(SECRET, id="1"))
        assert reply.status == 503
        assert reply.headers["Retry-After"] == str(RETRY_AFTER)
        assert reply.body == b'{"error":"try again later"}'
        assert (await door.post(*signed(SECRET, id="1"))).status == 200

    play(story)


def test_only_posts_are_taken() -> None:
    async def story(door: Door) -> None:
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            assert (await door.get("/webhooks/crm", method)).status == 405
        assert kept(door) == 0

    play(story)


def test_bodies_that_nobody_ends_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "HELD", 3 * LIMIT)
    monkeypatch.setattr(webhooks, "SMALL", LIMIT // 2)
    begun = f"POST /webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT}\r\n\r\n".encode()

    async def story(door: Door) -> None:
        host, _, port = door.url.removeprefix("http://").partition(":")
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(4)]
        for _, writer in opened:
            writer.write(begun + b"x" * (LIMIT - 1))
            await writer.drain()
        answers = [asyncio.ensure_future(reader.readline()) for reader, _ in opened]
        await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        assert [answer.result() for answer in answers if answer.done()] == [
            b"HTTP/1.1 429 Too Many Requests\r\n"
        ]
        small = signed(SECRET, id="1")
        assert (await door.post(*small)).status == 200
        for _, writer in opened:
            writer.close()
        await asyncio.gather(*answers, return_exceptions=True)
        assert door.serving.receiver.outcomes["crm", "kept"] == 1

    play(story)
