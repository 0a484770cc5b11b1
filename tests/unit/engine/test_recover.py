"""What became of an operation whose outcome nobody wrote down."""

from __future__ import annotations

from typing import Any

import pytest
from world import World, fail, far, linked, state

from crosstie.core.causes import FOUND
from crosstie.core.errors import Rejected, Retry
from crosstie.core.values import LinkState, Side
from crosstie.engine.run import Options, run
from crosstie.ports import Answer, ConflictKind, Intent
from crosstie.testing.fakes import Crash, drive

NEW = {"name": "New", "email": "new@x.example", "phone": "8"}
LOST = Retry("timed out", unknown=True)


def crash(world: World) -> None:
    with pytest.raises(Crash):
        world.run()


def intents(world: World, left_id: str) -> list[Intent]:
    return list(drive(world.store.open_intents([world.link(left_id).id])))


def in_step(world: World, records: int) -> None:
    world.quiet()
    assert world.conflicts() == []
    assert world.lefts() == world.rights()
    assert len(world.rights()) == records
    assert world.run(full=True).writes == 0
    assert drive(world.store.figures("people", world.clock.now())).intents == 0


# Updates.


def test_an_update_that_landed_moves_the_base_and_is_told_in_the_history() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST, after=True)
    world.run()
    assert intents(world, left_id)
    world.clock.advance(60)
    writes = world.writes()
    report = world.run()
    assert report.total("recovered") == 1
    assert world.writes() == writes, "it is not written again"
    assert intents(world, left_id) == []
    last = world.history(left_id)[-1]
    assert (last.operation, last.cause) == ("update", FOUND)
    assert (last.before, last.after) == ({"name": "Ann"}, {"name": "Anna"})


def test_an_update_that_landed_in_other_letters_is_recognised() -> None:
    def upper(row: Any) -> Any:
        return {**row, "name": row["name"] and row["name"].upper()}

    world, left_id, _right_id = linked(right_habits=far(normalise=upper))
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST, after=True)
    world.run()
    world.clock.advance(60)
    assert world.run().total("recovered") == 1
    assert world.link(left_id).base_right["name"] == "ANNA"
    assert world.left.rows()[left_id]["name"] == "Anna"
    assert world.run(full=True).writes == 0


def test_an_update_that_did_not_land_is_made_again() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST)
    world.run()
    world.clock.advance(60)
    assert world.run().total("recovered") == 0
    assert world.right.rows()[right_id]["name"] == "Anna"
    in_step(world, 6)


def test_an_update_that_landed_and_was_edited_since_is_asked_about() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST, after=True)
    world.run()
    world.right.edit(right_id, name="Zoe")
    world.clock.advance(60)
    world.run()
    [conflict] = world.conflicts()
    assert conflict.fields["name"]["left"] == "Anna"
    assert conflict.fields["name"]["right"] == "Zoe", "nobody's value was lost"


def test_an_update_of_a_record_that_is_gone_leads_to_the_deletion() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST, after=True)
    world.run()
    world.right.remove(right_id)
    world.clock.advance(60)
    world.run()
    [conflict] = world.conflicts()
    assert conflict.kind is ConflictKind.DELETE
    assert intents(world, left_id) == []


# Deletions.


def test_a_deletion_that_landed_ends_the_link() -> None:
    world, left_id, right_id = linked()
    link = world.link(left_id)
    world.left.remove(left_id)
    fail(world.right, "delete", LOST, after=True)
    world.run()
    assert right_id not in world.right.rows()
    world.clock.advance(60)
    assert world.run().total("deleted_right") == 1
    assert world.link(left_id) is None
    last = drive(world.store.history(link.id))[-1]
    assert (last.operation, last.before["name"]) == ("delete", "Ann")
    in_step(world, 5)


def test_a_deletion_that_did_not_land_is_decided_again() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    fail(world.right, "delete", LOST)
    world.run()
    assert right_id in world.right.rows()
    world.right.edit(right_id, name="Zoe")
    world.clock.advance(60)
    world.run()
    [conflict] = world.conflicts()
    assert conflict.kind is ConflictKind.DELETE, "edited since: a person is asked"
    world.right.edit(right_id, name="Ann")
    world.quiet()
    in_step(world, 5)


# Creates.


def test_a_create_that_a_lagging_search_hides_is_waited_for() -> None:
    world, *_ = linked(right_habits=far(search_lag=50.0, marker=True))
    left_id = world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    world.clock.advance(10)
    work = world.work()
    report = drive(run([work], world.store, Options()))
    assert report.total("waits_for_search") >= 1
    assert len(world.rights()) == 7, "nothing is created while the search may be behind"
    report = drive(run([work], world.store, Options()))
    assert report.total("waits_for_search") == 0, "nor is it looked for at every turn"
    world.clock.advance(60)
    assert world.run().total("recovered") == 1
    assert world.link(left_id).right_id is not None
    in_step(world, 7)


def test_a_create_that_never_landed_is_made_once_the_search_has_caught_up() -> None:
    world, *_ = linked(right_habits=far(search_lag=50.0, marker=True))
    world.add(**NEW)
    fail(world.right, "create", LOST)
    world.run()
    world.clock.advance(100)
    in_step(world, 7)


