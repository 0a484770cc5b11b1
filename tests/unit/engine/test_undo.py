"""Undo of runs: exact, safe at every call, and never applied a second time by the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from world import NAMES, World, fail, linked, on

from crosstie.core.errors import Rejected, Retry
from crosstie.core.plan import Planned
from crosstie.engine.brake import UNDO
from crosstie.engine.takeback import Job, take_back
from crosstie.ports import UNDONE
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.memory import Behaviour


class All:
    """The judge that lets everything pass."""

    def __init__(self) -> None:
        self.applied: list[Planned] = []

    def permits(self, operation: Planned) -> bool:
        self.applied.append(operation)
        return True

    def withdrawn(self, operation: Planned) -> None:
        self.applied.remove(operation)

    @property
    def over(self) -> bool:
        return False


def last_run(world: World) -> int:
    return drive(world.store.runs(1))[0].id


def undo(world: World, run_id: int) -> tuple[int, Job, Sequence[str]]:
    """Undo a run in a new process; its own run, the job, and what was done."""
    own = drive(world.store.start_run(UNDO, world.clock.now()))
    judge = All()
    job = Job(run_id, judge, world.store)
    work = replace(world.work(), run_id=own)
    drive(take_back([work], job))
    counts = dict(work.ledger.counts)
    drive(world.store.finish_run(own, world.clock.now(), counts, None))
    return own, job, [operation.kind for operation in judge.applied]


def still(world: World) -> None:
    """The engine finds nothing to do, by its feeds and by a complete scan."""
    before = (world.left.rows(), world.right.rows())
    for full in (False, True, True):
        world.clock.advance(100)
        assert world.run(full=full).writes == 0
    assert (world.left.rows(), world.right.rows()) == before
    assert world.conflicts() == []
    assert drive(world.store.figures("people", world.clock.now())).intents == 0


def changed(**options: Any) -> tuple[World, str, str, int]:
    """A pair whose right got a new name from the left."""
    world, left_id, right_id = linked(**options)
    world.left.edit(left_id, name="Anna")
    world.run()
    assert world.right.rows()[right_id]["name"] == "Anna"
    return world, left_id, right_id, last_run(world)


def test_an_update_is_taken_back_on_our_side_only_and_not_made_again() -> None:
    world, left_id, right_id, run_id = changed()
    _, job, done = undo(world, run_id)
    assert (done, job.left, job.failed) == (["update"], [], [])
    assert world.right.rows()[right_id]["name"] == "Ann"
    assert world.left.rows()[left_id]["name"] == "Anna"
    still(world)
    last = world.history(left_id)[-1]
    assert (last.cause, last.before["name"], last.after["name"]) == (
        f"undo of run {run_id}",
        "Anna",
        "Ann",
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_next_edit_of_either_side_travels_again(side: str) -> None:
    world, left_id, right_id, run_id = changed()
    undo(world, run_id)
    record = left_id if side == "left" else right_id
    getattr(world, side).edit(record, name="Anne")
    world.quiet()
    assert world.left.rows()[left_id]["name"] == world.right.rows()[right_id]["name"] == "Anne"


def test_an_undo_is_done_once_and_can_be_undone_and_that_too() -> None:
    world, _, right_id, run_id = changed()
    own, _, _ = undo(world, run_id)
    assert undo(world, run_id)[2] == []
    again, _, done = undo(world, own)
    assert done == ["update"]
    assert world.right.rows()[right_id]["name"] == "Anna"
    still(world)
    assert undo(world, again)[2] == ["update"]
    assert world.right.rows()[right_id]["name"] == "Ann"
    still(world)


def test_fields_that_were_changed_since_are_left_alone() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna", phone="9")
    world.run()
    run_id = last_run(world)
    world.right.edit(right_id, phone="10")
    _, job, done = undo(world, run_id)
    assert done == ["update"]
    assert [(o.cause, list(o.changes)) for o in job.left] == [
        ("left alone: changed since on the right", ["phone"])
    ]
    assert world.right.rows()[right_id]["phone"] == "10"
    world.quiet()
    assert world.left.rows()[left_id]["phone"] == "10"
    assert world.left.rows()[left_id]["name"] == "Anna"


def test_an_edit_of_the_source_that_was_not_brought_over_yet_is_not_swallowed() -> None:
    world, left_id, right_id, run_id = changed()
    world.left.edit(left_id, name="Annabel")
    _, job, done = undo(world, run_id)
    assert (done, len(job.left)) == ([], 1)
    world.quiet()
    assert world.right.rows()[right_id]["name"] == "Annabel"


def test_a_create_is_taken_back_and_not_made_again_until_the_record_changes() -> None:
    world, _left_id, _ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    run_id = last_run(world)
    assert undo(world, run_id)[2] == ["delete"]
    assert len(world.rights()) == 6
    assert new in world.left.rows()
    still(world)
    # A change feed that tells of it once more is no change.
    drive(world.store.wake([], 0.0))
    link = world.link(new)
    assert (link.error, link.right_id) == (UNDONE, None)
    world.left.edit(new, phone="9")
    world.quiet()
    assert {"name": "New", "email": "new@x.example", "phone": "9"} in world.rights()


def test_a_record_told_of_again_without_a_change_stays_taken_back() -> None:
    from crosstie.ports import Sighting

    world, _, _ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    undo(world, last_run(world))
    drive(world.store.notice("people", world._side("left"), [Sighting(new)], 0.0))
    assert world.run().writes == 0
    assert len(world.rights()) == 6


def test_a_created_record_that_somebody_edited_stays() -> None:
    world, _, _ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    run_id, right_id = last_run(world), world.link(new).right_id
    world.right.edit(right_id, phone="99")
    _, job, done = undo(world, run_id)
    assert (done, job.left[0].cause) == ([], "left alone: changed since on the right")
    assert right_id in world.right.rows()


def test_the_undo_of_an_undone_create_links_both_again() -> None:
    world, _, _ = linked()
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    own, _, _ = undo(world, last_run(world))
    assert undo(world, own)[2] == ["create"]
    link = world.link(new)
    assert world.right.rows()[link.right_id]["name"] == "New"
    assert link.error is None
    still(world)
    world.left.edit(new, phone="9")
    world.quiet()
    assert world.right.rows()[link.right_id]["phone"] == "9"


def test_an_archive_is_what_undoes_a_create_where_the_sync_archives() -> None:
    world, _, _ = linked(options={"deletes": "archive", "archive": {"phone": "gone"}})
    new = world.add(name="New", email="new@x.example", phone="8")
    world.run()
    run_id, right_id = last_run(world), world.link(new).right_id
    assert undo(world, run_id)[2] == ["archive"]
    assert world.right.rows()[right_id]["phone"] == "gone"
    assert world.left.rows()[new]["phone"] == "8"
    still(world)
    assert undo(world, run_id)[2] == []


def deleted(**options: Any) -> tuple[World, str, str, int]:
    """A pair whose left was deleted by a person, and whose right by us."""
    world, left_id, right_id = linked(**options)
    world.left.remove(left_id)
    for _ in range(3):
        world.run(full=True)
        world.clock.advance(200)
    assert right_id not in world.right.rows()
    run_id = next(r.id for r in drive(world.store.runs(9)) if "people.deleted_right" in r.counts)
    return world, left_id, right_id, run_id


def test_a_delete_is_taken_back_with_a_new_id_and_stays_alone_until_it_changes() -> None:
    world, _left_id, right_id, run_id = deleted()
    _, job, done = undo(world, run_id)
    assert (done, job.failed) == (["create"], [])
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "Ann"]
    assert made != right_id
    assert world.right.rows()[made]["email"] == "ann@x.example"
    assert len(world.lefts()) == 5
    still(world)
    assert undo(world, run_id)[2] == [], "done once"
    world.right.edit(made, phone="77")
    world.quiet()
    assert {"name": "Ann", "email": "ann@x.example", "phone": "77"} in world.lefts()


def test_a_restored_record_meets_a_new_one_across_by_its_key() -> None:
    world, _, _, run_id = deleted()
    undo(world, run_id)
    again = world.add(name="Ann", email="ann@x.example", phone="1")
    world.quiet()
    assert len(world.rights()) == 6
    assert world.link(again).right_id is not None


def test_a_delete_is_not_taken_back_beside_a_record_with_the_same_key() -> None:
    world, _, _, run_id = deleted()
    twin = world.right.add({"name": "Ann", "email": "ann@x.example", "phone": "5"})
    _, job, done = undo(world, run_id)
    assert done == []
    assert job.left[0].cause.endswith(f"a record with the same match key: {twin}")


Scenario = Callable[..., tuple[World, int]]


def _update(**options: Any) -> tuple[World, int]:
    world, _, _, run_id = changed(**options)
    return world, run_id


def _create(**options: Any) -> tuple[World, int]:
    world, _, _ = linked(**options)
    world.add(name="New", email="new@x.example", phone="8")
    world.run()
    return world, last_run(world)


def _delete(**options: Any) -> tuple[World, int]:
    world, _, _, run_id = deleted(**options)
    return world, run_id


SCENARIOS = [_update, _create, _delete]
WANTED = {_update: (6, 6), _create: (7, 6), _delete: (5, 6)}


def _habits(**more: Any) -> Behaviour:
    return Behaviour(**{"searchable": NAMES, "read_batch": 1, **more})


def _taken_back(world: World, scenario: Scenario, run_id: int) -> None:
    """However it broke off: the engine goes on, the undo is asked for again, and all is well."""
    for _ in range(3):
        world.clock.advance(200)
        world.run()
    undo(world, run_id)
    still(world)
    assert (len(world.lefts()), len(world.rights())) == WANTED[scenario]
    names = sorted(row["name"] for row in world.rights())
    assert names.count("Ann") == 1
    emails = [row["email"] for row in world.rights()]
    assert len(emails) == len(set(emails)), "nothing is doubled"


@pytest.mark.parametrize("engine_first", [True, False])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("marker", [True, False])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_at_the_call_of_the_other_system(
    scenario: Scenario, marker: bool, after: bool, engine_first: bool
) -> None:
    world, run_id = scenario(right_habits=_habits(marker=marker, search_lag=5.0))
    verb = {_update: "update", _create: "delete", _delete: "create"}[scenario]
    fail(world.right, verb, Crash(), after=after)
    with pytest.raises(Crash):
        undo(world, run_id)
    if not engine_first:
        undo(world, run_id)
    _taken_back(world, scenario, run_id)


@pytest.mark.parametrize("engine_first", [True, False])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_before_any_transaction(
    scenario: Scenario, engine_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 12):
        world, run_id = scenario(right_habits=_habits(marker=True))
        store, made = world.store, 0
        original = store._write

        def dying(*args: Any, original: Any = original, number: int = number, **more: Any) -> Any:
            nonlocal made
            made += 1
            if made == number:
                raise Crash
            return original(*args, **more)

        died = False
        with monkeypatch.context() as patch:
            patch.setattr(store, "_write", dying)
            try:
                undo(world, run_id)
            except Crash:
                died = True
        if not engine_first:
            undo(world, run_id)
        _taken_back(world, scenario, run_id)
        if not died:
            return
    raise AssertionError("the undo never ended")


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_lost_answer_is_found_out(scenario: Scenario, after: bool) -> None:
    world, run_id = scenario(right_habits=_habits(search_lag=5.0))
    verb = {_update: "update", _create: "delete", _delete: "create"}[scenario]
    fail(world.right, verb, Retry("timed out", unknown=True), after=after)
    _, job, done = undo(world, run_id)
    assert (len(job.failed), done) == (1, [])
    _taken_back(world, scenario, run_id)


def test_what_the_system_refuses_is_told_and_changes_nothing() -> None:
    world, _left_id, right_id, run_id = changed()
    fail(world.right, "update", Rejected("no", fix="do"))
    _, job, done = undo(world, run_id)
    assert (done, [text for _, text in job.failed]) == ([], ["no fix: do"])
    assert world.right.rows()[right_id]["name"] == "Anna"
    still(world)


def test_a_record_that_moves_under_our_hands_is_read_and_decided_again() -> None:
    habits = _habits(conditional_write=True)
    world, _left_id, right_id, run_id = changed(right_habits=habits)
    on(world.right, "update", lambda: world.right.edit(right_id, name="Zoe"))
    _, job, done = undo(world, run_id)
    assert done == []
    assert job.left[0].cause == "left alone: changed since on the right"
    assert world.right.rows()[right_id]["name"] == "Zoe"
