"""A hundred records that always fail, among many: the others hardly notice."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from math import ceil
from typing import Any

import pytest
from world import NAMES, World, far, near, on, state

from crosstie.core.errors import Rejected, Retry, Stale, SyncError
from crosstie.core.retries import LEAST, SHARE
from crosstie.core.retry import SCHEDULE
from crosstie.core.values import Fields, LinkState, Record, Side
from crosstie.engine.drain import BATCH, SOUND
from crosstie.engine.run import Options, run
from crosstie.engine.settle import RETRIES
from crosstie.engine.work import Ledger, Work
from crosstie.ports import Lookup
from crosstie.testing.fakes import FakeClock, drive
from crosstie.testing.memory import MemoryCollection, MemorySource

RECORDS, POISON, LANES = 10_000, 100, 32
CALL = 0.05
"""Seconds that a call takes."""
WAVE = 300
"""Records that people edit while what failed is tried again."""
WAVES = 4
MOST = 5
"""Tries of one record that fail in one way, while others do not."""


@dataclass(frozen=True, slots=True)
class Nap:
    """Lets that much time pass for one lane."""

    seconds: float

    def __await__(self) -> Generator[float, None, None]:
        yield self.seconds


class Lanes:
    """A Tasks port on virtual time: as many coroutines at once as there are lanes."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    async def run(self, work: Iterable[Coroutine[Any, Any, None]], limit: int) -> None:
        waiting, under_way = iter(work), list[tuple[float, int, Coroutine[Any, Any, None]]]()
        number = 0
        while True:
            while len(under_way) < limit and (new := next(waiting, None)) is not None:
                number += 1
                heapq.heappush(under_way, (self.clock.time, number, new))
            if not under_way:
                return
            at, turn, flight = heapq.heappop(under_way)
            self.clock.time = max(self.clock.time, at)
            try:
                heapq.heappush(under_way, (at + flight.send(None), turn, flight))
            except StopIteration:
                continue


class Alone(MemoryCollection):
    """A database in which no two records share a key, and which has an index to know it by."""

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        return []


class Distant(MemoryCollection):
    """Every write takes time, and those of poison records fail, each in its own way."""

    def __init__(self, *args: Any, clock: FakeClock, **more: Any) -> None:
        super().__init__(*args, clock=clock, **more)
        self.clock = clock
        self.done: dict[str, float] = {}
        """Name -> when it was written."""
        self.failed: list[float] = []
        self.calls_for: Counter[str] = Counter()
        """E-mail of a poison record -> calls that failed."""

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """Nobody but the engine writes here, so there is no counterpart to be found."""
        return []

    async def create(self, fields: Fields, key: str) -> Record:
        await self._pass(str(fields["name"]), str(fields["email"]))
        return await super().create(fields, key)

    async def update(self, record_id: str, patch: Fields, *more: Any) -> Record:
        await self._pass(str(patch["name"]), record_id)
        return await super().update(record_id, patch, *more)

    async def _pass(self, name: str, whose: str) -> None:
        await Nap(CALL)
        if name.startswith("poison"):
            self.failed.append(self.clock.time)
            self.calls_for[whose] += 1
            raise WAYS[len(name) % len(WAYS)]()
        self.done[name] = self.clock.time


WAYS: Sequence[Callable[[], SyncError]] = (
    lambda: Rejected("it is refused", field="name"),
    lambda: Retry("it answered 500"),
    lambda: Stale("it is never as it was read"),
)


