"""A deletion is believed with proof: a tombstone, or two listings; and always a read by id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import World, far, linked, near

from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.engine.evidence import UNPROVEN
from crosstie.engine.planner import plan
from crosstie.ports import Answer, ConflictKind
from crosstie.sync import Brake, Rhythm
from crosstie.testing.fakes import drive

LOOK = {"people": tuple(Side)}
DEAF = far(sees_deletes=False)
"""A remote system whose feed tells of no deletion."""


def missing(world: World) -> frozenset[int]:
    return drive(world.store.suspected("people"))


def hide(world: World, right_id: str) -> bytes:
    """The record is there for nobody for a while; gives what brings it back."""
    return world.right._shelf.rows.pop(right_id)


def show(world: World, right_id: str, kept: bytes) -> None:
    world.right._shelf.rows[right_id] = kept


def test_one_listing_is_no_proof_and_a_second_one_is() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    report = world.run(full=True)
    assert (report.writes, report.total("missing_right")) == (0, 1)
    assert len(missing(world)) == 1
    world.run(full=True)
    assert left_id not in world.left.rows()
    assert missing(world) == frozenset()


def test_the_second_listing_counts_only_when_the_first_could_be_late_no_more() -> None:
    world, left_id, right_id = linked(right_habits=replace(DEAF, search_lag=30.0))
    world.clock.advance(60)
    world.right.remove(right_id)
    world.run(full=True)
    world.clock.advance(29.9)
    world.run(full=True)
    assert left_id in world.left.rows()
    world.clock.advance(0.1)
    world.run(full=True)
    assert left_id not in world.left.rows()


def test_a_record_that_two_listings_miss_and_a_read_finds_is_there() -> None:
    world, left_id, right_id = linked(
        right_habits=replace(DEAF, search_lag=10.0, lagging_scan=True)
    )
    world.clock.advance(60)
    world.right._shelf.visible_at[right_id] = world.clock.now() + 1_000
    for _ in range(2):
        world.run(full=True)
        world.clock.advance(20)
    assert left_id in world.left.rows()
    assert missing(world) == frozenset(), "what was read is not suspected"


def test_a_record_that_comes_back_ends_the_suspicion_and_what_waited_goes_on() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    kept = hide(world, right_id)
    world.left.edit(left_id, phone="77")
    report = world.run()
    assert (report.writes, report.total(UNPROVEN)) == (0, 1)
    assert world.link(left_id).error == UNPROVEN
    show(world, right_id, kept)
    world.run(full=True)
    assert world.right.rows()[right_id]["phone"] == "77"
    assert world.link(left_id).error is None
    assert missing(world) == frozenset()


def test_a_feed_that_shows_the_record_ends_the_suspicion_too() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    kept = hide(world, right_id)
    world.run(full=True)
    show(world, right_id, kept)
    world.right.edit(right_id, name="Anna")
    world.run()
    assert missing(world) == frozenset()
    assert world.left.rows()[left_id]["name"] == "Anna"
    hide(world, right_id)
    world.run(full=True)
    assert left_id in world.left.rows(), "the first listing of before counts no more"


def test_a_tombstone_needs_no_listing() -> None:
    world, left_id, right_id = linked()
    world.right.remove(right_id)
    world.run()
    assert left_id not in world.left.rows()


def test_a_tombstone_of_a_record_that_is_there_deletes_nothing() -> None:
    world, left_id, right_id = linked()
    world.right._shelf.feed.append("R99")
    world.right._shelf.feed.append(right_id)
    world.run()
    assert left_id in world.left.rows()


def test_an_edit_of_a_record_whose_counterpart_is_missing_waits_for_proof() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    world.left.edit(left_id, name="Anna")
    assert world.run().writes == 0
    assert world.conflicts() == []
    before = world.right.calls["read"]
    world.run()
    assert world.right.calls["read"] == before, "it is not read again and again"
    for _ in range(2):
        world.clock.advance(60)
        world.run(looks=LOOK)
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.deleted) == (ConflictKind.DELETE, Side.RIGHT)
    assert left_id in world.left.rows()


def test_a_kept_record_whose_counterpart_is_made_anew_is_suspected_anew() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    world.left.edit(left_id, name="Anna")
    for _ in range(3):
        world.run(full=True)
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(take={"*": Side.LEFT}), world.clock.now()))
    world.run()
    again = world.link(left_id).right_id
    assert again != right_id
    world.right.remove(again)
    world.run(full=True)
    assert left_id in world.left.rows(), "proof of the old record is none of the new one"
    world.run(full=True)
    assert left_id not in world.left.rows()


def test_a_database_beside_us_answers_exactly() -> None:
    world, left_id, right_id = linked(left_habits=near(sees_deletes=False))
    world.left.remove(left_id)
    world.run(full=True)
    assert right_id not in world.right.rows()


def test_a_record_gone_on_both_sides_is_forgotten_with_proof_only() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    kept = hide(world, right_id)
    world.left.remove(left_id)
    world.run()
    show(world, right_id, kept)
    world.run(full=True)
    assert right_id not in world.right.rows(), "the deletion on the left was not forgotten"


@pytest.mark.parametrize("near_too", [True, False])
@pytest.mark.parametrize("first", list(Side))
@pytest.mark.parametrize("looks", [{"full": True}, {"looks": LOOK}])
def test_a_pair_of_which_both_records_are_proven_to_be_gone_ends_and_its_history_says_so(
    near_too: bool, first: Side, looks: dict[str, Any]
) -> None:
    left_habits = near() if near_too else far()
    world, left_id, right_id = linked(left_habits=left_habits, right_habits=DEAF)
    link_id = world.link(left_id).id
    gone = [(world.left, left_id), (world.right, right_id)]
    for collection, record_id in gone if first is Side.LEFT else reversed(gone):
        collection.remove(record_id)
        if first is Side.RIGHT and collection is world.right:
            # Whoever edits the other one makes us look, and find that this one is not there.
            world.left.edit(left_id, name="Anna")
            world.run(**looks)
            assert world.link(left_id).error == UNPROVEN
    for _ in range(4):
        world.clock.advance(61)
        world.run(**looks)
    assert drive(world.store.link(link_id)) is None
    assert (missing(world), drive(world.store.unproven("people"))) == (frozenset(), [])
    last = drive(world.store.history(link_id))[-1]
    assert (last.operation, last.cause) == ("close", "gone on both sides")
    assert {last.record_id, last.across} == {left_id, right_id}
    assert drive(world.store.past_links(right_id, 9)) == [link_id]
    assert drive(world.store.past_links(left_id, 9)) == [link_id]


def test_a_record_that_never_had_a_counterpart_goes_without_a_word() -> None:
    world = World(options={"creates": "none"})
    left_id = world.add(name="Ann", email="a@x.example", phone="1")
    world.run()
    link_id = world.link(left_id).id
    world.left.remove(left_id)
    world.run()
    assert drive(world.store.link(link_id)) is None
    assert drive(world.store.history(link_id)) == []


# When the second look comes.


def test_a_suspicion_asks_for_one_early_scan_of_its_side_and_for_no_more() -> None:
    quiet = Rhythm(reconcile=36_000.0)
    world, left_id, right_id = linked(right_habits=DEAF, options={"rhythm": quiet})
    others = [i for i in world.right.rows() if i != right_id]
    world.right.remove(right_id)
    world.run(full=True)
    scans = {side: world.right.calls["scan"] for side in Side}
    world.clock.advance(59)
    world.run(looks=LOOK)
    assert world.right.calls["scan"] == scans[Side.RIGHT]
    world.clock.advance(1)
    lefts = world.left.calls["scan"]
    world.right.remove(others[0])
    world.run(looks=LOOK)
    assert left_id not in world.left.rows()
    assert world.left.calls["scan"] == lefts, "the other side is left alone"
    scanned = world.right.calls["scan"]
    for _ in range(100):
        world.clock.advance(60)
        world.run(looks=LOOK)
    assert world.right.calls["scan"] == scanned, "what the early scan missed waits for its time"
    assert len(world.lefts()) == 5
    world.run(full=True)
    assert len(world.lefts()) == 4


def test_a_scan_that_fails_is_not_tried_at_every_look() -> None:
    world, _left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    work = world.work()

    def look(**options: object) -> None:
        from crosstie.engine.run import Options, run

        drive(run([work], world.store, Options(**options)))  # type: ignore[arg-type]

    look(full=True)
    world.clock.advance(60)

    def refuse(verb: str, call: int) -> None:
        if verb == "scan":
            raise Retry("busy", counts=True)

    world.right.behaviour = replace(world.right.behaviour, before=refuse)
    before = world.right.calls["scan"]
    for _ in range(20):
        look(looks=LOOK)
        world.clock.advance(1)
    assert world.right.calls["scan"] - before == 1


def test_a_clock_that_is_set_back_a_day_proves_nothing_and_stops_nothing() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    world.run(full=True)
    world.clock.advance(-86_400)
    world.run(full=True)
    assert left_id in world.left.rows(), "a first listing of the future is none"
    world.clock.advance(60)
    world.run(looks=LOOK)
    assert left_id not in world.left.rows()


# Plans and the brake.


def test_a_plan_shows_what_a_run_would_do_and_names_what_waits() -> None:
    world, _left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    made = drive(plan([world.work()], full=True))
    assert made.operations == ()
    assert "missing in a listing" in made.warnings[0]
    assert missing(world) == frozenset(), "a plan keeps nothing"
    world.run(full=True)
    made = drive(plan([world.work()], full=True))
    assert [line.kind for line in made.operations] == ["delete"]
    assert len(missing(world)) == 1


def test_a_plan_shows_what_waited_for_a_record_that_is_back() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    kept = hide(world, right_id)
    world.left.edit(left_id, phone="77")
    world.run()
    show(world, right_id, kept)
    made = drive(plan([world.work()], full=True))
    assert [line.kind for line in made.operations] == ["update"]


def test_the_share_that_the_brake_allows_is_of_what_is_proven() -> None:
    world = World(right_habits=DEAF, options={"brake": Brake(share=0.1, records=3)})
    for number in range(20):
        world.add(name=f"P{number}", email=f"p{number}@x.example", phone="1")
    world.quiet()
    for right_id in list(world.right.rows())[:6]:
        world.right.remove(right_id)
    assert world.run(full=True).held == {}
    assert "delete at least 4 of 20" in world.run(full=True).held["people"]
    assert len(world.lefts()) == 20


def test_a_side_that_shows_nothing_stops_the_run_at_the_first_look() -> None:
    world, *_ = linked(right_habits=DEAF)
    for right_id in list(world.right.rows()):
        world.right.remove(right_id)
    assert "shows no records" in world.run(full=True).held["people"]
    assert [o.kind for o in drive(plan([world.work()], full=False)).operations] == ["delete"] * 6
    world.run(release=True)
    assert world.lefts() == [], "a person said that it is meant to be empty"
    assert world.run().held == {}


@pytest.mark.parametrize("deletes", ["ignore", "ask", "archive"])
def test_the_policy_for_deletions_waits_for_proof(deletes: str) -> None:
    options = {"deletes": deletes, "archive": {"name": "gone"}}
    world, left_id, right_id = linked(right_habits=DEAF, options=options)
    world.right.remove(right_id)
    world.run(full=True)
    assert (world.left.rows()[left_id]["name"], world.conflicts()) == ("Ann", [])
    world.run(full=True)
    done = {
        "ignore": lambda: world.link(left_id).state == "closed",
        "ask": lambda: len(world.conflicts()) == 1,
        "archive": lambda: world.left.rows()[left_id]["name"] == "gone",
    }
    assert done[deletes]()
    world.run(full=True)
    assert left_id in world.left.rows()
