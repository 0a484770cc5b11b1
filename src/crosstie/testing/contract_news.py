"""The connector contract: finding records, and hearing of changes."""

from __future__ import annotations

from crosstie.core.errors import Duplicate, Rejected
from crosstie.core.values import Cursor, Record, Tombstone
from crosstie.ports.collection import Collection, Lookup
from crosstie.testing.contract_base import ContractParts, Person


class NewsContract(ContractParts):
    """What a collection promises of its search and its change feed.

    Where there is no feed, the same facts must show in a complete listing.
    """

    # Finding.

    def test_what_is_searchable_is_found_by_equal_value(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.made(ready, person, person.sample(1), "k1")
        self.made(ready, person, person.sample(2), "k2")
        person.wait()
        for name in person.sample(1):
            value = made.fields[name]
            found = {r.id: r for r in self.run(ready.find(Lookup(equal={name: value})))}
            if name not in ready.can.searchable:
                assert found == {}
            elif value is not None:
                assert made.id in found
                assert not found[made.id].hint or not ready.can.full_rows

    def test_records_may_share_a_key_and_are_all_found_or_it_says_that_none_do(
        self, ready: Collection, person: Person
    ) -> None:
        sample, shared = person.sample(1), set()
        made = self.made(ready, person, sample, "k1")
        for number, name in enumerate(ready.can.searchable, 2):
            if sample.get(name) is None:
                continue
            try:
                twin = self.run(ready.create({**person.sample(number), name: sample[name]}, "k2"))
            except (Duplicate, Rejected):
                continue
            person.wait()
            found = self.run(ready.find(Lookup(equal={name: made.fields[name]})))
            if twin.fields[name] == made.fields[name]:
                assert {made.id, twin.id} <= {record.id for record in found}
                shared.add(name)
        assert bool(shared) is ready.can.twins

    def test_any_of_several_values_is_enough_to_be_found(
        self, ready: Collection, person: Person
    ) -> None:
        one = self.made(ready, person, person.sample(1), "k1")
        two = self.made(ready, person, person.sample(2), "k2")
        person.wait()
        able = [name for name in person.sample(1) if name in ready.can.searchable]
        differing = [name for name in able if one.fields[name] != two.fields[name]][:2]
        if len(differing) == 2:
            first, second = differing
            equal = {first: one.fields[first], second: two.fields[second]}
            found = {record.id for record in self.run(ready.find(Lookup(equal=equal)))}
            assert found == {one.id, two.id}
        else:
            assert self.run(ready.find(Lookup(equal={}))) in ([], ())

    def test_looking_for_nothing_finds_nothing(self, ready: Collection, person: Person) -> None:
        sample = {n: v for n, v in person.sample(1).items() if n != person.text}
        self.made(ready, person, sample, "k1")
        person.wait()
        assert not self.run(ready.find(Lookup()))
        assert not self.run(ready.find(Lookup(equal={person.text: None})))

    def test_a_deleted_record_is_not_found(self, ready: Collection, person: Person) -> None:
        made = self.made(ready, person, person.sample(1), "k1")
        person.wait()
        person.remove(made.id)
        person.wait()
        for name in ready.can.searchable:
            equal = {name: made.fields.get(name)}
            assert not self.run(ready.find(Lookup(equal=equal)))
        assert not self.run(ready.find(Lookup(marker="k1")))

    def test_our_marker_is_left_in_the_record_or_said_not_to_be(
        self, ready: Collection, person: Person
    ) -> None:
        made = self.made(ready, person, person.sample(1), "k1")
        self.made(ready, person, person.sample(2), "k2")
        person.wait()
        found = [record.id for record in self.run(ready.find(Lookup(marker="k1")))]
        assert found == ([made.id] if ready.can.marker else [])
        marker = self.one(ready, made.id).marker
        assert made.marker == marker == ("k1" if ready.can.marker else None)

    # Hearing of changes.

    def test_a_persons_new_record_is_told(self, ready: Collection, person: Person) -> None:
        cursor = self._now(ready)
        record_id = person.add(person.sample(1))
        person.wait()
        self._tells(ready, cursor, {record_id})

    def test_a_persons_edit_is_told(self, ready: Collection, person: Person) -> None:
        record_id = person.add(person.sample(1))
        other = person.add(person.sample(2))
        person.wait()
        cursor = self._now(ready)
        person.edit(record_id, {person.text: "edited"})
        person.wait()
        entries = self._tells(ready, cursor, {record_id})
        if not entries or other in entries:
            return
        [entry] = entries.values()
        assert isinstance(entry, Record)
        assert entry.hint is not ready.can.full_rows
        if ready.can.full_rows:
            assert entry.fields[person.text] == person.kept("edited")

    def test_ten_quick_edits_are_one_entry_or_the_same_entry_again(
        self, ready: Collection, person: Person
    ) -> None:
        record_id = person.add(person.sample(1))
        person.wait()
        cursor = self._now(ready)
        for number in range(10):
            person.edit(record_id, {person.text: f"edit {number}"})
        person.wait()
        self._tells(ready, cursor, {record_id})
        assert self.one(ready, record_id).fields[person.text] == person.kept("edit 9")

    def test_a_delete_is_told_or_said_not_to_be(self, ready: Collection, person: Person) -> None:
        record_id = person.add(person.sample(1))
        person.wait()
        cursor = self._now(ready)
        person.remove(record_id)
        person.wait()
        if ready.can.has_changes:
            entries, _ = self.told(ready, cursor)
            expected = {record_id: Tombstone(record_id)} if ready.can.sees_deletes else {}
            assert entries == expected
        assert self.listing(ready) == []

    def test_more_changes_than_a_page_holds_are_all_told(
        self, ready: Collection, person: Person
    ) -> None:
        cursor = self._now(ready)
        ids = {person.add(person.sample(n)) for n in range(ready.can.page_size + 1)}
        person.wait()
        self._tells(ready, cursor, ids)

    def test_what_was_acknowledged_does_not_come_again(
        self, ready: Collection, person: Person
    ) -> None:
        cursor = self._now(ready)
        record_id = person.add(person.sample(1))
        person.wait()
        if not ready.can.has_changes:
            assert [row.id for row in self.listing(ready)] == [record_id]
            return
        _, cursor = self.told(ready, cursor)
        entries, cursor = self.told(ready, cursor)
        # A feed by clock may repeat its edge, with what it told before; it must not tell lies.
        assert entries.keys() <= {record_id}
        assert all(isinstance(entry, Record) for entry in entries.values())
        again, _ = self.told(ready, cursor)
        assert again.keys() <= entries.keys()

    def test_what_was_not_acknowledged_comes_again(self, ready: Collection, person: Person) -> None:
        cursor = self._now(ready)
        record_id = person.add(person.sample(1))
        person.wait()
        if not ready.can.has_changes:
            assert [row.id for row in self.listing(ready)] == [record_id]
            return
        self.run(ready.changes(cursor))
        page = self.run(ready.changes(cursor))
        assert record_id in {entry.id for entry in page.entries}

    def test_acknowledging_twice_is_the_same_as_once(
        self, ready: Collection, person: Person
    ) -> None:
        cursor = self._now(ready)
        first = person.add(person.sample(1))
        person.wait()
        if not ready.can.has_changes:
            assert [row.id for row in self.listing(ready)] == [first]
            return
        page = self.run(ready.changes(cursor))
        assert page.cursor is not None
        second = person.add(person.sample(2))
        person.wait()
        self.run(ready.acknowledge(page.cursor))
        self.run(ready.acknowledge(page.cursor))
        entries, _ = self.told(ready, page.cursor)
        assert second in entries

    def test_a_quiet_feed_says_so_and_goes_on(self, ready: Collection, person: Person) -> None:
        if not ready.can.has_changes:
            assert self.listing(ready) == []
            return
        _, cursor = self.told(ready, None)
        entries, cursor = self.told(ready, cursor)
        assert entries == {}
        record_id = person.add(person.sample(1))
        person.wait()
        entries, _ = self.told(ready, cursor)
        assert set(entries) == {record_id}

    def test_an_edit_during_a_listing_is_not_lost(self, ready: Collection, person: Person) -> None:
        record_id = person.add(person.sample(1))
        person.wait()
        cursor = self._now(ready)
        self.listing(ready)
        person.edit(record_id, {person.text: "meanwhile"})
        person.wait()
        self._tells(ready, cursor, {record_id})
        assert self.one(ready, record_id).fields[person.text] == person.kept("meanwhile")

    def _now(self, ready: Collection) -> Cursor | None:
        """The feed's cursor after all that happened so far."""
        return self.told(ready, None)[1] if ready.can.has_changes else None

    def _tells(
        self, ready: Collection, cursor: Cursor | None, ids: set[str]
    ) -> dict[str, Record | Tombstone]:
        """These live records are told by the feed, or shown by a listing where there is none."""
        if not ready.can.has_changes:
            assert ids <= {row.id for row in self.listing(ready)}
            return {}
        entries, _ = self.told(ready, cursor)
        assert ids <= entries.keys()
        assert all(isinstance(entries[record_id], Record) for record_id in ids)
        return entries
