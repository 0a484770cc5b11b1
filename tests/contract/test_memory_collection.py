"""The collection in memory keeps the connector contract, with every habit it can be given."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from crosstie.core.errors import Retry
from crosstie.core.values import Fields, Json
from crosstie.ports.collection import Lookup
from crosstie.testing.connector_contract import ConnectorContract, ReadOnlyContract
from crosstie.testing.memory import Behaviour, MemoryCollection
from crosstie.testing.memory_person import MemoryPerson

SMALL = Behaviour(page_size=7, read_batch=3)


def _shouting(fields: Fields) -> Fields:
    """A remote that rewrites what it is given."""
    note = fields["note"]
    return {**fields, "note": note.strip().upper() or None if isinstance(note, str) else note}


def _is_listed(size: Json) -> bool:
    return isinstance(size, int) and size >= 0


HABITS = {
    "best": replace(SMALL, searchable=("name", "note"), marker=True, versions=True),
    "plain": SMALL,
    "without feed": replace(SMALL, has_changes=False),
    "silent deletes": replace(SMALL, sees_deletes=False),
    "hints": replace(SMALL, full_rows=False, hidden=("note",), searchable=("name", "size")),
    "unconditional": replace(SMALL, conditional_write=False),
    "rewriting": replace(SMALL, normalise=_shouting, searchable=("name",)),
    "slow search": replace(SMALL, search_lag=5.0, lagging_scan=True, searchable=("name",)),
    "unique names": replace(SMALL, unique="name"),
    "window": replace(SMALL, window=("size", _is_listed), has_changes=False),
    "window of hints": replace(SMALL, window=("size", _is_listed), full_rows=False),
}


class TestMemory(ConnectorContract):
    @pytest.fixture(params=list(HABITS))
    def person(self, request: pytest.FixtureRequest) -> MemoryPerson:
        return MemoryPerson(HABITS[request.param])

    @pytest.fixture
    def collection(self, person: MemoryPerson) -> MemoryCollection:
        return person.system


class TestMemoryThatOnlyReads(ReadOnlyContract):
    @pytest.fixture(params=[True, False], ids=["feed", "no feed"])
    def person(self, request: pytest.FixtureRequest) -> MemoryPerson:
        return MemoryPerson(replace(SMALL, read_only=True, has_changes=request.param))

    @pytest.fixture
    def collection(self, person: MemoryPerson) -> MemoryCollection:
        return person.system


def test_a_created_record_is_found_only_after_the_search_lag() -> None:
    person = MemoryPerson(HABITS["slow search"])
    made = asyncio.run(person.system.create(person.sample(1), "k1"))
    lookup = Lookup(equal={"name": "name 1"})
    assert asyncio.run(person.system.find(lookup)) == []
    person.wait()
    assert [record.id for record in asyncio.run(person.system.find(lookup))] == [made.id]


def test_a_fault_before_the_call_leaves_nothing_and_one_after_it_loses_the_answer() -> None:
    def fails_once(verb: str, call: int) -> None:
        if (verb, call) == ("create", 1):
            raise Retry("down", unknown=True)

    for habits, left in ((Behaviour(before=fails_once), 0), (Behaviour(after=fails_once), 1)):
        system = MemoryCollection(behaviour=habits)
        with pytest.raises(Retry):
            asyncio.run(system.create({"name": "Ann"}, "k1"))
        assert len(system.rows()) == left
        asyncio.run(system.create({"name": "Bea"}, "k2"))
        assert system.calls["create"] == 2


def test_what_a_reader_was_given_does_not_change_under_it() -> None:
    system = MemoryCollection()
    record_id = system.add({"tags": ["a"]})
    before = asyncio.run(system.read([record_id])).records[record_id]
    system.edit(record_id, tags=["a", "b"])
    assert before.fields == {"tags": ["a"]}
