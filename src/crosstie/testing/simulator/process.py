"""One process of the engine: ports that let go of the thread at every call, and can die there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import cache
from inspect import iscoroutinefunction
from random import Random
from typing import TYPE_CHECKING, Any, cast

from crosstie.core.errors import Retry, SyncError
from crosstie.core.values import Cursor, Fields, Instant, Page, Record, Side, Version
from crosstie.engine.work import Ledger, Work
from crosstie.ports import Capabilities, Collection, Found, Lookup, Schema, Store
from crosstie.ports.lease import TENANT, Lease
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.simulator.pause import Pause, Violation
from crosstie.testing.simulator.remote import Remote
from crosstie.testing.simulator.weaving import Woven

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life

A_LEASE = 1.0
"""Seconds; short, so that a new process begins while an index still lags."""


class Process:
    """What dies in a crash: ports, clock, and what the engine keeps in memory."""

    def __init__(self, life: Life, number: int) -> None:
        self.life = life
        self.number = number
        self.alive = True
        self._patience: dict[Side, tuple[int, Instant]] = {}
        """Side -> (run, until): it asked this process to be left alone in later runs."""
        self.ledger = Ledger()
        real = life.state.opened()
        self.lease: Lease | None = _taken(life, real, number) if life.script.leased else None
        self.begun: set[tuple[str, str, str]] = set()
        """(side, verb, name) of the writes that it had begun when it fell asleep."""
        self.asleep = False
        """It is asleep, or was."""
        self.store = cast(Store, Pausing(real, self))
        dice, clock = SimDice(life.script.seed * 31 + number), SimClock(life)
        tasks = Woven(life.turn)
        self.works = [
            Work(
                sync=played.sync if life.scans else played.patient,
                left=cast(Collection, Line(self, played.sync.name, Side.LEFT)),
                right=cast(Collection, Line(self, played.sync.name, Side.RIGHT)),
                store=self.store,
                clock=clock,
                dice=dice,
                tasks=tasks,
                ledger=self.ledger,
            )
            for played in life.world.plays
        ]

    @property
    def fenced(self) -> bool:
        """Another process has the lease by now."""
        mine = self.lease
        if mine is None:
            return False
        rows = self.life.state.rows("SELECT owner, epoch FROM tenant WHERE name = ?", mine.tenant)
        return rows != [(mine.owner, mine.epoch)]

    def asked_to_wait(self, side: Side, error: SyncError) -> None:
        """Remember for how long a side wants to be left alone."""
        if isinstance(error, Retry) and error.after is not None and not self.asleep:
            self._patience[side] = (self.life.begun, self.life.time + error.after)

    def asks(self, side: Side, verb: str) -> None:
        """I13: a run that begins before that time leaves the side alone."""
        life = self.life
        if side not in self._patience:
            return
        begun, until = self._patience[side]
        # With a wrong clock nobody can tell how long it is.
        sane = not (self.asleep or life.offset or life.jumped)
        if begun != life.begun and life.time < until and sane:
            life.violate("I13", f"{verb} on the {side}, {until - life.time:.1f} s too soon")

    def breathe(self) -> None:
        """Raises Crash in a process that is dead: nothing it does reaches anybody."""
        if not self.alive:
            self.life.touched_after_death = True
            raise Crash


def _taken(life: Life, store: SqlStore, number: int) -> Lease:
    """The lease of a new process, which waits until it gets it."""
    now = life.time + life.offset
    held = drive(store.holder(TENANT))
    if held is not None:
        now = max(now, held.until)
    lease = drive(store.take(TENANT, f"process {number}", now, A_LEASE))
    if lease is None:
        raise Violation("I10", "a lease that ended is given to nobody")
    store.work_under(lease)
    return lease


class SimClock:
    """The clock of the processes; it may be wrong."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def now(self) -> Instant:
        """The time it shows."""
        return self._life.time + self._life.offset


