"""A few threads for work that waits for a database on a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Does calls elsewhere, so many at once; the event loop goes on meanwhile.

    Whoever waits for a call may be cancelled: one that began is carried out to its end, and one
    that did not begin is not.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="crosstie-state")

    async def __call__(self, call: Callable[[], T]) -> T:
        """What the call answers or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Wait for the calls that began. Twice is the same as once."""
        self._pool.shutdown(wait=True, cancel_futures=True)
