"""The Store port: Crosstie's own memory. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Protocol

from crosstie.core.values import Cursor, Instant, Link, LinkState, Side
from crosstie.ports.past import PastStore
from crosstie.ports.proof import ProofStore
from crosstie.ports.service import ServiceStore
from crosstie.ports.state import (
    Answer,
    Conflict,
    Entry,
    Figures,
    Group,
    Intent,
    LastScan,
    Match,
    Noticed,
    RunRecord,
    Sighting,
    Step,
    Stranger,
)


class LinkStore(Protocol):
    """Links: what is due, and what two records are one thing."""

    @property
    def identity(self) -> str:
        """Name of this state, made once with it; part of every marker we leave."""
        ...

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
        """Mark the links of these records due, and keep the cursor, in one transaction.

        A record without a link gets a one-sided one (not for `gone`); with `meet=False` it is only
        named in `unknown`, and the cursor stays where it was, so that the feed tells of it again; a
        scan is owed from then on (`last_scan`). An equal mark is no news.
        News wake a waiting, asking or dead link with its attempts at zero; a closed link stays
        closed. The same id twice in a batch counts once, the last sighting wins.
        """
        ...

    async def claim(self, sync: str, now: Instant, limit: int, skip: Set[int]) -> Sequence[Link]:
        """Links that are due, longest due first, without those in `skip`."""
        ...

    async def newest_due(
        self, sync: str, now: Instant, limit: int, skip: Set[int]
    ) -> Sequence[Link]:
        """Links that became due last, the newest first, without those in `skip`; maybe fewer."""
        ...

    async def link(self, link_id: int) -> Link | None:
        """One link by its id."""
        ...

    async def links_at(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, Link]:
        """Links by record id; ids without a link are left out."""
        ...

    async def newest_link(self, sync: str) -> int:
        """The highest link id of the sync; 0 without links."""
        ...

    async def marks_at(
        self, sync: str, side: Side, ids: Sequence[str]
    ) -> Mapping[str, tuple[int, str | None]]:
        """Record id -> (link id, remembered mark); ids without a link are left out."""
        ...

    async def linked_ids(
        self, sync: str, side: Side, after: int, limit: int
    ) -> Sequence[tuple[int, str]]:
        """(link id, record id) of links not closed that have a record there, by link id."""
        ...

    async def counterparts(self, sync: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]:
        """Record id on `side` -> record id across, for complete links."""
        ...

    async def wake(self, link_ids: Sequence[int], now: Instant) -> int:
        """Make links due now, active, with attempts at zero. Says how many there were."""
        ...


class MatchStore(Protocol):
    """The first match of two populations, streamed through a database.

    Strangers are scratch: they are kept until they are cleared, by this store alone and never in
    the state. Their order: add, meet on a key, take its matches and groups, meet on the next key,
    and in the end take those who stayed alone.
    """

    async def clear_strangers(self, sync: str) -> None:
        """Forget all strangers of a sync."""
        ...

    async def add_strangers(self, sync: str, side: Side, strangers: Sequence[Stranger]) -> None:
        """Keep records without a link; a second one with the same id replaces the first.

        All strangers of a sync have the same number of keys.
        """
        ...

    async def meet_strangers(self, sync: str, key_number: int) -> None:
        """Let those who have met nobody yet meet on key number `key_number`.

        Whoever shares it has met. `stranger_matches` and `stranger_groups` show them until the
        next meeting.
        """
        ...

    async def stranger_matches(self, sync: str, after: int, limit: int) -> Sequence[Match]:
        """Pairs of one left and one right that met, by number, after that number (at first 0)."""
        ...

    async def stranger_groups(self, sync: str, after: int, limit: int) -> Sequence[Group]:
        """The others that met, by number, after that number (at first 0)."""
        ...

    async def strangers(
        self, sync: str, side: Side, after: str | None, limit: int
    ) -> Sequence[tuple[str, str]]:
        """(id, mark) of those who met nobody, by id, after that id."""
        ...

    async def pair_strangers(self, sync: str, matches: Sequence[Match], now: Instant) -> None:
        """Keep a link for each match: in step where the fields are equal, else due now."""
        ...

    async def link_strangers(self, sync: str, links: Sequence[Link], now: Instant) -> None:
        """Keep these links.

        A link with `settled == noticed` is quiet; the others are due now.
        """
        ...

    async def ask_strangers(
        self, sync: str, asked: Sequence[tuple[Link, Conflict]], now: Instant
    ) -> None:
        """Keep one-sided links in state asking, each with its conflict."""
        ...


class JournalStore(Protocol):
    """Intents, steps, history: what makes every step safe to be the last one."""

    async def intend(self, intents: Sequence[Intent]) -> Sequence[int]:
        """Keep intents durably before their calls; their ids, in order."""
        ...

    async def open_intents(self, link_ids: Sequence[int]) -> Sequence[Intent]:
        """Intents of these links that were never closed, oldest first."""
        ...

    async def open_creates(self, sync: str, side: Side) -> Sequence[tuple[Intent, LinkState]]:
        """Creates on that side whose outcome is not known, with the state of their link.

        Oldest first, a hundred at most.
        """
        ...

    async def keep(self, steps: Sequence[Step]) -> None:
        """Keep steps, each whole; all of them in one transaction."""
        ...

    async def conflict(self, conflict_id: int) -> Conflict | None:
        """One conflict, open or closed."""
        ...

    async def cursor(self, sync: str, side: Side) -> Cursor | None:
        """Where the change feed of that side goes on."""
        ...

    async def last_scan(self, sync: str) -> LastScan:
        """When both sides were last scanned completely, and whether a scan is owed."""
        ...

    async def scanned(self, sync: str, now: Instant, declared: str | None = None) -> None:
        """Both sides were scanned completely, with these fields declared: none is owed any more."""
        ...

    async def waive_scan(self, sync: str) -> None:
        """The records that a scan was owed for were met without it."""
        ...


class FlowStore(LinkStore, MatchStore, JournalStore, ProofStore, Protocol):
    """What the flows need: the planner gives them a world of its own."""


class DeskStore(Protocol):
    """What a run and a person need around the flows: figures, answers, dead letters, runs."""

    async def links_in(self, state: LinkState, sync: str | None, limit: int) -> Sequence[Link]:
        """Links in a state, newest error first."""
        ...

    async def find_links(self, text: str, limit: int) -> Sequence[Link]:
        """Links whose id on either side, or own id, is exactly this."""
        ...

    async def rest(self, link_ids: Sequence[int]) -> int:
        """Leave links alone: active, and not due until the next change. Says how many.

        The error is then `LEFT_ALONE`, and the detail stays.
        """
        ...

    async def left_alone(self, sync: str) -> int:
        """How many links rest."""
        ...

    async def delayed(self, sync: str, limit: int) -> Sequence[tuple[str, int]]:
        """(detail, how many) of links that are tried again after a Retry, the most first."""
        ...

    async def unproven(self, sync: str) -> Sequence[tuple[Side, int, Instant | None]]:
        """(side, how many, when) of linked records that were not found there, left before right.

        Not proven to be gone yet; `when` is the earliest that one of them wants another look at,
        None where all of them wait for the next complete scan.
        """
        ...

    async def wake_intents(self, now: Instant) -> int:
        """Make every active link with an open intent due: done at start, before noticing."""
        ...

    async def history(self, link_id: int) -> Sequence[Entry]:
        """A link's history, oldest first. It stays when the link is dropped."""
        ...

    async def conflicts(self, sync: str | None, limit: int) -> Sequence[Conflict]:
        """Open conflicts, oldest first."""
        ...

    async def answer(self, conflict_id: int, answer: Answer, now: Instant) -> None:
        """Keep a person's answer and make the link due and active. A later answer replaces it."""
        ...

    async def due_count(self, sync: str, now: Instant, most: int) -> int:
        """How many links are due; counts no further than `most`."""
        ...

    async def held(self, sync: str) -> str | None:
        """Why the brake holds this sync; None when it does not."""
        ...

    async def hold(self, sync: str, reason: str | None) -> None:
        """The brake holds this sync for that reason; None lets it go."""
        ...

    async def start_run(self, kind: str, now: Instant) -> int:
        """Begin a run; its id."""
        ...

    async def finish_run(
        self, run_id: int, now: Instant, counts: Mapping[str, int], error: str | None
    ) -> None:
        """End a run with its figures. One that counted nothing and had no error is forgotten."""
        ...

    async def cut_off(self, now: Instant) -> int:
        """End every run that has no end with `CUT_OFF`, and what the history says that it wrote.

        Asked by whoever holds the lease, before a run of its own: nobody else has one under way.
        Says how many there were.
        """
        ...

    async def runs(self, limit: int) -> Sequence[RunRecord]:
        """The newest runs first."""
        ...

    async def figures(self, sync: str, now: Instant) -> Figures:
        """How one sync stands."""
        ...


class Store(FlowStore, DeskStore, PastStore, ServiceStore, Protocol):
    """All of it: one database, one transaction a call."""
