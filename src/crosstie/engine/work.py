"""What a flow is given: the sync it works on, its ports, and what the run counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from crosstie.core.decide import Operation, Rules
from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.core.mapping import NO_REFS, Refs
from crosstie.core.mapping import Mapping as FieldMapping
from crosstie.core.retries import Retries
from crosstie.core.retry import SCHEDULE, Schedule
from crosstie.core.values import SIDES, Fields, Instant, Link, Record, Side, digest
from crosstie.engine.evidence import Notes
from crosstie.ports import Clock, Collection, Dice, FlowStore, Tasks
from crosstie.sync import Sync

if TYPE_CHECKING:
    from crosstie.engine.scene import Scene

T = TypeVar("T")


class Gate(Protocol):
    """Asked before every operation: may it be carried out in this run?"""

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        """False leaves the link as it is, for a later run."""
        ...

    def adopted(self, sync: str, link_id: int) -> None:
        """A create that was let through made nothing: the record was there already."""
        ...

    @property
    def over(self) -> bool:
        """Nothing more will be let through: the run may leave what is due."""
        ...


class Open:
    """The gate of an ordinary run."""

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        return True

    def adopted(self, sync: str, link_id: int) -> None:
        pass

    @property
    def over(self) -> bool:
        return False


OPEN = Open()

HALT_PAUSE = 30.0
"""Seconds until an account that a person has to look after is tried again."""


Place = tuple[str, Side | None, bool]
"""(sync, side, whether records are created there): one may be out of order where the other is not.