class SimDice:
    """Chance that follows from the seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def roll(self) -> float:
        return self._random.random()

    def token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


def _pausing(name: str) -> Callable[..., Any]:
    said = f"store.{name}"
    pause = Pause(said)

    async def call(self: Pausing, *args: Any, **kwargs: Any) -> Any:
        process = self.process
        if process.asleep or not process.life.passes(said):
            await pause
            if not process.alive:
                process.breathe()
            if process.asleep:
                return await self.late(getattr(self.real, name)(*args, **kwargs))
        return await getattr(self.real, name)(*args, **kwargs)

    return call


class Pausing:
    """The store of a process: lets go before every transaction."""

    def __init__(self, real: SqlStore, process: Process) -> None:
        self.real = real
        self.process = process

    @property
    def identity(self) -> str:
        return self.real.identity

    async def late(self, call: Coroutine[Any, Any, Any]) -> Any:
        """A call of a process that may have lost its lease: it must not change anything."""
        state, fenced = self.process.life.state, self.process.fenced
        before = state.changes()
        answer = await call
        if fenced and state.changes() != before:
            self.process.life.violate("I10", "a worker that lost its lease wrote to the state")
        return answer


for _name in dir(Store):
    if not _name.startswith("_") and iscoroutinefunction(getattr(Store, _name)):
        setattr(Pausing, _name, _pausing(_name))


VERBS = (
    "open",
    "changes",
    "acknowledge",
    "scan",
    "read",
    "find",
    "create",
    "update",
    "delete",
    "schema",
)


@cache
def _pauses(sync: str, side: Side) -> dict[str, tuple[Pause, Pause]]:
    """Verb -> before the call takes effect, and before its answer arrives."""
    return {
        verb: (Pause(f"{side}.{verb} asked {sync}"), Pause(f"{side}.{verb} answered {sync}"))
        for verb in VERBS
    }


class Line:
    """The way to one system: lets go before a call, and before its answer arrives."""

    def __init__(self, process: Process, sync: str, side: Side) -> None:
        self._process = process
        self._life = process.life
        self._sync = sync
        self._side = side
        self._real: Remote = process.life.systems[sync, side]
        self._pauses = _pauses(sync, side)
        self._can = self._real.can

    @property
    def name(self) -> str:
        return self._real.name

    @property
    def can(self) -> Capabilities:
        return self._can

    async def _call(self, verb: str, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        process, life = self._process, self._life
        asked, answered = self._pauses[verb]
        if process.asleep or not life.passes(asked.name):
            await asked
            if not process.alive:
                process.breathe()
        process.asks(self._side, verb)
        try:
            after = life.trouble(self._side, verb)
        except SyncError as error:
            process.asked_to_wait(self._side, error)
            raise
        answer = await ask()
        if after is not None:
            life.witness.unanswered(verb)
        if process.asleep or not life.passes(answered.name):
            await answered
            if not process.alive:
                process.breathe()
        if after is not None:
            process.asked_to_wait(self._side, after)
            raise after
        return answer

    async def open(self) -> None:
        await self._call("open", self._real.open)

    async def changes(self, cursor: Cursor | None) -> Page:
        return cast(Page, await self._call("changes", lambda: self._real.changes(cursor)))

    async def acknowledge(self, cursor: Cursor) -> None:
        await self._call("acknowledge", lambda: self._real.acknowledge(cursor))

    async def scan(self, cursor: Cursor | None) -> Page:
        return cast(Page, await self._call("scan", lambda: self._real.scan(cursor)))

    async def read(self, ids: Sequence[str]) -> Found:
        return cast(Found, await self._call("read", lambda: self._real.read(ids)))

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        return cast(Sequence[Record], await self._call("find", lambda: self._real.find(lookup)))

    async def create(self, fields: Fields, key: str) -> Record:
        async def made() -> Record:
            record = await self._real.create(fields, key)
            self._life.witness.created(self._process, self._sync, self._side, record, key)
            return record

        return cast(Record, await self._call("create", made))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        async def changed() -> Record:
            before = self._real.row(record_id)
            record = await self._real.update(record_id, patch, was, if_version)
            self._life.witness.updated(
                self._process, self._sync, self._side, record, before or {}, was, patch
            )
            return record

        return cast(Record, await self._call("update", changed))

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        async def removed() -> None:
            before = self._real.row(record_id)
            await self._real.delete(record_id, was, if_version)
            self._life.witness.deleted(
                self._process, self._sync, self._side, record_id, before, was
            )

        await self._call("delete", removed)

    async def schema(self) -> Schema:
        return cast(Schema, await self._call("schema", self._real.schema))
