"""Group commit: what flows keep at the same moment goes into one transaction.

Many links are settled side by side; each keeps an intent before its call and a step after it. One
commit a link would cost more than the rest of the settling. Here flows wait for each other: the
next commit is made as soon as every flow under way waits for it, and all of them go on after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from copy import copy

import msgspec

from crosstie.core.errors import CrosstieError, Rejected, Stale
from crosstie.ports import Intent, Step
from crosstie.service.runtime import AsyncTasks
from crosstie.service.threads import Threads
from crosstie.store.database import Database
from crosstie.store.sql_store import SqlStore

THREADS = 4
"""In which a database that is elsewhere is asked. One writes at a time; the others look."""

PATIENCE = 0.004
"""Seconds a flow waits at most for others that are busy with something else: little beside a call
over a network. A flow that is alone never waits."""


class _Asked(msgspec.Struct, frozen=True):
    """What one caller wants kept."""

    intents: Sequence[Intent]
    steps: Sequence[Step]
    done: asyncio.Future[Sequence[int]]


class GroupedStore(SqlStore):
    """The store of a running engine: with group commit for intents and steps.

    SQLite is asked inline, and its calls never suspend; PostgreSQL in threads of this store.
    """

    _threads: Threads | None = None
    _asked: list[_Asked] | None = None
    _latest: asyncio.TimerHandle | None = None
    _tasks: AsyncTasks | None = None

    def __init__(self, database: Database, name: str, identity: str) -> None:
        super().__init__(database, name, identity)
        self._flushing: set[asyncio.Task[None]] = set()
        if not database.here:
            self._elsewhere = self._threads = Threads(THREADS)

    def close(self) -> None:
        """See `SqlStore`. What a thread has begun is finished first."""
        if self._threads is not None:
            self._threads.close()
        super().close()

    def wait_for(self, tasks: AsyncTasks) -> None:
        """Flows that these tasks have under way may wait for one another.

        Without it nobody waits longer than until the event loop has run what is ready.
        """
        self._tasks = tasks

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
            self._latest = loop.call_later(PATIENCE, self._flush)
        asked = _Asked(intents, steps, loop.create_future())
        self._asked.append(asked)
        if self._complete():
            # Those that are ready to run by now may come as well.
            loop.call_soon(loop.call_soon, self._flush_complete)
        return await asked.done

    def _complete(self) -> bool:
        """Nobody else can come before this commit."""
        under_way = 0 if self._tasks is None else self._tasks.under_way
        return self._asked is not None and len(self._asked) >= under_way

    def _flush_complete(self) -> None:
        if self._complete():
            self._flush()

    def _flush(self) -> None:
        group, self._asked = self._asked or [], None
        if self._latest is not None:
            self._latest.cancel()
        keeping = self._keep(group)
        if self._threads is None:
            with suppress(StopIteration):
                keeping.send(None)
            return
        task = asyncio.ensure_future(keeping)
        self._flushing.add(task)
        task.add_done_callback(self._flushing.discard)

    async def _keep(self, group: Sequence[_Asked]) -> None:
        try:
            await self._keep_group(group)
        except (Rejected, Stale):
            await self._one_by_one(group)
        except CrosstieError as error:
            # Nobody's content is at fault: each would be told the same, one after the other.
            for asked in group:
                _refuse(asked, copy(error))
        finally:
            # Whatever else went wrong is told by the event loop, and nobody waits for ever.
            for asked in group:
                asked.done.cancel()

    async def _one_by_one(self, group: Sequence[_Asked]) -> None:
        """One of them cannot be kept: the others must not suffer for it."""
        for asked in group:
            try:
                await self._keep_group([asked])
            except CrosstieError as error:
                _refuse(asked, error)

    async def _keep_group(self, group: Sequence[_Asked]) -> None:
        ids = await self.keep_together(
            [intent for asked in group for intent in asked.intents],
            [step for asked in group for step in asked.steps],
        )
        start = 0
        for asked in group:
            end = start + len(asked.intents)
            if not asked.done.done():
                asked.done.set_result(ids[start:end])
            start = end


def _refuse(asked: _Asked, error: CrosstieError) -> None:
    """Every flow gets an error of its own: it adds to it what it knows."""
    if not asked.done.done():
        asked.done.set_exception(error)
