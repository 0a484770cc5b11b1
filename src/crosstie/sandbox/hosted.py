"""A stand-in in a thread of its own, for synchronous tests and demonstrations."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from http.client import HTTPConnection
from typing import Any, Self, TypeVar

from .ghl import GhlSandbox, Running, start

T = TypeVar("T")

_STARTUP = 30.0
_READS = ("state", "faults", "oauth", "webhooks")


class Hosted:
    """Serves a sandbox while the `with` block lasts.

    The server thread owns the sandbox meanwhile: look at it through `control`, or after the
    block. Raises OSError when the port is taken.
    """

    def __init__(self, sandbox: GhlSandbox, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandbox = sandbox
        self.url = ""
        self._host = host
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._running: Running | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._running = self._in_thread(start(self.sandbox, self._host, self._port))
        except OSError:
            self._end_thread()
            raise
        self.url = self._running.url
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server and its thread. Stopping twice is the same as once."""
        running, self._running = self._running, None
        if running is not None:
            self._in_thread(running.stop())
            self._end_thread()

    def control(self, path: str, method: str | None = None, **body: Any) -> dict[str, Any]:
        """Call `/_sandbox/<path>`; bare `state`, `faults`, `webhooks` are read, the rest is posted.

        Raises ValueError with the sandbox's words when it refuses.
        """
        verb = method or ("GET" if path in _READS and not body else "POST")
        assert self._running is not None, "the sandbox is not running"
        connection = HTTPConnection(self._running.host, self._running.port, timeout=_STARTUP)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(verb, f"/_sandbox/{path}", json.dumps(body).encode(), headers)
            reply = connection.getresponse()
            answer: dict[str, Any] = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status != 200:
            raise ValueError(answer.get("error", f"status {reply.status}"))
        return answer

    def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_STARTUP)

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STARTUP)
        self._loop.close()
