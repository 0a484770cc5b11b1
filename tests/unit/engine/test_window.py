"""A system that lists a part alone: what is not listed is missing only where it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from world import World, far, linked

from crosstie import Integer, Text
from crosstie import field as say
from crosstie.core.values import Json, Side
from crosstie.engine import window
from crosstie.engine.planner import plan
from crosstie.ports import ConflictKind
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour

OUTSIDE = "999999"


def short(phone: Json) -> bool:
    """In the window: a phone of three digits at most."""
    return isinstance(phone, str) and len(phone) <= 3


def windowed(**habits: Any) -> Behaviour:
    """A remote system without a feed that lists short phones alone."""
    return far(has_changes=False, sees_deletes=False, window=("phone", short), **habits)


def suspected(world: World) -> frozenset[int]:
    return drive(world.store.suspected("people"))


def test_a_record_that_leaves_the_window_lives_and_its_change_arrives() -> None:
    world, left_id, right_id = linked(right_habits=windowed())
    world.right.edit(right_id, phone=OUTSIDE, name="Anna")
    assert world.run(full=True).writes == 0
    world.run(full=True)
    assert world.left.rows()[left_id]["phone"] == OUTSIDE
    assert world.left.rows()[left_id]["name"] == "Anna"
    assert suspected(world) == frozenset()
    reads = world.right.calls["read"]
    for _ in range(3):
        world.clock.advance(100)
        assert world.run(full=True).writes == 0
    assert world.right.calls["read"] == reads, "who is known to be outside is not looked for"


def test_a_window_that_moves_on_from_all_records_is_no_emptied_system() -> None:
    world, left_id, _ = linked(right_habits=windowed())
    world.right.behaviour = replace(world.right.behaviour, window=("phone", lambda phone: False))
    reads = world.right.calls["read"]
    for _ in range(3):
        world.clock.advance(100)
        report = world.run(full=True)
        assert (report.writes, report.held, report.total("missing_right")) == (0, {}, 0)
    assert world.right.calls["read"] == reads
    assert left_id in world.left.rows()


def test_strangers_in_the_window_and_nobody_known_is_no_other_system() -> None:
    world, _, _ = linked(right_habits=windowed())
    world.right.behaviour = replace(
        world.right.behaviour, window=("phone", lambda phone: phone == "new")
    )
    world.right.add({"name": "Zoe", "email": "zoe@x.example", "phone": "new"})
    report = world.run(full=True)
    assert report.held == {}
    assert {"zoe@x.example"} <= {row["email"] for row in world.left.rows().values()}


def test_a_deletion_inside_the_window_is_believed_after_two_listings() -> None:
    world, left_id, right_id = linked(right_habits=windowed())
    world.right.remove(right_id)
    assert world.run(full=True).total("missing_right") == 1
    assert left_id in world.left.rows()
    world.run(full=True)
    assert left_id not in world.left.rows()


def test_a_deletion_outside_the_window_is_believed_once_a_read_raised_the_suspicion() -> None:
    world, left_id, right_id = linked(right_habits=windowed())
    world.left.edit(left_id, phone=OUTSIDE)
    world.run()
    world.right.remove(right_id)
    for _ in range(3):
        world.clock.advance(100)
        world.run(full=True)
    assert left_id in world.left.rows(), "no listing says anything of it"
    world.left.edit(left_id, name="Anna")
    for _ in range(4):
        world.clock.advance(100)
        world.run(full=True)
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.deleted) == (ConflictKind.DELETE, Side.RIGHT)


def test_nothing_is_concluded_where_the_field_of_the_window_is_not_mapped() -> None:
    fields = [say(name, name, Text()) for name in ("name", "email")]
    habits = windowed(normalise=lambda row: {**row, "phone": row["phone"] or "1"})
    world, left_id, right_id = linked(right_habits=habits, fields=fields)
    world.right.remove(right_id)
    for _ in range(3):
        world.clock.advance(100)
        world.run(full=True)
    assert left_id in world.left.rows()


def test_a_value_that_the_lens_of_now_cannot_write_is_in_no_window() -> None:
    world, left_id, right_id = linked(right_habits=windowed())
    world.left.edit(left_id, phone="abc")
    world.run()
    assert drive(window.missing(world.work(), Side.RIGHT, [right_id])) == [right_id]
    numbers = [say("name", "name"), say("email", "email"), say("phone", "phone", Integer())]
    world.sync = replace(world.sync, fields=numbers)
    assert drive(window.missing(world.work(), Side.RIGHT, [right_id])) == []


def test_who_matches_outside_the_window_is_linked_and_no_second_one_is_made() -> None:
    world = World(right_habits=windowed())
    world.add(name="Ann", email="ann@x.example", phone=OUTSIDE)
    world.right.add({"name": "Ann", "email": "ann@x.example", "phone": OUTSIDE})
    planned = drive(plan([world.work()], full=True))
    assert [operation.kind for operation in planned.operations] == []
    world.quiet()
    assert len(world.right.rows()) == 1


def test_a_plan_looks_at_the_window_as_a_run_does() -> None:
    world, _, right_id = linked(right_habits=windowed())
    world.right.remove(right_id)
    planned = drive(plan([world.work()], full=True))
    assert planned.operations == ()
    assert "1 linked records are missing in a listing" in planned.warnings[0]
