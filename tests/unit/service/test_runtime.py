"""The real clock, chance and driver, and the loop of a running engine."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from crosstie import Rhythm, Sync
from crosstie import field as say
from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.engine.run import Report
from crosstie.engine.work import Ledger, Work
from crosstie.service import worker
from crosstie.service.runtime import (
    GARBAGE,
    AsyncTasks,
    SystemClock,
    SystemDice,
    rare_collections,
)
from crosstie.service.worker import Timetable, work_until
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import FakeClock, FakeDice
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource

from .opened import opened_of

USUAL = Rhythm()


@dataclass
class Crowd:
    """Counts who is under way."""

    inside: int = 0
    most: int = 0
    done: int = 0

    async def one(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        self.done += 1


def test_no_more_than_the_limit_are_under_way() -> None:
    crowd = Crowd()
    asyncio.run(AsyncTasks().run((crowd.one() for _ in range(20)), 3))
    assert (crowd.most, crowd.done) == (3, 20)


def test_the_next_is_taken_only_when_there_is_room() -> None:
    crowd, taken = Crowd(), []

    def work() -> Iterator[Coroutine[Any, Any, None]]:
        for number in range(5):
            taken.append((number, crowd.done))
            yield crowd.one()

    asyncio.run(AsyncTasks().run(work(), 1))
    assert taken == [(n, n) for n in range(5)]


def test_the_first_error_stops_the_taking_and_is_raised() -> None:
    crowd = Crowd()

    async def fail(text: str) -> None:
        await asyncio.sleep(0)
        raise ValueError(text)

    work = [crowd.one(), fail("first"), fail("second"), *(crowd.one() for _ in range(9))]
    with pytest.raises(ValueError, match="first"):
        asyncio.run(AsyncTasks().run(iter(work), 3))
    assert crowd.done < 9
    assert crowd.inside == 0, "those in flight were waited for"
    for left in work:
        left.close()


def test_nothing_to_do_is_done() -> None:
    asyncio.run(AsyncTasks().run([], 4))


def test_the_clock_goes_on_and_the_dice_stay_in_their_range() -> None:
    clock, dice = SystemClock(), SystemDice()
    assert clock.now() > 1.7e9
    assert all(0.0 <= dice.roll() < 1.0 for _ in range(50))
    assert len({dice.token() for _ in range(50)}) == 50
    assert len(dice.token()) >= 16


@pytest.mark.parametrize(("usual", "inside"), [(700, GARBAGE), (10**6, 10**6), (0, 0)])
def test_garbage_is_looked_for_less_often_and_then_as_it_was(usual: int, inside: int) -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(usual, 10, 10)
        with rare_collections():
            assert gc.get_threshold()[0] == inside
        assert gc.get_threshold()[0] == usual
    finally:
        gc.set_threshold(*before)


def work(clock: FakeClock, name: str = "people", rhythm: Rhythm = USUAL) -> Work:
    left, right = MemoryCollection("left"), MemoryCollection("right")
    sync = Sync(
        name,
        left=MemorySource(left, MemoryAccount("l")),
        right=MemorySource(right, MemoryAccount("r")),
        fields=[say("name", "name")],
        rhythm=rhythm,
    )
    store = SqlStore.open("sqlite://")
    return Work(sync, left, right, store, clock, FakeDice(), AsyncTasks(), Ledger())


def test_each_side_is_looked_at_when_its_time_comes() -> None:
    clock = FakeClock(0.0)
    table = Timetable([work(clock, rhythm=Rhythm(left=1.0, right=30.0, reconcile=100.0))], 0.0)
    assert table.due(0.0) == {"people": [Side.LEFT, Side.RIGHT]}
    assert table.due(0.5) == {}
    assert table.due(1.0) == {"people": [Side.LEFT]}
    assert table.due(29.0) == {"people": [Side.LEFT]}
    assert table.due(30.0) == {"people": [Side.LEFT, Side.RIGHT]}, "from the last look on"


def test_a_sync_is_scanned_in_full_once_its_pause_is_over() -> None:
    one = work(FakeClock(0.0), rhythm=Rhythm(reconcile=100.0))
    other = work(FakeClock(0.0), "others", Rhythm(reconcile=300.0))
    table = Timetable([one, other], 0.0)
    assert table.full(0.0) == []
    assert table.full(100.0) == [one]
    assert table.full(150.0) == []
    assert table.full(301.0) == [one, other]


def test_an_engine_that_is_often_restarted_still_scans_in_full() -> None:
    one = work(FakeClock(0.0), rhythm=Rhythm(reconcile=100.0))
    table = Timetable([one], 1_000.0)
    table.scanned(one, None)
    table.scanned(one, 1_500.0)
    assert table.full(1_050.0) == []
    table.scanned(one, 940.0)
    assert table.full(1_039.0) == []
    assert table.full(1_040.0) == [one]


def test_a_locked_state_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(*asked: Any) -> Report:
        raise Retry("the state is locked", counts=False)

    async def play() -> None:
        stop, told = asyncio.Event(), list[Report]()
        mine = work(FakeClock())

        def tell(report: Report, syncs: Sequence[str]) -> None:
            told.append(report)
            stop.set()

        monkeypatch.setattr(worker, "run", locked)
        monkeypatch.setattr(worker, "TICK", 0.0)
        await work_until(opened_of([mine]), [mine], stop, tell)
        assert [str(report.missed["people"]) for report in told] == ["the state is locked"]

    asyncio.run(play())


def run_until(monkeypatch: pytest.MonkeyPatch, turns: int) -> list[tuple[int, float, bool]]:
    """What a running engine does in that many turns of two seconds each."""
    clock = FakeClock()
    mine = work(clock, rhythm=Rhythm(left=2.0, right=4.0, reconcile=6.0))
    mine.left.add({"name": "Ann"})  # type: ignore[attr-defined]
    told: list[tuple[int, float, bool]] = []

    async def play() -> None:
        stop = asyncio.Event()
        start = clock.now()

        async def pause(event: asyncio.Event) -> None:
            clock.advance(2.0)
            if clock.now() - start >= 2.0 * turns:
                event.set()

        def tell(report: Report, syncs: Sequence[str]) -> None:
            told.append((report.writes, clock.now() - start, report.run_id > 0))

        monkeypatch.setattr(worker, "_pause", pause)
        await work_until(opened_of([mine]), [mine], stop, tell)

    asyncio.run(play())
    return told


def test_a_running_engine_looks_writes_and_stops_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = run_until(monkeypatch, 4)
    assert [(writes, at) for writes, at, _ in told] == [
        (1, 0.0),
        (0, 2.0),
        (0, 4.0),
        (0, 6.0),
        (0, 6.0),
    ]
    assert [kept for *_, kept in told] == [True, False, False, False, True]


def test_a_turn_in_which_nothing_is_due_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timetable, "due", lambda self, now: {})
    monkeypatch.setattr(Timetable, "full", lambda self, now: [])
    assert run_until(monkeypatch, 2) == []


def test_a_stop_ends_the_pause_at_once_and_a_tick_ends_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play() -> None:
        stop = asyncio.Event()
        monkeypatch.setattr(worker, "TICK", 0.0)
        await worker._pause(stop)
        monkeypatch.setattr(worker, "TICK", 1e6)
        stop.set()
        await worker._pause(stop)

    asyncio.run(play())


def test_an_engine_that_was_told_to_stop_does_not_begin() -> None:
    async def play() -> None:
        stop = asyncio.Event()
        stop.set()
        mine = replace(work(FakeClock()), run_id=None)
        await work_until(opened_of([mine]), [mine], stop, lambda *told: pytest.fail("it has begun"))

    asyncio.run(play())
