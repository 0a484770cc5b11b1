"""What a run does to two systems, told as stories."""

from __future__ import annotations

from world import NAMES, World, linked

from crosstie.core.values import LinkState, Side
from crosstie.ports import Answer, ConflictKind
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour


def test_a_new_left_record_appears_on_the_right() -> None:
    world = World()
    world.add(name="Ann", email="ann@x.example", phone="1")
    report = world.run()
    assert world.rights() == [{"name": "Ann", "email": "ann@x.example", "phone": "1"}]
    assert report.counts["people.created_right"] == 1


def test_a_second_run_writes_nothing() -> None:
    world, *_ = linked()
    before = world.right.calls.copy()
    report = world.run(full=True)
    assert report.writes == 0
    assert world.right.calls["read"] == before["read"]


def test_an_edit_on_either_side_arrives_on_the_other() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.run()
    assert world.right.rows()[right_id]["name"] == "Anna"
    world.right.edit(right_id, phone="2")
    world.run()
    assert world.left.rows()[left_id]["phone"] == "2"


def test_different_fields_edited_on_both_sides_both_survive() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, phone="2")
    world.run()
    assert world.left.rows()[left_id] == world.right.rows()[right_id]
    assert world.left.rows()[left_id]["name"] == "Anna"
    assert world.left.rows()[left_id]["phone"] == "2"


def test_one_changed_record_costs_one_read_and_one_write() -> None:
    world, left_id, _ = linked()
    before = world.right.calls.copy()
    world.left.edit(left_id, name="Anna")
    world.run()
    spent = world.right.calls - before
    assert (spent["read"], spent["update"], spent["find"]) == (1, 1, 0)


def test_the_echo_of_our_own_write_costs_no_call() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    world.run()
    before = world.right.calls.copy()
    world.run()
    spent = world.right.calls - before
    assert (spent["read"], spent["update"]) == (0, 0)


def test_ten_quick_edits_are_one_write() -> None:
    world, left_id, _ = linked()
    before = world.writes()
    for number in range(10):
        world.left.edit(left_id, name=f"Ann {number}")
    world.run()
    assert world.writes() - before == 1


def test_the_same_field_edited_on_both_sides_is_a_conflict_and_nothing_is_lost() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna", phone="7")
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    assert conflict.kind is ConflictKind.EDIT
    assert conflict.fields["name"] == {
        "base_left": "Ann",
        "base_right": "Ann",
        "left": "Anna",
        "right": "Anne",
    }
    assert world.left.rows()[left_id]["name"] == "Anna"
    assert world.right.rows()[right_id]["name"] == "Anne"
    assert world.right.rows()[right_id]["phone"] == "7", "the other field goes on"


def test_an_answered_conflict_is_carried_out_and_closed() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(take={"name": Side.RIGHT}), world.clock.now()))
    world.run()
    assert world.left.rows()[left_id]["name"] == "Anne"
    assert world.conflicts() == []


def test_a_person_may_give_both_sides_a_third_value() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(values={"name": "Annika"}), world.clock.now()))
    world.quiet()
    assert world.left.rows()[left_id]["name"] == "Annika"
    assert world.right.rows()[right_id]["name"] == "Annika"
    assert world.conflicts() == []


def test_an_answer_about_older_values_is_asked_again() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    world.right.edit(right_id, name="Annette")
    drive(world.store.answer(conflict.id, Answer(take={"name": Side.LEFT}), world.clock.now()))
    world.run()
    [again] = world.conflicts()
    assert again.fields["name"]["right"] == "Annette"
    assert world.right.rows()[right_id]["name"] == "Annette"


def test_a_conflict_that_both_sides_end_themselves_is_closed() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    world.left.edit(left_id, name="Anne")
    world.run()
    assert world.conflicts() == []


def test_a_remote_that_rewrites_what_it_is_given_causes_no_second_write() -> None:
    habits = Behaviour(
        searchable=NAMES,
        read_batch=1,
        normalise=lambda row: {n: v.strip().lower() if v else v for n, v in row.items()},
    )
    world = World(right_habits=habits)
    left_id = world.add(name="Ann Lee", email="Ann@X.example", phone="1")
    world.quiet()
    before = world.writes()
    world.run(full=True)
    assert world.writes() == before
    assert world.left.rows()[left_id]["name"] == "Ann Lee"


