"""Restored databases, a restored state, a remote that was reset: found out before any write."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from world import NAMES, World, fail, far, linked, near

from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.engine.maker import marker_of
from crosstie.engine.origin import HOUR
from crosstie.engine.planner import plan
from crosstie.engine.run import Options, run
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.memory import MemoryCollection

LOOK = {"people": tuple(Side)}
OURS = near(remembers=True)


def snapshot(system: MemoryCollection) -> Any:
    return copy.deepcopy((system._shelf, system.memory))


def restore(system: MemoryCollection, kept: Any) -> None:
    shelf, memory = copy.deepcopy(kept)
    shelf._clock = system._shelf._clock
    system._shelf, system.memory = shelf, memory


def both(world: World) -> tuple[Any, Any]:
    return world.left.rows(), world.right.rows()


def backup(world: World) -> SqlStore:
    """Another state with all that this one holds now."""
    other = SqlStore.open("sqlite://", identity=world.store.identity)
    with world.store._reader.connect() as here, other._reader.connect() as there:
        source, target = here.connection.driver_connection, there.connection.driver_connection
        assert source is not None and target is not None
        source.backup(target)
    return other


# The application's database.


def test_a_database_of_an_older_day_is_found_out_before_anything_is_written() -> None:
    world, left_id, right_id = linked(left_habits=OURS)
    old = snapshot(world.left)
    world.clock.advance(2 * HOUR)
    world.left.edit(left_id, name="Anna")
    world.add(name="Later", email="later@x.example", phone="9")
    world.run()
    later = next(i for i, row in world.right.rows().items() if row["name"] == "Later")
    restore(world.left, old)
    then = both(world)
    for _ in range(3):
        held = world.run().held["people"]
        assert "the left (left) was put back to an older day: it remembers generation" in held
        assert "fix: see what follows from it with `crosstie plan --sync people" in held
        world.clock.advance(HOUR)
    assert both(world) == then
    made = drive(plan([world.work()], full=False))
    assert sorted((o.kind, o.right_id) for o in made.operations) == [
        ("delete", later),
        ("update", right_id),
    ], "the old value and the row that the backup lacks"
    assert made.warnings == (f"the brake stops people: {held}",)
    world.run(release=True)
    assert (world.right.rows()[right_id]["name"], later in world.right.rows()) == ("Ann", False)
    assert world.run().held == {}
    world.clock.advance(HOUR)
    assert world.run().held == {}


def test_change_numbers_that_go_back_tell_of_a_young_backup() -> None:
    world, left_id, _ = linked(left_habits=OURS)
    work = world.work()

    def look() -> Any:
        return drive(run([work], world.store, Options(looks=LOOK)))

    look()
    old = snapshot(world.left)
    world.left.edit(left_id, name="Anna")
    look()
    restore(world.left, old)
    then = both(world)
    assert "its change numbers went back from" in look().held["people"]
    assert both(world) == then


def test_capture_that_is_installed_anew_or_taken_away_is_asked_about() -> None:
    for taken_away in (False, True):
        world, *_ = linked(left_habits=OURS)
        world.left.memory.clear()
        if taken_away:
            world.left.behaviour = near()
        assert "no longer knows this state" in world.run().held["people"]
        assert world.run(release=True).held == {}
        assert world.run().held == {}


def test_nobody_lets_go_of_what_was_not_found_yet() -> None:
    world, left_id, _ = linked(left_habits=OURS)
    old = snapshot(world.left)
    world.left.edit(left_id, name="Anna")
    world.run()
    restore(world.left, old)
    then = both(world)
    assert "put back" in world.run(release=True).held["people"]
    assert both(world) == then
    assert world.run(release=True).held == {}


def test_a_crash_while_the_generation_moves_on_is_no_doubt() -> None:
    for verb, after in (("remember", False), ("remember", True)):
        world, *_ = linked(left_habits=OURS)

        def die(called: str, call: int, verb: str = verb) -> None:
            if called == verb:
                raise Crash

        habits = {"after" if after else "before": die}
        world.left.behaviour = near(remembers=True, **habits)
        with pytest.raises(Crash):
            world.run()
        world.left.behaviour = OURS
        assert world.run().held == {}
        assert world.run().held == {}


def test_the_generation_moves_on_at_each_start_each_hour_and_each_complete_scan() -> None:
    world, *_ = linked(left_habits=OURS)
    work = world.work()

    def generation(**options: Any) -> int:
        drive(run([work], world.store, Options(**options)))
        [number] = world.left.memory.values()
        return number

    first = generation(looks=LOOK)
    assert generation(looks=LOOK) == first
    world.clock.advance(HOUR)
    assert generation(looks=LOOK) == first + 1
    assert generation(full=True) == first + 2
    world.clock.advance(-24 * HOUR)
    assert generation(looks=LOOK) == first + 3, "a check of the future counts as none"
    work = world.work()
    assert generation(looks=LOOK) == first + 4


def test_a_database_that_cannot_be_asked_is_an_outage_and_no_doubt() -> None:
    world, *_ = linked(left_habits=OURS)

    def busy(verb: str, call: int) -> None:
        if verb == "remembered":
            raise Retry("locked")

    world.left.behaviour = near(remembers=True, before=busy)
    report = world.run()
    assert (list(report.missed), report.held) == (["people"], {})


# The state.


def test_a_state_of_yesterday_is_found_out_by_what_the_database_remembers() -> None:
    world, left_id, right_id = linked(left_habits=OURS)
    yesterday = backup(world)
    world.clock.advance(24 * HOUR)
    world.left.edit(left_id, name="Anna")
    world.add(name="Later", email="later@x.example", phone="9")
    world.run()
    world.store = yesterday
    then = both(world)
    for _ in range(2):
        assert "this state was put back to an older day" in world.run().held["people"]
    assert both(world) == then
    made = drive(plan([world.work()], full=False))
    assert made.operations == ()
    assert dict(made.matched) == {"people": 1}, "what was linked since is found again"
    world.run(release=True)
    world.quiet()
    assert world.lefts() == world.rights()
    assert len(world.rights()) == 7
    assert world.right.rows()[right_id]["name"] == "Anna"


def test_a_state_of_yesterday_is_found_out_by_our_marks_in_records() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    yesterday = backup(world)
    world.clock.advance(24 * HOUR)
    later = world.add(name="Later", email="later@x.example", phone="9")
    number = world.quiet() and world.link(later).id
    world.store = yesterday
    then = both(world)
    held = world.run().held["people"]
    assert f"the right has a record made by link {number} of this state" in held
    assert both(world) == then
    world.run(release=True)
    world.quiet()
    assert world.lefts() == world.rights()
    assert len(world.rights()) == 7
    assert world.run(full=True).held == {}, "what was accepted is not doubted again"


def test_a_mark_of_another_state_or_a_person_is_no_doubt() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    now = world.clock.now()
    drive(world.right.create({"name": "X", "email": "x@x.example"}, marker_of("other", 999, now)))
    mine = world.store.identity
    drive(world.right.create({"name": "Y", "email": "y@x.example"}, f"{mine}.9999"))
    drive(world.right.create({"name": "Z", "email": "z@x.example"}, f"{mine}.99999.xyz"))
    assert world.run(full=True).held == {}


def test_a_clock_that_is_set_back_a_day_stops_nothing_and_doubles_nothing() -> None:
    world, left_id, right_id = linked(left_habits=OURS)
    work = world.work()

    def look() -> Any:
        return drive(run([work], world.store, Options(looks=LOOK)))

    look()
    fail(world.right, "update", Retry("busy", after=30.0, counts=False))
    world.left.edit(left_id, name="Anna")
    assert look().busy
    world.clock.advance(-86_400)
    writes = world.writes()
    look()
    world.clock.advance(31)
    look()
    assert world.right.rows()[right_id]["name"] == "Anna"
    assert world.writes() - writes == 1
    assert len(world.rights()) == 6


def test_a_process_that_starts_after_the_clock_was_set_back_waits_for_nothing() -> None:
    world, left_id, right_id = linked(left_habits=OURS)
    fail(world.right, "update", Retry("lost", unknown=False, counts=True), times=1)
    world.left.edit(left_id, name="Anna")
    assert world.run().total("postponed") == 1
    world.clock.advance(-86_400)
    world.run()
    assert world.right.rows()[right_id]["name"] == "Anna"


# A remote that keeps nothing for us.


def reset(world: World) -> None:
    """The same records under ids of their own."""
    rows = list(world.right.rows().values())
    world.right = MemoryCollection(
        "right", fields=NAMES, behaviour=world.right.behaviour, clock=world.clock, prefix="N"
    )
    for row in rows:
        world.right.add(row)
    source = type(world.sync.right)(world.right, world.sync.right.account)
    object.__setattr__(world.sync, "right", source)


def test_a_remote_with_other_ids_is_found_out_by_a_few_reads() -> None:
    world, left_id, _ = linked()
    reset(world)
    world.left.edit(left_id, name="Anna")
    then = both(world)
    world.clock.advance(HOUR)
    held = world.run().held["people"]
    assert "none of 6 linked records that were looked up on the right exists" in held
    assert both(world) == then
    assert world.right.calls["read"] == 6


def test_a_remote_with_other_ids_is_found_out_by_its_listing() -> None:
    world, *_ = linked()
    reset(world)
    then = both(world)
    for full in (True, False, True):
        held = world.run(full=full).held["people"]
        assert "the right lists 6 records and none of the 6 linked ones" in held
    assert both(world) == then
    assert world.conflicts() == []


def test_one_read_an_hour_is_what_it_costs() -> None:
    world, *_ = linked()
    before = world.right.calls["read"]
    for _ in range(12):
        world.run(looks=LOOK)
        world.clock.advance(HOUR / 4)
    assert world.right.calls["read"] - before == 2


def test_few_links_prove_nothing() -> None:
    world = World()
    for number in range(2):
        world.add(name=f"P{number}", email=f"{number}@x.example", phone="1")
    world.quiet()
    reset(world)
    world.clock.advance(HOUR)
    assert world.run().held == {}


def test_the_first_records_may_all_be_deleted_by_a_person() -> None:
    world = World(right_habits=far(sees_deletes=False))
    for number in range(40):
        world.add(name=f"P{number}", email=f"{number}@x.example", phone="1")
    world.quiet()
    for right_id in list(world.right.rows())[:5]:
        world.right.remove(right_id)
    world.clock.advance(HOUR)
    assert world.run(looks=LOOK).held == {}


def test_what_is_accepted_is_carried_out_as_it_was_planned() -> None:
    world, *_ = linked()
    for right_id in list(world.right.rows()):
        world.right.remove(right_id)
    world.right.behaviour = far(sees_deletes=False)
    world.right.add({"name": "Other", "email": "o@x.example", "phone": "1"})
    drive(world.store.notice("people", Side.RIGHT, [], 0.0, str(len(world.right._shelf.feed))))  # type: ignore[arg-type]
    held = world.run(full=True).held["people"]
    assert "none of the 6 linked ones" in held
    made = drive(plan([world.work()], full=False))
    assert sorted(o.kind for o in made.operations) == ["create", *["delete"] * 6]
    world.run(release=True)
    assert [row["name"] for row in world.lefts()] == ["Other"]
    assert world.run(full=True).held == {}
