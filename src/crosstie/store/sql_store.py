"""The Store port on a database: one call, one transaction, nothing half-written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Self

from crosstie.core.values import Cursor, Instant, Link, LinkState, Side
from crosstie.ports.state import (
    Answer,
    Conflict,
    Entry,
    Figures,
    Intent,
    LastScan,
    Match,
    Noticed,
    RunRecord,
    Sighting,
    Step,
)
from crosstie.store import claims, conflicts, desk, evidence, journal, links, matching, runs
from crosstie.store.alerts import AlertSide
from crosstie.store.budget import BudgetSide
from crosstie.store.credentials import CredentialSide
from crosstie.store.database import Database
from crosstie.store.faults import in_our_words
from crosstie.store.inbox_side import InboxSide
from crosstie.store.lease_side import LeaseSide
from crosstie.store.opening import database_at, name_of, prepare, state_address
from crosstie.store.origin import ProofSide
from crosstie.store.past_side import PastSide
from crosstie.store.rollups import RollupSide
from crosstie.store.scratch import ScratchStore

BUSY = 5.0
"""Seconds that a locked database is waited for."""


class SqlStore(
    ScratchStore,
    PastSide,
    ProofSide,
    BudgetSide,
    CredentialSide,
    LeaseSide,
    RollupSide,
    AlertSide,
    InboxSide,
):
    """The state in a database. Its calls never suspend: the work is done inline.

    Besides what each method promises, all of them raise Retry for a database that stays locked,
    Halt for a full or damaged disk and Misconfigured for a file that may not be written; nothing
    is written then.  `keep` raises Duplicate when a step gains a record id that belongs to
    another link, `intend` raises Stale when a link is gone; such a batch is refused as a whole.
    """

    def __init__(self, database: Database, name: str, identity: str) -> None:
        super().__init__()
        self._database = database
        self._reader, self._writer = database.reader, database.writer
        self._name = name
        self._identity = identity

    @classmethod
    def open(
        cls,
        url: str,
        *,
        busy: float = BUSY,
        identity: str | None = None,
        made_at: Instant | None = None,
    ) -> Self:
        """Open the state at this address; make it where there is none, migrate an older one.

        url: `sqlite:///path`, or `sqlite://` for one in memory that goes with the store, or
        `postgresql://user:password@host/database`.
        busy: seconds that a locked database is waited for.
        identity, made_at: name and time of a new state; drawn by the database when not given.
        Raises Misconfigured for a database that is not ours, not writable or of a newer version.
        """
        address = state_address(url)
        name = name_of(address)
        database = database_at(address, busy)
        try:
            with in_our_words(name), database.writer.begin() as connection:
                kept = prepare(database, connection, name, identity, made_at)
        except BaseException:
            database.close()
            raise
        return cls(database, name, kept)

    def close(self) -> None:
        """Let go of the database. Twice is the same as once."""
        self._database.close()
        self.clear_all_strangers()

    @property
    def identity(self) -> str:
        """See `LinkStore`."""
        return self._identity

    async def notice(
        self,
        sync: str,
        side: Side,
        sightings: Sequence[Sighting],
        now: Instant,
        cursor: Cursor | None = None,
        *,
        meet: bool = True,
    ) -> Noticed:
        """See `LinkStore`."""
        return await self._writing(evidence.notice, sync, side, sightings, now, cursor, meet=meet)

    async def claim(self, sync: str, now: Instant, limit: int, skip: Set[int]) -> Sequence[Link]:
        """See `LinkStore`."""
        return await self._asking(claims.claim, sync, now, limit, skip)

    async def newest_due(
        self, sync: str, now: Instant, limit: int, skip: Set[int]
    ) -> Sequence[Link]:
        """See `LinkStore`."""
        return await self._asking(claims.newest_due, sync, now, limit, skip)

    async def link(self, link_id: int) -> Link | None:
        """See `LinkStore`."""
        return await self._asking(links.link_by_id, link_id)

    async def links_at(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """See `LinkStore`."""
        return await self._asking(links.links_at, sync, side, ids)

    async def marks_at(
        self, sync: str, side: Side, ids: Sequence[str]
    ) -> Mapping[str, tuple[int, str | None]]:
        """See `LinkStore`."""
        return await self._asking(links.marks_at, sync, side, ids)

    async def newest_link(self, sync: str) -> int:
        """See `LinkStore`."""
        return await self._asking(links.newest_link, sync)

    async def linked_ids(
        self, sync: str, side: Side, after: int, limit: int
    ) -> Sequence[tuple[int, str]]:
        """See `LinkStore`."""
        return await self._reading(links.linked_ids, sync, side, after, limit)

    async def counterparts(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]:
        """See `LinkStore`."""
        return await self._asking(links.counterparts, sync, side, ids)

    async def links_in(self, state: LinkState, sync: str | None, limit: int) -> Sequence[Link]:
        """See `DeskStore`."""
        return await self._reading(links.links_in, state, sync, limit)

    async def find_links(self, text: str, limit: int) -> Sequence[Link]:
        """See `DeskStore`."""
        return await self._reading(links.find_links, text, limit)

    async def wake(self, link_ids: Sequence[int], now: Instant) -> int:
        """See `LinkStore`."""
        return await self._writing(links.wake, link_ids, now)

    async def rest(self, link_ids: Sequence[int]) -> int:
        """See `DeskStore`."""
        return await self._writing(desk.rest, link_ids)

    async def left_alone(self, sync: str) -> int:
        """See `DeskStore`."""
        return await self._reading(desk.left_alone, sync)

    async def delayed(self, sync: str, limit: int) -> Sequence[tuple[str, int]]:
        """See `DeskStore`."""
        return await self._reading(desk.delayed, sync, limit)

    async def unproven(self, sync: str) -> Sequence[tuple[Side, int, Instant | None]]:
        """See `DeskStore`."""
        return await self._reading(evidence.unproven, sync)

    async def pair_strangers(self, sync: str, matches: Sequence[Match], now: Instant) -> None:
        """See `MatchStore`."""
        await self._matching(matching.pair_strangers, sync, matches, now)

    async def link_strangers(self, sync: str, links: Sequence[Link], now: Instant) -> None:
        """See `MatchStore`."""
        await self._matching(matching.link_strangers, sync, links, now)

    async def ask_strangers(
        self, sync: str, asked: Sequence[tuple[Link, Conflict]], now: Instant
    ) -> None:
        """See `MatchStore`."""
        await self._matching(matching.ask_strangers, sync, asked, now)

    async def intend(self, intents: Sequence[Intent]) -> Sequence[int]:
        """See `JournalStore`."""
        return await self._writing(journal.intend, intents)

    async def open_intents(self, link_ids: Sequence[int]) -> Sequence[Intent]:
        """See `JournalStore`."""
        return await self._asking(journal.open_intents, link_ids)

    async def open_creates(self, sync: str, side: Side) -> Sequence[tuple[Intent, LinkState]]:
        """See `JournalStore`."""
        return await self._asking(journal.open_creates, sync, side)

    async def wake_intents(self, now: Instant) -> int:
        """See `DeskStore`."""
        return await self._writing(links.wake_intents, now)

    async def keep(self, steps: Sequence[Step]) -> None:
        """See `JournalStore`."""
        await self._writing(journal.keep, steps)

    async def keep_together(
        self, intents: Sequence[Intent], steps: Sequence[Step]
    ) -> Sequence[int]:
        """`intend` and `keep` in one transaction; ids of the intents, in order."""
        return await self._writing(journal.keep_together, intents, steps)

    async def history(self, link_id: int) -> Sequence[Entry]:
        """See `DeskStore`."""
        return await self._reading(journal.entries, link_id)

    async def conflict(self, conflict_id: int) -> Conflict | None:
        """See `JournalStore`."""
        return await self._asking(conflicts.conflict_by_id, conflict_id)

    async def conflicts(self, sync: str | None, limit: int) -> Sequence[Conflict]:
        """See `DeskStore`."""
        return await self._reading(conflicts.open_conflicts, sync, limit)

    async def answer(self, conflict_id: int, answer: Answer, now: Instant) -> None:
        """See `DeskStore`."""
        await self._writing(conflicts.answer, conflict_id, answer, now)

    async def cursor(self, sync: str, side: Side) -> Cursor | None:
        """See `JournalStore`."""
        return await self._asking(runs.cursor, sync, side)

    async def last_scan(self, sync: str) -> LastScan:
        """See `JournalStore`."""
        return await self._asking(runs.last_scan, sync)

    async def scanned(self, sync: str, now: Instant, declared: str | None = None) -> None:
        """See `JournalStore`."""
        await self._writing(runs.scanned, sync, now, declared)

    async def waive_scan(self, sync: str) -> None:
        """See `JournalStore`."""
        await self._writing(runs.owe_scan, sync, owed=False)

    async def due_count(self, sync: str, now: Instant, most: int) -> int:
        """See `DeskStore`."""
        return await self._asking(runs.due_count, sync, now, most)

    async def held(self, sync: str) -> str | None:
        """See `DeskStore`."""
        return await self._asking(runs.held, sync)

    async def hold(self, sync: str, reason: str | None) -> None:
        """See `DeskStore`."""
        await self._writing(runs.hold, sync, reason)

    async def start_run(self, kind: str, now: Instant) -> int:
        """See `DeskStore`."""
        return await self._writing(runs.start_run, kind, now)

    async def finish_run(
        self, run_id: int, now: Instant, counts: Mapping[str, int], error: str | None
    ) -> None:
        """See `DeskStore`."""
        await self._writing(runs.finish_run, run_id, now, counts, error)

    async def cut_off(self, now: Instant) -> int:
        """See `DeskStore`."""
        return await self._writing(runs.cut_off, now)

    async def runs(self, limit: int) -> Sequence[RunRecord]:
        """See `DeskStore`."""
        return await self._reading(runs.runs, limit)

    async def figures(self, sync: str, now: Instant) -> Figures:
        """See `DeskStore`."""
        return await self._reading(runs.figures, sync, now)
