"""The first hour with two systems: clashes at first meeting, refused values, one more field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import NAMES, World, far, linked, state

from crosstie import field as say
from crosstie.core.values import SIDES, Link, LinkState
from crosstie.ports import Answer
from crosstie.testing.fakes import drive

# A value that a person named, for both sides.


def _clashed(**options: Any) -> tuple[World, str, str]:
    """Two records that met with different names; nobody ever agreed on one."""
    world = World(**options)
    left_id = world.add(name="Tim", email="tim@x.example", phone="1")
    right_id = world.right.add({"name": "Timothy", "email": "tim@x.example", "phone": "1"})
    world.quiet()
    assert [list(c.fields) for c in world.conflicts()] == [["name"]]
    return world, left_id, right_id


def _rule(world: World, value: Any) -> None:
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(values={"name": value}), world.clock.now()))


@pytest.mark.parametrize("value", ["Sir Tim", "Tim", "Timothy", None])
def test_a_value_ruled_at_first_meeting_reaches_both_sides(value: str | None) -> None:
    world, left_id, right_id = _clashed()
    _rule(world, value)
    world.run()
    assert world.conflicts() == []
    assert world.left.rows()[left_id]["name"] == value
    assert world.right.rows()[right_id]["name"] == value
    assert world.run(full=True).writes == 0


def test_a_ruled_value_that_the_right_spells_its_own_way_reaches_both_sides() -> None:
    world, left_id, right_id = _clashed()
    world.right.behaviour = far(normalise=lambda row: {**row, "name": str(row["name"]).upper()})
    _rule(world, "Sir Tim")
    world.run()
    assert world.conflicts() == []
    assert world.left.rows()[left_id]["name"] == "SIR TIM"
    assert world.right.rows()[right_id]["name"] == "SIR TIM"
    assert world.run(full=True).writes == 0


def test_an_edit_between_the_two_writes_of_a_ruled_value_is_asked_about() -> None:
    world, left_id, right_id = _clashed()
    _rule(world, "Sir Tim")
    original = world.right.update

    async def update(*asked: Any) -> Any:
        world.left.edit(left_id, name="Tom")
        return await original(*asked)

    world.right.update = update  # type: ignore[method-assign]
    world.quiet()
    [conflict] = world.conflicts()
    assert conflict.fields["name"]["left"] == "Tom"
    assert conflict.fields["name"]["right"] == "Sir Tim"
    assert world.left.rows()[left_id]["name"] == "Tom"
    assert world.right.rows()[right_id]["name"] == "Sir Tim"


def test_a_value_ruled_for_a_create_only_field_reaches_both_sides() -> None:
    fields = [say("name", "name", create_only=True), say("email", "email")]
    world, left_id, right_id = linked(fields=fields)
    world.left.edit(left_id, name="Anna")
    world.run()
    _rule(world, "Hannah")
    world.quiet()
    assert world.conflicts() == []
    assert world.left.rows()[left_id]["name"] == "Hannah"
    assert world.right.rows()[right_id]["name"] == "Hannah"
    assert world.run(full=True).writes == 0


# A value that the right accepts and shows empty.


def _refusing(world: World, *refused: str) -> None:
    """The right takes these names without a word, and shows the field empty."""

    def normalise(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "name": None} if row.get("name") in refused else row

    world.right.behaviour = far(normalise=normalise)


def _refused(*, created: bool) -> tuple[World, str]:
    """A dead letter: the name `No` was refused, in an update or a create."""
    world, left_id, _ = linked()
    _refusing(world, "No")
    if created:
        left_id = world.add(name="No", email="no@x.example", phone="9")
    else:
        world.left.edit(left_id, name="No")
    world.run()
    assert _letters(world) == [left_id]
    return world, left_id


def _letters(world: World) -> list[str | None]:
    return [link.left_id for link in state(world, LinkState.DEAD)]


def _retry(world: World, left_id: str) -> Link:
    link: Link = world.link(left_id)
    drive(world.store.wake([link.id], world.clock.now()))
    return link


@pytest.mark.parametrize("created", [False, True])
def test_a_retried_letter_is_written_and_refused_again(created: bool) -> None:
    world, left_id = _refused(created=created)
    for _ in range(2):
        writes = world.writes()
        _retry(world, left_id)
        world.run()
        assert _letters(world) == [left_id]
        assert world.writes() == writes + 1
        writes = world.writes()
        world.run(full=True)
        assert (_letters(world), world.writes()) == ([left_id], writes)


@pytest.mark.parametrize("created", [False, True])
def test_a_retried_letter_lands_where_the_right_takes_the_value_by_now(created: bool) -> None:
    world, left_id = _refused(created=created)
    _refusing(world)
    _retry(world, left_id)
    world.run()
    assert _letters(world) == []
    assert world.right.rows()[world.link(left_id).right_id]["name"] == "No"
    assert world.run(full=True).writes == 0


def test_an_edit_back_to_what_was_agreed_before_is_written() -> None:
    """The refused write has emptied the field there."""
    world, left_id = _refused(created=False)
    world.left.edit(left_id, name="Ann")
    world.quiet()
    assert _letters(world) == []
    assert world.right.rows()[world.link(left_id).right_id]["name"] == "Ann"


def test_an_edit_of_another_field_lands_and_the_refused_one_stays_told() -> None:
    world, left_id = _refused(created=False)
    world.left.edit(left_id, phone="77")
    world.run()
    assert world.right.rows()[world.link(left_id).right_id]["phone"] == "77"
    assert _letters(world) == [left_id]
    assert world.left.rows()[left_id]["name"] == "No"


def test_a_value_that_the_right_chose_instead_is_asked_about() -> None:
    world, left_id = _refused(created=False)
    world.right.edit(world.link(left_id).right_id, name="Gold")
    world.quiet()
    [conflict] = world.conflicts()
    assert (conflict.fields["name"]["left"], conflict.fields["name"]["right"]) == ("No", "Gold")


def test_a_value_that_the_right_ignores_is_told_until_it_takes_it() -> None:
    world, left_id, right_id = linked()
    original = world.right.update

    async def update(record_id: str, patch: Any, was: Any, version: Any) -> Any:
        kept = {**patch, "name": was["name"]} if "name" in patch else patch
        return await original(record_id, kept, was, version)

    world.right.update = update  # type: ignore[method-assign]
    world.left.edit(left_id, name="No", phone="2")
    for _ in range(2):
        world.run()
        assert "shows what it held before" in (world.link(left_id).detail or "")
        assert (
            world.right.rows()[right_id] | {"name": "Ann", "phone": "2"}
            == (world.right.rows()[right_id])
        )
        writes = world.writes()
        world.run(full=True)
        assert (_letters(world), world.writes()) == ([left_id], writes)
        _retry(world, left_id)
    world.right.update = original  # type: ignore[method-assign]
    world.run()
    assert world.lefts() == world.rights()
    assert _letters(world) == []


def test_a_right_that_writes_two_values_alike_ignores_nothing() -> None:
    world = World(right_habits=far(normalise=lambda row: {**row, "name": str(row["name"])[:3]}))
    left_id = world.add(name="Annabel", email="ann@x.example", phone="1")
    world.quiet()
    for name in ("Annabella", "Anna", "ANN"):
        world.left.edit(left_id, name=name)
        world.quiet()
        assert _letters(world) == []
    assert world.left.rows()[left_id]["name"] == "ANN"
    assert world.conflicts() == []


# One more field.


def _scans(world: World) -> int:
    return world.left.calls["scan"] + world.right.calls["scan"]


@pytest.mark.parametrize("looks", [None, {"people": SIDES}])
def test_other_fields_are_a_reason_to_read_both_sides_in_full_once(looks: Any) -> None:
    world, *_ = linked(fields=[say(name, name) for name in NAMES[:2]])
    world.run(looks=looks)
    known, before = world.sync, _scans(world)
    world.run(looks=looks)
    assert _scans(world) == before
    world.sync = replace(known, fields=[say(name, name) for name in NAMES])
    world.run(looks=looks)
    told = _scans(world)
    assert told == before + 2
    world.run(looks=looks)
    assert _scans(world) == told
