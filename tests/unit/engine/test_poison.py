"""A hundred records that always fail, among many: the others hardly notice."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from world import NAMES, World, far, on, state

from crosstie.core.errors import Rejected, Retry, Stale, SyncError
from crosstie.core.retries import LEAST, SHARE
from crosstie.core.values import Fields, LinkState, Record, Side
from crosstie.engine.run import Options, run
from crosstie.engine.work import Ledger, Work
from crosstie.ports import Lookup
from crosstie.testing.fakes import FakeClock, drive
from crosstie.testing.memory import MemoryCollection, MemorySource

RECORDS, POISON, LANES = 2_000, 100, 32
CALL = 0.05
"""Seconds that a call takes."""
WAVE = 300
"""Records that people edit while what failed is tried again."""


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


class Distant(MemoryCollection):
    """Every write takes time, and those of poison records fail, each in its own way."""

    def __init__(self, *args: Any, clock: FakeClock, **more: Any) -> None:
        super().__init__(*args, clock=clock, **more)
        self.clock = clock
        self.done: dict[str, float] = {}
        """Name -> when it was written."""
        self.failed: list[float] = []

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """Nobody but the engine writes here, so there is no counterpart to be found."""
        return []

    async def create(self, fields: Fields, key: str) -> Record:
        await self._pass(str(fields["name"]))
        return await super().create(fields, key)

    async def update(self, record_id: str, patch: Fields, *more: Any) -> Record:
        await self._pass(str(patch["name"]))
        return await super().update(record_id, patch, *more)

    async def _pass(self, name: str) -> None:
        await Nap(CALL)
        if name.startswith("poison"):
            self.failed.append(self.clock.time)
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
        self.sync = replace(self.sync, right=MemorySource(self.right, self.sync.right.account))
        self.ledger = Ledger()
        for number in range(RECORDS):
            if number % (RECORDS // POISON) == 7:
                self.add(name="poison" + "!" * (number // 20 % 3), email=f"{number}@x.example")
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
    """How long so many healthy records take without anybody else."""
    return records * CALL / LANES


def test_a_hundred_poison_records_delay_the_others_by_a_second_at_most() -> None:
    crowd = Crowd()
    assert crowd.looked() <= alone(RECORDS - POISON) + 1.0
    assert len(crowd.distant.done) == RECORDS - POISON
    for wave in range(3):
        crowd.clock.advance(2.0)
        failed = len(crowd.distant.failed)
        for record_id in crowd.ids[:WAVE]:
            crowd.left.edit(record_id, name=f"edited {record_id} {wave}")
        assert crowd.looked() <= alone(WAVE) + 1.0
        assert len(crowd.distant.done) == WAVE
        assert len(crowd.distant.failed) > failed, "what failed is tried again meanwhile"


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
