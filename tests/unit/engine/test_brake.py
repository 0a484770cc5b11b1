"""What the brake counts: linked records that are gone, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from world import World, fail, linked, near

from crosstie.core.errors import Halt, Rejected, Retry, SyncError
from crosstie.core.values import LinkState
from crosstie.engine.brake import APPLY
from crosstie.engine.run import Options, run
from crosstie.ports import Found
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


def emptied() -> World:
    """All linked records of the left are gone, and its feed tells so."""
    world, _, _ = linked()
    for left_id in list(world.left.rows()):
        world.left.remove(left_id)
    return world


def flooded(due: int) -> tuple[World, list[str]]:
    """Sixty pairs, of which so many were deleted on the left."""
    world = World()
    ids = [world.add(name=f"P{n}", email=f"p{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    for left_id in ids[:due]:
        world.left.remove(left_id)
    return world, ids


@pytest.mark.parametrize(
    "error", [Retry("429", after=30.0, counts=False), Halt("401")], ids=lambda e: e.code
)
def test_an_account_that_wants_to_be_left_alone_while_the_brake_counts_is(error: SyncError) -> None:
    world, _ = flooded(30)
    work = world.work()
    fail(world.right, "read", error)
    report = drive(run([work], world.store, Options()))
    assert (list(report.missed), report.writes, report.held) == (["people"], 0, {})
    assert list(report.busy) == ["right account"]
    assert list(report.halted) == (["right account"] if isinstance(error, Halt) else [])
    calls = world.right.calls.total()
    world.clock.advance(29.0)
    assert drive(run([work], world.store, Options())).missed
    assert world.right.calls.total() == calls
    world.clock.advance(2.0)
    why = "it would delete at least 21 of 60 linked records (limits: 5% and 20)"
    assert drive(run([work], world.store, Options())).held == {"people": why}
    assert len(world.rights()) == 60


def test_a_side_that_is_told_as_empty_is_held_where_nobody_can_look_whether_it_is() -> None:
    world = emptied()
    fail(world.right, "read", Retry("429", after=30.0, counts=False))
    assert world.run().held == {"people": "the left shows no records, and 6 were linked"}
    assert len(world.rights()) == 6


def test_a_record_that_can_never_be_read_keeps_no_others_from_being_counted() -> None:
    world, ids = flooded(0)
    for left_id in ids[:30]:
        world.left.edit(left_id, name="P")
        world.right.edit(world.link(left_id).right_id, name="P")
    stuck = world.link(ids[3]).right_id
    whole = world.right.read

    async def read(asked: Sequence[str]) -> Found:
        if stuck in asked:
            raise Retry("503", counts=False)
        return await whole(asked)

    world.right.read = read  # type: ignore[method-assign]
    work, updates = world.work(), world.right.calls["update"]
    for _ in range(4):
        drive(run([work], world.store, Options()))
        world.clock.advance(3.0)
    settled = [world.link(left_id).base_left["name"] for left_id in ids[:30]]
    assert (settled.count("P"), world.link(ids[3]).error) == (29, "retry")
    assert world.right.calls["update"] == updates
