"""Group commit: what flows keep at the same moment goes into one transaction.

Many links are settled side by side; each keeps an intent before its call and a step after it. One
commit a link would cost more than the rest of the settling. Here whoever comes while the event loop
runs its ready tasks shares the next commit, and all of them go on after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from crosstie.core.errors import CrosstieError
from crosstie.ports import Intent, Step
from crosstie.store.sql_store import SqlStore


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one caller wants kept."""

    intents: Sequence[Intent]
    steps: Sequence[Step]
    done: asyncio.Future[Sequence[int]]


class GroupedStore(SqlStore):
    """The store of a running engine: SQLite inline, with group commit for intents and steps."""

    _asked: list[_Asked] | None = None

    async def intend(self, intents: Sequence[Intent]) -> Sequence[int]:
        """See `JournalStore`. Intents of other flows may be kept with these."""
        return await self._shared(intents, ())

    async def keep(self, steps: Sequence[Step]) -> None:
        """See `JournalStore`. Steps and intents of other flows may be kept with these."""
        await self._shared((), steps)

    async def _shared(self, intents: Sequence[Intent], steps: Sequence[Step]) -> Sequence[int]:
        """Keep them with the next commit; returns when they are durable."""
        if not (intents or steps):
            return ()
        loop = asyncio.get_running_loop()
        if self._asked is None:
            self._asked = []
            loop.call_soon(loop.call_soon, self._flush)
        asked = _Asked(intents, steps, loop.create_future())
        self._asked.append(asked)
        return await asked.done

    def _flush(self) -> None:
        group, self._asked = self._asked or [], None
        try:
            self._keep_group(group)
        except CrosstieError:
            self._one_by_one(group)

    def _one_by_one(self, group: Sequence[_Asked]) -> None:
        """One of them cannot be kept: the others must not suffer for it."""
        for asked in group:
            try:
                self._keep_group([asked])
            except CrosstieError as error:
                if not asked.done.done():
                    asked.done.set_exception(error)

    def _keep_group(self, group: Sequence[_Asked]) -> None:
        ids = self.keep_together(
            [intent for asked in group for intent in asked.intents],
            [step for asked in group for step in asked.steps],
        )
        start = 0
        for asked in group:
            end = start + len(asked.intents)
            if not asked.done.done():
                asked.done.set_result(ids[start:end])
            start = end
