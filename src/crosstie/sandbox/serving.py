"""Serving a stand-in: on the caller's loop, or blocking until a signal."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

_GRACE = 0.5


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    host: str
    port: int
    _runner: web.AppRunner

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def stop(self) -> None:
        """Stop listening and cut what is still open. Stopping twice is the same as once."""
        await self._runner.cleanup()


async def serve(app: web.Application, host: str, port: int) -> Running:
    """Listen; port 0 takes a free one. Raises OSError that names the port when it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
    except OSError as error:
        await runner.cleanup()
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"port {port} on {host} is taken. fix: stop what uses it or choose another port."
        raise OSError(errno.EADDRINUSE, text) from error
    bound = runner.addresses[0][1]
    return Running(host, bound, runner)


async def until_signal(running: Running, ready: Callable[[str], None]) -> None:
    """Tell the address, wait for SIGINT or SIGTERM, stop."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    try:
        ready(running.url)
        await told.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await running.stop()
