"""The connector contract: creating, updating, deleting."""

from __future__ import annotations

import pytest

from crosstie.core.errors import Duplicate, NotFound, Stale
from crosstie.ports.collection import Collection
from crosstie.testing.contract_base import ODD, ContractParts, Person


class WriteContract(ContractParts):
    """What a collection promises of what it is told to do."""

    def test_it_says_that_it_can_be_written_to(self, ready: Collection) -> None:
        assert not ready.can.read_only

    # Creating.

    def test_create_shows_the_record_as_stored(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        read = self.one(ready, made.id)
        assert (made.fields, made.mark, made.hint) == (read.fields, read.mark, False)
        assert made.fields[person.text] == person.kept(person.sample(1)[person.text])

    def test_a_created_record_is_listed(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        person.wait()
        assert [entry.id for entry in self.listing(ready)] == [made.id]

    def test_an_empty_field_is_none_and_present(self, ready: Collection, person: Person) -> None:
        full = self.run(ready.create(person.sample(1), "k1"))
        sample = {n: v for n, v in person.sample(2).items() if n != person.text}
        bare = self.run(ready.create(sample, "k2"))
        assert bare.fields.keys() == full.fields.keys()
        assert bare.fields[person.text] is None

    @pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
    def test_odd_text_travels(self, ready: Collection, person: Person, text: str) -> None:
        made = self.run(ready.create({**person.sample(1), person.text: text}, "k1"))
        self.is_kept(person, text, made)
        self.is_kept(person, text, self.one(ready, made.id))

    @pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
    def test_odd_text_of_a_person_arrives(
        self, ready: Collection, person: Person, text: str
    ) -> None:
        record_id = person.add({**person.sample(1), person.text: text})
        self.is_kept(person, text, self.one(ready, record_id))

    def test_a_second_record_with_equal_fields_is_made_or_named_a_duplicate(
        self, ready: Collection, person: Person
    ) -> None:
        first = self.run(ready.create(person.sample(1), "k1"))
        person.wait()
        try:
            second = self.run(ready.create(person.sample(1), "k2"))
        except Duplicate as error:
            assert error.existing == first.id
        else:
            assert second.id != first.id

    # Updating.

    def test_update_changes_only_what_it_names(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        self.run(ready.update(made.id, {person.text: "edited"}, made.fields, made.version))
        others = {n: v for n, v in made.fields.items() if n != person.text}
        after = self.one(ready, made.id).fields
        assert after[person.text] == person.kept("edited")
        # What the system itself keeps, such as a time of change, may move along.
        named = person.sample(1).keys() - {person.text}
        assert {n: after[n] for n in named} == {n: others[n] for n in named}

    def test_update_shows_the_record_as_stored(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        done = self.run(ready.update(made.id, {person.text: "edited"}, {}, made.version))
        read = self.one(ready, made.id)
        assert (done.id, done.fields, done.mark) == (made.id, read.fields, read.mark)

    @pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
    def test_odd_text_is_written_over_other_text(
        self, ready: Collection, person: Person, text: str
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        done = self.run(ready.update(made.id, {person.text: text}, made.fields, made.version))
        self.is_kept(person, text, done)

    def test_a_field_can_be_emptied_and_is_none_then(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        done = self.run(ready.update(made.id, {person.text: None}, made.fields, made.version))
        assert done.fields[person.text] is None
        assert self.one(ready, made.id).fields[person.text] is None

    def test_writing_what_is_there_already_is_harmless(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        value = made.fields[person.text]
        done = self.run(ready.update(made.id, {person.text: value}, made.fields, made.version))
        assert done.fields[person.text] == value

    def test_updating_a_missing_record_is_not_found(
        self, ready: Collection, person: Person
    ) -> None:
        with pytest.raises(NotFound):
            self.run(ready.update(person.missing(), {person.text: "edited"}, {}, None))

    def test_updating_a_deleted_record_is_not_found(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        person.remove(made.id)
        with pytest.raises(NotFound):
            self.run(ready.update(made.id, {person.text: "edited"}, made.fields, made.version))

    def test_a_stale_update_is_refused_where_writes_are_conditional(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        person.edit(made.id, {person.text: "meanwhile"})
        work = ready.update(made.id, {person.text: "ours"}, made.fields, made.version)
        if ready.can.conditional_write:
            with pytest.raises(Stale):
                self.run(work)
            expected = "meanwhile"
        else:
            self.run(work)
            expected = "ours"
        assert self.one(ready, made.id).fields[person.text] == person.kept(expected)

    # Deleting.

    def test_delete_removes_the_record(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        self.run(ready.delete(made.id, made.fields, made.version))
        person.wait()
        assert self.run(ready.read([made.id])).missing == {made.id}
        assert self.listing(ready) == []

    def test_deleting_twice_is_the_same_as_once(self, ready: Collection, person: Person) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        self.run(ready.delete(made.id, made.fields, made.version))
        self.run(ready.delete(made.id, made.fields, made.version))
        assert self.run(ready.read([made.id])).missing == {made.id}

    def test_deleting_what_never_was_is_success(self, ready: Collection, person: Person) -> None:
        self.run(ready.delete(person.missing(), {}, None))

    def test_a_stale_delete_is_refused_where_writes_are_conditional(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.run(ready.create(person.sample(1), "k1"))
        person.edit(made.id, {person.text: "meanwhile"})
        work = ready.delete(made.id, made.fields, made.version)
        if ready.can.conditional_write:
            with pytest.raises(Stale):
                self.run(work)
        else:
            self.run(work)
        there = made.id in self.run(ready.read([made.id])).records
        assert there is ready.can.conditional_write
