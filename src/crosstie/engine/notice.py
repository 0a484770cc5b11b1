"""What both systems tell of changes -> due links."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.values import Record, Side, Tombstone
from crosstie.engine.work import Work
from crosstie.ports import Sighting

PAGES = 10_000
"""Pages of one feed in one run: a feed that never ends is left for the next run."""


async def notice(work: Work, side: Side, *, meet: bool = True) -> int:
    """Read the change feed of a side to its end; says how many records it told as gone.

    meet=False: records without a link are left to the complete scan that follows.

    A page is forgotten by the system, and its cursor kept, only after its marks are durable: a
    crash in between costs a page noticed twice, never one that nobody sees.
    """
    collection = work.at(side)
    if not collection.can.has_changes:
        return 0
    gone = 0
    cursor = await work.store.cursor(work.name, side)
    for _ in range(PAGES):
        page = await work.ask(side, collection.changes(cursor))
        told = sightings(page.entries)
        if told or page.cursor != cursor:
            done = await work.store.notice(
                work.name, side, told, work.clock.now(), page.cursor, meet=meet
            )
            work.ledger.counts[f"{work.name}.noticed_{side}"] += done.marked
        if page.cursor is not None:
            await work.ask(side, collection.acknowledge(page.cursor))
        gone += sum(sighting.gone for sighting in told)
        cursor = page.cursor
        if not page.more:
            break
    return gone


def sightings(entries: Sequence[Record | Tombstone]) -> list[Sighting]:
    """What a page says of each record."""
    return [
        Sighting(entry.id, gone=True)
        if isinstance(entry, Tombstone)
        else Sighting(entry.id, entry.mark)
        for entry in entries
    ]