No side: for reasons of our own."""


class Failure(NamedTuple):
    """How a link fails, again and again."""

    cause: str
    """Fingerprint."""
    times: int
    """So many tries in a row failed in this way."""
    landed: int
    """Writes of that kind that had been carried out on that side before the first of them."""
    begun: int
    """Links that had begun to fail there before."""


@dataclass(slots=True)
class Ledger:
    """What a run did, and which accounts it has to leave alone for now. Shared by all syncs."""

    counts: Counter[str] = field(default_factory=Counter)
    paused: dict[str, Instant] = field(default_factory=dict)
    """Account label -> until when."""
    halted: dict[str, Halt] = field(default_factory=dict)
    """Account label -> why."""
    notes: Notes = field(default_factory=Notes)
    woken: bool = False
    """Links whose intents an earlier process left open were made due."""
    meeting: set[tuple[str, str, str]] = field(default_factory=set)
    """(sync, key field, value) of records that look for their counterpart at this moment."""

    landed: Counter[Place] = field(default_factory=Counter)
    """Place -> writes that were carried out there."""
    begun: Counter[Place] = field(default_factory=Counter)
    """Place -> links that began to fail there."""
    failing: dict[int, Failure] = field(default_factory=dict)
    """Link -> how it fails."""

    retries: dict[str, Retries] = field(default_factory=dict)
    """Account label -> how much of its work may be tries of what failed before."""

    def rests(self, label: str, now: Instant) -> bool:
        """That account is left alone for now."""
        return self.paused.get(label, 0.0) > now


@dataclass(frozen=True, slots=True)
class Work:
    """One sync, opened, with everything a flow needs to work on it."""

    sync: Sync
    left: Collection
    right: Collection
    store: FlowStore
    clock: Clock
    dice: Dice
    tasks: Tasks
    ledger: Ledger
    gate: Gate = OPEN
    schedule: Schedule = SCHEDULE
    run_id: int | None = None
    in_flight: int = 32

    @property
    def name(self) -> str:
        """Name of the sync."""
        return self.sync.name

    @property
    def mapping(self) -> FieldMapping:
        """The fields of the sync."""
        return self.sync.mapping

    @property
    def declared(self) -> str:
        """What the fields of the sync are known by: it changes with what either side reads."""
        reads = {str(side): sorted(self.mapping.side(side).reads) for side in SIDES}
        return digest({"fields": sorted(self.mapping.by_name), **reads})

    @property
    def rules(self) -> Rules:
        """The part of the sync that decides."""
        return self.sync.rules

    def at(self, side: Side) -> Collection:
        """The collection of that side."""
        return self.left if side is Side.LEFT else self.right

    def account(self, side: Side) -> str:
        """Label of the account of that side."""
        return self.sync.source(side).account.label

    def count(self, what: str) -> None:
        """Count one event of the run."""
        self.ledger.counts[f"{self.name}.{what}"] += 1

    def wrote(self, verb: str, side: Side) -> None:
        """Count a write that was carried out: `created`, `updated`, `deleted`."""
        self.count(f"{verb}_{side}")
        self.ledger.landed[self.name, side, verb == "created"] += 1

    def may_try(self, link: Link) -> bool:
        """Whether this link may be settled now. False where too much is tried again already."""
        now, known = self.clock.now(), self.ledger.retries
        far = [self.account(side) for side in SIDES if not self.at(side).can.local]
        budgets = [known.setdefault(label, Retries()) for label in far]
        if link.attempts:
            return all([budget.again(now) for budget in budgets])
        for budget in budgets:
            budget.first(now)
        return True

    async def ask(self, side: Side, call: Awaitable[T]) -> T:
        """Await a call of that side; what it raises says on which side it happened."""
        try:
            answer = await call
        except SyncError as error:
            error.side = side
            if isinstance(error, Halt):
                self.ledger.halted[self.account(side)] = error
                self.ledger.paused[self.account(side)] = self.clock.now() + HALT_PAUSE
            elif isinstance(error, Retry) and not error.counts:
                pause = error.after if error.after is not None else 1.0 + self.dice.roll()
                self.ledger.paused[self.account(side)] = self.clock.now() + pause
            raise
        if self.ledger.halted:
            self.ledger.halted.pop(self.account(side), None)
        return answer

    async def refs(self, records: Mapping[Side, Record | None]) -> Refs:
        """Look up the linked counterparts of every reference in these records."""
        tables: dict[Side, dict[tuple[str, str], str]] = {Side.LEFT: {}, Side.RIGHT: {}}
        found = False
        for side, record in records.items():
            if record is None:
                continue
            for _, raw, sync in self.mapping.side(side).references:
                value = record.fields.get(raw)
                if value is None or value == "":
                    continue
                found = True
                across = await self.store.counterparts(sync, side, [str(value)])
                for own, other in across.items():
                    tables[side.other][(sync, own)] = other
                    tables[side][(sync, other)] = own
        return Refs(to_left=tables[Side.LEFT], to_right=tables[Side.RIGHT]) if found else NO_REFS


def with_id(link: Link, side: Side, record_id: str | None) -> Link:
    """The link with that id on that side."""
    if side is Side.LEFT:
        return replace(link, left_id=record_id)
    return replace(link, right_id=record_id)


def with_mark(link: Link, side: Side, mark: str | None) -> Link:
    """The link that remembers this state of that side's record."""
    if mark == (link.left_mark if side is Side.LEFT else link.right_mark):
        return link
    if side is Side.LEFT:
        return replace(link, left_mark=mark)
    return replace(link, right_mark=mark)


def with_bases(link: Link, source: Side, base_source: Fields, base_target: Fields) -> Link:
    """The link with these fields of both bases moved on; the others stay."""
    pair = {source: base_source, source.other: base_target}
    return replace(
        link,
        base_left={**link.base_left, **pair[Side.LEFT]},
        base_right={**link.base_right, **pair[Side.RIGHT]},
    )


def without_base(link: Link, names: Sequence[str]) -> Link:
    """The link on which nobody ever agreed on these fields."""
    return replace(
        link,
        base_left={n: value for n, value in link.base_left.items() if n not in names},
        base_right={n: value for n, value in link.base_right.items() if n not in names},
    )