def test_a_deleted_record_is_deleted_on_the_other_side() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.run()
    assert right_id not in world.right.rows()
    assert world.link(left_id) is None


def test_a_deletion_against_an_edit_is_a_conflict() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.deleted) == (ConflictKind.DELETE, Side.LEFT)
    assert right_id in world.right.rows()


def test_a_person_decides_a_deletion_against_an_edit_both_ways() -> None:
    for keep in (True, False):
        world, left_id, right_id = linked()
        world.left.remove(left_id)
        world.right.edit(right_id, name="Anne")
        world.run()
        [conflict] = world.conflicts()
        take = {"*": Side.RIGHT if keep else Side.LEFT}
        drive(world.store.answer(conflict.id, Answer(take=take), world.clock.now()))
        world.quiet()
        assert (right_id in world.right.rows()) is keep
        assert ({"name": "Anne", "email": "ann@x.example", "phone": "1"} in world.lefts()) is keep
        assert world.conflicts() == []


def test_policies_for_deletions() -> None:
    world, left_id, right_id = linked(options={"deletes": "ignore"})
    world.left.remove(left_id)
    world.run()
    assert right_id in world.right.rows()
    world.run(full=True)
    assert len(world.lefts()) == 5, "the record that was kept is not created again"

    world, left_id, right_id = linked(options={"deletes": "archive", "archive": {"name": "gone"}})
    world.left.remove(left_id)
    world.run()
    assert world.right.rows()[right_id]["name"] == "gone"
    world.run(full=True)
    assert len(world.lefts()) == 5

    world, left_id, right_id = linked(options={"deletes": "ask"})
    world.left.remove(left_id)
    world.run()
    assert right_id in world.right.rows()
    assert world.conflicts()[0].kind is ConflictKind.DELETE


def test_two_full_sides_are_matched_and_nothing_is_created_twice() -> None:
    world = World()
    for number in range(30):
        world.add(name=f"P{number}", email=f"p{number}@x.example", phone=str(number))
        world.right.add({"name": f"P{number}", "email": f"p{number}@x.example", "phone": None})
    world.right.add({"name": "Only right", "email": "r@x.example", "phone": "9"})
    report = world.run(release=True)
    assert len(world.rights()) == 31
    assert world.lefts() == world.rights()
    assert report.total("matched_certain") == 30


def test_equal_populations_are_linked_without_a_write_or_a_read() -> None:
    world = World()
    for number in range(30):
        row = {"name": f"P{number}", "email": f"p{number}@x.example", "phone": "1"}
        world.left.add(row)
        world.right.add(row)
    report = world.run()
    assert report.writes == 0
    assert world.right.calls["read"] == 0


def test_duplicate_match_keys_are_listed_and_never_created() -> None:
    world = World()
    world.add(name="Ann", email="ann@x.example", phone="1")
    world.add(name="Ann again", email="ann@x.example", phone="2")
    world.right.add({"name": "Ann", "email": "ann@x.example", "phone": "1"})
    world.run()
    assert len(world.conflicts()) == 3
    assert {c.kind for c in world.conflicts()} == {ConflictKind.MATCH}
    assert len(world.rights()) == 1
    assert len(world.lefts()) == 2


def test_a_person_pairs_an_ambiguous_record_and_keeps_another_apart() -> None:
    world = World()
    first = world.add(name="Ann", email="ann@x.example", phone="1")
    second = world.add(name="Ann again", email="ann@x.example", phone="2")
    right = world.right.add({"name": "Ann", "email": "ann@x.example", "phone": "1"})
    world.run()
    asked = {world.link(i).id: i for i in (first, second)}
    for conflict in world.conflicts():
        if asked.get(conflict.link_id) == first:
            drive(world.store.answer(conflict.id, Answer(pair=right), world.clock.now()))
        elif asked.get(conflict.link_id) == second:
            drive(world.store.answer(conflict.id, Answer(pair=""), world.clock.now()))
    world.quiet()
    assert world.link(first).right_id == right
    assert len(world.rights()) == 2
    assert world.conflicts() == []


def test_a_record_that_appears_later_finds_its_counterpart() -> None:
    world, *_ = linked()
    right_id = world.right.add({"name": "Bob", "email": "bob@x.example", "phone": None})
    left_id = world.add(name="Bob", email="bob@x.example", phone="3")
    world.run()
    assert world.link(left_id).right_id == right_id
    assert world.right.rows()[right_id]["phone"] == "3"
    assert len(world.rights()) == len(world.lefts()) == 7


