"""A serving process without a worker, reached over real HTTP."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp

from crosstie.alerts import Alerts
from crosstie.ports import Doors
from crosstie.service.receiving import SLOW
from crosstie.service.serving import Serving
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Endpoint
from crosstie.testing.fakes import FakeClock
from crosstie.testing.memory import MemoryAccount
from crosstie.testing.signed import SignedSource, SignedWebhooks
from crosstie.web.app import web_app
from crosstie.web.server import address, listen, serve_until

SECRET = "very secret"
ACCOUNT = MemoryAccount("crm account")


@dataclass(frozen=True)
class Source(SignedSource):
    """Signed with a secret that needs no environment."""

    account: MemoryAccount = ACCOUNT
    secret: str = "none"

    def bind(self, doors: Doors) -> SignedWebhooks:
        return SignedWebhooks(SECRET)


@dataclass
class Door:
    """What a test sees of it."""

    serving: Serving
    client: aiohttp.ClientSession
    url: str
    logged: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    async def post(self, headers: Mapping[str, str], body: bytes, path: str = "crm") -> Any:
        """Status, body and headers of an answer."""
        address = f"{self.url}/webhooks/{path}"
        async with self.client.post(address, data=io.BytesIO(body), headers=headers) as reply:
            return SimpleNamespace(
                status=reply.status, body=await reply.read(), headers=reply.headers
            )

    async def get(self, path: str, method: str = "GET") -> Any:
        """The same for another path."""
        async with self.client.request(method, self.url + path) as reply:
            return SimpleNamespace(
                status=reply.status, body=await reply.read(), headers=reply.headers
            )


@asynccontextmanager
async def door(slow: float = SLOW) -> AsyncIterator[Door]:
    """One that listens on a free port of loopback."""
    store = SqlStore.open("sqlite://")
    app = SimpleNamespace(
        webhooks=[Endpoint("crm", Source())], state="sqlite://", in_order=(), alerts=Alerts()
    )
    doors = SimpleNamespace(calls={"crm account": 3})
    works = (SimpleNamespace(name="people"),)
    opened: Any = SimpleNamespace(app=app, store=store, doors=doors, works=works)
    logged: list[tuple[str, Mapping[str, object]]] = []
    serving = Serving(opened, lambda *told: logged.append(told), FakeClock())
    stop = asyncio.Event()
    with listen("127.0.0.1", 0) as listening:
        web = asyncio.ensure_future(serve_until(web_app(serving, slow), listening, stop))
        try:
            async with aiohttp.ClientSession(auto_decompress=False) as client:
                yield Door(serving, client, address(listening), logged)
        finally:
            stop.set()
            await web
            store.close()
