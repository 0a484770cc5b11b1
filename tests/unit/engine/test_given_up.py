"""A create whose answer was lost, and that was made again before the search showed the first one.

Our clock jumped, or the search was later than it says. A system that holds every e-mail once then
refuses the second one without naming what it has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import World, fail, far, linked, on, state

from crosstie.core.errors import Rejected, Retry
from crosstie.core.values import Fields, LinkState, Side
from crosstie.testing.fakes import drive
from crosstie.testing.memory import MemoryCollection

BOB = {"name": "Bob", "email": "bob@x.example", "phone": "3"}
HOUR = 3_600.0
SIDES = pytest.mark.parametrize("here", list(Side))
MARKED = pytest.mark.parametrize("marker", [True, False])


def shouting(fields: Fields) -> Fields:
    """A system that keeps names in capitals."""
    return {**fields, "name": str(fields["name"]).upper()}


def lost(here: Side, **habits: Any) -> tuple[World, MemoryCollection, MemoryCollection, str]:
    """A world in which what was made from a record on `here` is not shown as soon as it should.

    Also both of its sides, `here` first, and that record.
    """
    sides = {"left_habits": far(), "right_habits": far()}
    sides[f"{here.other}_habits"] = far(search_lag=HOUR, **habits)
    world, *_ = linked(**sides)
    near, there = at(world, here), at(world, here.other)
    record_id = near.add(BOB)
    fail(there, "create", Retry("no answer", unknown=True), after=True)
    world.run()
    there.behaviour = replace(there.behaviour, search_lag=5.0)
    return world, near, there, record_id


def at(world: World, side: Side) -> MemoryCollection:
    return world.left if side is Side.LEFT else world.right


def refusing(there: MemoryCollection) -> None:
    """The system refuses a second one without naming the first."""

    def refuse() -> None:
        raise Rejected("there is one with this e-mail", field="email")

    on(there, "create", refuse, times=100)


def given_up(world: World, there: MemoryCollection) -> None:
    """The create is made again, is refused, and its link is a dead letter."""
    refusing(there)
    world.clock.advance(20.0)
    world.run()
    assert len(state(world, LinkState.DEAD)) == 1


def shown(world: World) -> None:
    """Until the search shows it, and everybody has tried again."""
    for _ in range(8):
        world.clock.advance(HOUR)
        world.run()


def nothing_is_open(world: World) -> None:
    numbers = range(1, drive(world.store.newest_link("people")) + 1)
    assert not drive(world.store.open_intents(list(numbers)))
    assert not [each for each in LinkState if each != "active" and state(world, each)]
    assert not world.conflicts()
    assert world.run(full=True).writes == 0


@SIDES
@MARKED
@pytest.mark.parametrize("full", [True, False])
def test_it_is_in_step_as_it_was_sent(here: Side, marker: bool, full: bool) -> None:
    world, near, there, record_id = lost(here, marker=marker, normalise=shouting)
    given_up(world, there)
    world.run(full=full)
    shown(world)
    assert near.rows()[record_id] == BOB
    assert [row["name"] for row in there.rows().values()].count("BOB") == 1
    assert len(near.rows()) == len(there.rows()) == 7
    assert not near.calls["update"]
    assert not there.calls["update"], "its own spelling is no edit"
    nothing_is_open(world)


@SIDES
def test_it_is_found_by_its_marker_where_nothing_else_can_be_searched(here: Side) -> None:
    world, near, there, _ = lost(here, marker=True, searchable=())
    near.behaviour = replace(near.behaviour, searchable=())
    given_up(world, there)
    shown(world)
    assert world.lefts() == world.rights()
    assert len(world.lefts()) == 7
    nothing_is_open(world)


@SIDES
@MARKED
def test_what_people_wrote_meanwhile_travels(here: Side, marker: bool) -> None:
    world, near, there, record_id = lost(here, marker=marker)
    # Without a marker it is known by its match key.
    near.edit(record_id, **({"email": "other@x.example"} if marker else {"name": "Robert"}))
    given_up(world, there)
    there.edit(max(there.rows()), name="Bobby" if marker else "Bob", phone="33" if marker else "3")
    shown(world)
    assert world.lefts() == world.rights()
    assert len(world.lefts()) == 7
    assert near.rows()[record_id] != BOB
    nothing_is_open(world)


@SIDES
def test_what_was_edited_over_there_is_known_by_its_key(here: Side) -> None:
    world, _near, there, record_id = lost(here, marker=False)
    given_up(world, there)
    made = max(there.rows())
    there.edit(made, phone="33")
    shown(world)
    [link] = drive(world.store.links_at("people", here, [record_id])).values()
    assert link.id_of(here.other) == made
    [conflict] = world.conflicts()
    assert list(conflict.fields) == ["phone"], "nobody knows which of the two is the edit"
    assert len(world.lefts()) == len(world.rights()) == 7


@SIDES
def test_nobody_else_waits_for_it(here: Side) -> None:
    world, near, there, _ = lost(here, marker=False)
    given_up(world, there)
    there.add({"name": "Eve", "email": "eve@x.example", "phone": "8"})
    world.run()
    assert "Eve" in [row["name"] for row in near.rows().values()]


@MARKED
def test_a_second_one_that_is_taken_ends_the_search_for_the_first(marker: bool) -> None:
    world, _near, _there, record_id = lost(Side.LEFT, marker=marker)
    world.clock.advance(20.0)
    assert world.run().total("created_right") == 1
    link = world.link(record_id)
    assert link.right_id == "R8"
    assert not drive(world.store.open_intents([link.id]))
    shown(world)
    [conflict] = world.conflicts()
    assert conflict.candidates == (record_id,), "a person is asked about the first one"
    assert (len(world.lefts()), len(world.rights())) == (7, 8)


def test_one_that_never_arrived_is_forgotten_when_the_next_one_is_found() -> None:
    world, *_ = linked(right_habits=far(marker=True, search_lag=5.0))
    world.add(**BOB)
    fail(world.right, "create", Retry("no answer", unknown=True))
    world.run()
    world.clock.advance(20.0)
    fail(world.right, "create", Retry("no answer", unknown=True), after=True)
    world.run()
    shown(world)
    assert world.lefts() == world.rights()
    assert len(world.rights()) == 7
    nothing_is_open(world)


def test_nothing_is_looked_for_once_nothing_may_be_created() -> None:
    world, *_ = linked(right_habits=far(marker=True, search_lag=5.0))
    record_id = world.add(**BOB)
    fail(world.right, "create", Retry("no answer", unknown=True))
    world.run()
    world.sync = replace(world.sync, creates="left")
    shown(world)
    assert world.link(record_id).right_id is None
    nothing_is_open(world)


@SIDES
@MARKED
def test_a_clock_that_is_set_back_ends_no_search_early(here: Side, marker: bool) -> None:
    world, _near, there, _ = lost(here, marker=marker)
    world.clock.advance(-HOUR)
    world.run(full=True)
    assert there.calls["create"] == 7 if here is Side.LEFT else there.calls["create"] == 1
    shown(world)
    assert world.lefts() == world.rights()
    assert len(world.lefts()) == 7
    nothing_is_open(world)
