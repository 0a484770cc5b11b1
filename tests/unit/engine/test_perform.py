"""One operation at a time: the intent, the call, and how the base moves."""

from __future__ import annotations

from typing import Any

import pytest
from world import World, fail, far, linked, near, on, state

from crosstie import Reference, Tags
from crosstie import field as say
from crosstie.core.errors import Halt, NotFound, Rejected, Retry, Stale, SyncError
from crosstie.core.values import LinkState, Side
from crosstie.engine.drain import settle_now
from crosstie.engine.settle import settle
from crosstie.ports import Answer, ConflictKind
from crosstie.testing.fakes import drive

NEW = {"name": "New", "email": "new@x.example", "phone": "8"}
CERTAIN = [Stale("moved"), NotFound("gone"), Rejected("no"), Halt("scope"), Retry("busy")]


def open_intents(world: World) -> int:
    return drive(world.store.figures("people", world.clock.now())).intents


def _update(world: World, left_id: str) -> None:
    world.left.edit(left_id, name="Anna")


def _create(world: World, left_id: str) -> None:
    world.add(**NEW)


def _delete(world: World, left_id: str) -> None:
    world.left.remove(left_id)


ACTS = [("update", _update), ("create", _create), ("delete", _delete)]


@pytest.mark.parametrize(("verb", "act"), ACTS)
@pytest.mark.parametrize("error", CERTAIN, ids=lambda error: error.code)
def test_a_certain_failure_closes_the_intent(verb: str, act: Any, error: SyncError) -> None:
    world, left_id, _ = linked()
    act(world, left_id)
    fail(world.right, verb, error, times=9)
    world.run()
    assert open_intents(world) == 0


@pytest.mark.parametrize(("verb", "act"), ACTS)
def test_an_unknown_outcome_keeps_the_intent(verb: str, act: Any) -> None:
    world, left_id, _ = linked()
    act(world, left_id)
    fail(world.right, verb, Retry("timed out", unknown=True))
    world.run()
    assert open_intents(world) == 1
    world.clock.advance(60)
    world.quiet()
    assert world.lefts() == world.rights()
    assert open_intents(world) == 0


def test_a_refused_create_holds_nobody_else_up() -> None:
    world, *_ = linked()
    world.add(**NEW)
    fail(world.right, "create", Rejected("the name is taken", field="name"))
    world.run()
    assert len(state(world, LinkState.DEAD)) == 1
    world.right.add({"name": "Other", "email": "other@x.example", "phone": None})
    world.run()
    assert "Other" in {row["name"] for row in world.lefts()}


@pytest.mark.parametrize("act", [_update, _create])
def test_a_reply_that_shows_a_written_field_empty_is_a_dead_letter(act: Any) -> None:
    world, left_id, _ = linked()
    act(world, left_id)
    world.right.behaviour = far(normalise=lambda row: {**row, "name": None})
    world.run()
    [dead] = state(world, LinkState.DEAD)
    assert dead.error == "rejected:name"
    assert "accepted field 'name' and shows it empty" in (dead.detail or "")
    assert open_intents(world) == 0
    world.run(full=True)
    assert state(world, LinkState.DEAD) == [dead], "which is not repeated by itself"
    assert world.left.rows()[left_id]["name"] is not None, "nor taken for an edit"


def test_clearing_a_field_is_no_loss() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, phone=None)
    world.run()
    assert world.right.rows()[right_id]["phone"] is None
    assert state(world, LinkState.DEAD) == []


def test_the_history_shows_what_was_there_before_and_why() -> None:
    world, left_id, right_id = linked(options={"policy": "newest"})
    world.left.edit(left_id, name="Anna", phone="2")
    world.clock.advance(5)
    world.right.edit(right_id, name="Anne")
    world.run()
    right, left = world.history(left_id)[-2:]
    assert (right.side, right.cause) == (Side.RIGHT, "changed on the left")
    assert (right.before, right.after) == ({"phone": "1"}, {"phone": "2"})
    assert (left.side, left.cause) == (Side.LEFT, "policy newest")
    assert (left.before, left.after) == ({"name": "Anna"}, {"name": "Anne"})


def test_an_archived_record_gets_its_values_and_is_left_alone() -> None:
    options = {"deletes": "archive", "archive": {"name": "gone"}}
    world, left_id, right_id = linked(options=options)
    link = world.link(left_id)
    world.left.remove(left_id)
    world.run()
    assert world.right.rows()[right_id]["name"] == "gone"
    kept = drive(world.store.link(link.id))
    assert kept is not None
    assert (kept.state, kept.left_id) == (LinkState.CLOSED, None)
    archived, closed = drive(world.store.history(link.id))[-2:]
    assert archived.cause == "deleted on the left, archived"
    assert closed.cause == "deleted on the left; the right record stays"
    world.right.edit(right_id, name="again")
    assert world.run(full=True).writes == 0


def test_a_union_reaches_both_sides_a_write_at_a_time() -> None:
    fields = [say("name", "name"), say("email", "email"), say("phone", "phone", Tags())]
    world = World(fields=fields, options={"policy": "union"})
    left_id = world.add(name="Ann", email="a@x.example", phone=["a", "b"])
    world.quiet()
    right_id = world.link(left_id).right_id
    world.left.edit(left_id, phone=["a", "b", "l"])
    world.right.edit(right_id, phone=["b", "r"])
    world.run()
    assert world.left.rows()[left_id]["phone"] == ["b", "l", "r"]
    assert world.right.rows()[right_id]["phone"] == ["b", "l", "r"]
    assert world.run(full=True).writes == 0


