"""A system at its worst keeps the contract of a collection, and has the habits it is given."""

from __future__ import annotations

from functools import partial

import pytest

from crosstie.core.errors import Rejected
from crosstie.core.values import Cursor, Record
from crosstie.ports import Lookup
from crosstie.testing.connector_contract import ConnectorContract
from crosstie.testing.fakes import FakeClock, drive
from crosstie.testing.memory import Behaviour, MemoryCollection
from crosstie.testing.memory_person import MemoryPerson
from crosstie.testing.simulator import Remote, Worst

NAMES = ("name", "note", "size")
WORST = {
    "honest": (Behaviour(searchable=NAMES), Worst()),
    "coarse": (Behaviour(searchable=NAMES, marker=True), Worst(coarse=True)),
    "twice": (Behaviour(searchable=NAMES, page_size=2), Worst(twice=True, reorders=True)),
    "hints": (Behaviour(searchable=NAMES, full_rows=False, hidden=("size",)), Worst()),
}


class TestTheContract(ConnectorContract):
    """With every habit that the contract allows."""

    @pytest.fixture(params=WORST)
    def person(self, request: pytest.FixtureRequest) -> MemoryPerson:
        behaviour, worst = WORST[request.param]
        return MemoryPerson(behaviour, partial(Remote, worst=worst))  # type: ignore[arg-type]

    @pytest.fixture
    def collection(self, person: MemoryPerson) -> MemoryCollection:
        return person.system


def remote(worst: Worst, **habits: object) -> tuple[Remote, FakeClock]:
    clock = FakeClock()
    behaviour = Behaviour(**{"searchable": NAMES, **habits})  # type: ignore[arg-type]
    return Remote("r", fields=NAMES, behaviour=behaviour, clock=clock, worst=worst), clock


def told(system: Remote, cursor: str = "0") -> list[str]:
    page = drive(system.changes(Cursor(cursor)))
    return [entry.id for entry in page.entries]


def test_a_late_feed_tells_when_its_time_has_come() -> None:
    system, clock = remote(Worst(late=30.0, salt=3))
    for number in range(9):
        system.add({"name": f"n{number}"})
    early = told(system)
    assert 0 < len(early) < 9
    assert system.untold
    clock.advance(31)
    assert sorted(told(system)) == sorted(system.ids())
    assert told(system)[: len(early)] == early, "what was told keeps its place"


def test_a_silent_feed_never_tells_of_some() -> None:
    system, clock = remote(Worst(silent=True))
    for number in range(40):
        system.add({"name": f"n{number}"})
    clock.advance(1e6)
    assert 0 < len(told(system)) < 40


def test_shifting_pages_skip_what_moves_up() -> None:
    system, _ = remote(Worst(shifting=True), page_size=2)
    ids = [system.add({"name": f"n{number}"}) for number in range(4)]
    first = drive(system.scan(None))
    system.remove(ids[0])
    second = drive(system.scan(first.cursor))
    assert [entry.id for entry in second.entries] == [ids[3]]


def test_a_listing_shows_a_record_as_it_was() -> None:
    system, clock = remote(Worst(stale_rows=5.0))
    record_id = system.add({"name": "old"})
    system.edit(record_id, name="new")

    def listed() -> object:
        (entry,) = drive(system.scan(None)).entries
        assert isinstance(entry, Record)
        return entry.fields["name"]

    assert listed() == "old"
    assert drive(system.read([record_id])).records[record_id].fields["name"] == "new"
    clock.advance(6)
    assert listed() == "new"


def test_a_record_vanishes_from_listings_alone() -> None:
    system, clock = remote(Worst())
    record_id = system.add({"name": "n"})
    system.vanish(record_id, clock.now() + 10)
    assert drive(system.scan(None)).entries == []
    assert record_id in drive(system.read([record_id])).records
    clock.advance(11)
    assert len(drive(system.scan(None)).entries) == 1


def test_a_duplicate_may_be_refused_without_a_name() -> None:
    system, _ = remote(Worst(nameless=True), unique="name")
    drive(system.create({"name": "n"}, "key"))
    with pytest.raises(Rejected) as refused:
        drive(system.create({"name": "n"}, "key"))
    assert refused.value.code == "rejected"


def test_a_coarse_search_finds_other_spellings() -> None:
    system, _ = remote(Worst(coarse=True))
    record_id = system.add({"name": "Ann Bo"})
    assert [r.id for r in drive(system.find(Lookup(equal={"name": "ANN  BO"})))] == [record_id]
    assert drive(system.find(Lookup(equal={"name": None}))) == []
