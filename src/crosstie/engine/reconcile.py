"""Both sides in full, page by page, in constant memory: what differs becomes due.

Known records are compared by their mark. Records without a link are strangers: once both sides
were read they meet on their match keys, and only who stays alone is created across.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from crosstie.core.errors import Rejected, Unlinked
from crosstie.core.mapping import SideMap
from crosstie.core.match import Ambiguous, ambiguous, keys_agree
from crosstie.core.values import (
    Fields,
    Link,
    LinkState,
    Record,
    Side,
    Tombstone,
    canonical_json,
)
from crosstie.engine import evidence, window
from crosstie.engine.notice import PAGES, meet_told, sightings, watch
from crosstie.engine.work import Work
from crosstie.ports import Conflict, ConflictKind, Group, Match, Sighting, Stranger
from crosstie.ports.proof import Scan
from crosstie.rhythm import following

CHUNK = 1_000
FEWEST = 3
"""Linked records that have to be missing together before anybody thinks of a reset system."""
_GAP = re.compile(rb"[^\xff]")


@dataclass(slots=True)
class Surveyed:
    """What a complete scan of both sides came to."""

    records: dict[Side, int] = field(default_factory=lambda: {Side.LEFT: 0, Side.RIGHT: 0})
    absent: dict[Side, int] = field(default_factory=lambda: {Side.LEFT: 0, Side.RIGHT: 0})
    """Linked records that the scan of their side did not show."""
    gone: dict[Side, int] = field(default_factory=lambda: {Side.LEFT: 0, Side.RIGHT: 0})
    """Those of them that are proven to be gone by now: they are due."""
    known: dict[Side, int] = field(default_factory=lambda: {Side.LEFT: 0, Side.RIGHT: 0})
    """Linked records that the scan did show."""
    strangers_only: tuple[Side, ...] = ()
    """Sides that show records, and none of those that were linked: nothing was noticed then."""
    unread: Sequence[Side] = ()
    """Sides of which the feed is still to be read to its end."""

    def emptied(self) -> tuple[Side, ...]:
        """Sides that had linked records and show none at all."""
        return tuple(side for side in Side if self.absent[side] and not self.records[side])


async def overdue(work: Work) -> bool:
    """Whether the complete scan that the rhythm asks for is due, wanted, or there never was one.

    By the state, not by how long this process runs: a run an hour scans as often as a long one. A
    scan of the future, from a clock that was set back, counts as none.
    """
    last = await work.store.last_scan(work.name)
    at = -inf if last.at is None else last.at
    wanted = last.wanted or last.of_others(work.declared)
    return wanted or not at <= work.clock.now() < following(work.sync.rhythm.reconcile, at)


async def reconcile(
    work: Work,
    sides: Sequence[Side] = tuple(Side),
    *,
    early: Collection[Side] = (),
    sure: Collection[Side] = (),
) -> Surveyed:
    """Scan these sides and mark what differs due. Writes nothing to either system.

    early: sides that are scanned only because something was missing in an earlier scan.
    sure: sides of which a person said that they are as they should be: what is missing there is
    gone, once it is read by its id.
    """
    out = Surveyed()
    await work.store.clear_strangers(work.name)
    missing: dict[Side, tuple[Scan, list[str]]] = {}
    for side in sides:
        scan = evidence.scan_of(work, side, early=side in early)
        missing[side] = (scan, await _survey(work, side, out))
    others = [
        s for s, (_, ids) in missing.items() if s not in sure and await _other(work, s, ids, out)
    ]
    if others:
        out.strangers_only = tuple(others)
        await work.store.clear_strangers(work.name)
        return out
    await _introduce(work)
    await work.store.clear_strangers(work.name)
    for side, (scan, ids) in missing.items():
        believed = side in sure or work.at(side).can.local
        await _miss(work, side, ids, None if believed else scan, out)
    if len(sides) == len(Side):
        out.unread = await meet_told(work)
        await work.store.scanned(work.name, work.clock.now(), work.declared)
    return out


async def _other(work: Work, side: Side, ids: Sequence[str], out: Surveyed) -> bool:
    """It lists records, and none of the linked ones; those known to be gone do not count."""
    if not out.records[side] or out.known[side] or len(ids) < FEWEST:
        return False
    there = 0
    for start in range(0, len(ids), CHUNK):
        links = await work.store.links_at(work.name, side, ids[start : start + CHUNK])
        numbers = [link.id for link in links.values()]
        there += len(numbers) - len(await work.store.proven(numbers, side))
        if there >= FEWEST:
            return True
    return False


async def _miss(
    work: Work, side: Side, ids: Sequence[str], scan: Scan | None, out: Surveyed
) -> None:
    """Make those due that are proven to be gone: all of them without a scan to compare with."""
    stays = 0
    # Once at least: what was suspected of records that are linked no more is forgotten by it.
    for start in range(0, max(len(ids), 1), CHUNK):
        part: Sequence[str] = ids[start : start + CHUNK]
        given_up = await evidence.given_up(work, side, part)
        if scan is not None:
            part = await work.store.absent(work.name, side, part, scan)
        gone = [Sighting(each, gone=True) for each in part if each not in given_up]
        out.gone[side] += len(gone)
        stays += len(part) - len(gone)
        if gone:
            await work.store.notice(work.name, side, gone, work.clock.now())
    suspected = len(ids) - out.gone[side] - stays
    if suspected:
        work.ledger.counts[f"{work.name}.missing_{side}"] += suspected


async def _survey(work: Work, side: Side, out: Surveyed) -> list[str]:
    """Scan one side; the ids of linked records that it did not show.

    What was seen is one bit a link: links are numbered by the store.
    """
    collection = work.at(side)
    # Links with a higher number are made while this scan goes on, and may be missing in it.
    newest = await work.store.newest_link(work.name)
    seen = bytearray(newest // 8 + 1)
    seen[0] = 1  # there is no link 0
    cursor = None
    for _ in range(PAGES):
        page = await work.ask(side, collection.scan(cursor))
        out.records[side] += len(page.entries)
        watch(work, side, page.entries)
        shown = sightings(page.entries)
        told = await work.store.notice(work.name, side, shown, work.clock.now(), meet=False)
        # A link that the feed of this run made says nothing of who was linked before.
        before = work.ledger.notes.given_out
        out.known[side] += sum(link_id <= before for link_id in told.links)
        for link_id in told.links:
            if link_id <= newest:
                seen[link_id >> 3] |= 1 << (link_id & 7)
        work.ledger.counts[f"{work.name}.noticed_{side}"] += told.marked
        if told.unknown:
            marks = {sighting.id: sighting.mark or "" for sighting in shown}
            unknown = {record_id: marks[record_id] for record_id in told.unknown}
            await _keep_strangers(work, side, page.entries, unknown)
        cursor = page.cursor
        if not page.more:
            break
    return await _unseen(work, side, seen, newest, out)


async def _unseen(work: Work, side: Side, seen: bytearray, newest: int, out: Surveyed) -> list[str]:
    absent: list[str] = []
    after = 0
    # Where eight links in a row were seen there is nothing to ask for.
    while gap := _GAP.search(seen, (after + 1) >> 3):
        after = max(after, (gap.start() << 3) - 1)
        rows = await work.store.linked_ids(work.name, side, after, CHUNK)
        for link_id, record_id in rows:
            if link_id <= newest and not seen[link_id >> 3] & 1 << (link_id & 7):
                absent.append(record_id)
        if len(rows) < CHUNK:
            break
        after = rows[-1][0]
    absent = await window.missing(work, side, absent)
    out.absent[side] = len(absent)
    return absent


async def _keep_strangers(
    work: Work, side: Side, entries: Sequence[Record | Tombstone], unknown: Mapping[str, str]
) -> None:
    """Keep those of the records that have no link; `unknown`: id -> mark."""
    half, where = work.mapping.side(side), work.sync.where(side)
    match = tuple(work.sync.match)
    strangers = []
    for record in entries:
        if isinstance(record, Tombstone) or record.id not in unknown:
            continue
        if where is not None and not record.hint and not where(record.fields):
            continue
        canon = _canon(half, record)
        if canon is None:
            keys = tuple([_key(half.read_one(name, record.fields)) for name in match])
            strangers.append(Stranger(record.id, keys, unknown[record.id], None))
        else:
            keys = tuple([_key(canon[name]) for name in match])
            kept = canonical_json(canon)
            strangers.append(Stranger(record.id, keys, unknown[record.id], kept))
    await work.store.add_strangers(work.name, side, strangers)


def _key(value: object) -> str | None:
    return None if value is None else str(value)


def _canon(half: SideMap, record: Record) -> Fields | None:
    """Canonical fields, where the row is whole and refers to nothing that is not linked yet."""
    if record.hint:
        return None
    try:
        return half.read(record.fields)
    except (Rejected, Unlinked):
        return None


async def _introduce(work: Work) -> None:
    """Let the strangers of both sides meet, key by key; the rest become one-sided links."""
    store, name = work.store, work.name
    for number in range(len(work.sync.match)):
        await store.meet_strangers(name, number)
        place = 0
        while matches := await store.stranger_matches(name, place, CHUNK):
            await _pair(work, matches)
            place = matches[-1].number
        place = 0
        while groups := await store.stranger_groups(name, place, CHUNK):
            await _ask(work, groups)
            place = groups[-1].number
    for side in Side:
        after: str | None = None
        while alone := await store.strangers(name, side, after, CHUNK):
            links = [_link(work, side, record_id, mark) for record_id, mark in alone]
            await store.link_strangers(name, links, work.clock.now())
            after = alone[-1][0]


async def _pair(work: Work, matches: Sequence[Match]) -> None:
    """Two records that are equal already are in step; others are merged when they are settled."""
    sure = Counter(keys_agree(match.left_keys, match.right_keys) for match in matches)
    await work.store.pair_strangers(work.name, matches, work.clock.now())
    for certainty, number in sure.items():
        work.ledger.counts[f"{work.name}.matched_{certainty}"] += number


async def _ask(work: Work, groups: Sequence[Group]) -> None:
    asked: list[tuple[Link, Conflict]] = []
    for group in groups:
        marks = {Side.LEFT: group.left, Side.RIGHT: group.right}
        for case in ambiguous(list(group.left), list(group.right)):
            mark = marks[case.side][case.id]
            link = _link(work, case.side, case.id, mark, LinkState.ASKING)
            asked.append((link, _question(work, case)))
    await work.store.ask_strangers(work.name, asked, work.clock.now())
    work.ledger.counts[f"{work.name}.matched_ambiguous"] += len(asked)


def _link(
    work: Work, side: Side, record_id: str, mark: str, state: LinkState = LinkState.ACTIVE
) -> Link:
    on_left = side is Side.LEFT
    return Link(
        sync=work.name,
        left_id=record_id if on_left else None,
        right_id=None if on_left else record_id,
        left_mark=mark if on_left else None,
        right_mark=None if on_left else mark,
        state=state,
        noticed=1,
        settled=1 if state is LinkState.ASKING else 0,
    )


def _question(work: Work, case: Ambiguous) -> Conflict:
    own, others = len(case.rivals) + 1, len(case.candidates)
    note = f"{own} on the {case.side} and {others} on the {case.side.other} share a match key"
    return Conflict(
        ConflictKind.MATCH,
        candidates=case.candidates,
        note=note,
        opened_at=work.clock.now(),
        sync=work.name,
    )