def test_a_union_of_texts_is_asked_about() -> None:
    world, left_id, right_id = linked(options={"policy": "union"})
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    assert [c.kind for c in world.conflicts()] == [ConflictKind.EDIT]


@pytest.mark.parametrize("side", list(Side))
def test_a_question_about_a_create_only_field_ends_with_the_answer(side: Side) -> None:
    fields = [say("name", "name", create_only=True), say("email", "email")]
    world, left_id, right_id = linked(fields=fields)
    world.left.edit(left_id, name="Anna")
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(take={"name": side}), world.clock.now()))
    world.quiet()
    assert world.conflicts() == []
    expected = "Anna" if side is Side.LEFT else "Ann"
    assert world.left.rows()[left_id]["name"] == expected
    assert world.right.rows()[right_id]["name"] == expected
    assert world.run(full=True).writes == 0


def test_a_reference_that_cannot_be_read_is_a_dead_letter_and_stops_nobody() -> None:
    fields = [say("name", "name"), say("email", "email"), say("phone", "phone", Reference("x"))]
    world = World(fields=fields)
    world.add(name="Ann", email="a@x.example", phone=["no", "id"])
    world.add(name="Bob", email="b@x.example", phone=None)
    world.run()
    assert [row["name"] for row in world.rights()] == ["Bob"]
    assert [link.error for link in state(world, LinkState.DEAD)] == ["rejected:phone"]


# Settling.


@pytest.mark.parametrize("error", [Stale("moved"), NotFound("gone")], ids=lambda e: e.code)
def test_a_record_that_moves_three_times_is_left_for_later(error: SyncError) -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    before = world.right.calls["update"]
    fail(world.right, "update", error, times=3)
    world.run()
    assert world.right.calls["update"] - before == 3
    link = world.link(left_id)
    assert (link.state, link.attempts, link.error) == (LinkState.ACTIVE, 1, error.code)
    world.clock.advance(60)
    world.run()
    assert world.right.rows()[right_id]["name"] == "Anna"
    assert world.link(left_id).attempts == 0


def test_a_record_that_moves_twice_is_decided_again_at_once() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    names = iter(["2", "3"])
    on(world.right, "update", lambda: world.right.edit(right_id, phone=next(names)), times=2)
    report = world.run()
    assert report.total("postponed") == 0
    assert world.right.rows()[right_id]["name"] == "Anna"
    assert world.left.rows()[left_id]["phone"] == "3"


def test_a_record_that_vanishes_under_our_hands_leads_to_the_deletion() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    on(world.right, "update", lambda: world.right.remove(right_id))
    assert world.run().total("unproven") == 1
    assert world.conflicts() == [], "the feed has not told of it yet"
    world.run()
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.deleted) == (ConflictKind.DELETE, Side.RIGHT)
    assert left_id in world.left.rows()


def test_a_link_that_vanishes_while_it_is_settled_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", Stale("moved"))

    async def nothing(link_id: int) -> None:
        return None

    link, before = world.link(left_id), world.right.calls["update"]
    monkeypatch.setattr(world.store, "link", nothing)
    drive(settle(world.work(), link))
    assert world.right.calls["update"] - before == 1


def test_a_settling_that_never_comes_to_rest_is_left_to_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, left_id, right_id = linked(left_habits=near())
    world.left.edit(left_id, name="0")
    original = world.right.update
    restless = [True]

    async def update(*asked: Any) -> Any:
        """Each time we write the name, somebody changes the phone in the reply."""
        if restless[0]:
            world.right.edit(right_id, phone=f"p{world.right.calls['update']}")
        record_id, patch, was, _ = asked
        return await original(record_id, patch, {n: was[n] for n in patch}, None)

    original_left = world.left.update

    async def update_left(*asked: Any) -> Any:
        if restless[0]:
            world.left.edit(left_id, name=f"n{world.left.calls['update']}")
        record_id, patch, was, _ = asked
        return await original_left(record_id, patch, {n: was[n] for n in patch}, None)

    monkeypatch.setattr(world.right, "update", update)
    monkeypatch.setattr(world.left, "update", update_left)
    before = world.right.calls["update"] + world.left.calls["update"]
    claimed = drive(world.store.figures("people", world.clock.now())).due
    drive(settle_now(world.work(), world.link(left_id)))
    made = world.right.calls["update"] + world.left.calls["update"] - before
    assert (claimed, made) == (0, 8)
    assert drive(world.store.figures("people", world.clock.now())).due == 1, "it stays due"
    restless[0] = False
    world.quiet()
    assert world.lefts() == world.rights()


def test_a_refused_create_that_was_stored_all_the_same_is_found_before_it_is_repeated() -> None:
    refused = Rejected("property x should not exist", field="x", unknown=True)
    world, *_ = linked(right_habits=far(marker=True))
    left_id = world.add(name="New", email=None, phone="8")
    fail(world.right, "create", refused, after=True)
    world.run()
    assert world.link(left_id).state is LinkState.DEAD
    assert open_intents(world) == 1
    drive(world.store.wake([world.link(left_id).id], world.clock.now()))
    world.quiet()
    assert world.lefts() == world.rights()
    assert open_intents(world) == 0
