"""A sink in a thread of its own, for synchronous tests and demonstrations."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine
from http.client import HTTPConnection
from typing import Any, Generic, Protocol, Self, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

_STARTUP = 30.0


class Sink(Protocol):
    """A sink that listens."""

    @property
    def url(self) -> str:
        """Address of its page."""
        ...

    def stop(self) -> Awaitable[None]:
        """Stop listening."""
        ...


S = TypeVar("S", bound=Sink)


class HostedSink(Generic[S]):
    """Serves what `start` makes while the `with` block lasts."""

    running: S

    def __init__(self, start: Callable[[], Coroutine[Any, Any, S]]) -> None:
        self._start = start
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.running = self._in_thread(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            await self.running.stop()

        self._in_thread(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STARTUP)
        self._loop.close()

    @property
    def url(self) -> str:
        """Address of its page, and for a chat of what is sent to."""
        return self.running.url

    def messages(self) -> list[dict[str, Any]]:
        """What has arrived, the oldest first."""
        found: list[dict[str, Any]] = self._call("GET", "messages")["messages"]
        return found

    def fail(self, **how: Any) -> None:
        """See `Desk.fail`."""
        self._call("POST", "fail", how)

    def clear(self) -> None:
        """Forget what has arrived."""
        self._call("POST", "clear", {})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        place = urlsplit(self.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=_STARTUP)
        try:
            headers = {"Content-Type": "application/json"}
            raw = None if body is None else json.dumps(body).encode()
            connection.request(method, f"/_sandbox/{path}", raw, headers)
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status != 200:
            raise ValueError(answer.get("error", f"status {reply.status}"))
        return answer

    def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_STARTUP)
