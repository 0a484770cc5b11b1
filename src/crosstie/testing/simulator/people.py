"""The people on both sides: what they do, and what they remember of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosstie.core.errors import Rejected
from crosstie.core.lens import Unmappable
from crosstie.core.values import Fields, Json, Side
from crosstie.testing.fakes import drive
from crosstie.testing.simulator.answering import answer_of
from crosstie.testing.simulator.items import Item
from crosstie.testing.simulator.remote import Remote
from crosstie.testing.simulator.values import plain
from crosstie.testing.simulator.worlds import Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


@dataclass(frozen=True, slots=True)
class Wrote:
    """One value that a person wrote into a field of a record."""

    tick: int
    sync: str
    side: Side
    record_id: str
    field: str
    """The canonical name."""
    raw: str
    value: Json
    """Canonical, as the system kept it."""
    raw_value: Json
    item: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A record that a person deleted, with what it held."""

    tick: int
    sync: str
    side: Side
    record_id: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Born:
    """A record that a person made."""

    tick: int
    sync: str
    side: Side
    record_id: str
    twin: bool
    """Another record with the same match key is, or was, there."""


class People:
    """Everybody who works in the two systems."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.wrote: list[Wrote] = []
        self.removed: list[Removed] = []
        self.born: list[Born] = []
        self.poisoned: set[tuple[str, Side, str]] = set()
        """(sync, side, record) that hold a value which the other system refuses."""
        self.answered = 0
        self._count = 0
        self._origins: dict[tuple[str, Side, str, str, str], int] = {}
        """(sync, side, record, raw field across, value) -> the last write of it, from 1."""
        self._acts: dict[str, Callable[[Item, Played], None]] = {
            "edit": self._edit,
            "both": self._both,
            "clash": self._both,
            "add": self._add,
            "twin": self._twin,
            "remove": self._remove,
            "again": self._again,
            "poison": self._poison,
            "vanish": self._vanish,
            "answer": self._answer,
        }

    def act(self, item: Item) -> None:
        """Do what the item says, as far as there is something to do it to."""
        plays = self._life.world.plays
        self._acts[item.kind](item, plays[item.pick % len(plays)])

    def origin(self, sync: str, side: Side, record_id: str, raw: str, value: Json) -> int | None:
        """Which write of a person to that record of `side` a raw value across came from.

        Other records may be given the same value, a stage for example: those do not count.
        """
        played = self._life.played[sync]
        lens = played.halves[side.other].lenses.get(raw)
        try:
            canon = lens.get(value) if lens is not None else None
        except Unmappable:
            return None
        return self._origins.get((sync, side, record_id, raw, plain(canon)))

    def add(self, played: Played, side: Side, number: int, key: int | None = None) -> str:
        """A new record with values of its own; `key` gives its match keys."""
        half, system = played.halves[side], self._system(played, side)
        fields: dict[str, Json] = {}
        for raw, make in half.made.items():
            fields[raw] = make(number if key is None or raw not in half.keys else key)
        for raw, parent in half.parents.items():
            ids = self._life.systems[parent, side].ids()
            fields[raw] = self._reference(
                played, side, raw, ids[number % len(ids)] if ids else None
            )
        return system.add(fields)

    def settled(self, played: Played, side: Side, record_id: str) -> None:
        """A record was there before anybody looked."""
        self.born.append(Born(0, played.sync.name, side, record_id, twin=False))
        for name, raw in played.halves[side].editable:
            self._note(0, played, side, record_id, name, raw)

    def _reference(self, played: Played, side: Side, raw: str, parent: str | None) -> Json:
        for f in played.sync.mapping.fields:
            if f.raw_name(side) == raw:
                return f.lens_of(side).put(parent, None)
        return parent

    def _system(self, played: Played, side: Side) -> Remote:
        return self._life.systems[played.sync.name, side]

    def _number(self) -> int:
        """A number that no value of this schedule was made of yet."""
        self._count += 1
        return 1_000 + self._count

    def _chosen(self, item: Item, played: Played) -> str | None:
        ids = self._system(played, item.side).ids()
        return ids[(item.pick >> 4) % len(ids)] if ids else None

    def _edit(self, item: Item, played: Played) -> None:
        record_id = self._chosen(item, played)
        editable = played.halves[item.side].editable
        if record_id is not None and editable:
            name, raw = editable[(item.pick >> 8) % len(editable)]
            self._write(item, played, item.side, record_id, name, raw)

    def _both(self, item: Item, played: Played) -> None:
        """Edit both records of a pair: the same field (clash), or one each (both)."""
        own = self._chosen(item, played)
        if own is None:
            return
        across = self._life.counterpart(played.sync.name, item.side, own)
        here, there = played.halves[item.side].editable, played.halves[item.side.other].editable
        if across is None or not here or not there:
            return
        name, raw = here[(item.pick >> 8) % len(here)]
        others = [e for e in there if (e[0] == name) is (item.kind == "clash")]
        self._write(item, played, item.side, own, name, raw)
        if others:
            other = others[(item.pick >> 12) % len(others)]
            self._write(item, played, item.side.other, across, *other)

    def _write(
        self, item: Item, played: Played, side: Side, record_id: str, name: str, raw: str
    ) -> None:
        system = self._system(played, side)
        if system.row(record_id) is None:
            return
        value = played.halves[side].made[raw](self._number())
        self._life.tell(f"a person sets {raw} of {side} {record_id} to {value!r}")
        try:
            system.edit(record_id, **{raw: value})
        except Rejected:
            return
        self.poisoned.discard((played.sync.name, side, record_id))
        self._note(item.number, played, side, record_id, name, raw)

    def _note(
        self, item: int, played: Played, side: Side, record_id: str, name: str, raw: str
    ) -> None:
        row = self._system(played, side).row(record_id) or {}
        value = played.halves[side].lenses[raw].get(row[raw])
        sync = played.sync.name
        self.wrote.append(
            Wrote(self._life.ticks, sync, side, record_id, name, raw, value, row[raw], item)
        )
        across = played.sync.mapping.by_name[name].raw_name(side.other)
        if across is not None:
            self._origins[sync, side, record_id, across, plain(value)] = len(self.wrote)

    def _born(self, item: Item, played: Played, side: Side, record_id: str, twin: bool) -> None:
        sync = played.sync.name
        self._life.tell(f"a person adds {side} {record_id}")
        self.born.append(Born(self._life.ticks, sync, side, record_id, twin))
        for name, raw in played.halves[side].editable:
            self._note(item.number, played, side, record_id, name, raw)

    def _add(self, item: Item, played: Played) -> None:
        made = self.add(played, item.side, self._number())
        self._born(item, played, item.side, made, twin=False)

    def _twin(self, item: Item, played: Played) -> None:
        """The same thing is entered twice by hand: on both sides, or on one."""
        key = self._number()
        for side in (item.side, item.side) if item.pick >> 6 & 1 else Side:
            try:
                made = self.add(played, side, self._number(), key)
            except Rejected:
                continue
            self._born(item, played, side, made, twin=True)

    def _remove(self, item: Item, played: Played) -> None:
        record_id = self._chosen(item, played)
        if record_id is None:
            return
        system = self._system(played, item.side)
        row = system.row(record_id) or {}
        self._life.tell(f"a person deletes {item.side} {record_id}")
        system.remove(record_id)
        sync = played.sync.name
        self.removed.append(Removed(self._life.ticks, sync, item.side, record_id, row))

    def _again(self, item: Item, played: Played) -> None:
        """What was deleted is entered anew, with the same match keys."""
        gone = [r for r in self.removed if (r.sync, r.side) == (played.sync.name, item.side)]
        if not gone:
            return
        half = played.halves[item.side]
        fields = {n: v for n, v in gone[-1].fields.items() if n != half.id_field}
        try:
            made = self._system(played, item.side).add(fields)
        except Rejected:
            return
        self._born(item, played, item.side, made, twin=True)

    def _poison(self, item: Item, played: Played) -> None:
        """A value that this system takes and the other one refuses."""
        record_id = self._chosen(item, played)
        editable = played.halves[item.side].editable
        if record_id is None or not editable:
            return
        name, raw = editable[(item.pick >> 8) % len(editable)]
        number = self._count + 1
        self._write(item, played, item.side, record_id, name, raw)
        if self._count < number or not self.wrote or self.wrote[-1].record_id != record_id:
            return
        across = played.sync.mapping.by_name[name].raw_name(item.side.other)
        lens = played.halves[item.side.other].lenses.get(across or "")
        if lens is not None:
            refused = lens.put(self.wrote[-1].value, None)
            self._system(played, item.side.other).refused.add(plain(refused))
            self.poisoned.add((played.sync.name, item.side, record_id))

    def _vanish(self, item: Item, played: Played) -> None:
        record_id = self._chosen(item, played)
        if record_id is not None and not played.halves[item.side].local:
            self._life.tell(f"{item.side} {record_id} vanishes from listings")
            until = self._life.time + (30.0, 300.0, 5_000.0)[item.pick % 3]
            self._system(played, item.side).vanish(record_id, until)

    def _answer(self, item: Item, played: Played) -> None:
        self.answer(item.pick, played.sync.name)

    def answer(self, choice: int, sync: str | None) -> int:
        """Decide one open conflict of that sync, or all there are; how many it were."""
        store = self._life.state.store
        asked = list(drive(store.conflicts(sync, 100)))
        asked = [c for c in asked if c.answer is None]
        if sync is not None and asked:
            asked = [asked[choice % len(asked)]]
        for conflict in asked:
            answer = answer_of(conflict, choice)
            self._life.tell(f"a person answers conflict {conflict.id} of link {conflict.link_id}")
            drive(store.answer(conflict.id, answer, self._life.time + self._life.offset))
        self.answered += len(asked)
        return len(asked)
