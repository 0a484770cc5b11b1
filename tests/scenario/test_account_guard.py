"""One account's guard on virtual time: who waits, who comes first, what a restart remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from crosstie.connectors.guard import Guard
from crosstie.core.breaker import PROBE, Breaker
from crosstie.core.budget import DAY, HOUR, Urgency, Window
from crosstie.core.errors import Retry
from crosstie.ports import TENANT, AccountPause, HttpAccount
from crosstie.store.sql_store import SqlStore

NOON = 1_767_268_800.0
LIVE, BACKFILL = Urgency.LIVE, Urgency.BACKFILL


@dataclass
class Bench:
    """Guards of one account, one after the other, over one state and one clock."""

    store: SqlStore
    windows: tuple[Window, ...] = (Window(10.0, 100), Window(DAY, 200_000))
    time: float = NOON
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.time += seconds

    def guard(self, *, forgets: bool = False) -> Guard:
        """What a new process has."""
        account = HttpAccount("Acme", "https://a.example", "env:ACME", self.windows)
        memory = None if forgets else self.store
        return Guard(account, sleep=self.sleep, now=self.now, dice=lambda: 0.5, memory=memory)

    async def call(self, guard: Guard, status: int = 200, urgency: Urgency = LIVE) -> None:
        begun = await guard.enter(urgency)
        self.time += 0.125
        if status == 0:
            await guard.lost(begun, "Acme: no answer")
        else:
            told = "Acme answered 503" if status >= 500 else ""
            await guard.answered(begun, self.time, status, told)

    async def refused(self, guard: Guard) -> Retry:
        with pytest.raises(Retry) as caught:
            await guard.enter(LIVE)
        assert not caught.value.unknown
        return caught.value

    def used(self) -> list[int]:
        """Calls that a new process finds in the state, by window."""

        async def look() -> list[int]:
            guard = self.guard()
            await guard.enter(LIVE)
            guard.given_up(self.time)
            levels = guard.budget.state(self.time).windows
            await guard.close()
            return [level.used - 1 for level in levels]

        return asyncio.run(look())


@pytest.fixture
def bench() -> Iterator[Bench]:
    store = SqlStore.open("sqlite://")
    yield Bench(store)
    store.close()


def played(work: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        return await work()

    return asyncio.run(run())


def test_a_call_that_waited_while_the_lease_ran_out_does_not_leave(bench: Bench) -> None:
    """A process that is stopped while its calls wait for the budget, and goes on much later."""
    bench.windows = (Window(10.0, 1),)
    account = HttpAccount("Acme", "https://a.example", "env:ACME", bench.windows)
    store = bench.store

    async def asleep(seconds: float) -> None:
        await bench.sleep(seconds + 100.0)

    async def play() -> None:
        lease = await store.take(TENANT, "me", bench.now(), 60.0)
        assert lease is not None
        store.work_under(lease)
        guard = Guard(account, sleep=asleep, now=bench.now, dice=lambda: 0.5, holds=store.holds)
        await bench.call(guard)
        assert "not renewed" in str(await bench.refused(guard))
        assert guard.inside == 0
        await store.renew(lease, bench.now(), 60.0)
        bench.time += 20.0
        await bench.call(guard)
        store.work_under(None)

    asyncio.run(play())


def test_a_process_that_ends_in_order_leaves_exactly_what_it_used(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard()
        for _ in range(30):
            await bench.call(guard)
        await guard.close()

    played(work)
    assert bench.used() == [30, 30]
    bench.time += 3_600.0
    assert bench.used() == [0, 31]


def test_a_process_that_dies_has_counted_a_handful_too_many_and_never_too_few(
    bench: Bench,
) -> None:
    async def work() -> None:
        guard = bench.guard()
        for _ in range(130):
            await bench.call(guard)

    played(work)
    assert bench.used()[1] == 200


def test_two_processes_count_side_by_side(bench: Bench) -> None:
    async def work() -> None:
        one, other = bench.guard(), bench.guard()
        for _ in range(20):
            await bench.call(one)
            await bench.call(other)
        await one.close()
        await other.close()

    played(work)
    assert bench.used()[1] == 40


def test_a_month_that_is_used_up_stays_used_up(bench: Bench) -> None:
    bench.windows = (Window(31 * DAY, 5),)

    async def work() -> float | None:
        for _ in range(5):
            guard = bench.guard()
            await bench.call(guard)
            await guard.close()
        return (await bench.refused(bench.guard())).after

    assert played(work) > 30 * DAY


def test_a_state_that_cannot_be_written_lets_no_call_through_uncounted(bench: Bench) -> None:
    class Locked:
        """A state that somebody else locks, for its first writes."""

        def __init__(self) -> None:
            self.left = 1

        async def count_calls(self, *asked: Any) -> None:
            self.left -= 1
            if self.left >= 0:
                raise Retry("the state is locked", counts=False)
            await bench.store.count_calls(*asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.store, name)

    async def work() -> None:
        guard = bench.guard()
        guard._memory = locked = Locked()  # type: ignore[assignment]
        assert "locked" in str(await bench.refused(guard))
        assert guard.inside == 0
        await bench.call(guard)
        locked.left = 1
        await guard.close()

    played(work)
    assert bench.used()[1] == 100, "what could not be given back counts"


def test_backfill_that_has_to_wait_long_does_not_pause_the_account(bench: Bench) -> None:
    bench.windows = (Window(HOUR, 100),)

    async def work() -> Retry:
        guard = bench.guard()
        with pytest.raises(Retry) as caught:
            for _ in range(99):
                await bench.call(guard, urgency=BACKFILL)
        assert 70 < guard.budget.state(bench.time).windows[0].used < 90
        await bench.call(guard)
        return caught.value

    error = played(work)
    assert error.counts and error.after > 30.0
    assert str(error) == "Acme: the rate budget is used up for now"


def test_live_calls_are_let_in_before_backfill_when_there_is_room_again(bench: Bench) -> None:
    async def work() -> list[str]:
        guard, order = bench.guard(forgets=True), list[str]()
        guard.flight.limit = 1
        first = await guard.enter(LIVE)

        async def one(name: str, urgency: Urgency) -> None:
            begun = await guard.enter(urgency)
            order.append(name)
            await asyncio.sleep(0)
            await guard.answered(begun, bench.time, 200, "")

        wanted = [("scan", BACKFILL), ("scan", BACKFILL), ("edit", LIVE), ("edit", LIVE)]
        tasks = [asyncio.ensure_future(one(*each)) for each in wanted]
        left = asyncio.ensure_future(one("left", LIVE))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await guard.answered(first, bench.time, 200, "")
        await asyncio.gather(*tasks)
        assert guard.inside == 0
        return order

    assert played(work) == ["edit", "edit", "scan", "scan"]


def test_who_is_cancelled_at_its_turn_passes_it_on(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard(forgets=True)
        guard.flight.limit = 1
        first = await guard.enter(LIVE)
        tasks = [asyncio.ensure_future(guard.enter(LIVE)) for _ in range(2)]
        await asyncio.sleep(0)
        guard.given_up(first)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[0].cancelled() and tasks[1].result() == NOON

    played(work)


def test_a_silent_account_is_left_alone_and_told_of_until_it_answers_again(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard()
        for _ in range(5):
            await bench.call(guard, 0)
        error = await bench.refused(guard)
        assert str(error) == "Acme is left alone for a while: Acme: no answer"
        assert error.after == PROBE * 1.5 and not error.counts
        [told] = await bench.store.pauses()
        assert told == AccountPause(
            "Acme", "breaker", "Acme: no answer", NOON + 0.625, NOON + 23.125
        )
        again = bench.guard()
        assert (await bench.refused(again)).after == PROBE * 1.5, "a restart does not forget it"
        bench.time = NOON + 23.125
        probe = await again.enter(LIVE)
        assert (await bench.refused(again)).after == 1.0, "one probe at a time"
        await again.answered(probe, bench.time, 404, "")
        for _ in range(2):
            await bench.call(again)
        assert again.breaker.closed
        assert await bench.store.pauses() == []

    played(work)


def test_without_the_breaker_a_silent_account_is_asked_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sent() -> int:
        guard, calls = bench.guard(forgets=True), 0
        for _ in range(30):
            with suppress(Retry):
                await bench.call(guard, 0)
                calls += 1
        return calls

    assert played(sent) == 5
    monkeypatch.setattr(Breaker, "_open", lambda *args: None)
    assert played(sent) == 30


def test_an_account_that_needs_a_person_may_be_asked_whether_it_still_does(bench: Bench) -> None:
    async def work() -> None:
        halt = AccountPause("Acme", "halt", "the token is not valid", NOON, NOON + 30.0)
        await bench.store.keep_pause(halt)
        guard = bench.guard()
        assert await guard.enter(LIVE) == NOON, "it is for the engine to know when"

    played(work)


def test_after_a_good_probe_the_others_wait_for_the_next(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard(forgets=True)
        for _ in range(5):
            await bench.call(guard, 0)
        bench.time += 60.0
        await bench.call(guard)
        probe = await guard.enter(LIVE)
        tasks = [asyncio.ensure_future(bench.call(guard)) for _ in range(4)]
        await asyncio.sleep(0)
        assert guard.inside == 1
        await guard.answered(probe, bench.time, 200, "")
        await asyncio.gather(*tasks)
        assert guard.breaker.closed and guard.inside == 0

    played(work)


def test_those_that_wait_are_sent_away_when_the_account_falls_silent(bench: Bench) -> None:
    async def work() -> list[Any]:
        guard = bench.guard()
        guard.flight.limit = 1
        for _ in range(4):
            await bench.call(guard, 0)
        last = await guard.enter(LIVE)
        tasks = [asyncio.ensure_future(guard.enter(LIVE)) for _ in range(9)]
        await asyncio.sleep(0)
        await guard.lost(last, "Acme: no answer")
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(each) for each in played(work)} == {Retry}


def test_refusals_without_a_time_pause_ever_longer_until_one_is_none(bench: Bench) -> None:
    async def work() -> list[float]:
        guard, waits = bench.guard(forgets=True), []
        for _ in range(7):
            waits.append(await guard.refused(None, bench.time))
            bench.time += waits[-1]
        await bench.call(guard)
        waits.append(await guard.refused(None, bench.time))
        return waits

    assert played(work) == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 10.0]


def test_an_account_without_long_windows_has_nothing_to_count(bench: Bench) -> None:
    bench.windows = (Window(10.0, 100),)

    async def work() -> None:
        guard = bench.guard()
        await bench.call(guard)
        assert await bench.store.counted_calls("Acme", bench.time) == []
        await guard.close()
        [(label, short)] = await bench.store.counted_calls(None, bench.time)
        assert (label, short.seconds, short.calls) == ("Acme", 10.0, 1)
        await bench.guard().close()

    played(work)


def test_without_a_state_an_account_is_left_alone_all_the_same(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard(forgets=True)
        for _ in range(5):
            await bench.call(guard, 503)
            await bench.call(guard, 0)
        for _ in range(4):
            await bench.call(guard, 0)
        assert (await bench.refused(guard)).after == PROBE * 1.5
        await guard.refused(3_600.0, bench.time)
        bench.time += 7_200.0
        for _ in range(3):
            await bench.call(guard)
        assert guard.breaker.closed
        await guard.close()

    played(work)


def test_two_first_calls_at_once_read_the_state_once(bench: Bench) -> None:
    class Slow:
        """A state that answers only when others had their turn."""

        async def counted_calls(self, *asked: Any) -> Any:
            await asyncio.sleep(0)
            return await bench.store.counted_calls(*asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.store, name)

    async def work() -> int:
        before = bench.guard()
        for _ in range(10):
            await bench.call(before)
        await before.close()
        guard = bench.guard()
        guard._memory = Slow()  # type: ignore[assignment]
        await asyncio.gather(bench.call(guard), bench.call(guard))
        return guard.budget.state(bench.time).windows[1].used

    assert played(work) == 12


def test_a_long_pause_outlives_the_process_and_a_short_one_is_not_kept(bench: Bench) -> None:
    async def work() -> None:
        guard = bench.guard()
        assert await guard.refused(0.0, bench.time) == 1.0
        assert await bench.store.pauses() == []
        await guard.refused(3_600.0, bench.time)
        bench.time += 60.0
        assert (await bench.refused(bench.guard())).after == 3_540.0
        bench.time += 3_541.0
        await bench.call(bench.guard())

    played(work)
