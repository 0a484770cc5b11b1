"""A page of a feed that is left to a complete scan is told again until that scan was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import World, fail, far, linked, state

from crosstie.core.values import Cursor, LinkState, Page, Side
from crosstie.engine.planner import plan
from crosstie.testing.fakes import Crash, drive


def omitting(world: World, monkeypatch: pytest.MonkeyPatch, record_id: str) -> None:
    """From now on the right listing leaves that record out."""
    listed = world.right.scan

    async def omits(cursor: Cursor | None) -> Page:
        page = await listed(cursor)
        return replace(page, entries=[r for r in page.entries if r.id != record_id])

    monkeypatch.setattr(world.right, "scan", omits)


@pytest.mark.parametrize("looks", [None, {"people": [Side.RIGHT]}])
def test_what_a_feed_told_before_a_process_died_is_known_though_the_next_listing_omits_it(
    looks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _, _ = linked()
    right_id = world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    fail(world.right, "scan", Crash())
    with pytest.raises(Crash):
        world.run(full=True)
    omitting(world, monkeypatch, right_id)
    world.run(looks=looks)
    assert right_id in {link.right_id for link in state(world, LinkState.ACTIVE)}
    told = world.right.calls["changes"]
    assert dict(world.run(looks=looks).counts) == {}
    assert world.right.calls["changes"] == told + 1, "it is acknowledged, and told no more"


def test_a_feed_is_read_to_its_end_after_the_scan_that_its_first_page_was_left_to() -> None:
    world, _, right_id = linked(right_habits=far(page_size=1))
    world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    world.right.edit(right_id, phone="9")
    world.right.remove(next(i for i in world.right.rows() if i != right_id))
    report = world.run(full=True)
    assert (report.held, report.total("deleted_left")) == ({}, 1), "the feed told that it is gone"
    assert world.lefts() == world.rights()
    told = world.right.calls["changes"]
    assert dict(world.run().counts) == {}
    assert world.right.calls["changes"] == told + 1


def test_a_plan_reads_a_feed_to_its_end_as_the_run_does() -> None:
    world, _, right_id = linked(right_habits=far(page_size=1))
    world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})
    world.right.remove(next(i for i in world.right.rows() if i != right_id))
    planned = drive(plan([world.work()], full=True))
    assert planned.counts() == {"create": 1, "delete": 1}
    assert drive(plan([world.work()], full=True)).operations == planned.operations
