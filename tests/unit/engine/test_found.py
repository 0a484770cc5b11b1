"""What the simulator found, each as the shortest story that showed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from world import World, fail, far, linked, near, state

from crosstie import Tags, Text
from crosstie import field as say
from crosstie.core.errors import Retry
from crosstie.core.values import LinkState, Side
from crosstie.engine.takeback import Job, take_back
from crosstie.ports import Answer, Found
from crosstie.service.judging import Chosen
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.simulator import Scenario, act, crashed_at


def test_a_complete_scan_that_fails_leaves_no_new_record_unseen() -> None:
    world, _, _ = linked()
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    fail(world.right, "scan", Retry("down", counts=False))
    assert world.run(full=True).missed
    world.clock.advance(60)
    world.run()
    assert right_id in {link.right_id for link in state(world, LinkState.ACTIVE)}


@pytest.mark.parametrize("looks", [None, {"people": [Side.RIGHT]}])
def test_a_process_that_dies_in_a_complete_scan_leaves_no_new_record_unseen(looks: Any) -> None:
    world, _, _ = linked()
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    fail(world.right, "scan", Crash())
    with pytest.raises(Crash):
        world.run(full=True)
    world.clock.advance(60)
    world.run(looks=looks)
    assert right_id in {link.right_id for link in state(world, LinkState.ACTIVE)}


def test_the_twin_of_a_record_whose_create_is_asked_about_does_not_die() -> None:
    world, _, _ = linked(right_habits=far(searchable=()))
    fail(world.right, "create", Retry("no answer", unknown=True))
    world.add(name="New", email="new@x.example", phone="8")
    world.quiet()
    world.right.add({"name": "Twin", "email": "new@x.example", "phone": "9"})
    world.quiet(pause=90.0)
    assert [c.kind.value for c in world.conflicts()][:1] == ["unknown"]
    assert state(world, LinkState.DEAD) == []


def test_a_deletion_reaches_a_record_whose_parent_was_deleted_too() -> None:
    story = Scenario(
        "parent and child are deleted",
        [act("remove", Side.LEFT, record=1), act("remove", Side.LEFT, sync=1, record=0)],
        world="family",
    )
    assert crashed_at(story).violations == []


def test_a_person_whose_answer_was_no_use_is_asked_again() -> None:
    world, left_id, _ = linked(
        left_habits=near(searchable=()), right_habits=far(searchable=(), unique="email")
    )
    email = world.left.rows()[left_id]["email"]
    world.add(name="Another Ann", email=email, phone="7")
    world.quiet()
    [asked] = world.conflicts()
    drive(world.store.answer(asked.id, Answer(pair=""), world.clock.now()))
    world.quiet()
    assert [conflict.answer for conflict in world.conflicts()] == [None]


def test_a_new_record_that_a_read_does_not_show_yet_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, _, _ = linked()
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})

    async def late(ids: Sequence[str]) -> Found:
        return Found({}, frozenset(ids))

    with monkeypatch.context() as patched:
        patched.setattr(world.right, "read", late)
        world.run()
    for _ in range(3):
        world.clock.advance(90)
        world.run()
    assert right_id in {link.right_id for link in state(world, LinkState.ACTIVE)}


def test_an_ambiguous_match_that_a_person_is_asked_about_is_not_made_from_the_other_side() -> None:
    world, _, _ = linked()
    for phone in ("8", "9"):
        world.right.add({"name": "Twin", "email": "new@x.example", "phone": phone})
    left_id = world.add(name="Twin", email="new@x.example", phone="8")
    world.run()
    asked = {conflict.kind.value for conflict in world.conflicts()}
    assert asked == {"match"}
    assert world.link(left_id).right_id is None


def test_a_union_whose_answer_was_lost_still_reaches_both_sides() -> None:
    fields = [say("email", "email", Text()), say("tags", "tags", Tags(), policy="union")]
    names = ("email", "tags")
    world = World(fields=fields, left_names=names, right_names=names)
    left = world.left.add({"email": "a@x.example", "tags": ["old"]})
    right = world.right.add({"email": "a@x.example", "tags": ["old"]})
    world.quiet()
    world.left.edit(left, tags=["old", "of the left"])
    world.right.edit(right, tags=["old", "of the right"])
    fail(world.right, "update", Retry("no answer came", unknown=True), after=True)
    world.quiet()
    united = {"old", "of the left", "of the right"}
    assert set(world.left.rows()[left]["tags"]) == united
    assert set(world.right.rows()[right]["tags"]) == united


def test_a_value_that_a_person_gave_survives_a_lost_answer() -> None:
    world, left, right = linked()
    world.left.edit(left, name="of the left")
    world.right.edit(right, name="of the right")
    world.run()
    [asked] = world.conflicts()
    answer = Answer(values={"name": "of a person"})
    drive(world.store.answer(asked.id, answer, world.clock.now()))
    fail(world.right, "update", Retry("no answer came", unknown=True), after=True)
    world.quiet()
    assert world.left.rows()[left]["name"] == "of a person"
    assert world.right.rows()[right]["name"] == "of a person"


def test_an_undo_that_died_before_its_create_is_made_by_the_next() -> None:
    world, left, _ = linked()
    world.add(name="b", email="b@x.example", phone="2")
    world.quiet()
    before = sorted(map(str, world.right.rows().values()))
    world.left.remove(left)
    report = world.run()
    assert report.total("deleted_right") == 1

    def undo() -> None:
        job = Job(report.run_id, Chosen(None), world.store)
        drive(take_back([replace(world.work(), run_id=report.run_id + 1)], job))

    habits = world.right.behaviour
    world.right.behaviour = replace(habits, before=_dies)
    with pytest.raises(Crash):
        undo()
    world.right.behaviour = habits
    world.clock.advance(60)
    undo()
    assert sorted(map(str, world.right.rows().values())) == before


def test_a_record_that_was_archived_is_asked_about_when_its_counterpart_is_entered_anew() -> None:
    world, left_id, right_id = linked(options={"deletes": "archive", "archive": {"name": "gone"}})
    email = world.left.rows()[left_id]["email"]
    world.left.remove(left_id)
    world.quiet()
    assert [link.right_id for link in state(world, LinkState.CLOSED)] == [right_id]
    again = world.add(name="Ann", email=email, phone="1")
    world.quiet()
    assert state(world, LinkState.DEAD) == []
    [asked] = world.conflicts()
    assert asked.candidates == (right_id,)
    drive(world.store.answer(asked.id, Answer(pair=right_id), world.clock.now()))
    world.quiet()
    assert world.link(again).right_id == right_id


def _dies(verb: str, call: int) -> None:
    if verb == "create":
        raise Crash
