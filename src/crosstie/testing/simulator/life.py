"""One schedule as it runs: two systems, a state, the time, and what goes wrong when."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from hashlib import blake2b
from typing import Any, TypeVar

from crosstie.core.errors import Retry, SyncError
from crosstie.core.values import Instant, Side
from crosstie.testing.fakes import Crash
from crosstie.testing.simulator.failing import failing
from crosstie.testing.simulator.items import ACTS, Item, Script
from crosstie.testing.simulator.pause import WRITES, Violation
from crosstie.testing.simulator.people import People
from crosstie.testing.simulator.process import Process
from crosstie.testing.simulator.sleeping import Asleep
from crosstie.testing.simulator.state import borrowed
from crosstie.testing.simulator.systems import TrueClock, systems_of
from crosstie.testing.simulator.witness import Witness
from crosstie.testing.simulator.worlds import World

T = TypeVar("T")

START = 1_700_000_000.0
LONGEST = 4_000
"""Awaits of one run; an engine that needs more turns in a circle."""
DAY = 86_400.0
_FATES = {"crash": "crash", "crash_write": "crash", "sleep": "sleep"}
_JUMPS = (-DAY, 3_600.0, -3_600.0, DAY)


class Life:
    """All that one schedule is played with. `violations` says which promises were broken."""

    _calm_until = 0
    """The last await of the run at work at which nothing is to happen by itself."""

    def __init__(self, world: World, script: Script) -> None:
        self.world, self.script = world, script
        self.time: Instant = START
        self.offset = 0.0
        """By how much the clock of the processes is wrong."""
        self.jumped = False
        """That clock went forward by more than a search index needs."""
        self.ticks = 0
        self.planning = False
        self.touched_after_death = False
        self.scans = not script.honest_feed
        self.state = borrowed()
        self.played = {played.sync.name: played for played in world.plays}
        self.systems = systems_of(world, script, TrueClock(self))
        self.witness = Witness(self)
        self.people = People(self)
        self.processes: list[Process] = []
        """All that were started, oldest first."""
        self.violations: list[Violation] = []
        self.pairs: list[tuple[str, str, str]] = []
        """(sync, left id, right id) of what was in step when it began."""
        self.crashes = 0
        self.passed: set[str] = set()
        """Awaits at which a crash was possible."""
        self.deaths: set[str] = set()
        """Those at which there was one."""
        self.asleep: Asleep | None = None
        self.late_writes = 0
        """Writes that a process began before it lost its lease, and that landed after."""
        self.on_tick: Callable[[str], None] | None = None
        self.trace: list[str] = []
        """What the hash is made of; every await and every act."""
        self._queue = sorted(script.items, key=lambda item: (item.at, item.number))
        self._next = 0
        self._armed: list[Item] = []
        self._down = {Side.LEFT: 0, Side.RIGHT: 0}
        self._turn: int | None = None
        self._begun = 0
        self._troubled = True

    def tell(self, text: str) -> None:
        """A line of the trace and of the timeline."""
        self.trace.append(f"* {text}")

    def let_go(self) -> None:
        """Nobody asks any more: what its parts know of each other goes, and they with it.

        Memory that is free at once is used again while it is still near. Left to the collector, a
        schedule's remains would lie about until the end of the chunk.
        """
        for part in (*self.processes, self.people, self):
            vars(part).clear()

    def digest(self) -> str:
        """The hash of everything that happened, in its order."""
        return blake2b("\n".join(self.trace).encode(), digest_size=16).hexdigest()

    def violate(self, rule: str, text: str) -> None:
        """A promise was broken here; the schedule goes on to where it can be looked at."""
        self.tell(f"VIOLATION {rule}: {text}")
        self.violations.append(Violation(rule, text))

    # What the ports ask.

    def trouble(self, side: Side, verb: str) -> SyncError | None:
        """Raise what a call fails with before it does anything; give what it fails with after."""
        self.time += 0.05
        if self._down[side]:
            self._down[side] -= 1
            self.tell(f"  {side} is down")
            raise Retry("503 for a while", counts=False)
        for item in self._armed:
            if (
                item.kind not in _FATES
                and item.side is side
                and (verb in WRITES or item.pick % 4 == 0)
            ):
                self._armed.remove(item)
                self.tell(f"  {item.kind} hits {verb} on the {side} (item {item.number})")
                return self._failing(item)
        return None

    def _failing(self, item: Item) -> SyncError | None:
        if item.kind == "down":
            self._down[item.side] = 2 + (item.pick >> 3) % 4
        return failing(item)

    def turn(self) -> int | None:
        """Which of several flights goes on, where the schedule says so."""
        turn, self._turn = self._turn, None
        return turn

    def may_double(self, sync: str, side: Side) -> bool:
        """Nothing can tell whether a create happened, and a person or a wrong clock said no.

        Nor can a fence take back a create that was on its way when the lease was lost.
        """
        habits_ = self.systems[sync, side].behaviour
        blind = not habits_.marker and not habits_.searchable
        return (
            self.late_writes > 0
            or (self.people.answered > 0 and not habits_.marker)
            or (self.jumped and habits_.search_lag > 0)
            or blind
        )

    def counterpart(self, sync: str, side: Side, record_id: str) -> str | None:
        """The record across, as the state has it now."""
        own, across = ("left_id", "right_id") if side is Side.LEFT else ("right_id", "left_id")
        rows = self.state.rows(
            f"SELECT {across} FROM link WHERE sync = ? AND {own} = ?", sync, record_id
        )
        return rows[0][0] if rows else None

    # The scheduler.

    @property
    def begun(self) -> int:
        """The await with which the run at work began: its name."""
        return self._begun

    def step(self, process: Process, flow: Coroutine[Any, Any, T]) -> T | None:
        """Step a flow to its end; None where the process died or fell asleep on the way."""
        self._begun = self.ticks
        while True:
            self._listen()
            try:
                name = flow.send(None)
            except StopIteration as done:
                result: T = done.value
                return result
            finally:
                self._calm_until = 0
            fate = self.tick(name)
            if fate == "sleep" and process.lease is not None and self.asleep is None:
                self.asleep = Asleep(self, process, flow)
                return None
            if fate == "crash":
                self.kill(process, flow)
                return None

    def _listen(self) -> None:
        """Look ahead to the next await at which something is to happen."""
        if self._armed or self.asleep is not None or self._turn is not None or self.on_tick:
            return
        self._calm_until = self._begun + LONGEST
        if self._next < len(self._queue):
            self._calm_until = min(self._calm_until, self._queue[self._next].at)

    def passes(self, name: str) -> bool:
        """Count an await at which nothing can happen; False where it has to let go.

        Nine of ten are such. Going up to the scheduler and down again for each of them would change
        nothing but how long it takes.
        """
        tick = self.ticks + 1
        if tick > self._calm_until:
            return False
        self.ticks = tick
        self.trace.append(name)
        if self._troubled:
            self.passed.add(name)
        return True

    def kill(self, process: Process, flow: Coroutine[Any, Any, Any]) -> None:
        """The process dies at the await where it stands."""
        process.alive = False
        self.crashes += 1
        self.tell(f"CRASH of process {process.number}")
        try:
            flow.throw(Crash())
        except (Crash, StopIteration) as end:
            if isinstance(end, StopIteration):
                self.violate("crash", "a process went on after it was killed")
        else:
            flow.close()
            self.violate("crash", "a process waits for something after it was killed")

    def tick(self, name: str) -> str | None:
        """One await: let happen what is due. What becomes of the process: crash, sleep."""
        self.ticks += 1
        self.trace.append(name)
        if self.on_tick is not None:
            self.on_tick(name)
        if self.ticks - self._begun > LONGEST:
            raise Violation("I15", f"one run went through {LONGEST} awaits and did not end")
        if self.asleep is not None and self.asleep.is_over():
            self.asleep.wake()
        queue = self._queue
        while self._next < len(queue) and queue[self._next].at < self.ticks:
            item = queue[self._next]
            self._next += 1
            self._happen(item)
        if self._troubled:
            self.passed.add(name)
        return self._fate(name) if self._armed else None

    def _fate(self, name: str) -> str | None:
        for item in self._armed:
            if item.kind in _FATES and (item.kind != "crash_write" or _near_a_write(name)):
                self._armed.remove(item)
                if item.kind != "sleep":
                    self.deaths.add(name)
                return _FATES[item.kind]
        return None

    def happen(self, item: Item) -> None:
        """Let an item happen now, whatever await it was meant for."""
        self._happen(item)

    def _happen(self, item: Item) -> None:
        if item.kind in ACTS:
            self.people.act(item)
        elif item.kind == "switch":
            self._turn = item.pick % 7
        elif item.kind == "jump":
            jump = _JUMPS[item.pick % 4]
            self.offset += jump
            self.jumped = self.jumped or jump > 0
            self.tell(f"the clock jumps by {jump} s")
        else:
            self._armed.append(item)

    @property
    def busy(self) -> bool:
        """Something is still to happen by itself."""
        return self._next < len(self._queue)

    def calm_down(self) -> None:
        """Acts that had no chance yet happen now; faults are over, and listings up to date."""
        for item in self._queue[self._next :]:
            if item.kind in ACTS:
                self.people.act(item)
        self._next = len(self._queue)
        if self.asleep is not None:
            self.asleep.wake()
        self._troubled = False
        for system in self.systems.values():
            system.calm()
        self._armed.clear()
        self._down = {Side.LEFT: 0, Side.RIGHT: 0}


def _near_a_write(name: str) -> bool:
    verb = name.partition(" ")[0].rpartition(".")[2]
    return verb in WRITES or verb in ("intend", "keep")
