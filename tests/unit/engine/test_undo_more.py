"""Undo on the left, across references, of what was recovered, and of many writes at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_family import Family
from test_undo import All, changed, last_run, still, undo
from world import fail, linked

from crosstie.core.causes import FOUND
from crosstie.core.errors import Halt, Retry
from crosstie.core.values import Side
from crosstie.engine.brake import UNDO
from crosstie.engine.takeback import Job, take_back
from crosstie.engine.undo import DOUBT, written
from crosstie.ports import UNDONE, Entry
from crosstie.testing.fakes import drive


def test_what_was_written_on_the_left_is_taken_back_there() -> None:
    world, left_id, right_id = linked()
    world.right.edit(right_id, name="Anna")
    new = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    world.run()
    run_id = last_run(world)
    assert sorted(undo(world, run_id)[2]) == ["delete", "update"]
    assert world.left.rows()[left_id]["name"] == "Ann"
    assert world.right.rows()[right_id]["name"] == "Anna"
    assert (len(world.lefts()), len(world.rights())) == (6, 7)
    still(world)
    world.right.edit(new, phone="9")
    world.quiet()
    assert len(world.lefts()) == 7


def test_a_delete_on_the_left_is_made_again_there() -> None:
    world, left_id, right_id = linked()
    world.right.remove(right_id)
    for _ in range(3):
        world.run(full=True)
        world.clock.advance(200)
    assert left_id not in world.left.rows()
    run_id = next(r.id for r in drive(world.store.runs(9)) if "people.deleted_left" in r.counts)
    assert undo(world, run_id)[2] == ["create"]
    assert (len(world.lefts()), len(world.rights())) == (6, 5)
    still(world)


def test_a_write_whose_answer_was_lost_is_taken_back_and_said_to_be_doubtful() -> None:
    world, left_id, right_id = linked()
    first = last_run(world)
    world.left.edit(left_id, name="Anna")
    fail(world.right, "update", Retry("timed out", unknown=True), after=True)
    world.run()
    new = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Retry("timed out", unknown=True), after=True)
    world.quiet()
    made = world.link(new).right_id
    assert [world.history(each)[-1].cause for each in (left_id, new)] == [FOUND, FOUND]
    told = []
    for run in drive(world.store.runs(9)):
        if run.id > first:
            job = undo(world, run.id)[1]
            assert isinstance(job.judge, All)
            told += [(op.kind, op.cause.endswith(DOUBT)) for op in job.judge.applied]
    assert sorted(told) == [("delete", True), ("update", True)]
    assert world.right.rows()[right_id]["name"] == "Ann"
    assert made not in world.right.rows()
    still(world)


def test_an_account_that_is_down_stops_the_undo_and_nothing_else() -> None:
    world, _, right_id, run_id = changed()
    fail(world.right, "update", Halt("no", login=True))
    own = drive(world.store.start_run(UNDO, world.clock.now()))
    judge = All()
    work = replace(world.work(), run_id=own)
    drive(take_back([work], Job(run_id, judge, world.store)))
    assert judge.applied == []
    assert [str(halt) for halt in work.ledger.halted.values()] == ["no"]
    assert undo(world, run_id)[2] == ["update"]
    assert world.right.rows()[right_id]["name"] == "Ann"
    still(world)


def test_the_engine_does_not_count_an_undos_deletions_against_its_brake() -> None:
    world, _, _ = linked()
    for number in range(30):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone="1")
    world.run()
    assert len(undo(world, last_run(world))[2]) == 30
    world.left.remove(world.add(name="Z", email="z@x.example", phone="1"))
    gone = next(iter(world.left.rows()))
    world.left.remove(gone)
    assert world.run().held == {}


def _family_undo(family: Family, run_id: int) -> list[str]:
    own = drive(family.store.start_run(UNDO, family.clock.now()))
    judge = All()
    works = [replace(work, run_id=own) for work in family.works()]
    job = Job(run_id, judge, family.store)
    drive(take_back(works, job))
    assert job.failed == []
    return [f"{operation.kind} {operation.sync}" for operation in judge.applied]


def test_children_go_before_their_parents_and_come_after_them() -> None:
    family = Family()
    mother = family.boxes["parents", "left"].add({"name": "Mo"})
    family.boxes["children", "left"].add({"name": "Kid", "parent": mother})
    family.run()
    [first, *_] = drive(family.store.runs(9))
    assert len(family.boxes["children", "right"].rows()) == 1
    assert _family_undo(family, first.id) == ["delete children", "delete parents"]
    own = drive(family.store.runs(1))[0].id
    assert _family_undo(family, own) == ["create parents", "create children"]
    [parent] = family.boxes["parents", "right"].rows()
    [child] = family.boxes["children", "right"].rows().values()
    assert child["parent"] == parent


def test_a_child_that_was_deleted_with_its_parent_names_the_new_parent() -> None:
    family = Family()
    lefts = {kind: family.boxes[kind, "left"] for kind in ("parents", "children")}
    others = [lefts["parents"].add({"name": f"P{n}"}) for n in range(4)]
    mother = lefts["parents"].add({"name": "Mo"})
    kid = lefts["children"].add({"name": "Kid", "parent": mother})
    for other in others:
        lefts["children"].add({"name": f"K{other}", "parent": other})
    family.run()
    for kind, gone in (("children", kid), ("parents", mother)):
        lefts[kind].remove(gone)
        for _ in range(3):
            family.run()
            family.clock.advance(5_000)
    deleting = [
        run.id
        for run in reversed(drive(family.store.runs(20)))
        if any("deleted" in name for name in run.counts)
    ]
    done = [what for run_id in reversed(deleting) for what in _family_undo(family, run_id)]
    assert done == ["create parents", "create children"]
    rights = family.boxes["parents", "right"].rows()
    [new] = [i for i, row in rights.items() if row["name"] == "Mo"]
    [child] = [
        row for row in family.boxes["children", "right"].rows().values() if row["name"] == "Kid"
    ]
    assert child["parent"] == new


def test_what_was_made_again_is_found_although_its_parent_was_deleted_since() -> None:
    family = Family()
    lefts = {kind: family.boxes[kind, "left"] for kind in ("parents", "children")}
    rights = {kind: family.boxes[kind, "right"] for kind in ("parents", "children")}
    for number in range(4):
        lefts["parents"].add({"name": f"P{number}"})
    mother = lefts["parents"].add({"name": "Mo"})
    kids = [lefts["children"].add({"name": f"Kid {n}", "parent": mother}) for n in range(4)]
    family.run()
    lefts["children"].remove(kids[0])
    for _ in range(3):
        family.run()
        family.clock.advance(5_000)
    deleting = next(
        r.id for r in drive(family.store.runs(9)) if "children.deleted_right" in r.counts
    )
    lost = Retry("no answer came", unknown=True)
    fail(rights["children"], "create", lost, after=True)
    own = drive(family.store.start_run(UNDO, family.clock.now()))
    works = [replace(work, run_id=own) for work in family.works()]
    drive(take_back(works, Job(deleting, All(), family.store)))
    lefts["parents"].remove(mother)
    [gone] = [i for i, row in rights["parents"].rows().items() if row["name"] == "Mo"]
    rights["parents"].remove(gone)
    for _ in range(3):
        family.clock.advance(5_000)
        family.run()
    [made] = [i for i, row in rights["children"].rows().items() if row["name"] == "Kid 0"]
    link = drive(family.store.links_at("children", Side.RIGHT, [made]))[made]
    assert drive(family.store.open_intents([link.id])) == []
    assert (link.error, link.waits_for) == (UNDONE, None)


def _entry(number: int, operation: str, before: dict[str, object], after: object) -> Entry:
    fields = after if isinstance(after, dict) else {}
    return Entry(Side.RIGHT, "r", operation, "told", before, fields, link_id=1, id=number)


@pytest.mark.parametrize(
    ("entries", "kind", "before", "after"),
    [
        (
            [_entry(1, "update", {"a": 1}, {"a": 2}), _entry(2, "update", {"a": 2}, {"a": 3})],
            "update",
            {"a": 1},
            {"a": 3},
        ),
        (
            [_entry(1, "update", {"a": 1}, {"a": 2}), _entry(2, "update", {"a": 2}, {"a": 1})],
            "update",
            {"a": 1},
            {},
        ),
        (
            [_entry(1, "create", {}, {"a": 1}), _entry(2, "update", {"a": 1}, {"a": 2})],
            "create",
            {"a": 1},
            {"a": 2},
        ),
        (
            [_entry(1, "update", {"a": 1}, {"a": 2}), _entry(2, "delete", {"a": 2, "b": 3}, {})],
            "delete",
            {"a": 1, "b": 3},
            {"a": 2},
        ),
    ],
)
def test_the_writes_of_one_run_are_taken_together(
    entries: list[Entry], kind: str, before: object, after: object
) -> None:
    [one] = written(entries)
    assert (one.kind, one.before, one.after, one.last) == (kind, before, after, 2)


def test_a_record_that_came_and_went_in_one_run_leaves_nothing_to_undo() -> None:
    assert written([_entry(1, "create", {}, {"a": 1}), _entry(2, "delete", {"a": 1}, {})]) == []
    assert written([_entry(1, "conflict", {}, {}), _entry(2, "link", {}, {})]) == []
