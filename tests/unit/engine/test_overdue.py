"""A complete scan comes round by the state's clock, however often a process is started."""

from __future__ import annotations

from world import World, far, linked

from crosstie.core.values import Side
from crosstie.sync import Rhythm

HOUR = 3_600.0


def deleted_unheard() -> tuple[World, str]:
    """A pair whose right record was deleted, of which no feed of the right tells."""
    quiet = Rhythm(reconcile=HOUR)
    world, left_id, right_id = linked(
        right_habits=far(sees_deletes=False), options={"rhythm": quiet}
    )
    world.right.remove(right_id)
    return world, left_id


def test_short_runs_scan_in_full_when_the_rhythm_asks_for_it() -> None:
    world, left_id = deleted_unheard()
    world.run()
    assert left_id in world.left.rows()
    world.clock.advance(HOUR)
    world.run()
    assert left_id in world.left.rows(), "one listing is no proof"
    world.clock.advance(59)
    world.run()
    assert left_id in world.left.rows()
    world.clock.advance(1)
    world.run()
    assert left_id not in world.left.rows(), "the second look comes after a minute"


def test_a_look_of_a_running_engine_leaves_the_scan_to_its_timetable() -> None:
    world, left_id = deleted_unheard()
    world.clock.advance(HOUR)
    world.run(looks={"people": tuple(Side)})
    assert left_id in world.left.rows()


def test_a_scan_of_the_future_counts_as_none() -> None:
    world, *_ = linked()
    then = world.clock.now()
    world.clock.advance(10 * HOUR)
    world.run(full=True)
    world.clock.advance(then - world.clock.now())
    scans = world.right.calls["scan"]
    world.run()
    assert world.right.calls["scan"] > scans