def test_a_record_of_somebody_else_with_another_marker_is_not_ours() -> None:
    world, _left_id, _right_id = linked(right_habits=far(marker=True))
    added = world.add(**NEW)
    fail(world.right, "create", LOST)
    world.run()
    world.right.add({"name": "New", "email": "other@x.example", "phone": "8"})
    world.clock.advance(60)
    world.run()
    world.quiet()
    assert len(world.rights()) == 8
    assert world.link(added).right_id is not None


def test_of_two_records_with_our_marker_one_is_taken() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    left_id = world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    [intent] = intents(world, left_id)
    drive(world.right.create({**NEW, "phone": "9"}, intent.key))
    world.clock.advance(60)
    world.run()
    assert world.link(left_id).right_id == min(
        i for i, row in world.right.rows().items() if row["name"] == "New"
    )


def twin_of_a_lost_create(**habits: Any) -> tuple[World, str, list[str]]:
    """A create whose answer was lost, at a system without markers, and a record just like it."""
    world, *_ = linked(right_habits=far(**habits))
    left_id = world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    world.right.add(NEW)
    world.clock.advance(60)
    return world, left_id, [i for i, row in world.right.rows().items() if row["name"] == "New"]


def test_of_two_candidates_without_a_marker_a_person_chooses() -> None:
    world, left_id, twins = twin_of_a_lost_create()
    world.run()
    asked = {c.link_id: c for c in world.conflicts()}
    conflict = asked[world.link(left_id).id]
    assert (conflict.kind, sorted(conflict.candidates)) == (ConflictKind.UNKNOWN, sorted(twins))
    assert "2 there could be it" in (conflict.note or "")
    assert len(world.rights()) == 8, "and nothing is created meanwhile"


def blind(**more: Any) -> tuple[World, str, str]:
    """A create whose answer was lost, at a system that can neither mark nor search."""
    world, *_ = linked(right_habits=far(searchable=(), **more))
    left_id = world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    world.clock.advance(60)
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "New"]
    return world, left_id, made


def test_a_create_that_cannot_be_looked_up_is_asked_about() -> None:
    world, left_id, _ = blind()
    world.run()
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.candidates) == (ConflictKind.UNKNOWN, ())
    assert "cannot be looked up" in (conflict.note or "")
    assert intents(world, left_id), "its outcome stays unknown"
    world.clock.advance(60)
    world.run(full=True)
    assert len(world.rights()) == 7


def test_a_person_says_which_record_an_unknown_create_made() -> None:
    world, left_id, made = blind()
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(pair=made), world.clock.now()))
    world.quiet()
    assert world.link(left_id).right_id == made
    in_step(world, 7)


def test_a_person_says_that_an_unknown_create_made_nothing() -> None:
    world, left_id, made = blind()
    world.run()
    [conflict] = world.conflicts()
    world.right.remove(made)
    drive(world.store.answer(conflict.id, Answer(pair=""), world.clock.now()))
    world.quiet()
    assert world.link(left_id).right_id not in (None, made)
    in_step(world, 7)


def test_listing_rows_that_lack_fields_are_read_before_one_is_taken() -> None:
    world, *_ = linked(right_habits=far(full_rows=False, hidden=("email", "phone")))
    original = world.right.find

    async def hinting(lookup: Any) -> Any:
        return [world.right._shelf.listed(record.id) for record in await original(lookup)]

    world.right.find = hinting  # type: ignore[method-assign]
    left_id = world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    world.clock.advance(60)
    assert world.run().total("recovered") == 1
    assert world.link(left_id).right_id is not None
    in_step(world, 7)


def test_candidates_that_cannot_be_read_or_are_taken_are_none() -> None:
    world, left_id, right_id = linked()
    added = world.add(name="Ann", email="new@x.example", phone="1")
    fail(world.right, "create", LOST)
    world.run()
    world.right.edit(right_id, phone=None)
    unreadable = world.right.add({"name": ["no", "text"], "email": "new@x.example", "phone": "1"})
    world.clock.advance(60)
    world.run()
    assert world.link(added).right_id not in (unreadable, right_id)
    assert world.link(left_id).right_id == right_id


def test_a_source_that_died_after_its_create_takes_the_record_along() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    left_id = world.add(**NEW)
    fail(world.right, "create", Crash(), after=True)
    crash(world)
    world.left.remove(left_id)
    in_step(world, 6)


def test_a_link_that_was_paired_meanwhile_only_closes_its_create() -> None:
    world, left_id, right_id = linked()
    link = world.link(left_id)
    left_open = Intent(link.id, Side.RIGHT, "create", None, {}, {}, {}, "", world.clock.now())
    drive(world.store.intend([left_open]))
    world.run()
    assert intents(world, left_id) == []
    assert world.link(left_id).right_id == right_id
    in_step(world, 6)


def test_nobody_is_introduced_while_a_create_on_that_side_is_unaccounted_for() -> None:
    world, *_ = linked(right_habits=far(search_lag=50.0))
    world.add(**NEW)
    fail(world.right, "create", LOST, after=True)
    world.run()
    report = world.run()
    assert (report.total("created_left"), report.total("postponed")) == (0, 1)
    [stranger] = [x for x in state(world, LinkState.ACTIVE) if x.left_id is None]
    assert (stranger.attempts, stranger.error) == (0, "retry"), "which is no fault of its own"
    world.clock.advance(100)
    in_step(world, 7)


def test_a_refusal_that_came_back_is_no_unknown_outcome() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", Rejected("no", field="name"))
    world.run()
    assert intents(world, left_id) == []
    assert world.link(left_id).state is LinkState.DEAD
