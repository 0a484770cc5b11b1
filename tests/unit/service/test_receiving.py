"""Receiving: what was answered 2xx is in the inbox, and nobody learns why something is not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from crosstie.core.errors import Retry
from crosstie.engine.hear import Ear
from crosstie.ports import Event
from crosstie.service import receiving
from crosstie.service.receiving import (
    REFUSED,
    TAKEN,
    UNKEPT,
    Complaints,
    Receiver,
)
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.fakes import FakeClock
from crosstie.testing.signed import SignedWebhooks, signed

SECRET = "very secret"


class Desk:
    """A receiver with everything that it tells others."""

    def __init__(self, store: Any = None, ears: Sequence[Ear] | None = None) -> None:
        self.clock = FakeClock()
        self.store = store or SqlStore.open("sqlite://")
        self.logged: list[Mapping[str, object]] = []
        self.rung = 0
        given = [Ear("crm", "account", SignedWebhooks(SECRET))] if ears is None else ears
        self.receiver = Receiver(given, self.store, self.clock, self._log, self._ring)

    def _log(self, event: str, facts: Mapping[str, object]) -> None:
        assert event == "webhook_not_taken"
        self.logged.append(facts)

    def _ring(self) -> None:
        self.rung += 1

    def receive(self, headers: Mapping[str, str], body: bytes, name: str = "crm") -> Any:
        return asyncio.run(self.receiver.receive(name, _many(headers), body))

    def kept(self) -> list[str]:
        return [each.event.id for each in run(self.store.waiting_arrivals(None, 1_000))]


def _many(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_taken_is_kept_first_and_counts_once(desk: Desk) -> None:
    delivery = signed(SECRET, id="1", kind="people", record="r", phone="+41 79 000 00 00")
    assert desk.receive(*delivery) == TAKEN
    assert desk.receive(*delivery) == TAKEN
    [kept] = run(desk.store.waiting_arrivals(None, 9))
    assert b"079" not in kept.event.kept
    assert (kept.endpoint, kept.event.id, kept.received) == ("crm", "1", desk.clock.now())
    assert desk.rung == 1
    assert dict(desk.receiver.outcomes) == {("crm", "kept"): 1, ("crm", "doubled"): 1}
    assert desk.logged == []


def test_a_type_that_means_nothing_is_kept_and_taken(desk: Desk) -> None:
    assert desk.receive(*signed(SECRET, id="1", type="InvoicePaid")) == TAKEN
    assert desk.kept() == ["1"]


HEADERS, BODY = signed(SECRET, id="1", kind="people", record="r")
_OTHER, _BODY = signed("other secret", id="1", kind="people", record="r")
STRANGE = hmac.new(SECRET.encode(), b"\xff\xfe", hashlib.sha256).hexdigest()
BAD: Mapping[str, tuple[Mapping[str, str], bytes, str]] = {
    "no signature": ({}, BODY, "crm"),
    "empty signature": ({"x-signature": ""}, BODY, "crm"),
    "of another secret": (_OTHER, _BODY, "crm"),
    "another body": (HEADERS, BODY + b" ", "crm"),
    "empty body": (HEADERS, b"", "crm"),
    "not JSON": ({"x-signature": STRANGE}, b"\xff\xfe", "crm"),
    "no id": (*signed(SECRET, kind="people"), "crm"),
    "a strange id": (*signed(SECRET, id=7, kind="people", record="r"), "crm"),
    "an empty id": (*signed(SECRET, id=""), "crm"),
    "a long id": (*signed(SECRET, id="x" * 501), "crm"),
    "a NUL in its id": (*signed(SECRET, id="a\0b"), "crm"),
    "half a character in its id": (*signed(SECRET, id="\ud800"), "crm"),
    "a long type": (*signed(SECRET, id="1", type="x" * 501), "crm"),
    "compressed": ({**HEADERS, "content-encoding": "gzip"}, BODY, "crm"),
    "an unknown endpoint": (HEADERS, BODY, "other"),
    "a strange endpoint": (HEADERS, BODY, "\x1b[31m{bad}"),
}


@pytest.mark.parametrize("headers, body, name", BAD.values(), ids=BAD)
def test_whatever_is_wrong_the_answer_is_the_same(
    desk: Desk, headers: Mapping[str, str], body: bytes, name: str
) -> None:
    assert desk.receive(headers, body, name) == REFUSED
    assert desk.kept() == []
    [complaint] = desk.logged
    assert complaint["outcome"] == "refused"
    assert complaint["endpoint"] in ("crm", "unknown")
    assert name == "crm" or complaint["reason"] == "there is no such endpoint"


def test_headers_that_come_twice_are_refused(desk: Desk) -> None:
    twice = {"x-signature": [HEADERS["x-signature"]] * 2}
    assert asyncio.run(desk.receiver.receive("crm", twice, BODY)) == REFUSED


def test_a_plain_body_may_say_that_it_is_plain(desk: Desk) -> None:
    assert desk.receive({**HEADERS, "content-encoding": "identity"}, BODY) == TAKEN


def test_without_endpoints_everything_is_refused() -> None:
    bare = Desk(ears=[])
    assert bare.receive(HEADERS, BODY) == REFUSED
    assert bare.logged[0]["reason"] == "no endpoint is declared"


@pytest.mark.parametrize("status", [429, 503])
def test_what_cannot_be_kept_is_to_come_again(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(ears=[Ear("crm", "account", SignedWebhooks(SECRET, unstored=status))])
    with monkeypatch.context() as away:
        away.setattr(desk.store, "receive", _locked)
        answer = desk.receive(HEADERS, BODY)
        assert not desk.receiver.keeps
    assert (answer.status, answer.again) == (status, True)
    assert b"locked" not in answer.body
    assert desk.logged[0]["reason"] == "the state is locked"
    assert desk.receive(HEADERS, BODY) == TAKEN
    assert desk.receiver.keeps
    assert desk.kept() == ["1"]
    assert desk.rung == 1


async def _locked(*_: object) -> Sequence[bool]:
    raise Retry("the state is locked", counts=False)


def test_a_process_that_gets_nothing_more_is_not_unready_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.store, "receive", _locked)
    assert desk.receive(HEADERS, BODY).again
    desk.clock.advance(UNKEPT)
    assert not desk.receiver.keeps
    desk.clock.advance(1.0)
    assert desk.receiver.keeps


def test_fifty_at_once_are_one_row_and_one_of_them_is_new(desk: Desk) -> None:
    async def race() -> list[Any]:
        calls = [desk.receiver.receive("crm", _many(HEADERS), BODY) for _ in range(50)]
        return await asyncio.gather(*calls)

    assert set(asyncio.run(race())) == {TAKEN}
    assert desk.kept() == ["1"]
    assert desk.receiver.outcomes["crm", "kept"] == 1
    assert desk.receiver.outcomes["crm", "doubled"] == 49


class Slow:
    """An inbox whose commits take until they are let go."""

    def __init__(self) -> None:
        self.commits: list[int] = []
        self.go = asyncio.Event()

    async def receive(self, arrived: Sequence[Any], now: float) -> Sequence[bool]:
        self.commits.append(len(arrived))
        await self.go.wait()
        return [True] * len(arrived)


def test_all_that_come_while_a_commit_runs_share_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "TOGETHER", 30)

    async def burst() -> list[int]:
        inbox = Slow()
        desk = Desk(inbox)

        def call(number: int) -> Any:
            headers, body = signed(SECRET, id=str(number))
            return asyncio.ensure_future(desk.receiver.receive("crm", _many(headers), body))

        first = call(0)
        while not inbox.commits:
            await asyncio.sleep(0)
        rest = [call(number) for number in range(1, 41)]
        await asyncio.sleep(0)
        rest[0].cancel()
        inbox.go.set()
        assert await first == TAKEN
        assert {answer for answer in await asyncio.gather(*rest[1:])} == {TAKEN}
        return inbox.commits

    assert asyncio.run(burst()) == [1, 30, 10]


def test_who_hangs_up_spoils_nothing_for_the_others() -> None:
    async def burst() -> object:
        inbox = Slow()
        desk = Desk(inbox)
        calls = [
            asyncio.ensure_future(desk.receiver.receive("crm", _many(headers), body))
            for headers, body in (signed(SECRET, id="1"), signed(SECRET, id="2"))
        ]
        while not inbox.commits:
            await asyncio.sleep(0)
        calls[0].cancel()
        inbox.go.set()
        return await calls[1]

    assert asyncio.run(burst()) == TAKEN


def test_a_cancelled_sender_and_a_locked_state_at_once() -> None:
    async def play() -> int:
        inbox = Slow()

        async def locked(arrived: Sequence[Any], now: float) -> Sequence[bool]:
            inbox.commits.append(len(arrived))
            await inbox.go.wait()
            raise Retry("locked")

        inbox.receive = locked  # type: ignore[method-assign]
        desk = Desk(inbox)
        calls = [
            asyncio.ensure_future(desk.receiver.receive("crm", _many(headers), body))
            for headers, body in (signed(SECRET, id="1"), signed(SECRET, id="2"))
        ]
        while not inbox.commits:
            await asyncio.sleep(0)
        calls[0].cancel()
        inbox.go.set()
        return int((await calls[1]).status)

    assert asyncio.run(play()) == 503


def test_an_error_that_nobody_foresaw_leaves_nobody_waiting() -> None:
    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        inbox = Slow()

        async def broken(*_: object) -> Sequence[bool]:
            raise ZeroDivisionError

        inbox.receive = broken  # type: ignore[method-assign]
        desk = Desk(inbox)
        with pytest.raises(asyncio.CancelledError):
            await desk.receiver.receive("crm", _many(HEADERS), BODY)

    asyncio.run(play())


def test_equal_reasons_are_logged_once_a_minute_with_their_number() -> None:
    logged: list[Mapping[str, object]] = []
    complaints = Complaints(lambda _, facts: logged.append(facts))
    for second in (0.0, 1.0, 59.0, 61.0, 62.0, 3.0):
        complaints.tell("crm", "refused", "forged", second)
    complaints.tell("crm", "refused", "other", 3.0)
    assert [(facts["reason"], facts["times"]) for facts in logged] == [
        ("forged", 1),
        ("forged", 3),
        ("forged", 2),
        ("other", 1),
    ]


def test_reasons_without_number_do_not_fill_the_memory() -> None:
    logged: list[Mapping[str, object]] = []
    complaints = Complaints(lambda _, facts: logged.append(facts))
    for number in range(1_000):
        complaints.tell("crm", "refused", f"reason {number}", 1.0)
    assert len(logged) == receiving.REASONS + 1
    assert logged[-1]["reason"] == "for several other reasons"


def test_an_unknown_endpoint_takes_the_time_of_a_known_one() -> None:
    calls: list[str] = []

    class Counting(SignedWebhooks):
        def verify(self, headers: Any, body: bytes, now: float) -> Event:
            calls.append("verified")
            return super().verify(headers, body, now)

    desk = Desk(ears=[Ear("crm", "account", Counting("no"))])
    assert desk.receive(HEADERS, BODY, "crm") == desk.receive(HEADERS, BODY, "none") == REFUSED
    assert len(calls) == 2
