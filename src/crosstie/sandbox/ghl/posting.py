"""Carries webhooks to their address, in the background. Who does not answer stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from .webhooks import Delivery, Webhooks

_SHORTEST = 0.005


class Poster:
    """Sends what is due, at most as many at once as the settings say."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    async def during(self, app: web.Application) -> AsyncIterator[None]:
        """As long as the application is served; what still waits then stays unsent."""
        self._webhooks.wake = self._woken.set
        carrying = asyncio.create_task(self._carry())
        yield
        self._webhooks.wake = lambda: None
        tasks = [carrying, *self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self) -> None:
        async with ClientSession() as session:
            while True:
                self._woken.clear()
                while len(self._under_way) < self._webhooks.settings.at_once:
                    delivery = self._webhooks.take()
                    if delivery is None:
                        break
                    self._start(session, delivery)
                await self._wait()

    def _start(self, session: ClientSession, delivery: Delivery) -> None:
        task = asyncio.create_task(self._post(session, delivery))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._woken.set()

    async def _wait(self) -> None:
        seconds = self._webhooks.seconds_to_next()
        room = len(self._under_way) < self._webhooks.settings.at_once
        limit = max(seconds, _SHORTEST) if seconds is not None and room else None
        try:
            async with asyncio.timeout(limit):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _post(self, session: ClientSession, delivery: Delivery) -> None:
        settings = self._webhooks.settings
        status: int | None = None
        try:
            async with session.post(
                settings.url,
                data=delivery.body,
                headers=delivery.headers,
                timeout=ClientTimeout(total=settings.timeout),
                allow_redirects=False,
            ) as answer:
                status = answer.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status = None
        self._webhooks.answered(delivery, status)
