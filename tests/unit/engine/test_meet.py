"""A record without a counterpart: who it meets, and when a person has to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from world import Breath, Together, World, fail, far, linked, near, on, state

from crosstie import Constant
from crosstie import field as say
from crosstie.core.errors import Duplicate, Retry
from crosstie.core.values import Link, LinkState, Side
from crosstie.engine.run import Options, run
from crosstie.ports import Answer, ConflictKind, Lookup, Step
from crosstie.testing.fakes import Crash, drive

BOB = {"name": "Bob", "email": "bob@x.example", "phone": "3"}


def unique(**habits: Any) -> World:
    """A world whose right side takes every e-mail once, and cannot be searched."""
    return World(right_habits=far(unique="email", searchable=(), **habits))


def look_left(world: World) -> None:
    """A run that has not yet heard of what is new on the right."""
    drive(run([world.work()], world.store, Options(looks={"people": (Side.LEFT,)})))


def settled(world: World, records: int) -> None:
    world.quiet()
    assert world.lefts() == world.rights()
    assert len(world.rights()) == records
    assert world.run(full=True).writes == 0


# A person named the counterpart.


def ambiguous() -> tuple[World, str, str]:
    """Two records on the right that may be the counterpart of one on the left."""
    world = World()
    world.run()
    world.right.add(BOB)
    world.right.add({**BOB, "phone": "4"})
    left_id = world.add(**BOB)
    world.run(full=True)
    named = max(world.right.rows())
    return world, left_id, named


def answer(world: World, left_id: str, pair: str) -> None:
    conflict_id = world.link(left_id).conflict_id
    drive(world.store.answer(conflict_id, Answer(pair=pair), world.clock.now()))


def test_a_named_record_that_is_gone_is_asked_about_again() -> None:
    world, left_id, named = ambiguous()
    answer(world, left_id, named)
    world.right.remove(named)
    world.run()
    [conflict] = [c for c in world.conflicts() if c.link_id == world.link(left_id).id]
    assert conflict.note == "the right record that was named is gone"
    assert world.link(left_id).state is LinkState.ASKING


def test_a_named_record_that_is_taken_is_asked_about_again() -> None:
    world, left_id, _named = ambiguous()
    other = world.add(name="Other", email="other@x.example", phone=None)
    world.quiet()
    answer(world, left_id, world.link(other).right_id)
    world.run()
    [conflict] = [c for c in world.conflicts() if c.link_id == world.link(left_id).id]
    assert conflict.note == "the right record that was named is linked to another record"


# The system refuses a create because the record exists.


def test_a_record_that_exists_already_is_adopted() -> None:
    world = unique()
    world.run()
    right_id = world.right.add({"name": "Robert", "email": "bob@x.example", "phone": None})
    left_id = world.add(**BOB)
    world.run()
    assert world.link(left_id).right_id == right_id
    assert world.conflicts()[0].fields["name"]["right"] == "Robert", "nothing is overwritten"
    assert world.right.rows()[right_id]["phone"] == "3", "what it lacked is filled in"


def test_a_record_that_exists_and_belongs_to_another_is_a_constraint_conflict() -> None:
    world = unique()
    world.add(**BOB)
    world.quiet()
    left_id = world.add(name="Second", email="bob@x.example", phone="9")
    # The left cannot be searched either, so the first one is not seen beside it.
    world.left.behaviour = near(searchable=())
    world.run()
    [conflict] = world.conflicts()
    assert conflict.kind is ConflictKind.CONSTRAINT
    assert conflict.note == "the right has it already, linked to another record on the left"
    assert world.link(left_id).state is LinkState.ASKING
    world.run(full=True)
    assert len(world.conflicts()) == 1


def test_a_record_that_exists_and_is_not_shown_is_tried_again() -> None:
    world = unique()
    world.run()
    left_id = world.add(**BOB)
    fail(world.right, "create", Duplicate("exists", existing="R99"))
    world.run()
    link = world.link(left_id)
    assert (link.error, link.attempts) == ("retry", 1)
    assert "says that a record exists and does not show it" in link.detail
    assert drive(world.store.open_intents([link.id])) == []
    world.clock.advance(60)
    settled(world, 1)


# Who has it already.


def test_a_counterpart_that_is_taken_is_asked_about() -> None:
    world = World(left_habits=near(local=False), right_habits=far())
    world.add(**BOB)
    world.quiet()
    second = world.add(**{**BOB, "name": "Second"})
    world.run()
    [conflict] = world.conflicts()
    assert conflict.note == (
        "the right record that matches is linked to another record on the left"
    )
    assert (conflict.kind, conflict.candidates) == (ConflictKind.MATCH, ("R1",))
    assert world.link(second).state is LinkState.ASKING


def test_several_free_counterparts_are_asked_about() -> None:
    world = World()
    world.run()
    for phone in ("1", "2"):
        world.right.add({**BOB, "phone": phone})
    left_id = world.add(**BOB)
    look_left(world)
    [conflict] = world.conflicts()
    assert (conflict.note, len(conflict.candidates)) == ("2 records on the right match", 2)
    assert world.link(left_id).state is LinkState.ASKING


def test_a_record_whose_match_is_only_asked_about_is_not_told_that_it_is_linked() -> None:
    world, *_ = linked()
    for name in ("One", "Two"):
        world.add(**{**BOB, "name": name})
    world.right.add(BOB)
    world.quiet()
    assert sorted(c.note or "" for c in world.conflicts()) == [
        "2 records on the left share a match key",
        "2 records on the left share a match key",
        "what matches on the left is asked about already, or a person left it alone",
    ]


def test_records_beside_it_with_the_same_key_are_asked_about() -> None:
    world, *_ = linked()
    world.add(**BOB)
    world.add(**{**BOB, "name": "Second"})
    world.run()
    notes = {c.note for c in world.conflicts()}
    assert notes == {"2 records on the left share a match key"}
    assert len(world.rights()) == 6


def test_keys_are_tried_in_their_order() -> None:
    world = World(options={"match": ["email", "phone"]})
    world.run()
    by_phone = world.right.add({"name": "Bob", "email": None, "phone": "3"})
    by_email = world.right.add({"name": "Bob", "email": "bob@x.example", "phone": None})
    left_id = world.add(**BOB)
    look_left(world)
    assert world.link(left_id).right_id == by_email
    assert by_phone in world.right.rows()


def test_a_record_without_a_key_is_simply_created() -> None:
    world, *_ = linked()
    world.add(name="Nameless", email=None, phone="5")
    settled(world, 7)


def test_a_derived_field_is_no_key_on_the_side_that_has_none() -> None:
    fields = [say("name", "name"), say("email", "email"), say(None, "phone", Constant("1"))]
    world = World(fields=fields, options={"match": ["phone", "email"]})
    world.run()
    left_id = world.left.add({"name": "Bob", "email": "bob@x.example"})
    world.quiet()
    right_id = world.link(left_id).right_id
    assert world.right.rows()[right_id]["phone"] == "1"


@pytest.mark.parametrize("vanished", [True, False])
def test_a_hint_that_matches_is_read_before_it_is_paired(
    monkeypatch: pytest.MonkeyPatch, vanished: bool
) -> None:
    world = World()
    world.run()
    right_id = world.right.add({**BOB, "phone": "77"})
    original = world.right.find

    async def hinting(lookup: Lookup) -> Any:
        found = [structs.replace(record, hint=True) for record in await original(lookup)]
        if vanished:
            world.right.remove(right_id)
        return found

    monkeypatch.setattr(world.right, "find", hinting)
    left_id = world.add(**BOB)
    look_left(world)
    assert (world.link(left_id).right_id == right_id) is not vanished
    assert len(world.rights()) == 1


# At the same moment.


def test_two_with_the_same_key_at_the_same_moment_are_not_both_created(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(left_habits=near(local=False))
    world.run()
    first, second = world.add(**BOB), world.add(**{**BOB, "name": "Second"})
    original = world.right.find

    async def slowly(lookup: Lookup) -> Any:
        await Breath()
        return await original(lookup)

    monkeypatch.setattr(world.right, "find", slowly)
    work = replace(world.work(), tasks=Together())
    report = drive(run([work], world.store, Options()))
    assert report.total("postponed") == 1
    assert len(world.rights()) == 1
    assert work.ledger.meeting == set()
    world.clock.advance(20)
    world.quiet()
    assert len(world.rights()) == 1
    assert {world.link(i).state for i in (first, second)} == {
        LinkState.ACTIVE,
        LinkState.ASKING,
    }


def test_a_failed_look_frees_the_key() -> None:
    world, *_ = linked()
    world.add(**BOB)
    fail(world.right, "find", Retry("busy"))
    work = world.work()
    drive(run([work], world.store, Options()))
    assert work.ledger.meeting == set()
    world.clock.advance(60)
    settled(world, 7)


# Made by one of our links.


def test_a_record_with_our_marker_is_left_to_the_link_that_made_it() -> None:
    world, *_ = linked(right_habits=far(marker=True, search_lag=30.0))
    left_id = world.add(**BOB)
    fail(world.right, "create", Crash(), after=True)
    with pytest.raises(Crash):
        world.run()
    report = world.run()
    assert report.total("postponed") >= 1
    assert len(world.lefts()) == 7, "it is not copied back"
    assert any("its maker has not claimed it" in (x.detail or "") for x in every(world))
    world.clock.advance(60)
    settled(world, 7)
    assert world.link(left_id).right_id is not None


def every(world: World) -> list[Link]:
    return [link for each in LinkState for link in state(world, each)]


@pytest.mark.parametrize("marker", ["", "1.1", "{}.x", "{}.999999", "{}.1", "{}."])
def test_a_marker_that_names_no_maker_is_no_obstacle(marker: str) -> None:
    world, *_ = linked(right_habits=far(marker=True))
    key = marker.replace("{}", world.store.identity)
    drive(world.right.create(BOB, key))
    settled(world, 7)


def test_a_dead_maker_is_woken_by_what_it_made() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    left_id = world.add(**BOB)
    fail(world.right, "create", Crash(), after=True)
    with pytest.raises(Crash):
        world.run()
    maker = world.link(left_id)
    drive(
        world.store.keep(
            [Step(structs.replace(maker, state=LinkState.DEAD, settled=maker.noticed))]
        )
    )
    settled(world, 7)


def test_looking_costs_nothing_where_nothing_is_searchable() -> None:
    world = World(right_habits=far(searchable=()))
    world.run()
    world.add(**BOB)
    on(world.right, "find", lambda: pytest.fail("there is nothing to look for"))
    settled(world, 1)


def test_what_may_be_our_own_create_is_not_copied_back_while_a_person_is_asked() -> None:
    world, *_ = linked(right_habits=far(searchable=()), options={"match": []})
    world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Retry("timed out", unknown=True), after=True)
    world.run()
    world.clock.advance(60)
    world.quiet()
    assert [c.kind for c in world.conflicts()] == [ConflictKind.UNKNOWN]
    world.right.add({"name": "Another", "email": "another@x.example", "phone": "9"})
    world.clock.advance(60)
    world.run(full=True)
    names = [row["name"] for row in world.lefts()]
    assert names.count("New") == 1, "the record that our create made is not a stranger"
    assert "Another" in names, "other records go on"
