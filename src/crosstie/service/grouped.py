"""Group commit: what flows keep at the same moment goes into one transaction.

Many links are settled side by side; each keeps an intent before its call and a step after it. One
commit a link would cost more than the rest of the settling. Here whoever comes while the event loop
runs its ready tasks shares the next commit, and all of them go on after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from crosstie.core.errors import CrosstieError
from crosstie.ports import Intent, Step
from crosstie.store.sql_store import SqlStore

Item = TypeVar("Item")


class _Batch(Generic[Item]):
    """Collects items until the loop has run what is ready, then keeps them all at once."""

    def __init__(
        self, keep: Callable[[Sequence[Item]], Coroutine[Any, Any, Sequence[int] | None]]
    ) -> None:
        self._keep = keep
        self._items: list[Item] = []
        self._waiting: list[tuple[int, int, asyncio.Future[Sequence[int]]]] = []

    async def add(self, items: Sequence[Item]) -> Sequence[int]:
        """Keep these items; returns when they are durable. Raises what the keeping raised."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Sequence[int]] = loop.create_future()
        if not self._waiting:
            loop.call_soon(loop.call_soon, self._flush)
        self._waiting.append((len(self._items), len(items), done))
        self._items.extend(items)
        return await done

    def _flush(self) -> None:
        items, waiting = self._items, self._waiting
        self._items, self._waiting = [], []
        try:
            ids = drive(self._keep(items))
        except CrosstieError:
            self._one_by_one(items, waiting)
            return
        for start, length, done in waiting:
            if not done.done():
                done.set_result(() if ids is None else ids[start : start + length])

    def _one_by_one(
        self, items: list[Item], waiting: list[tuple[int, int, asyncio.Future[Sequence[int]]]]
    ) -> None:
        """One of them cannot be kept: the others must not suffer for it."""
        for start, length, done in waiting:
            try:
                ids = drive(self._keep(items[start : start + length]))
            except CrosstieError as error:
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(ids or ())


class GroupedStore(SqlStore):
    """The store of a running engine: SQLite inline, with group commit for intents and steps."""

    _intents: _Batch[Intent] | None = None
    _steps: _Batch[Step] | None = None

    async def intend(self, intents: Sequence[Intent]) -> Sequence[int]:
        if self._intents is None:
            self._intents = _Batch(super().intend)
        return await self._intents.add(intents)

    async def keep(self, steps: Sequence[Step]) -> None:
        if self._steps is None:
            self._steps = _Batch(super().keep)
        await self._steps.add(steps)


def drive(coroutine: Coroutine[Any, Any, Sequence[int] | None]) -> Sequence[int] | None:
    """Run a coroutine of the SQLite store to its end: it never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: Sequence[int] | None = done.value
        return result
    raise AssertionError("the SQLite store has waited")