@dataclass
class Crowd(World):
    """Many records on the left, and a right that takes time."""

    ids: list[str] = field(default_factory=list)
    """Of the healthy ones."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.right = self.distant = Distant(
            "right", fields=NAMES, behaviour=far(), clock=self.clock, prefix="R"
        )
        self.left = Alone(
            "left", fields=NAMES, behaviour=near(marker=True), clock=self.clock, prefix="L"
        )
        self.sync = replace(
            self.sync,
            left=MemorySource(self.left, self.sync.left.account),
            right=MemorySource(self.right, self.sync.right.account),
        )
        self.ledger = Ledger()
        for number in range(RECORDS):
            if number % (RECORDS // POISON) == 7:
                kind = number // (RECORDS // POISON) % len(WAYS)
                self.add(name="poison" + "!" * kind, email=f"{number}@x.example")
            else:
                self.ids.append(self.add(name=f"healthy {number}", email=f"{number}@x.example"))

    def work(self) -> Work:
        """The same process for ever."""
        return replace(super().work(), tasks=Lanes(self.clock), ledger=self.ledger)

    def looked(self) -> float:
        """One turn of a running engine; how long it took until the last healthy one was written."""
        began = self.clock.time
        self.distant.done.clear()
        drive(run([self.work()], self.store, Options(looks={"people": tuple(Side)}, release=True)))
        return max(self.distant.done.values(), default=began) - began


def alone(records: int) -> float:
    """How long so many healthy records take without anybody else: a claim after the other."""
    claims, rest = divmod(records, BATCH)
    return (claims * ceil(BATCH / LANES) + ceil(rest / LANES)) * CALL


@pytest.mark.usefixtures("uncounted")
def test_a_hundred_poison_records_delay_the_others_by_a_second_and_die_after_five_tries() -> None:
    crowd = Crowd()
    assert crowd.looked() <= alone(RECORDS - POISON) + 1.0
    assert len(crowd.distant.done) == RECORDS - POISON
    failed = len(crowd.distant.failed)
    for wave in range(WAVES):
        crowd.clock.advance(5.0)
        for record_id in crowd.ids[:WAVE]:
            crowd.left.edit(record_id, name=f"edited {record_id} {wave}")
        assert crowd.looked() <= alone(WAVE) + 1.0
        assert len(crowd.distant.done) == WAVE
        if wave == 2:
            assert len(crowd.distant.failed) > failed, "what failed is tried again meanwhile"
    dead = drive(crowd.store.links_in(LinkState.DEAD, None, POISON + 1))
    assert len(dead) == POISON
    # A stale record is read and decided again at once, which is one try.
    calls = crowd.distant.calls_for.values()
    assert max(calls) <= MOST * RETRIES
    assert sum(number > MOST for number in calls) == 33
    assert Counter(link.error for link in dead) == {"rejected:name": 34, "retry": 33, "stale": 33}


# What counts as a failure of the record.


class Picky(MemoryCollection):
    """Its updates fail where the name begins with `poison`; where it is down, all of them."""

    error: Callable[[], SyncError] = WAYS[1]
    down = False
    tries = 0

    async def update(self, record_id: str, patch: Fields, *more: Any) -> Record:
        poison = str(patch.get("name", "")).startswith("poison")
        self.tries += poison
        if poison or self.down:
            raise type(self).error()
        return await super().update(record_id, patch, *more)


class Bowl(World):
    """One poison record among a dozen, and a process that goes on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.picky = self.right = Picky(
            "right", fields=NAMES, behaviour=far(), clock=self.clock, prefix="R"
        )
        self.sync = replace(self.sync, right=MemorySource(self.right, self.sync.right.account))
        self.ids = [self.add(name=f"n{n}", email=f"{n}@x.example") for n in range(12)]
        self.run()
        self.poison = self.ids.pop(0)
        self.left.edit(self.poison, name="poison")
        self.process = self.work()

    def once(self, others: int) -> None:
        """Time passes, so many others are edited, and what is due is settled."""
        due = drive(self.store.figures("people", self.clock.now())).next_due
        self.clock.time = max(self.clock.time + 1.0, due or 0.0)
        for record_id in self.ids[:others]:
            self.left.edit(record_id, phone=str(self.clock.time))
        drive(run([self.process], self.store, Options()))

    def dies_after(self, others: int, most: int = 40) -> int:
        """Tries until it is a dead letter."""
        for _ in range(most):
            self.once(others)
            if self.link(self.poison).state is LinkState.DEAD:
                break
        return self.picky.tries


@pytest.fixture
def bowl(monkeypatch: pytest.MonkeyPatch) -> Bowl:
    monkeypatch.setattr(Picky, "error", staticmethod(WAYS[1]))
    return Bowl()


def test_what_fails_five_times_in_the_same_way_is_dead_where_others_are_written(bowl: Bowl) -> None:
    assert bowl.dies_after(others=SOUND) == MOST
    last = bowl.history(bowl.poison)[-1]
    assert (last.operation, last.cause) == ("dead", "retry on the right")
    assert bowl.process.ledger.failing == {}


