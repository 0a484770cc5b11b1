"""What later schedules of the simulator found, each as the shortest story that showed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from test_family import Family
from test_undo import undo
from world import Breath, Together, World, fail, linked, near, state

from crosstie.core.errors import Retry
from crosstie.core.values import LinkState, Side
from crosstie.engine.run import Options, run
from crosstie.ports import Answer, Step
from crosstie.testing.fakes import drive


def breathing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other flights go on before anything is kept, and further where a write landed."""
    kept = world.store.keep

    async def keep(steps: Sequence[Step]) -> Any:
        for _ in range(5 if any(step.closes for step in steps) else 1):
            await Breath()
        return await kept(steps)

    monkeypatch.setattr(world.store, "keep", keep)


def together(world: World) -> None:
    """A run whose flights take turns."""
    drive(run([replace(world.work(), tasks=Together())], world.store, Options()))


def test_what_was_created_is_kept_although_what_it_refers_to_is_gone() -> None:
    family = Family()
    lefts, rights = family.boxes["children", "left"], family.boxes["children", "right"]
    parent = family.boxes["parents", "left"].add({"name": "Ann"})
    kid = lefts.add({"name": "Kid", "parent": parent})
    # More records, so that losing one is far from losing all.
    for number in range(5):
        family.boxes["parents", "left"].add({"name": f"P{number}"})
        lefts.add({"name": f"K{number}"})
    family.run()
    [right_kid] = [i for i, row in rights.rows().items() if row["name"] == "Kid"]
    [right_parent] = [
        i for i, row in family.boxes["parents", "right"].rows().items() if row["name"] == "Ann"
    ]
    family.boxes["parents", "left"].remove(parent)
    family.boxes["parents", "right"].remove(right_parent)
    lefts.remove(kid)
    rights.edit(right_kid, name="Kid of nobody")
    family.run()
    [asked] = drive(family.store.conflicts("children", 9))
    drive(family.store.answer(asked.id, Answer(take={"*": Side.RIGHT}), family.clock.now()))
    family.run()
    [made] = [i for i, row in lefts.rows().items() if row["name"] == "Kid of nobody"]
    [link] = drive(family.store.links_at("children", Side.LEFT, [made])).values()
    assert (link.right_id, link.state) == (right_kid, LinkState.WAITING)
    assert drive(family.store.open_intents([link.id])) == []
    told = [entry.operation for entry in drive(family.store.history(link.id))]
    assert told.count("create") == 2


def test_nobody_takes_what_was_created_for_a_namesake_before_it_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.run()
    breathing(world, monkeypatch)
    twins = [
        world.right.add({"name": name, "email": "twin@x.example", "phone": "1"})
        for name in ("One", "Other")
    ]
    together(world)
    world.clock.advance(20)
    world.quiet()
    assert state(world, LinkState.DEAD) == []
    [made] = world.left.rows()
    assert world.link(made).right_id == twins[0]
    [asked] = world.conflicts()
    assert (asked.kind.value, asked.candidates) == ("match", (made,))


def test_who_is_named_for_two_at_once_goes_to_one_and_the_other_is_asked_about_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(options={"creates": "right"})
    world.run()
    for number in range(4):
        world.add(name=f"L{number}", email=f"{number % 2}@x.example", phone="1")
    named = world.right.add({"name": "R", "email": "r@x.example", "phone": "2"})
    world.quiet()
    first, second, *_ = world.conflicts()
    for conflict in (first, second):
        drive(world.store.answer(conflict.id, Answer(pair=named), world.clock.now()))
    breathing(world, monkeypatch)
    together(world)
    assert state(world, LinkState.DEAD) == []
    assert [link.right_id for link in state(world, LinkState.ACTIVE)] == [named]
    notes = [conflict.note for conflict in world.conflicts()]
    assert notes.count("the right record that was named is linked to another record") == 1


def bring_back(world: World, gone: Side) -> None:
    """A person deletes a record, and says that it is to be there: with the next run."""
    link = world.link(next(iter(world.left.rows())))
    (world.left if gone is Side.LEFT else world.right).remove(link.id_of(gone))
    world.run()
    [asked] = world.conflicts()
    drive(world.store.answer(asked.id, Answer(take={"*": gone.other}), world.clock.now()))


def questions(world: World) -> int:
    """Lines of the whole history that tell of one, of links that are gone as well."""
    numbers = range(1, drive(world.store.given_out()) + 1)
    told = [entry for number in numbers for entry in drive(world.store.history(number))]
    return [entry.operation for entry in told].count("conflict")


@pytest.mark.parametrize("gone", list(Side))
def test_nobody_is_asked_about_a_record_that_its_maker_finds_in_the_same_run(gone: Side) -> None:
    world, *_ = linked(options={"deletes": "ask"})
    bring_back(world, gone)
    box = world.left if gone is Side.LEFT else world.right
    fail(box, "create", Retry("timed out", unknown=True), after=True)
    world.run()
    world.clock.advance(60)
    report = world.run()
    assert (report.total("recovered"), report.total("conflicts")) == (1, 0)
    assert (world.conflicts(), questions(world)) == ([], 1)
    assert len(world.lefts()) == 6
    assert world.lefts() == world.rights()


@pytest.mark.parametrize("gone", list(Side))
def test_nobody_is_asked_about_a_record_that_is_there_when_it_is_to_be_made(gone: Side) -> None:
    habits = {"left_habits": near(unique="email"), "right_habits": near(unique="email")}
    world, left_id, _ = linked(options={"deletes": "ask"}, **habits)
    entered = world.left.rows()[left_id]
    bring_back(world, gone)
    (world.left if gone is Side.LEFT else world.right).add(entered)
    report = world.run()
    assert (report.total("linked"), report.total("conflicts")) == (1, 0)
    assert (world.conflicts(), questions(world)) == ([], 1)
    assert len(world.lefts()) == 6
    assert world.lefts() == world.rights()


@pytest.mark.parametrize("gone", list(Side))
def test_nobody_is_asked_about_a_record_that_an_undo_finds_in_the_same_run(gone: Side) -> None:
    world, left_id, right_id = linked(right_habits=near())
    (world.right.remove(right_id) if gone is Side.LEFT else world.left.remove(left_id))
    deleted = world.run()
    assert deleted.total(f"deleted_{gone}") == 1
    box, across = (world.left, world.right) if gone is Side.LEFT else (world.right, world.left)
    fail(box, "create", Retry("timed out", unknown=True), after=True)
    undo(world, deleted.run_id)
    for name in ("One", "Other"):
        across.add({"name": name, "email": "ann@x.example", "phone": "1"})
    world.clock.advance(60)
    report = world.run()
    assert report.total("recovered") == 1
    assert len(world.conflicts()) == questions(world) == report.total("conflicts")
    assert [row["name"] for row in box.rows().values()].count("Ann") == 1
