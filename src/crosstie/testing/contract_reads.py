"""The connector contract: opening, listing, reading."""

from __future__ import annotations

import msgspec

from crosstie.core.values import canonical_json
from crosstie.ports.collection import Collection
from crosstie.testing.contract_base import ContractParts, Person


class ReadContract(ContractParts):
    """What a collection promises of what it shows."""

    # Opening, and what it says of itself.

    def test_opening_twice_does_nothing_more(self, ready: Collection) -> None:
        before = ready.can
        self.run(ready.open())
        assert ready.can == before

    def test_it_says_what_it_is_called(self, ready: Collection) -> None:
        assert ready.name.strip()

    def test_what_it_can_do_makes_sense(self, ready: Collection) -> None:
        can = ready.can
        assert can.read_batch >= 1 and can.page_size >= 1 and can.search_lag >= 0
        assert can.has_changes or not can.sees_deletes

    def test_the_schema_names_the_fields_of_a_record(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.made(ready, person, person.sample(1), "k1")
        schema = self.run(ready.schema())
        assert made.fields.keys() <= schema.fields.keys()
        assert schema.fields[person.text].writable is not ready.can.read_only
        assert all(name == field.name for name, field in schema.fields.items())
        assert schema.count in (None, 1)

    # Listing.

    def test_an_empty_collection_is_one_page_and_no_more(self, ready: Collection) -> None:
        page = self.run(ready.scan(None))
        assert (list(page.entries), page.more) == ([], False)

    def test_paging_shows_every_record_once(self, ready: Collection, person: Person) -> None:
        ids = {person.add(person.sample(n)) for n in range(2 * ready.can.page_size + 1)}
        person.wait()
        shown = [entry.id for entry in self.listing(ready)]
        assert sorted(shown) == sorted(ids)

    def test_a_full_last_page_is_not_followed_by_a_phantom(
        self, ready: Collection, person: Person
    ) -> None:
        ids = {person.add(person.sample(n)) for n in range(ready.can.page_size)}
        person.wait()
        assert {entry.id for entry in self.listing(ready)} == ids

    def test_a_listing_goes_on_from_its_cursor(self, ready: Collection, person: Person) -> None:
        ids = {person.add(person.sample(n)) for n in range(ready.can.page_size + 2)}
        person.wait()
        first = self.run(ready.scan(None))
        rest = self.listing(ready, first.cursor)
        again = self.listing(ready, first.cursor)
        assert {e.id for e in first.entries} | {e.id for e in rest} == ids
        assert [e.id for e in again] == [e.id for e in rest]

    def test_a_listing_shows_whole_records_or_says_that_they_are_hints(
        self, ready: Collection, person: Person
    ) -> None:
        record_id = person.add(person.sample(1))
        person.wait()
        [row] = self.listing(ready)
        assert row.hint is not ready.can.full_rows
        if ready.can.full_rows:
            assert row.fields == self.one(ready, record_id).fields
            assert row.mark == self.one(ready, record_id).mark

    # Reading.

    def test_read_tells_records_from_missing_ids(self, ready: Collection, person: Person) -> None:
        record_id, nobody = person.add(person.sample(1)), person.missing()
        found = self.run(ready.read([record_id, nobody]))
        assert set(found.records) == {record_id}
        assert found.missing == {nobody}
        assert found.records[record_id].id == record_id

    def test_reading_nothing_finds_nothing(self, ready: Collection) -> None:
        found = self.run(ready.read([]))
        assert (dict(found.records), found.missing) == ({}, frozenset())

    def test_read_takes_more_ids_than_one_call_carries(
        self, ready: Collection, person: Person
    ) -> None:
        ids = [person.add(person.sample(n)) for n in range(min(ready.can.read_batch + 1, 501))]
        found = self.run(ready.read([*ids, ids[0]]))
        assert set(found.records) == set(ids)
        assert not found.missing

    def test_read_shows_the_latest_edit_and_a_delete_at_once(
        self, ready: Collection, person: Person
    ) -> None:
        record_id = person.add(person.sample(1))
        person.edit(record_id, {person.text: "edited"})
        assert self.one(ready, record_id).fields[person.text] == person.kept("edited")
        person.remove(record_id)
        assert self.run(ready.read([record_id])).missing == {record_id}

    def test_a_record_is_never_a_hint_when_read_by_id(
        self, ready: Collection, person: Person
    ) -> None:
        assert not self.one(ready, person.add(person.sample(1))).hint

    def test_values_are_json_and_survive_it(self, ready: Collection, person: Person) -> None:
        fields = self.one(ready, person.add(person.sample(1))).fields
        assert msgspec.json.decode(canonical_json(fields)) == fields

    def test_the_mark_moves_with_the_record_and_rests_without(
        self, ready: Collection, person: Person
    ) -> None:
        record_id = person.add(person.sample(1))
        before = self.one(ready, record_id).mark
        assert self.one(ready, record_id).mark == before
        person.edit(record_id, {person.text: "edited"})
        assert self.one(ready, record_id).mark != before
