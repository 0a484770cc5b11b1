"""A system in memory: an honest Collection whose every habit can be set.

Each record is kept as encoded JSON, so 100,000 of them stay small and nothing that a reader was
given can change under it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.errors import NotFound, Rejected, Stale
from crosstie.core.lens.base import same
from crosstie.core.values import Cursor, Fields, Instant, Json, Page, Record, Tombstone, Version
from crosstie.ports.collection import Capabilities, Found, Lookup, RemoteField, Schema
from crosstie.ports.proof import Remembered
from crosstie.ports.runtime import Clock, Doors
from crosstie.testing.memory_rows import Behaviour, Shelf

__all__ = ["Behaviour", "MemoryAccount", "MemoryCollection", "MemorySource"]


class MemoryCollection:
    """Records by id, `1`, `2`, ... in order of making.

    fields: all names there are, so that an empty one is shown as None; without them a record
    shows what it was given.  clock: needed for a search lag; with it records tell when they last
    changed.  `calls` counts the calls of each verb; a person's own doing (`add`, `edit`, `remove`)
    is not counted and never fails.
    """

    def __init__(
        self,
        name: str = "memory",
        *,
        fields: Sequence[str] = (),
        behaviour: Behaviour | None = None,
        clock: Clock | None = None,
        prefix: str = "",
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.memory: dict[str, int] = {}
        """What it keeps for states, where its habit is to remember."""
        self._shelf = Shelf(name, fields, behaviour or Behaviour(), clock, prefix)

    @property
    def behaviour(self) -> Behaviour:
        """The habits now; a test may set others at any time, e.g. to break an answer."""
        return self._shelf.behaviour

    @behaviour.setter
    def behaviour(self, habits: Behaviour) -> None:
        self._shelf.behaviour = habits

    # What a person does to the system behind the collection's back.

    def add(self, fields: Fields) -> str:
        """A new record; gives its id."""
        return self._shelf.insert(fields)

    def edit(self, record_id: str, /, **fields: Json) -> None:
        """Change some fields of a record that is there."""
        self._shelf.change(record_id, fields)

    def remove(self, record_id: str) -> None:
        """Delete a record that is there."""
        self._shelf.erase(record_id)

    def rows(self) -> dict[str, dict[str, Json]]:
        """All records as they are now, by id."""
        return {record_id: msgspec.json.decode(raw) for record_id, raw in self._shelf.rows.items()}

    # The port.

    @property
    def name(self) -> str:
        return self._shelf.name

    @property
    def can(self) -> Capabilities:
        habits = self.behaviour
        return Capabilities(
            has_changes=habits.has_changes,
            sees_deletes=habits.has_changes and habits.sees_deletes,
            full_rows=habits.full_rows,
            conditional_write=habits.conditional_write,
            marker=habits.marker,
            searchable=habits.searchable,
            twins=any(name != habits.unique for name in habits.searchable),
            search_lag=habits.search_lag,
            local=habits.local,
            remembers=habits.remembers,
            read_batch=habits.read_batch,
            page_size=habits.page_size,
            window=habits.window[0] if habits.window is not None else None,
            read_only=habits.read_only,
        )

    async def open(self) -> None:
        call = self._begin("open")
        self.behaviour.after("open", call)

    async def changes(self, cursor: Cursor | None) -> Page:
        call = self._begin("changes")
        if not self.behaviour.has_changes:
            raise Rejected(f"{self._shelf.name} has no change feed", fix="use scan")
        start = len(self._shelf.feed) if cursor is None else _place(cursor)
        end = min(start + self.behaviour.page_size, len(self._shelf.feed))
        # By its last mention: the page then tells each record once, and in the order it settled.
        told = list(dict.fromkeys(reversed(self._shelf.feed[start:end])))[::-1]
        entries: list[Record | Tombstone] = []
        for record_id in told:
            if record_id in self._shelf.rows:
                entries.append(self._shelf.listed(record_id))
            elif self.behaviour.sees_deletes:
                entries.append(Tombstone(record_id))
        page = Page(entries, Cursor(str(end)), end < len(self._shelf.feed))
        self.behaviour.after("changes", call)
        return page

    async def acknowledge(self, cursor: Cursor) -> None:
        call = self._begin("acknowledge")
        self.behaviour.after("acknowledge", call)

    async def scan(self, cursor: Cursor | None) -> Page:
        call = self._begin("scan")
        start = 0 if cursor is None else _place(cursor)
        size, order = self.behaviour.page_size, self._shelf.order
        end, entries = start, list[Record | Tombstone]()
        while end < len(order) and len(entries) < size:
            chunk = order[end : end + size - len(entries)]
            end += len(chunk)
            entries += [self._shelf.listed(i) for i in chunk if self._is_listed(i)]
        more = any(map(self._is_listed, map(order.__getitem__, range(end, len(order)))))
        self.behaviour.after("scan", call)
        return Page(entries, Cursor(str(end)), more)

    async def read(self, ids: Sequence[str]) -> Found:
        call = self._begin("read")
        records = {i: self._shelf.record(i) for i in ids if i in self._shelf.rows}
        self.behaviour.after("read", call)
        return Found(records, frozenset(ids) - records.keys())

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        call = self._begin("find")
        wanted = {n: v for n, v in lookup.equal.items() if n in self.behaviour.searchable}
        found = [
            record
            for record_id in self._shelf.rows
            if not self._shelf.hides(record_id, self._shelf.visible_at)
            for record in (self._shelf.record(record_id),)
            if (self.behaviour.marker and record.marker and record.marker == lookup.marker)
            or any(v is not None and same(record.fields.get(n), v) for n, v in wanted.items())
        ]
        self.behaviour.after("find", call)
        return found

    async def create(self, fields: Fields, key: str) -> Record:
        call = self._begin("create")
        self._demand_writable()
        record_id = self._shelf.insert(fields)
        if self.behaviour.marker:
            self._shelf.markers[record_id] = key
        if self.behaviour.search_lag:
            self._shelf.visible_at[record_id] = self._shelf.now() + self.behaviour.search_lag
        self.behaviour.after("create", call)
        return self._shelf.record(record_id)

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        call = self._begin("update")
        self._demand_writable()
        if record_id not in self._shelf.rows:
            raise NotFound(f"{self._shelf.name} has no record {record_id}")
        self._compare(record_id, was, if_version)
        self._shelf.change(record_id, patch)
        self.behaviour.after("update", call)
        return self._shelf.record(record_id)

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        call = self._begin("delete")
        self._demand_writable()
        if record_id in self._shelf.rows:
            self._compare(record_id, was, if_version)
            self._shelf.erase(record_id)
        self.behaviour.after("delete", call)

    async def remembered(self, name: str) -> Remembered:
        call = self._begin("remembered")
        found = Remembered(self.memory.get(name), len(self._shelf.feed))
        self.behaviour.after("remembered", call)
        return found

    async def remember(self, name: str, generation: int, now: Instant) -> None:
        call = self._begin("remember")
        self.memory[name] = generation
        self.behaviour.after("remember", call)

    async def schema(self) -> Schema:
        call = self._begin("schema")
        names = self._shelf.names or tuple(
            dict.fromkeys(n for row in self.rows().values() for n in row)
        )
        self.behaviour.after("schema", call)
        writable = not self.behaviour.read_only
        fields = {n: RemoteField(n, "text", writable=writable) for n in names}
        return Schema(fields, len(self._shelf.rows))

    def shows(self, value: Json) -> bool:
        window = self.behaviour.window
        return window is None or window[1](value)

    def _is_listed(self, record_id: str) -> bool:
        shelf = self._shelf
        late = shelf.visible_at if self.behaviour.lagging_scan else {}
        there = record_id in shelf.rows and not shelf.hides(record_id, late)
        return there and not shelf.leaves_out(record_id)

    def _begin(self, verb: str) -> int:
        self.calls[verb] += 1
        call = self.calls[verb]
        self.behaviour.before(verb, call)
        return call

    def _demand_writable(self) -> None:
        if self.behaviour.read_only:
            raise Rejected(f"{self._shelf.name} can only be read", fix="change it there by hand")

    def _compare(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        if not self.behaviour.conditional_write:
            return
        now = self._shelf.record(record_id)
        moved = [n for n, value in was.items() if not same(now.fields.get(n), value)]
        if moved or (if_version is not None and now.version not in (None, if_version)):
            raise Stale(f"{self._shelf.name}: record {record_id} changed meanwhile")


@dataclass(frozen=True, slots=True)
class MemoryAccount:
    """The account of a collection in memory."""

    label: str = "memory"
    connector: str = "memory"


@dataclass(frozen=True, slots=True)
class MemorySource:
    """A collection in memory as one side of a sync."""

    collection: MemoryCollection
    account: MemoryAccount = MemoryAccount()

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.collection.name

    @property
    def kind(self) -> str:
        """The collection's name: a memory system has one collection of a kind."""
        return self.collection.name

    def bind(self, doors: Doors, fields: Sequence[str]) -> MemoryCollection:
        """The collection itself, whatever the fields: it always shows all."""
        return self.collection


def _place(cursor: Cursor) -> int:
    if not cursor.isdecimal():
        raise Rejected("this cursor is none of ours", fix="start anew")
    return int(cursor)