def test_the_brake_stops_before_the_first_write() -> None:
    world = World()
    ids = [world.add(name=f"P{n}", email=f"p{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    before = world.writes()
    for left_id in ids[:30]:
        world.left.edit(left_id, phone="2")
    report = world.run()
    assert "overwrite at least 21 of 60" in report.held["people"], "it stops at the first too many"
    assert world.writes() == before
    assert world.run().held, "it holds until a person lets go"
    world.run(release=True)
    assert world.writes() == before + 30


def test_five_percent_and_twenty_records_pass_the_brake() -> None:
    world = World()
    ids = [world.add(name=f"P{n}", email=f"p{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    for left_id in ids[:20]:
        world.left.edit(left_id, phone="2")
    assert not world.run().held


def test_an_emptied_side_stops_the_run() -> None:
    for feed in (True, False):
        habits = Behaviour(searchable=NAMES, local=True, has_changes=feed)
        world, *_ = linked(left_habits=habits)
        rights = world.rights()
        for left_id in list(world.left.rows()):
            world.left.remove(left_id)
        report = world.run()
        assert "shows no records" in report.held["people"]
        assert world.rights() == rights


def test_a_refused_record_is_a_dead_letter_and_the_others_go_on() -> None:
    from crosstie.core.errors import Rejected

    def refuse(verb: str, call: int) -> None:
        if verb == "update" and call == 1:
            raise Rejected("the name is too long", field="name", fix="shorten it")

    habits = Behaviour(searchable=NAMES, read_batch=1, before=refuse)
    world, left_id, right_id = linked(right_habits=habits)
    other = next(i for i in world.left.rows() if i != left_id)
    world.left.edit(left_id, name="A" * 300)
    world.left.edit(other, name="Changed")
    report = world.run()
    link = world.link(left_id)
    assert (link.state, link.error) == (LinkState.DEAD, "rejected:name")
    assert "fix: shorten it" in link.detail
    assert report.total("dead") == 1
    assert "Changed" in [row["name"] for row in world.rights()]
    drive(world.store.wake([link.id], world.clock.now()))
    world.run()
    assert world.right.rows()[right_id]["name"] == "A" * 300


def test_one_way_owned_and_create_only_fields_behave_as_declared() -> None:
    from crosstie import Text
    from crosstie import field as say

    fields = [
        say("name", "name", Text(), owner="left"),
        say("email", "email", Text()),
        say("phone", "phone", Text(), direction="to_right"),
    ]
    world, left_id, right_id = linked(fields=fields)
    world.right.edit(right_id, name="Anne", phone="99")
    world.quiet()
    assert world.right.rows()[right_id]["name"] == "Ann", "the owner's value is put back"
    assert world.left.rows()[left_id]["phone"] == "1", "a one-way field does not come back"
    world.left.edit(left_id, phone="2")
    world.quiet()
    assert world.right.rows()[right_id]["phone"] == "2"


def test_records_that_the_filter_leaves_out_stay_out() -> None:
    keep = {"where_left": lambda row: row.get("phone") != "no", "where_right": lambda row: True}
    world = World(options=keep)
    world.add(name="Ann", email="ann@x.example", phone="no")
    world.add(name="Bob", email="bob@x.example", phone="1")
    world.run()
    world.add(name="Cid", email="cid@x.example", phone="no")
    world.run()
    assert [row["name"] for row in world.rights()] == ["Bob"]


def test_nothing_is_created_where_the_sync_says_so() -> None:
    world = World(options={"creates": "left"})
    world.add(name="Ann", email="ann@x.example", phone="1")
    world.right.add({"name": "Bob", "email": "bob@x.example", "phone": "2"})
    world.quiet()
    assert len(world.rights()) == 1
    assert len(world.lefts()) == 2


def test_a_flood_of_deletions_in_many_small_runs_trips_the_brake() -> None:
    world = World()
    ids = [world.add(name=f"P{n}", email=f"p{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    for start in range(0, 50, 10):
        for left_id in ids[start : start + 10]:
            world.left.remove(left_id)
        report = world.run()
        world.clock.advance(1)
    assert "delete" in report.held["people"]
    assert len(world.rights()) == 40, "twenty were within the limit"
    world.run(release=True)
    assert len(world.rights()) == 10
    world.left.remove(ids[55])
    assert not world.run().held, "what a person let pass is not held against the next run"
