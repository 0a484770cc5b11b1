"""Several records of a remote system share a match key: nobody is paired by chance."""

from __future__ import annotations

from typing import Any

from world import World, drive, far, state

from crosstie.core.values import LinkState, Side
from crosstie.engine.run import Options, run
from crosstie.ports import ConflictKind

TWIN = {"name": "Twin", "email": "twin@x.example", "phone": None}


def look_right(world: World) -> None:
    """A run that has not yet heard of what is new on the left."""
    drive(run([world.work()], world.store, Options(looks={"people": (Side.RIGHT,)})))


def begun(**habits: Any) -> World:
    """A world that has run once, with a remote system of these habits on the right."""
    world = World(right_habits=far(**habits))
    world.run()
    return world


def test_twins_of_a_remote_system_are_asked_about_when_it_is_heard_first() -> None:
    world = begun()
    for city in ("7", "8"):
        world.right.add({**TWIN, "phone": city})
    before = world.add(**TWIN)
    look_right(world)
    assert {c.note for c in world.conflicts()} == {"2 records on the right share a match key"}
    assert {c.kind for c in world.conflicts()} == {ConflictKind.MATCH}
    assert world.left.rows()[before]["phone"] is None, "nothing is written"
    world.quiet()
    assert (len(world.lefts()), len(world.rights())) == (1, 2)
    assert all(link.left_id is None or link.right_id is None for link in asking(world))
    assert len(asking(world)) == 3


def asking(world: World) -> list[Any]:
    """The links about which a person is asked."""
    return list(state(world, LinkState.ASKING))


def test_a_twin_that_comes_later_does_not_part_a_pair() -> None:
    world = begun()
    right_id = world.right.add(TWIN)
    left_id = world.add(**TWIN)
    look_right(world)
    assert world.link(left_id).right_id == right_id
    later = world.right.add({**TWIN, "name": "Second"})
    world.quiet()
    assert world.link(left_id).right_id == right_id
    [conflict] = world.conflicts()
    assert (conflict.kind, conflict.candidates) == (ConflictKind.MATCH, (left_id,))
    assert [link.right_id for link in asking(world)] == [later]


def test_looking_for_twins_costs_one_search_a_pairing() -> None:
    world = begun()
    world.right.add(TWIN)
    world.add(**TWIN)
    before = world.right.calls["find"]
    look_right(world)
    assert world.right.calls["find"] - before == 1
    assert not world.conflicts()


def test_where_keys_are_unique_nobody_looks_for_twins() -> None:
    world = begun(unique="email", searchable=("email",))
    assert not world.right.can.twins
    right_id = world.right.add(TWIN)
    left_id = world.add(**TWIN)
    before = world.right.calls["find"]
    look_right(world)
    assert world.link(left_id).right_id == right_id
    assert world.right.calls["find"] == before


def test_a_record_that_is_paired_with_nobody_is_not_searched_for_twins() -> None:
    world = begun()
    world.right.add(TWIN)
    before = world.right.calls["find"]
    world.quiet()
    assert world.lefts() == world.rights() == [TWIN]
    assert world.right.calls["find"] == before
