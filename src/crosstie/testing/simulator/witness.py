"""Watches every write of the engine at the moment that it takes effect."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosstie.core.lens.base import same
from crosstie.core.values import Fields, Json, Record, Side
from crosstie.testing.simulator.namesakes import made_beside
from crosstie.testing.simulator.pause import WRITES
from crosstie.testing.simulator.values import plain

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life
    from crosstie.testing.simulator.process import Process

_INTENTS = (
    "SELECT intent.target, intent.marker FROM intent JOIN link ON link.id = intent.link_id "
    "WHERE link.sync = ? AND intent.side = ? AND intent.kind = ?"
)
_BASE = "SELECT base_{0} FROM link WHERE sync = ? AND {0}_id = ?"
_SOURCE = "SELECT left_id, right_id FROM link WHERE id = ?"


@dataclass(slots=True)
class Effect:
    """One write of the engine that a system carried out."""

    tick: int
    process: int
    sync: str
    side: Side
    verb: str
    record_id: str
    name: str
    """The marker of a create, else the record's id: what its intent is known by."""
    source: str | None = None
    """Of a create: the record across that it was made from."""
    certain: bool = True
    """The engine knows that it happened: its history tells of it."""


class Witness:
    """All effects of a schedule, and what they prove about the engine."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.effects: list[Effect] = []
        self.attempts: Counter[tuple[str, str, str]] = Counter()
        """(side, record, verb) -> calls that reached the system."""
        self.blind: set[tuple[str, str, str, str, str]] = set()
        """(sync, side, record, raw field, value) overwritten where no system could notice."""
        self.paired: list[tuple[str, str, str]] = []
        """(sync, left id, right id) of every create."""
        self._last: Effect | None = None
        """Of the last write; None where it changed nothing."""
        self._newest: dict[tuple[str, Side, str, str], int] = {}
        self._landed_late: set[tuple[str, Side, str]] = set()
        """Records whose last update was of a process that had lost its lease."""
        self._seen: Counter[int] = Counter()
        """Process -> effects that there were at the end of its last run: of any process, as one
        that was asleep comes to its end in the middle of another one's run."""

    def created(self, process: Process, sync: str, side: Side, record: Record, key: str) -> None:
        """A record came to be."""
        source = self._source(key, side.other)
        effect = self._add(process, sync, side, "create", record.id, key)
        effect.source = source
        if source is None:
            self._life.violate("I4", f"{side} record {record.id} was created from nothing")
            return
        left, right = (source, record.id) if side is Side.RIGHT else (record.id, source)
        self.paired.append((sync, left, right))
        system = self._life.systems[sync, side]
        twins = [
            each.record_id
            for each in self.effects
            if (each.sync, each.side, each.source) == (sync, side, source)
            and system.row(each.record_id) is not None
        ]
        if len(twins) > 1 and not self._life.may_double(sync, side):
            text = f"{' and '.join(twins)} on the {side} were both created from {source}"
            self._life.violate("I4", f"{sync}: {text}")
        made_beside(self._life, sync, side, record.id, source)

    def updated(
        self,
        process: Process,
        sync: str,
        side: Side,
        record: Record,
        before: Fields,
        was: Fields,
        patch: Fields,
    ) -> None:
        """Fields of a record changed."""
        self._add(process, sync, side, "update", record.id, record.id)
        self._overwritten((sync, side.value, record.id), before, was, patch)
        crossed = self._crosses(process, (sync, side, record.id))
        self._echoed(sync, side, record.id, was if crossed else before, patch)
        across = self._life.counterpart(sync, side, record.id)
        if across is None or self._life.late_writes:
            return
        for raw, value in patch.items():
            if same(before.get(raw), value):
                continue
            number = self._life.people.origin(sync, side.other, across, raw, value)
            place = (sync, side, record.id, raw)
            if number is not None and number < self._newest.get(place, 0):
                if self._archives(sync, side, across, raw, value):
                    continue
                text = f"{side} record {record.id}: {raw} went back to an older value"
                self._life.violate("I9", f"{sync}: {text}")
            elif number is not None:
                self._newest[place] = number

    def _crosses(self, process: Process, place: tuple[str, Side, str]) -> bool:
        """Whether it was decided on what was read before another one wrote the same.

        What lands late was, since somebody took over; and so may be what comes next to that record.
        """
        if process.asleep and process.fenced:
            self._landed_late.add(place)
            return True
        crossed = place in self._landed_late
        self._landed_late.discard(place)
        return crossed

    def _archives(self, sync: str, side: Side, across: str, raw: str, value: Json) -> bool:
        """It marks a record whose counterpart is gone, and is nobody's older value."""
        declared = self._life.played[sync].sync
        [field] = [f for f in declared.mapping.fields if f.raw_name(side) == raw]
        gone = self._life.systems[sync, side.other].row(across) is None
        marks = declared.archive.get(field.name)
        return gone and marks is not None and field.lens_of(side).get(value) == marks

    def deleted(
        self,
        process: Process,
        sync: str,
        side: Side,
        record_id: str,
        before: Fields | None,
        was: Fields,
    ) -> None:
        """A record is gone."""
        if before is None:
            self._last = None
            self.attempts[side.value, record_id, "delete"] += 1
            return
        self._deleted_an_edit(sync, side, record_id, before, was)
        self._deleted_a_half(sync, side, record_id)
        self._add(process, sync, side, "delete", record_id, record_id)
        self._overwritten((sync, side.value, record_id), before, was, before)

    def _echoed(self, sync: str, side: Side, record_id: str, before: Fields, patch: Fields) -> None:
        """I8: what a system made of a value is not brought back as an edit."""
        if self._life.people.answered:
            return
        for raw, value in patch.items():
            now = before.get(raw)
            if plain(now) == plain(value) and plain(now) and not same(now, value):
                text = f"{raw} of {side} {record_id} gets the other side's spelling"
                self._life.violate("I8", f"{sync}: {text}")

    def _deleted_an_edit(
        self, sync: str, side: Side, record_id: str, before: Fields, was: Fields
    ) -> None:
        """I11: what was edited since both sides agreed is deleted only if a person says so."""
        if self._life.people.answered:
            return
        rows = self._life.state.rows(_BASE.format(side.value), sync, record_id)
        base = json.loads(rows[0][0]) if rows else {}
        mapping = self._life.played[sync].sync.mapping
        for name, raw in self._life.played[sync].halves[side].editable:
            if name not in base or not mapping.by_name[name].direction.reaches(side.other):
                continue
            shown = mapping.side(side).read_one(name, was)
            if plain(shown) != plain(base[name]):
                text = f"{side} record {record_id} is deleted although {raw} was edited"
                self._life.violate("I11", f"{sync}: {text}")

    def _deleted_a_half(self, sync: str, side: Side, record_id: str) -> None:
        """I11: a record goes because its counterpart is gone."""
        life = self._life
        across = life.counterpart(sync, side, record_id)
        there = across is not None and life.systems[sync, side.other].row(across) is not None
        if there and not life.people.answered:
            text = f"{side} record {record_id} is deleted, and {across} is there"
            life.violate("I11", f"{sync}: {text}")

    def unanswered(self, verb: str) -> None:
        """The answer of the last call was lost: the engine has to find out what it did."""
        if verb in WRITES and self._last is not None:
            self._last.certain = False

    def run_over(self, process: Process) -> None:
        """A run ended or died: what has an open intent still, the engine does not know of."""
        for effect in self.effects[self._seen[process.number] :]:
            if effect.process == process.number:
                effect.certain = effect.certain and not self._intended(effect)
        self._seen[process.number] = len(self.effects)

    def _add(
        self, process: Process, sync: str, side: Side, verb: str, record_id: str, name: str
    ) -> Effect:
        life = self._life
        effect = Effect(life.ticks, process.number, sync, side, verb, record_id, name)
        self.effects.append(effect)
        self._last = effect
        self.attempts[side.value, record_id, verb] += 1
        life.tell(f"  {verb} {side} {record_id}")
        if process.asleep and process.fenced:
            self._late(process, effect)
        elif not self._intended(effect):
            life.violate("I16", f"{sync}: {verb} of {side} record {record_id} without an intent")
        if life.planning:
            life.violate("I18", f"{sync}: a plan wrote to the {side}")
        return effect

    def _late(self, process: Process, effect: Effect) -> None:
        """No fence reaches the systems: what was on its way when the lease was lost lands."""
        effect.certain = False
        self._life.late_writes += 1
        if (effect.side.value, effect.verb, effect.name) not in process.begun:
            text = f"{effect.verb} of {effect.side} {effect.record_id} was begun without the lease"
            self._life.violate("I10", f"{effect.sync}: {text}")

    def _intended(self, effect: Effect) -> bool:
        found = self._life.state.rows(_INTENTS, effect.sync, effect.side.value, effect.verb)
        return any(effect.name in row for row in found)

    def _source(self, key: str, here: Side) -> str | None:
        number = key.split(".")[1]
        rows = self._life.state.rows(_SOURCE, int(number))
        if not rows:
            return None
        found: str | None = rows[0][0] if here is Side.LEFT else rows[0][1]
        return found

    def _overwritten(
        self, place: tuple[str, str, str], before: Fields, was: Fields, patch: Fields
    ) -> None:
        """What people wrote between our read and our write, where no write is conditional."""
        sync, side, _ = place
        if self._life.systems[sync, Side(side)].behaviour.conditional_write:
            return
        for raw in patch:
            now: Json = before.get(raw)
            if not same(now, was.get(raw)):
                self.blind.add((*place, raw, plain(now)))
                self._life.tell(f"  {raw} is overwritten unseen")
