"""What both systems tell of changes -> due links."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crosstie.core.values import SIDES, Record, Side, Tombstone
from crosstie.engine.evidence import Held
from crosstie.engine.maker import maker_of
from crosstie.engine.work import Work
from crosstie.ports import Sighting

_WHOLE = re.compile(r"\.[0-9]+\.[0-9a-f]{6,16}$")
PAGES = 10_000
"""Pages of one feed in one run: a feed that never ends is left for the next run."""


async def notice(work: Work, side: Side, *, meet: bool = True) -> int:
    """Read the change feed of a side to its end; says how many records it told as gone.

    meet=False: records without a link are left to the complete scan that follows. The first page
    that has some is the last one that is read, and it is told again until `meet_told`.

    A page is forgotten by the system, and its cursor kept, only after its marks are durable: a
    crash in between costs a page noticed twice, never one that nobody sees.
    """
    collection = work.at(side)
    if not collection.can.has_changes:
        return 0
    gone, held = 0, None
    work.ledger.notes.unmet.pop((work.name, side), None)
    cursor = await work.store.cursor(work.name, side)
    for _ in range(PAGES):
        page = await work.ask(side, collection.changes(cursor))
        watch(work, side, page.entries)
        told = sightings(page.entries)
        if told or page.cursor != cursor:
            done = await work.store.notice(
                work.name, side, told, work.clock.now(), page.cursor, meet=meet
            )
            work.ledger.counts[f"{work.name}.noticed_{side}"] += done.marked
            if done.unknown and not meet:
                held = Held(done.unknown, page.cursor)
                work.ledger.notes.unmet[work.name, side] = held
        gone += sum(sighting.gone for sighting in told)
        if held is not None:
            break
        if page.cursor is not None:
            await work.ask(side, collection.acknowledge(page.cursor))
        cursor = page.cursor
        if not page.more:
            break
    return gone


async def meet_told(work: Work) -> list[Side]:
    """Make links of the records that the feed left to a scan, and that the scan did not show.

    From then on the feed does not tell of them again. Who has a link by now was shown. Says of
    which sides the feed is still to be read to its end.
    """
    sides = []
    for side in SIDES:
        held = work.ledger.notes.unmet.pop((work.name, side), None)
        if held is None:
            continue
        known = await work.store.marks_at(work.name, side, held.ids)
        told = [Sighting(record_id) for record_id in held.ids if record_id not in known]
        await work.store.notice(work.name, side, told, work.clock.now(), held.cursor)
        sides.append(side)
    return sides


async def meet_now(work: Work) -> None:
    """Do so although the scan failed.

    Before the first match they are left alone: it is still to come, and lets all of them meet at
    once.
    """
    waiting = any(work.ledger.notes.unmet.get((work.name, side)) for side in SIDES)
    if waiting and (await work.store.last_scan(work.name)).at is not None:
        await meet_told(work)
        await work.store.waive_scan(work.name)


def watch(work: Work, side: Side, entries: Sequence[Record | Tombstone]) -> None:
    """Note markers of ours whose link this state never had: it is older than that record."""
    if not work.at(side).can.marker:
        return
    notes, identity = work.ledger.notes, work.store.identity
    for entry in entries:
        if isinstance(entry, Tombstone) or entry.marker is None:
            continue
        number = maker_of(identity, entry.marker) or 0
        # Whole ones only, as we leave them: a person edits them.
        if number > notes.given_out and _WHOLE.search(entry.marker):
            place = (work.name, side)
            notes.beyond[place] = max(number, notes.beyond.get(place, 0))


def sightings(entries: Sequence[Record | Tombstone]) -> list[Sighting]:
    """What a page says of each record."""
    return [
        Sighting(entry.id, gone=True)
        if isinstance(entry, Tombstone)
        else Sighting(entry.id, entry.mark)
        for entry in entries
    ]
