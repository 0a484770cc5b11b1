"""What the simulator found, each as the shortest story that showed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from test_family import Family
from world import World, fail, far, linked, near, state

from crosstie import Tags, Text
from crosstie import field as say
from crosstie.core.causes import FOUND
from crosstie.core.errors import Rejected, Retry
from crosstie.core.values import Cursor, LinkState, Page, Side
from crosstie.engine.planner import plan
from crosstie.engine.run import Options, run
from crosstie.engine.takeback import Job, take_back
from crosstie.ports import Answer, Found
from crosstie.service.applying import Exactly
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


def test_a_record_that_the_feed_tells_of_and_the_listing_omits_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, _, _ = linked()
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    listed = world.right.scan

    async def omits(cursor: Cursor | None) -> Page:
        page = await listed(cursor)
        return replace(page, entries=[r for r in page.entries if r.id != right_id])

    monkeypatch.setattr(world.right, "scan", omits)
    world.run(full=True)
    assert right_id in {link.right_id for link in state(world, LinkState.ACTIVE)}


def test_who_is_asked_about_with_one_record_is_not_paired_with_its_neighbour() -> None:
    world = World(right_habits=far(has_changes=False), options={"creates": "left"})
    alone = world.add(name="Ann", email="ann@x.example", phone="1")
    world.quiet()
    twin = world.add(name="Anna", email="ann@x.example", phone="2")
    right_id = world.right.add({"name": "Ann", "email": "ann@x.example", "phone": "3"})
    world.quiet()
    asked = {c.candidates for c in world.conflicts()}
    assert asked == {(right_id,), (alone, twin)}


def test_what_a_plan_creates_and_is_there_already_is_linked_and_not_changed() -> None:
    world, _, _ = linked(right_habits=far(searchable=(), unique="email", has_changes=False))
    world.add(name="New", email="new@x.example", phone="8")
    planned = drive(plan([world.work()], full=False))
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": None})
    gate = Exactly(planned.operations)
    drive(run([replace(world.work(), gate=gate)], world.store, Options()))
    assert world.right.rows()[right_id]["phone"] is None
    assert [link.right_id for link in state(world, LinkState.ACTIVE)].count(right_id) == 1


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


LOST = Retry("no answer came", unknown=True)


def orphaned(made_on: Side, **habits: bool) -> tuple[Family, str, str]:
    """A child whose create lost its answer, and whose parent is deleted before it is found out."""
    family, own = Family(), made_on.other
    boxes = family.boxes
    for number in range(5):
        boxes["parents", "left"].add({"name": f"P{number}"})
    family.run()
    parent = boxes["parents", own].add({"name": "Ann"})
    family.run()
    box = boxes["children", made_on]
    box.behaviour = replace(box.behaviour, **habits)
    child = boxes["children", own].add({"name": "Kid", "parent": parent})
    fail(box, "create", LOST, after=True)
    family.run()
    [made] = box.rows()
    boxes["parents", own].remove(parent)
    return family, child, made


@pytest.mark.parametrize("marker", [False, True], ids=["by what was sent", "by our marker"])
@pytest.mark.parametrize("made_on", list(Side))
def test_a_create_is_found_again_although_its_parent_was_deleted(
    made_on: Side, marker: bool
) -> None:
    family, child, made = orphaned(made_on, marker=marker)
    for _ in range(6):
        family.clock.advance(4_000)
        family.run()
    found = drive(family.store.links_at("children", made_on, [made]))[made]
    assert found.id_of(made_on.other) == child
    assert drive(family.store.open_intents([found.id])) == []
    assert len(family.boxes["children", made_on].rows()) == 1, "nor is it made a second time"


def test_a_create_is_found_by_its_marker_although_it_was_given_to_another_parent() -> None:
    family, child, made = orphaned(Side.RIGHT, marker=True)
    family.boxes["children", "right"].edit(made, parent="nobody's")
    family.clock.advance(60)
    family.run()
    found = drive(family.store.links_at("children", Side.RIGHT, [made]))[made]
    assert (found.left_id, found.state) == (child, LinkState.WAITING)


def test_a_create_whose_source_cannot_be_read_any_more_is_found_again() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    left_id = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", LOST, after=True)
    world.run()
    [made] = set(world.right.rows()) - {link.right_id for link in state(world, LinkState.ACTIVE)}
    world.left.edit(left_id, name=["no", "text"])
    world.quiet()
    assert world.link(left_id).right_id == made
    assert world.link(left_id).error == "rejected:name"
    world.left.edit(left_id, name="New")
    world.quiet()
    assert world.lefts() == world.rights()


def spelt(row: dict[str, Any]) -> dict[str, Any]:
    """A system that rewrites names."""
    return {**row, "name": row["name"] and row["name"].upper()}


def edited_before_found(**options: Any) -> tuple[World, str, str]:
    """A create that lost its answer; a person edits what it made before anybody looks for it."""
    options["right_habits"] = far(normalise=spelt)
    world, *_ = linked(**options)
    left_id = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", LOST, after=True)
    world.run()
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "NEW"]
    world.right.edit(made, phone="9")
    return world, left_id, made


def test_what_a_system_made_of_a_lost_create_is_no_edit_although_somebody_edited_it() -> None:
    world, left_id, made = edited_before_found(options={"policy": "left"})
    world.quiet()
    assert world.link(left_id).right_id == made
    assert world.left.rows()[left_id]["name"] == "New"
    written = [e.after for e in world.history(left_id) if e.operation == "update"]
    assert [sorted(after) for after in written] == [["phone"]]


def test_who_cannot_be_read_is_not_taken_for_what_was_made() -> None:
    world, left_id, made = edited_before_found()
    world.right.edit(made, phone=["no", "text"])
    world.quiet()
    assert world.link(left_id).right_id is None
    assert world.link(left_id).error == "rejected:phone"


def test_of_several_that_match_a_lost_create_a_person_is_asked() -> None:
    world, left_id, _ = edited_before_found()
    world.right.add({"name": "Twin", "email": "new@x.example", "phone": "1"})
    world.quiet()
    assert world.link(left_id).state is LinkState.ASKING


def test_the_history_does_not_claim_what_somebody_else_may_have_written() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", LOST)
    world.run()
    world.right.edit(right_id, name="Anna")
    world.clock.advance(60)
    world.run()
    last = world.history(left_id)[-1]
    assert (last.operation, last.cause) == ("update", FOUND)
    assert (last.before, last.after) == ({"name": "Ann"}, {"name": "Anna"})


def test_the_history_does_not_claim_a_deletion_that_somebody_else_may_have_made() -> None:
    world, left_id, right_id = linked()
    link = world.link(left_id)
    world.left.remove(left_id)
    fail(world.right, "delete", LOST)
    world.run()
    world.right.remove(right_id)
    world.clock.advance(60)
    world.run()
    last = drive(world.store.history(link.id))[-1]
    assert (last.operation, last.cause) == ("delete", f"deleted on the left; {FOUND}")


@pytest.mark.parametrize("marker", [False, True])
def test_the_history_claims_a_lost_create_where_a_marker_proves_it(marker: bool) -> None:
    world, *_ = linked(right_habits=far(marker=marker))
    left_id = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", LOST, after=True)
    world.run()
    world.clock.advance(60)
    world.run()
    [told] = [e for e in world.history(left_id) if e.operation == "create"]
    assert told.cause == ("answer lost, found again" if marker else FOUND)


@pytest.mark.parametrize("feed", [False, True])
def test_a_refused_deletion_is_not_tried_again_at_each_complete_scan(feed: bool) -> None:
    world, left_id, right_id = linked(right_habits=far(has_changes=feed))
    fail(world.left, "delete", Rejected("no"), times=99)
    world.right.remove(right_id)
    for _ in range(8):
        world.clock.advance(4_000)
        world.run(full=True)
    assert world.left.calls["delete"] == 1
    assert world.link(left_id).state is LinkState.DEAD
    world.left.behaviour = near()
    drive(world.store.wake([world.link(left_id).id], world.clock.now()))
    world.quiet()
    assert left_id not in world.left.rows()


def _dies(verb: str, call: int) -> None:
    if verb == "create":
        raise Crash
