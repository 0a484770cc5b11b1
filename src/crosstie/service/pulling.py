"""Bring one record over at once, with what it refers to. No screen in here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from crosstie.core.errors import Retry, SyncError
from crosstie.core.values import Link, LinkState, Side
from crosstie.engine.drain import settle_now
from crosstie.engine.work import Work
from crosstie.ports import UNDONE, Sighting
from crosstie.service.asked import Unknown, parted

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

DEPTH = 8
"""How many parents above each other a record may need."""


class Pulled(msgspec.Struct, frozen=True):
    """How a record stands after it was pulled."""

    sync: str
    right_id: str
    left_id: str | None
    state: str
    """`settled`, or the state of its link, or `noted` where a running engine does it."""
    error: str | None = None
    detail: str | None = None
    fix: str | None = None
    conflict: int | None = None


async def note(opened: Opened, sync: str, right_id: str) -> Pulled:
    """Keep durably that this record is to be looked at; whoever runs the engine does it."""
    work = opened.work(sync)
    store, now = opened.store, work.clock.now()
    await store.notice(work.name, Side.RIGHT, [Sighting(right_id)], now)
    link = (await store.links_at(work.name, Side.RIGHT, [right_id])).get(right_id)
    return Pulled(work.name, right_id, link.left_id if link else None, "noted")


async def pull(opened: Opened, sync: str, right_id: str) -> Pulled:
    """Settle this record of the right, and the records that it needs. The caller is the engine.

    Raises Unknown when the right has no such record (a deletion is left to a run), Halt and Retry
    when a system cannot be asked.
    """
    work = opened.work(sync)
    link = await _settled(opened, work, Side.RIGHT, right_id, DEPTH)
    _raise_if_missed(work)
    if link is None:
        return Pulled(work.name, right_id, None, "left out")
    calm = link.state is LinkState.ACTIVE and link.error is None
    state = "settled" if calm else link.state.value
    if link.state is LinkState.ACTIVE and link.error is not None:
        state = "postponed"
    if calm:
        return Pulled(work.name, right_id, link.left_id, state, conflict=link.conflict_id)
    told = (link.error, *parted(link.detail))
    return Pulled(work.name, right_id, link.left_id, state, *told, conflict=link.conflict_id)


async def _settled(
    opened: Opened, work: Work, side: Side, record_id: str, depth: int
) -> Link | None:
    for each in Side:
        await work.at(each).open()
    found = await work.at(side).read([record_id])
    if record_id not in found.records:
        raise Unknown(
            f"{work.at(side).name} has no record {record_id!r}",
            fix="check the id; if it was deleted, `crosstie run --once` carries that over",
        )
    await opened.store.notice(work.name, side, [Sighting(record_id)], work.clock.now())
    link = (await opened.store.links_at(work.name, side, [record_id]))[record_id]
    if link.error == UNDONE:
        # A person asks for it by name: that is as good as a change.
        link = replace(link, error=None)
    after = await settle_now(work, link)
    parents = 0
    while after is not None and after.waits_for is not None and parents < DEPTH and depth:
        parent = after.waits_for
        if after.state is not LinkState.WAITING:
            break
        await _settled(opened, opened.work(parent.sync), parent.side, parent.id, depth - 1)
        after = await settle_now(work, after)
        parents += 1
    return after


def _raise_if_missed(work: Work) -> None:
    """A system that could not be asked is an error of the whole pull."""
    error: SyncError
    for error in work.ledger.halted.values():
        raise error
    now = work.clock.now()
    for label, until in work.ledger.paused.items():
        if until > now:
            raise Retry(f"{label} asks to be left alone", after=until - now, fix="try again later")
