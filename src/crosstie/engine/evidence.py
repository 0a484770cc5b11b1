"""A record that is missing is deleted across only with proof, and never by one listing's silence.

What proves it: a tombstone; the person's own database, which answers exactly; or two complete
scans, the second begun later than the side's listing can be late. In every case the record is also
read by its id before anything follows. Until then it is a suspicion, kept in the state: it ends as
soon as the record is shown or read, and it asks for an early scan so that it does not last long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from crosstie.core.values import Cursor, Instant, Link, LinkState, Record, Side
from crosstie.ports.proof import Origin, Scan
from crosstie.ports.state import Entry, Step
from crosstie.ports.store import FlowStore

if TYPE_CHECKING:
    from crosstie.engine.work import Work

PAUSE = 60.0
"""Seconds, at least, from a first suspicion to the scan that is made because of it."""
UNPROVEN = "unproven"
"""`Link.error` of a link that waits for proof that one of its records is gone."""


class Held(NamedTuple):
    """A page of a feed with records that have no link: it is told again until they were met."""

    ids: Sequence[str]
    """Those records."""
    cursor: Cursor | None
    """Where the feed goes on after that page."""


@dataclass(slots=True)
class Notes:
    """What a process remembers of missing records, and of systems that may have been replaced."""

    suspected: frozenset[int] = frozenset()
    """Links of the sync at work of which a record is suspected or proven to be gone."""
    tried: dict[tuple[str, Side], Instant] = field(default_factory=dict)
    """(sync, side) -> when a scan was last made for its suspicions alone."""
    examined: set[str] = field(default_factory=set)
    """Syncs whose sides this process has found to be who they were."""
    latest: Instant = 0.0
    """The latest that it was when a run began; an earlier time means a clock that was set back."""
    given_out: int = 0
    """The highest link number that was given out before this run."""
    unmet: dict[tuple[str, Side], Held] = field(default_factory=dict)
    """(sync, side) -> the page of its feed that was left to the scan after it."""
    beyond: dict[tuple[str, Side], int] = field(default_factory=dict)
    """(sync, side) -> the highest number in a marker of ours that was never given out."""


def pause_of(work: Work, side: Side) -> float:
    """Seconds until a first suspicion on that side is looked into."""
    return max(work.at(side).can.search_lag, PAUSE)


def scan_of(work: Work, side: Side, *, early: bool) -> Scan:
    """A complete scan of that side that begins now."""
    lag = work.at(side).can.search_lag
    return Scan(work.clock.now(), lag, pause_of(work, side), early)


async def early(work: Work) -> tuple[Side, ...]:
    """Sides that are to be scanned now for their suspicions; each once in its pause at most."""
    now, tried = work.clock.now(), work.ledger.notes.tried
    sides = []
    for side, at in (await work.store.wanted(work.name)).items():
        last = tried.get((work.name, side))
        rests = last is not None and last <= now < last + pause_of(work, side)
        if at <= now and not rests:
            tried[work.name, side] = now
            sides.append(side)
    return tuple(sides)


async def given_up(work: Work, side: Side, ids: Sequence[str]) -> set[str]:
    """Those of these missing records that are known to be gone, with a link that is a dead letter.

    That such a record is missing again is no news: what followed from it was refused.
    """
    links = await work.store.links_at(work.name, side, ids) if ids else {}
    dead = {link.id: each for each, link in links.items() if link.state is LinkState.DEAD}
    proven = await work.store.proven(list(dead), side) if dead else ()
    return {dead[link_id] for link_id in proven}


async def unproven(work: Work, link: Link, records: Mapping[Side, Record | None]) -> bool:
    """Whether a record was not found by its id, and it is not proven that it is gone.

    The link is put off then; news of the record, or the proof, make it due. Costs nothing for a
    link whose both records are there.
    """
    waits = False
    for side, record in records.items():
        if record is not None:
            if link.id in work.ledger.notes.suspected:
                await work.store.found(link.id, side)
        elif _matters(link, side) and not work.at(side).can.local:
            if link.id in await work.store.proven([link.id], side):
                continue
            waits = True
            await work.store.suspect(link.id, side, work.clock.now() + pause_of(work, side))
    if waits:
        await work.store.keep([Step(_put_off(link))])
        work.count(UNPROVEN)
    return waits


def ended(work: Work, link: Link) -> tuple[Entry, ...]:
    """What the history keeps of a link whose records are both gone; nothing of half a pair."""
    if link.left_id is None or link.right_id is None:
        return ()
    entry = Entry(
        side=Side.LEFT,
        record_id=link.left_id,
        operation="close",
        cause="gone on both sides",
        at=work.clock.now(),
        run_id=work.run_id,
    )
    return (entry,)


def _matters(link: Link, side: Side) -> bool:
    """Its end would be that of a pair; a record that never had a counterpart is just forgotten."""
    return link.id_of(side) is not None and (link.agreed or link.id_of(side.other) is not None)


def _put_off(link: Link) -> Link:
    detail = "one of its records was not found, and it is not proven yet that it was deleted"
    return replace(link, settled=link.noticed, attempts=0, error=UNPROVEN, detail=detail)


class ImaginedProofs:
    """The `ProofStore` of a plan: what a run would keep, it only remembers."""

    _real: FlowStore

    def __init__(self) -> None:
        self.doubts: dict[str, str] = {}
        """Sync -> why one of its sides is doubted."""
        self._found: dict[tuple[str, Side], str] = {}
        self._gone: dict[Side, set[int]] = {side: set() for side in Side}

    def told_gone(self, side: Side, link_ids: Sequence[int]) -> None:
        """These links' records on that side are proven to be gone."""
        self._gone[side].update(link_ids)

    async def absent(
        self, sync: str, side: Side, ids: Sequence[str], scan: Scan, *, keep: bool = True
    ) -> Sequence[str]:
        return await self._real.absent(sync, side, ids, scan, keep=False)

    async def suspect(self, link_id: int, side: Side, again: Instant) -> None:
        """A plan suspects nobody."""

    async def proven(self, link_ids: Sequence[int], side: Side) -> frozenset[int]:
        return await self._real.proven(link_ids, side) | self._gone[side].intersection(link_ids)

    async def found(self, link_id: int, side: Side) -> None:
        """Nor does it clear anybody."""

    async def suspected(self, sync: str) -> frozenset[int]:
        return await self._real.suspected(sync)

    async def wanted(self, sync: str) -> Mapping[Side, Instant]:
        return await self._real.wanted(sync)

    async def origin(self, sync: str, side: Side) -> Origin:
        kept = await self._real.origin(sync, side)
        found = self._found.get((sync, side))
        return kept if found is None else replace(kept, doubt=found)

    async def keep_origin(self, sync: str, side: Side, origin: Origin) -> None:
        """A plan moves nothing on."""

    async def doubt(self, sync: str, side: Side, why: str) -> None:
        self.doubts[sync] = self._found[sync, side] = why

    async def hasten(self, sync: str, now: Instant) -> None:
        """A plan takes up what is due, no sooner."""

    async def given_out(self) -> int:
        return await self._real.given_out()
