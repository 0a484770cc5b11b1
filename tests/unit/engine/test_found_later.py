"""What later schedules of the simulator found, each as the shortest story that showed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from test_family import Family
from world import Breath, Together, World, state

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
