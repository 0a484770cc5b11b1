"""The connector contract: what a collection does not show, and what it does not let happen."""

from __future__ import annotations

import pytest

from crosstie.core.errors import Rejected
from crosstie.ports.collection import Collection
from crosstie.ports.proof import Windowed
from crosstie.testing.contract_base import ContractParts, Person, Traveller


class WindowContract(ContractParts):
    """What a collection promises of records that its listing leaves out."""

    def test_a_listing_shows_every_record_or_says_by_which_field_it_does_not(
        self, ready: Collection, person: Person
    ) -> None:
        name = ready.can.window
        sample = person.sample(1)
        record_id = person.add(sample)
        person.wait()
        assert [row.id for row in self.listing(ready)] == [record_id]
        if name is None:
            return
        assert isinstance(ready, Windowed)
        assert ready.shows(sample[name])
        assert ready.shows(self.one(ready, record_id).fields[name])

    def test_a_record_that_leaves_the_window_is_not_listed_and_lives(
        self, ready: Collection, person: Person
    ) -> None:
        name = ready.can.window
        record_id = person.add(person.sample(1))
        if name is None:
            assert self.one(ready, record_id).id == record_id
            return
        assert isinstance(ready, Windowed) and isinstance(person, Traveller)
        person.edit(record_id, {name: person.beyond()})
        person.wait()
        assert self.listing(ready) == []
        found = self.one(ready, record_id)
        assert not ready.shows(found.fields[name])
        assert not ready.shows(person.beyond())
        person.edit(record_id, {name: person.sample(1)[name]})
        person.wait()
        assert [row.id for row in self.listing(ready)] == [record_id]

    def test_an_empty_field_is_in_no_window(self, ready: Collection) -> None:
        if ready.can.window is not None:
            assert isinstance(ready, Windowed)
            assert not ready.shows(None)


class RefusalContract(ContractParts):
    """What a collection that only reads promises of writes."""

    def test_it_says_that_it_only_reads(self, ready: Collection) -> None:
        assert ready.can.read_only

    def test_a_write_is_refused_and_changes_nothing(
        self, ready: Collection, person: Person
    ) -> None:
        record_id = person.add(person.sample(1))
        person.wait()
        before = self.one(ready, record_id)
        with pytest.raises(Rejected):
            self.run(ready.create(person.sample(2), "k1"))
        with pytest.raises(Rejected):
            self.run(ready.update(record_id, {person.text: "ours"}, before.fields, None))
        with pytest.raises(Rejected):
            self.run(ready.delete(record_id, before.fields, before.version))
        person.wait()
        assert self.one(ready, record_id) == before
        assert [row.id for row in self.listing(ready)] == [record_id]
