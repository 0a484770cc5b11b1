"""The answer to a log-in, received on this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from crosstie.core.errors import Misconfigured
from crosstie.service.logins import LoginFailed
from crosstie.service.loopback import Answer, is_local, listening

STATE = "state-of-this-log-in"
Get = Callable[[str], Awaitable[tuple[int, str]]]


def free() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}"


def played(work: Callable[[Answer, Get], Awaitable[None]]) -> None:
    """Let a browser come back to a redirect address."""
    base = free()

    async def call() -> None:
        async with listening(f"{base}/back", STATE) as answer, aiohttp.ClientSession() as client:

            async def get(path: str) -> tuple[int, str]:
                async with client.get(base + path) as reply:
                    assert reply.headers["Cache-Control"] == "no-store"
                    return reply.status, await reply.text()

            await work(answer, get)

    asyncio.run(call())


def test_the_code_comes_back_once() -> None:
    async def work(answer: Answer, get: Get) -> None:
        for wrong in ("code=c1", "code=c1&state=other", "code=c1&state=%FF", ""):
            assert (await get(f"/back?{wrong}"))[0] == 400
        assert (await get(f"/back?code=c1&state={STATE}"))[0] == 200
        assert (await get(f"/back?code=c2&state={STATE}"))[0] == 400
        assert await answer.code(60.0) == "c1"

    played(work)


def test_a_refusal_ends_the_waiting() -> None:
    async def work(answer: Answer, get: Get) -> None:
        assert (await get(f"/back?error=access_denied&state={STATE}"))[0] == 200
        with pytest.raises(LoginFailed, match="refused"):
            await answer.code(60.0)

    played(work)


def test_nobody_is_waited_for_for_ever() -> None:
    async def work(answer: Answer, get: Get) -> None:
        with pytest.raises(LoginFailed, match="in time"):
            await answer.code(0.0)

    played(work)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        async def call() -> None:
            async with listening(f"http://127.0.0.1:{port}/back", STATE):
                pass

        with pytest.raises(Misconfigured, match=str(port)):
            asyncio.run(call())


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_a_machine_without_ipv6_listens_on_the_other_address(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    true = web.TCPSite.start

    async def start(site: web.TCPSite) -> None:
        if "[::1]" in site.name:
            raise OSError(number, "no IPv6")
        await true(site)

    monkeypatch.setattr(web.TCPSite, "start", start)
    port = urlsplit(free()).port

    async def call() -> int:
        async with (
            listening(f"http://localhost:{port}/back", STATE),
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{port}/back") as reply,
        ):
            return reply.status

    assert asyncio.run(call()) == 400


def test_what_comes_back_to_a_server_is_not_received_here() -> None:
    assert is_local("http://localhost:8765/back")
    assert not is_local("https://app.example.com/back")
