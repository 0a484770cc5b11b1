"""Receives the answer to a log-in on this machine: one path, for ten minutes."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hmac import compare_digest
from urllib.parse import urlsplit

from aiohttp import web

from crosstie.core.errors import Misconfigured
from crosstie.service.logins import LoginFailed

# Both of them: a browser tries one, then the other, and no other program may have either.
_ADDRESSES = {"localhost": ("127.0.0.1", "::1")}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Answer:
    """The code that came back, once it did."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def code(self, seconds: float) -> str:
        """Wait for it. Raises LoginFailed where it was refused, or does not come in time."""
        try:
            return await asyncio.wait_for(self._code, seconds)
        except TimeoutError:
            raise LoginFailed(
                "nobody logged in in time", fix="run `crosstie auth login` once more"
            ) from None

    async def receive(self, request: web.Request) -> web.Response:
        """What the browser brings. Whatever does not know the state changes nothing."""
        query = request.query
        if not compare_digest(query.get("state", "").encode(), self._state.encode()):
            return _page(400, "This answer belongs to no log-in that is waited for.")
        if self._code.done():
            return _page(400, "This log-in was answered already.")
        code = query.get("code", "")
        if not code:
            self._code.set_exception(
                LoginFailed("the log-in was refused", fix="log in again and agree to the scopes")
            )
            return _page(200, "Nothing was changed. You can close this window.")
        self._code.set_result(code)
        return _page(200, "Thank you. You can close this window and go on in the terminal.")


@asynccontextmanager
async def listening(redirect: str, state: str) -> AsyncIterator[Answer]:
    """Listen at the redirect address. Raises Misconfigured where another program does."""
    url = urlsplit(redirect)
    answer = Answer(state)
    app = web.Application(client_max_size=1024)
    app.router.add_get(url.path or "/", answer.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        for host in _ADDRESSES.get(url.hostname or "", (url.hostname,)):
            await _listen(web.TCPSite(runner, host, url.port), host, url.port)
        yield answer
    finally:
        await runner.cleanup()


async def _listen(site: web.TCPSite, host: str | None, port: int | None) -> None:
    try:
        await site.start()
    except OSError as wrong:
        if host == "::1" and wrong.errno != errno.EADDRINUSE:
            # A machine without IPv6: no browser goes there.
            return
        raise Misconfigured(
            f"another program listens on port {port}, where the log-in comes back to",
            fix="end it, or register and declare a redirect address with another port",
        ) from None


def is_local(redirect: str) -> bool:
    """The answer comes back to this machine, unencrypted, and not to a server."""
    return urlsplit(redirect).scheme == "http"


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=_HEADERS)
