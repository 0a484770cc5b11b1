"""The part of the store that a person asks about what was."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.values import Instant, Link
from crosstie.ports.state import DeadGroup, DeadLetter, Entry, Intent, RunRecord
from crosstie.store import letters, past
from crosstie.store.transacting import Transacting


class PastSide(Transacting):
    """`ports.past.PastStore` on a database."""

    async def past_links(self, record_id: str, limit: int) -> Sequence[int]:
        """See `PastStore`."""
        return await self._reading(past.past_links, record_id, limit)

    async def run(self, run_id: int) -> RunRecord | None:
        """See `PastStore`."""
        return await self._reading(past.run_by_id, run_id)

    async def run_links(self, run_id: int, after: int, limit: int) -> Sequence[int]:
        """See `PastStore`."""
        return await self._reading(past.run_links, run_id, after, limit)

    async def run_entries(self, run_id: int, link_ids: Sequence[int]) -> Sequence[Entry]:
        """See `PastStore`."""
        return await self._reading(past.run_entries, run_id, link_ids)

    async def begin_again(self, link: Link, intent: Intent, now: Instant) -> tuple[Link, Intent]:
        """See `PastStore`."""
        return await self._writing(past.begin_again, link, intent, now)

    async def dead_groups(self, sync: str | None, sample: int) -> Sequence[DeadGroup]:
        """See `PastStore`."""
        return await self._reading(letters.dead_groups, sync, sample)

    async def dead_letters(
        self, sync: str | None, cause: str | None, after: int, limit: int
    ) -> Sequence[DeadLetter]:
        """See `PastStore`."""
        return await self._reading(letters.dead_letters, sync, cause, after, limit)
