"""What the brake counts: linked records that are gone, side by side."""

from __future__ import annotations

import pytest
from world import World, fail, near

from crosstie.core.errors import Rejected
from crosstie.core.values import LinkState
from crosstie.engine.brake import APPLY
from crosstie.testing.fakes import drive


def pair(world: World) -> tuple[str, str, str]:
    """Two linked records, and one on the left that the right refused."""
    ids = [world.add(name=name, email=f"{name}@x.example", phone="1") for name in ("a", "b")]
    world.quiet()
    fail(world.right, "create", Rejected("no"))
    lonely = world.add(name="c", email="c@x.example", phone="1")
    world.run()
    assert world.link(lonely).state is LinkState.DEAD
    return ids[0], ids[1], lonely


@pytest.mark.parametrize("feed", [True, False])
def test_what_was_never_linked_does_not_empty_a_side(feed: bool) -> None:
    world = World(left_habits=near(has_changes=feed))
    first, second, lonely = pair(world)
    other = world.link(second).right_id
    world.left.remove(first)
    world.left.remove(lonely)
    world.right.remove(other)
    assert world.run().held == {}, "the left still shows a linked record"
    assert world.lefts() == world.rights() == []


def test_a_side_of_which_all_linked_records_are_gone_is_empty_whatever_else_it_shows() -> None:
    world = World()
    first, second, _ = pair(world)
    world.left.remove(first)
    world.left.remove(second)
    assert world.run().held == {"people": "the left shows no records, and 2 were linked"}
    assert len(world.rights()) == 2


def test_only_a_run_that_the_brake_was_released_for_ends_the_counting_of_deletions() -> None:
    world = World()
    ids = [world.add(name=f"P{n}", email=f"p{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    for left_id in ids[:20]:
        world.left.remove(left_id)
    assert world.run().writes == 20
    world.left.edit(ids[59], phone="2")
    assert world.run(release=True, kind=APPLY).writes == 1
    world.left.remove(ids[20])
    why = "it would delete 21 of 60 linked records (limits: 5% and 20)"
    assert world.run().held == {"people": why}
    world.run(release=True)
    assert [run.kind for run in drive(world.store.runs(2))] == ["released", "run"]
    world.left.remove(ids[21])
    assert world.run().held == {}
