"""The connector contract catches collections that break their word, one planted fault each."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from crosstie.core.errors import CrosstieError, Rejected
from crosstie.core.values import Cursor, Fields, Json, Page, Record, Tombstone, Version
from crosstie.ports.collection import Capabilities, Collection, Found, Lookup, Schema
from crosstie.testing.connector_contract import ODD, ConnectorContract, ReadOnlyContract
from crosstie.testing.contract_base import ContractParts
from crosstie.testing.memory import Behaviour, MemoryCollection
from crosstie.testing.memory_person import MemoryPerson

WHOLE = ConnectorContract()
HONEST = Behaviour(page_size=5, read_batch=3, searchable=("name",), marker=True, versions=True)


class OnePageOnly(MemoryCollection):
    async def scan(self, cursor: Cursor | None) -> Page:
        return replace(await super().scan(cursor), more=False)


class RepeatsThePageEdge(MemoryCollection):
    async def scan(self, cursor: Cursor | None) -> Page:
        before = None if cursor in (None, "0") else Cursor(str(int(str(cursor)) - 1))
        return await super().scan(before)


class NeverSaysTheEnd(MemoryCollection):
    async def changes(self, cursor: Cursor | None) -> Page:
        return replace(await super().changes(cursor), more=True)


class ShowsTombstonesAsRecords(MemoryCollection):
    async def changes(self, cursor: Cursor | None) -> Page:
        page = await super().changes(cursor)
        entries = [Record(e.id, {}) if isinstance(e, Tombstone) else e for e in page.entries]
        return replace(page, entries=entries)


class ReturnsTheOldCursor(MemoryCollection):
    async def changes(self, cursor: Cursor | None) -> Page:
        page = await super().changes(cursor)
        return replace(page, cursor=cursor or page.cursor, more=False)


class HidesMissingIds(MemoryCollection):
    async def read(self, ids: Sequence[str]) -> Found:
        return Found((await super().read(ids)).records)


class ReadsOneBatchOnly(MemoryCollection):
    async def read(self, ids: Sequence[str]) -> Found:
        return await super().read(list(ids)[: self.can.read_batch])


class EchoesTheRequest(MemoryCollection):
    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        return structs.replace(
            await super().update(record_id, patch, was, if_version), fields=patch
        )


class CreatesWhenMissing(MemoryCollection):
    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        if record_id not in self.rows():
            return await self.create(patch, "k")
        return await super().update(record_id, patch, was, if_version)


class OverwritesBlindly(MemoryCollection):
    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        return await super().update(record_id, patch, {}, None)


class DeletesBlindly(MemoryCollection):
    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        await super().delete(record_id, {}, None)


class ComplainsOfASecondDelete(MemoryCollection):
    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        if record_id not in self.rows():
            raise Rejected("no such record")
        await super().delete(record_id, was, if_version)


class LosesTheMarker(MemoryCollection):
    async def create(self, fields: Fields, key: str) -> Record:
        return await super().create(fields, "lost")


class FindsEverything(MemoryCollection):
    async def find(self, lookup: Lookup) -> Sequence[Record]:
        return list((await super().read(list(self.rows()))).records.values())


class DropsEmptyFields(MemoryCollection):
    async def read(self, ids: Sequence[str]) -> Found:
        found = await super().read(ids)
        return structs.replace(
            found,
            records={
                i: structs.replace(r, fields={n: v for n, v in r.fields.items() if v is not None})
                for i, r in found.records.items()
            },
        )


class PromisesTooLittle(MemoryCollection):
    @property
    def can(self) -> Capabilities:
        return replace(super().can, conditional_write=False, marker=False)


class DeniesItsTwins(MemoryCollection):
    @property
    def can(self) -> Capabilities:
        return replace(super().can, twins=False)


class PromisesTwinsAndTakesNone(MemoryCollection):
    async def create(self, fields: Fields, key: str) -> Record:
        if any(row["name"] == fields.get("name") for row in self.rows().values()):
            raise Rejected("another record has this name")
        return await super().create(fields, key)


class ShowsOneOfTheTwins(MemoryCollection):
    async def find(self, lookup: Lookup) -> Sequence[Record]:
        found = {str(r.fields["name"]): r for r in await super().find(lookup)}
        return list(found.values())


class HidesItsWindow(MemoryCollection):
    """It shows a window and says nothing of it."""

    async def scan(self, cursor: Cursor | None) -> Page:
        page = await super().scan(cursor)
        return replace(page, entries=[e for e in page.entries if e.id != "2"])


class SchemaOfAnotherTable(MemoryCollection):
    async def schema(self) -> Schema:
        return Schema({})


LIARS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, MemoryCollection)
    if value is not MemoryCollection
]


def _failures(
    kind: type[MemoryCollection],
    habits: Behaviour = HONEST,
    suite: ContractParts = WHOLE,
) -> list[str]:
    """Names of the contract's tests that this collection fails."""
    failed = []
    for name, test in inspect.getmembers(suite, inspect.ismethod):
        if not name.startswith("test_"):
            continue
        person = MemoryPerson(habits, kind)
        ready: Collection = person.system
        needs = inspect.signature(test).parameters
        given = {"ready": ready, "person": person, "text": ODD["emoji"]}
        try:
            test(**{name: given[name] for name in needs})
        except (AssertionError, CrosstieError, KeyError, pytest.fail.Exception):
            failed.append(name)
    return failed


def test_an_honest_collection_passes() -> None:
    assert _failures(MemoryCollection) == []


@pytest.mark.parametrize("liar", LIARS)
def test_a_collection_that_breaks_its_word_is_caught(liar: type[MemoryCollection]) -> None:
    assert _failures(liar)


WINDOWED = replace(HONEST, window=("size", lambda size: size is not None and size >= 0))


class ListsAll(MemoryCollection):
    async def scan(self, cursor: Cursor | None) -> Page:
        habits, self.behaviour = self.behaviour, replace(self.behaviour, window=None)
        try:
            return await super().scan(cursor)
        finally:
            self.behaviour = habits


class SaysThatItShowsAll(MemoryCollection):
    def shows(self, value: Json) -> bool:
        return True


class SaysThatItShowsNone(MemoryCollection):
    def shows(self, value: Json) -> bool:
        return False


@pytest.mark.parametrize("liar", [ListsAll, SaysThatItShowsAll, SaysThatItShowsNone])
def test_a_window_that_is_not_as_it_says_is_caught(liar: type[MemoryCollection]) -> None:
    assert _failures(MemoryCollection, WINDOWED) == []
    assert _failures(liar, WINDOWED)


class WritesAllTheSame(MemoryCollection):
    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        self.edit(record_id, **patch)
        raise Rejected("this can only be read")


def test_a_collection_that_only_reads_is_held_to_it() -> None:
    habits = replace(HONEST, read_only=True, marker=False, searchable=())
    suite = ReadOnlyContract()
    assert _failures(MemoryCollection, habits, suite) == []
    assert _failures(WritesAllTheSame, habits, suite)
    assert _failures(MemoryCollection, replace(habits, read_only=False), suite)
    assert _failures(MemoryCollection, replace(HONEST, read_only=True))
