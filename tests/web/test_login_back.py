"""A log-in that comes back to the served application, and an uninstalling that it is told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from crosstie import Crosstie, Endpoint, Sync, field
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.connectors.sql import Database
from crosstie.sandbox.ghl import LOCATION_ID, GhlSandbox
from crosstie.sandbox.hosted import Hosted
from crosstie.service.hearing import listeners
from crosstie.service.keys import new_key
from crosstie.service.logins import logging_in
from crosstie.service.runtime import SystemClock
from crosstie.service.serving import Serving
from crosstie.service.wiring import opened
from crosstie.web.app import web_app
from crosstie.web.logins import DONE, REFUSED
from crosstie.web.server import address, listen, serve_until

LABEL = f"GoHighLevel {LOCATION_ID}"
BACK = "/oauth/callback/crm"


@dataclass
class Served:
    """What a test sees of it."""

    serving: Serving
    client: aiohttp.ClientSession
    url: str
    logged: list[tuple[str, Mapping[str, object]]]

    async def begin(self) -> dict[str, str]:
        """A person logs in; what the browser brings back."""
        opened = self.serving.opened
        async with logging_in(opened.app, opened.store) as logins:
            begun = await logins.begin(None)
        async with self.client.get(begun.page, allow_redirects=False) as reply:
            back = parse_qs(urlsplit(reply.headers["Location"]).query)
        return {name: values[0] for name, values in back.items()}

    async def back(self, **given: str) -> tuple[int, str]:
        """The browser comes back with it."""
        async with self.client.get(f"{self.url}{BACK}?{urlencode(given)}") as reply:
            assert reply.headers["Cache-Control"] == "no-store"
            assert reply.headers["Referrer-Policy"] == "no-referrer"
            return reply.status, await reply.text()


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    with Hosted(GhlSandbox()) as sandbox:
        said = sandbox.control("oauth", automatic=True)
        monkeypatch.setenv("APP_ID", said["client_id"])
        monkeypatch.setenv("APP_SECRET", said["client_secret"])
        monkeypatch.setenv("CROSSTIE_KEY", new_key())
        yield sandbox


def declared(sandbox: Hosted, folder: Path) -> Crosstie:
    oauth = OAuthApp(
        "env:APP_ID",
        "env:APP_SECRET",
        redirect=f"https://app.example.com{BACK}",
        login_url=f"{sandbox.url}/oauth/chooselocation",
    )
    ghl = GoHighLevel(LOCATION_ID, base_url=sandbox.url, oauth=oauth)
    key = sandbox.control("webhooks")["public_key"]
    sync = Sync(
        "contacts",
        Database(f"sqlite:///{folder / 'app.db'}").table("people"),
        ghl.contacts(),
        [field("email", "email")],
    )
    ends = [Endpoint("crm", ghl.webhooks(keys=(key,)))]
    return Crosstie([sync], state=f"sqlite:///{folder / 'state.db'}", webhooks=ends)


@asynccontextmanager
async def served(app: Crosstie) -> AsyncIterator[Served]:
    logged: list[tuple[str, Mapping[str, object]]] = []
    stop = asyncio.Event()
    async with opened(app) as ready:
        serving = Serving(ready, lambda *told: logged.append(told), SystemClock())
        with listen("127.0.0.1", 0) as listening:
            web = asyncio.ensure_future(serve_until(web_app(serving), listening, stop))
            try:
                async with aiohttp.ClientSession() as client:
                    yield Served(serving, client, address(listening), logged)
            finally:
                stop.set()
                await web


def test_whoever_logged_in_is_told_so_once(sandbox: Hosted, tmp_path: Path) -> None:
    async def play() -> None:
        async with served(declared(sandbox, tmp_path)) as door:
            given = await door.begin()
            assert await door.back(**given) == (200, DONE)
            assert ("logged_in", {"account": LABEL, "missing": []}) in door.logged
            assert await door.serving.opened.store.credential(LABEL) is not None
            assert await door.back(**given) == (400, REFUSED)

    asyncio.run(play())


def test_whatever_is_wrong_gets_the_same_answer_and_changes_nothing(
    sandbox: Hosted, tmp_path: Path
) -> None:
    async def play() -> None:
        async with served(declared(sandbox, tmp_path)) as door:
            given = await door.begin()
            for wrong in (
                {},
                {"code": given["code"]},
                {"state": given["state"]},
                {**given, "state": "guessed"},
                {**given, "state": "x" * 5_000},
                {**given, "code": "canary-guessed-code"},
            ):
                assert await door.back(**wrong) == (400, REFUSED)
            assert await door.serving.opened.store.credential(LABEL) is None
            text = repr(door.logged)
            assert "canary" not in text
            assert given["code"] not in text
            assert given["state"] not in text

    asyncio.run(play())


def test_an_uninstalling_that_is_told_of_halts_the_account_at_once(
    sandbox: Hosted, tmp_path: Path
) -> None:
    async def play() -> None:
        async with served(declared(sandbox, tmp_path)) as door:
            ready = door.serving.opened
            assert await door.back(**await door.begin()) == (200, DONE)
            await ready.works[0].right.open()
            url = f"{door.url}/webhooks/crm"
            await asyncio.to_thread(sandbox.control, "webhooks", url=url)
            await asyncio.to_thread(sandbox.control, "oauth/uninstall")
            (listener,) = listeners(ready, [ready.works], None)
            heard = await listener.once()
            while not heard.worked:
                await asyncio.sleep(0)
                heard = await listener.once()
            credential = await ready.store.credential(LABEL)
            assert credential is not None
            assert credential.refused is not None

    asyncio.run(play())


def test_an_uninstalling_that_is_told_of_and_is_past_changes_nothing_but_tokens(
    sandbox: Hosted, tmp_path: Path
) -> None:
    async def play() -> None:
        async with served(declared(sandbox, tmp_path)) as door:
            ready = door.serving.opened
            await ready.doors.ended(LABEL)
            assert await door.back(**await door.begin()) == (200, DONE)
            await ready.works[0].right.open()
            await ready.doors.ended(LABEL)
            credential = await ready.store.credential(LABEL)
            assert credential is not None
            assert (credential.refused, credential.version) == (None, 2)

    asyncio.run(play())