def test_a_person_and_an_edit_give_it_five_more_tries(bowl: Bowl) -> None:
    bowl.dies_after(others=SOUND)
    bowl.left.edit(bowl.poison, name="poison still")
    assert bowl.dies_after(others=SOUND) == 2 * MOST
    drive(bowl.store.wake([bowl.link(bowl.poison).id], bowl.clock.now()))
    assert bowl.dies_after(others=SOUND) == 3 * MOST


def test_where_hardly_anybody_else_is_written_all_tries_are_made(bowl: Bowl) -> None:
    bowl.once(SOUND - 1)
    assert bowl.dies_after(others=0) == SCHEDULE.attempts


def test_where_others_fail_as_well_all_tries_are_made(bowl: Bowl) -> None:
    for each in bowl.ids[SOUND:]:
        bowl.left.edit(each, name="poison for a moment")
        bowl.once(SOUND)
        bowl.left.edit(each, name="well")
    tries = bowl.picky.tries
    assert bowl.link(bowl.poison).state is LinkState.ACTIVE
    assert tries > MOST


def test_where_updates_land_and_no_create_does_all_tries_are_made(
    bowl: Bowl, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> Record:
        bowl.picky.tries += 1
        raise Picky.error()

    bowl.left.edit(bowl.poison, name="well")
    bowl.once(SOUND)
    monkeypatch.setattr(bowl.picky, "create", refused)
    bowl.poison = bowl.add(name="New", email="new@x.example")
    bowl.picky.tries = 0
    assert bowl.dies_after(others=SOUND) == SCHEDULE.attempts


def test_what_fails_in_other_ways_each_time_gets_all_tries(
    bowl: Bowl, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = cycle([lambda: Retry("it answered 500"), lambda: Retry("it answered nonsense")])
    monkeypatch.setattr(Picky, "error", staticmethod(lambda: next(ways)()))
    assert bowl.dies_after(others=SOUND) == SCHEDULE.attempts


def test_an_outage_makes_no_dead_letters(bowl: Bowl) -> None:
    bowl.picky.down = True
    bowl.once(SOUND)
    for _ in range(20):
        bowl.clock.advance(30.0)
        drive(run([bowl.process], bowl.store, Options()))
    assert min(bowl.link(record_id).attempts for record_id in bowl.ids[:SOUND]) > MOST
    assert state(bowl, LinkState.DEAD) == []
    bowl.picky.down = False
    bowl.left.edit(bowl.poison, name="well")
    for _ in range(3):
        bowl.clock.advance(50_000)
        bowl.once(0)
    assert bowl.lefts() == bowl.rights()


def test_that_the_account_rests_is_no_failure_of_the_record(
    bowl: Bowl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picky, "error", staticmethod(lambda: Retry("429", counts=False)))
    assert bowl.dies_after(SOUND, most=3 * MOST) > MOST
    assert bowl.link(bowl.poison).attempts == 0


def test_what_waits_for_another_record_of_ours_is_no_poison() -> None:
    bowl = Bowl()
    bowl.left.edit(bowl.poison, name="well")
    new = bowl.add(name="new", email="new@x.example")
    bowl.process.ledger.meeting.add(("people", "email", "new@x.example"))
    for _ in range(2 * MOST):
        bowl.once(SOUND)
    link = bowl.link(new)
    assert (link.state, link.error) == (LinkState.ACTIVE, "retry")


def test_what_failed_is_tried_again_as_a_small_part_of_all_that_is_tried() -> None:
    world, names = World(right_habits=far()), [f"p{n}" for n in range(300)]
    for name in names:
        world.add(name=name, email=f"{name}@x.example")
    tries: list[float] = []

    def refuse() -> None:
        tries.append(world.clock.time)
        raise Retry("it answered 500")

    on(world.right, "create", refuse, times=10**9)
    work = world.work()
    for _ in range(30):
        drive(run([work], world.store, Options(looks={"people": ()})))
        world.clock.advance(1.0)
    again = len(tries) - len(names)
    assert 0 < again <= LEAST * 35.0 + SHARE * len(names) / (1 - SHARE)
    attempts = {link.attempts for link in state(world, LinkState.ACTIVE)}
    assert attempts <= {1, 2, 3, 4, 5}, "to be put off is no attempt"
