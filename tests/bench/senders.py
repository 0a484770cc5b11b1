"""Many senders of signed webhooks: as little of our own as can be, so that the service is measured.

The requests are made before the clock starts; what is measured is from the first byte sent to the
last byte of the answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence

from crosstie.sandbox.ghl.webhook_key import WebhookKey

NOTE = "Asked for a quote for two adults and a dog, and to be called back in the afternoon. "


def requests(count: int, key: WebhookKey, location: str, path: str) -> list[bytes]:
    """That many deliveries as they go over the wire, each of about 800 bytes of body."""
    out = []
    for number in range(count):
        body = json.dumps(
            {
                "type": "ContactUpdate",
                "locationId": location,
                "id": f"contact{number:013}",
                "firstName": "Firstname",
                "lastName": "Lastname",
                "email": f"somebody{number}@example.com",
                "phone": "+15555550100",
                "customFields": [{"id": "note", "value": NOTE * 5}],
                "timestamp": "2026-11-21T08:00:00.000Z",
                "webhookId": f"delivery-{number:08}",
            }
        ).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-GHL-Signature: {key.sign(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        out.append(head.encode() + body)
    return out


class _Sender(asyncio.Protocol):
    """One connection that sends the next request when the last one was answered."""

    def __init__(self, left: deque[bytes], took: list[float], statuses: list[int]) -> None:
        self._left, self._took, self._statuses = left, took, statuses
        self._answer = b""
        self._began = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]):
            self._took.append(time.perf_counter() - self._began)
            self._statuses.append(int(head[9:12]))
            self._answer = b""
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        if not self._left:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(self._left.popleft())


async def send(
    port: int, wanted: Sequence[bytes], senders: int
) -> tuple[float, list[float], list[int]]:
    """Send all of them over that many connections: seconds, seconds of each, statuses."""
    left, took, statuses = deque(wanted), list[float](), list[int]()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    connections = [
        (await loop.create_connection(lambda: _Sender(left, took, statuses), "127.0.0.1", port))[1]
        for _ in range(senders)
    ]
    await asyncio.gather(*(connection.done for connection in connections))
    return time.perf_counter() - began, took, statuses
