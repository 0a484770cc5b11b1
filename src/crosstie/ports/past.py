"""The part of the Store port about what was: what a run wrote, and what stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crosstie.core.values import Instant, Link
from crosstie.ports.state import DeadGroup, DeadLetter, Entry, Intent, RunRecord


class PastStore(Protocol):
    """What a person asks about earlier runs, deleted records and dead letters."""

    async def past_links(self, record_id: str, limit: int) -> Sequence[int]:
        """Ids of links, dropped ones too, whose history names this record of either side."""
        ...

    async def run(self, run_id: int) -> RunRecord | None:
        """One run; None for one that never was or left no trace."""
        ...

    async def run_links(self, run_id: int, after: int, limit: int) -> Sequence[int]:
        """Ids of links that this run wrote history for, in order, after that id (at first 0)."""
        ...

    async def run_entries(self, run_id: int, link_ids: Sequence[int]) -> Sequence[Entry]:
        """What the history says of these links in this run, by link, oldest first."""
        ...

    async def begin_again(self, link: Link, intent: Intent, now: Instant) -> tuple[Link, Intent]:
        """Keep a link that has no records yet, due now, with the intent to make its record.

        A link that is gone gets its number again, and with it its history. Both come back with
        their ids. One transaction: there is never the one without the other.
        """
        ...

    async def dead_groups(self, sync: str | None, sample: int) -> Sequence[DeadGroup]:
        """Dead letters by sync and cause, the largest group first."""
        ...

    async def dead_letters(
        self, sync: str | None, cause: str | None, after: int, limit: int
    ) -> Sequence[DeadLetter]:
        """Dead letters of that sync and cause (None: of all), by link, after that link's id."""
        ...
