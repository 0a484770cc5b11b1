"""The real clock, real chance, and asyncio as the driver of the flows."""

from __future__ import annotations

import asyncio
import gc
import random
import secrets
import time
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

GARBAGE = 50_000
"""Objects more than were let go of before Python looks for cycles; its usual 700 are 10 links."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Python looks for garbage in cycles less often inside; as it did before, outside.

    What a settling leaves behind has hardly a cycle and goes when its last reference goes. Looking
    through it again and again for nothing took 8 % of the time of an update.
    """
    usual = gc.get_threshold()
    gc.set_threshold(max(GARBAGE, usual[0]) if usual[0] else 0, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        return time.time()


class SystemDice:
    """Chance that nobody needs to repeat."""

    def roll(self) -> float:
        return random.random()

    def token(self) -> str:
        return secrets.token_hex(16)


class AsyncTasks:
    """Runs coroutines in the running event loop, a bounded number at once."""

    def __init__(self) -> None:
        self.under_way = 0
        """Coroutines that have begun and are not done."""

    async def run(self, work: Iterable[Coroutine[Any, Any, None]], limit: int) -> None:
        """Start `limit` lanes that take the next coroutine when they are done with one.

        The first error stops all lanes after their present coroutine, and is raised.
        """
        queue: Iterator[Coroutine[Any, Any, None]] = iter(work)
        errors: list[BaseException] = []

        async def lane() -> None:
            for coroutine in queue:
                if errors:
                    coroutine.close()
                    return
                self.under_way += 1
                try:
                    await coroutine
                except BaseException as error:
                    errors.append(error)
                    raise
                finally:
                    self.under_way -= 1

        lanes = [asyncio.ensure_future(lane()) for _ in range(limit)]
        await asyncio.gather(*lanes, return_exceptions=True)
        if errors:
            raise errors[0]
