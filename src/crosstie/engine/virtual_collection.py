"""A collection in which nothing happens: it answers as if it had."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.values import Cursor, Fields, Json, Page, Record, Version
from crosstie.ports import Capabilities, Collection, Found, Lookup, Schema
from crosstie.ports.proof import Windowed

PENDING = "(known after create)"


class VirtualCollection:
    """Reads the real collection; what it is told to write it only shows as written."""

    def __init__(self, real: Collection) -> None:
        self._real = real
        self.surveyed = False
        """A complete scan was just compared: who has no counterpart in it has none."""
        self._then: dict[str, Record | None] = {}
        """Records as the plan leaves them; None where it deletes them."""
        self._index: dict[tuple[str, str], list[Record]] = {}

    @property
    def name(self) -> str:
        return self._real.name

    @property
    def can(self) -> Capabilities:
        return self._real.can

    async def open(self) -> None:
        await self._real.open()

    async def changes(self, cursor: Cursor | None) -> Page:
        return await self._real.changes(cursor)

    async def acknowledge(self, cursor: Cursor) -> None:
        """The system is not to forget anything because of a plan."""

    async def scan(self, cursor: Cursor | None) -> Page:
        return await self._real.scan(cursor)

    async def read(self, ids: Sequence[str]) -> Found:
        real = [record_id for record_id in ids if record_id != PENDING]
        return await self._real.read(real) if real else Found({}, frozenset(ids))

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """What is there by then: a second one with the key of a planned one is no news."""
        looks = [self._index.get(_place(*each), ()) for each in lookup.equal.items()]
        found = {record.id: record for look in looks for record in look}
        if self.can.local or not self.surveyed:
            found |= {record.id: record for record in await self._real.find(lookup)}
        then = [self._then.get(record.id, record) for record in found.values()]
        return [record for record in then if record is not None]

    async def create(self, fields: Fields, key: str) -> Record:
        return self._plan(Record(PENDING, {"id": PENDING, **fields}))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        return self._plan(Record(record_id, {**was, **patch}, version=if_version))

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        self._then[record_id] = None

    def _plan(self, record: Record) -> Record:
        if record.id != PENDING:
            self._then[record.id] = record
        for name in self.can.searchable:
            place = _place(name, record.fields.get(name))
            self._index.setdefault(place, []).append(record)
        return record

    def shows(self, value: Json) -> bool:
        assert isinstance(self._real, Windowed)
        return self._real.shows(value)

    async def schema(self) -> Schema:
        return await self._real.schema()


def _place(name: str, value: Json) -> tuple[str, str]:
    return name, repr(value)
