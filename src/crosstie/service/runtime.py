"""The real clock, real chance, and asyncio as the driver of the flows."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any


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
                try:
                    await coroutine
                except BaseException as error:
                    errors.append(error)
                    raise

        lanes = [asyncio.ensure_future(lane()) for _ in range(limit)]
        await asyncio.gather(*lanes, return_exceptions=True)
        if errors:
            raise errors[0]
