"""The marker that is left in what we create: whose it is, and what people make of it."""

from __future__ import annotations

import pytest
from world import World, fail, far

from crosstie.core.errors import Retry
from crosstie.engine.maker import marker_of
from crosstie.testing.fakes import drive


def test_a_state_from_a_backup_does_not_adopt_what_its_later_life_created() -> None:
    world = World(right_habits=far(marker=True))
    later_life = marker_of(world.store.identity, 1, world.clock.now())
    drive(world.right.create({"name": "Old", "email": "old@x.example"}, later_life))
    world.clock.advance(60.0)
    world.add(name="New", email="new@x.example", phone="1")
    fail(world.right, "create", Retry("no answer", unknown=True), after=True)
    assert "put back to an older day" in world.run().held["people"]
    world.run(release=True)
    world.clock.advance(20.0)
    world.quiet()
    assert world.lefts() == world.rights()
    assert [row["name"] for row in world.rights()] == ["New", "Old"]


@pytest.mark.parametrize("number", ["99999999999999999999", "\N{SUPERSCRIPT TWO}", "", "-1", "x"])
def test_a_marker_that_a_person_edited_is_a_stranger_like_any_other(number: str) -> None:
    world = World(right_habits=far(marker=True))
    marker = f"{world.store.identity}.{number}"
    drive(world.right.create({"name": "Ann", "email": "ann@x.example"}, marker))
    world.quiet()
    assert world.lefts() == world.rights()
    assert len(world.lefts()) == 1
