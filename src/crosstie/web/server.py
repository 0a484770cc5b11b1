"""uvicorn in our own event loop, on a socket of ours."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from crosstie.core.errors import Misconfigured
from crosstie.web.heads import BoundedHeads

GRACE = 10
"""Seconds in which requests under way may end after a stop."""
BACKLOG = 2_048
OPEN = 1_000
"""Connections at once; the next ones are answered 503, and their senders come again."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0: on a free one. Raises Misconfigured where it cannot."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except (OSError, OverflowError, UnicodeError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise Misconfigured(
            f"cannot listen on {host} port {port}: {why}",
            fix="stop what listens there, or give another `--port` or `--host`",
        ) from wrong


def address(listening: socket.socket) -> str:
    """What a person types to reach it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the event loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_until(app: ASGIApp, listening: socket.socket, stop: asyncio.Event) -> None:
    """Answer requests until `stop` is set; those under way are answered first."""
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        log_config=None,
        # A line for each bad request would let anybody fill the log.
        log_level=logging.ERROR,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=OPEN,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await serving
