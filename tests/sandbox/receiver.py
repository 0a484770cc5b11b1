"""Where a sandbox posts its webhooks: a server that answers as a test says."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from crosstie.connectors.ghl import GoHighLevel
from crosstie.ports.webhooks import Event, Webhooks

from .conftest import NOON

PATIENCE = 20.0
"""Seconds until a webhook that was sent counts as missing."""


@dataclass
class Receiver:
    """What arrived, oldest first, and what the next ones are answered with (200 otherwise)."""

    port: int
    answers: deque[int] = field(default_factory=deque)
    arrived: queue.Queue[tuple[dict[str, list[str]], bytes]] = field(default_factory=queue.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/ghl"

    def next(self) -> tuple[dict[str, list[str]], bytes]:
        return self.arrived.get(timeout=PATIENCE)

    def event(self, webhooks: Webhooks) -> Event:
        """The next one, verified as the connector does."""
        headers, body = self.next()
        return webhooks.verify(headers, body, NOON)

    def types(self, webhooks: Webhooks, count: int) -> list[str]:
        """The types of the next ones, each verified."""
        return [self.event(webhooks).type for _ in range(count)]

    @property
    def quiet(self) -> bool:
        return self.arrived.empty()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        status = self.receiver.answers.popleft() if self.receiver.answers else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.receiver.arrived.put((headers, body))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    made = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    made.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def verifier(shown: dict[str, Any], location: str) -> Webhooks:
    """The connector's own, for the key that a sandbox shows."""
    source = GoHighLevel(location).webhooks(shown["app"], keys=shown["public_key"])
    return source.bind(None)  # type: ignore[arg-type]
