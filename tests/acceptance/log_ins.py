"""An application whose account a person logs in to, and such a person."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

from crosstie.service.locate import locate
from crosstie.service.logins import LoggedIn, Logins, logging_in
from crosstie.store.sql_store import SqlStore

from .world import World

SECRET = "canary-client-secret-5b1f0e"
CLIENT = "sandboxApp0000000001-key00001"
ACCOUNT = "GoHighLevel sandboxLocation00001"

APP = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.connectors.sql import Database

database = Database("sqlite:///{database}")
ghl = GoHighLevel(
    location="{location}",
    base_url="{url}",
    oauth=OAuthApp(
        client_id="env:APP_ID",
        client_secret="env:APP_SECRET",
        redirect="{redirect}",
        login_url="{url}/v2/oauth/chooselocation",
        {options}
    ),
)
contacts = Sync(
    name="contacts",
    left=database.table("people"),
    right=ghl.contacts(search_lag=0.0),
    fields=[field("first_name", "firstName"), field("email", "email", Email())],
    match=["email"],
)
app = Crosstie(syncs=[contacts], state="sqlite:///state.db")
"""


def fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def declare(world: World, options: str = "", redirect: str = "http://localhost:8765/cb") -> None:
    """An account with a log-in, and a sandbox that knows the application."""
    assert world.sandbox is not None
    world.control("oauth", client_id=CLIENT, client_secret=SECRET, automatic=True)
    world.declare(
        text=APP.format(
            database=world.database,
            location=world.sandbox.sandbox.location.id,
            url=world.sandbox.url,
            redirect=redirect,
            options=options,
        )
    )
    os.environ["APP_ID"], os.environ["APP_SECRET"] = CLIENT, SECRET


def agreed(page: str) -> tuple[str, str]:
    """A person opens the page: the state and the code that come back."""
    url = urlsplit(page)
    connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=10)
    try:
        connection.request("GET", f"{url.path}?{url.query}")
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 302, reply.status
        back = parse_qs(urlsplit(reply.getheader("Location") or "").query)
    finally:
        connection.close()
    return back["state"][0], back["code"][0]


def log_in(world: World) -> LoggedIn:
    """Log in without the command, which waits for a browser."""

    async def with_person(logins: Logins) -> LoggedIn:
        begun = await logins.begin(None)
        return await logins.finish(*agreed(begun.page))

    return with_logins(world, with_person)


def with_logins(world: World, work: object) -> LoggedIn:
    async def call() -> LoggedIn:
        app = locate(None, world.folder).app
        store = SqlStore.open(app.state)
        try:
            async with logging_in(app, store) as logins:
                return await work(logins)  # type: ignore[operator, no-any-return]
        finally:
            store.close()

    return asyncio.run(call())


def command(world: World, *args: str) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    call = "import sys; from crosstie.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", call, *args],
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
