"""An address that a user gave leads out, or nowhere: whatever trick it is written with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web

from crosstie.connectors import outgoing
from crosstie.connectors.outgoing import LARGEST, checked, is_public, post, reachable, resolved
from crosstie.core.errors import CrosstieError, Misconfigured, Retry
from crosstie.sandbox.serving import Running, serve

PUBLIC = "93.184.216.34"
WHAT = "the address of the test"

NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::93.184.216.34",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "127.1",
    "2130706433",
    "nonsense",
]

ODD = [
    "http://example.com/hook",
    "ftp://example.com/hook",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/hook",
    "example.com/hook",
    "",
    "https://",
    "https:///hook",
    "https://user@example.com/hook",
    "https://user:secret@example.com/hook",
    "https://example.com@127.0.0.1/hook",
    "https://@example.com/hook",
    "https://example.com/hook#fragment",
    "https://example.com:22/hook",
    "https://example.com:8443/hook",
    "https://example.com:0/hook",
    "https://example.com:99999/hook",
    "https://example.com:port/hook",
    "https://127.1/hook",
    "https://2130706433/hook",
    "https://0x7f000001/hook",
    "https://0x7f.0x0.0x0.0x1/hook",
    "https://017700000001/hook",
    "https://0177.0.0.1/hook",
    "https://127.0.0.1./hook",
    "https://localhost./hook",
    "https://[::1/hook",
    "https://exa mple.com/hook",
    "https://example.com/hook\r\nX-Evil: 1",
    "https://example.com/ho\tok",
    "https://example.com\\@127.0.0.1/hook",
    "https://\uff11\uff12\uff17.0.0.1/hook",
    "https://ⓛocalhost/hook",
]


def run(work: Any) -> Any:
    return asyncio.run(work)


async def stands_for(*addresses: str) -> Sequence[str]:
    return addresses


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_out_there_is_not_connected_to(address: str) -> None:
    assert not is_public(address)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return [PUBLIC, address]

    with pytest.raises(Misconfigured, match="private network"):
        run(post("https://example.com/", b"", {}, WHAT, resolve=resolve))


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_that_is_out_there_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ODD)
def test_an_address_that_is_written_oddly_is_refused_before_anybody_is_asked(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(f"{host} was asked for")

    with pytest.raises(Misconfigured) as refused:
        run(post(url, b"", {}, WHAT, resolve=resolve))
    assert refused.value.fix
    assert not url or url not in str(refused.value), "the address may be a secret"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:7f00:1]/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/hook",
    ],
)
def test_an_address_of_this_machine_or_network_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="private network"):
        run(post(url, b"", {}, WHAT))


def test_loopback_is_for_this_machine_alone() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1", "10.0.0.1"]

    with pytest.raises(Misconfigured, match="private network"):
        run(post("http://example.com/", b"", {}, WHAT, loopback=True, resolve=resolve))
    with pytest.raises(Misconfigured, match="unencrypted"):
        asked = reachable(
            checked("http://example.com/", WHAT, loopback=True),
            WHAT,
            loopback=True,
            resolve=lambda host, port: stands_for(PUBLIC),
        )
        run(asked)
    for nobody in ((), ("127.0.0.1", "::ffff:127.0.0.1")):
        with pytest.raises(Misconfigured, match="private network"):
            run(
                reachable(
                    checked("https://example.com/", WHAT),
                    WHAT,
                    loopback=True,
                    resolve=lambda host, port, nobody=nobody: stands_for(*nobody),  # type: ignore[misc]
                )
            )


def test_a_port_may_be_allowed() -> None:
    assert checked("https://example.com:8443/x", WHAT, (443, 8443)).port == 8443


async def answering(handler: Any) -> Running:
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    return await serve(app, "127.0.0.1", 0)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    seen: list[str] = []
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(f"{request.host} {await request.text()} {sorted(request.headers)}")
        return web.Response(text="taken", headers={"Set-Cookie": "a=b"})

    async def resolve(host: str, port: int) -> Sequence[str]:
        # Asked a second time, the name would stand for something else.
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def play() -> None:
        running = await answering(handler)
        try:
            url = f"http://sink.example.com:{running.port}/hook"
            answer = await post(url, b"hello", {"A": "b"}, WHAT, loopback=True, resolve=resolve)
        finally:
            await running.stop()
        assert (answer.status, answer.text) == (200, "taken")
        assert asked == ["sink.example.com"]
        assert seen[0].startswith(f"sink.example.com:{running.port} hello")

    run(play())


def test_no_redirect_is_followed_and_a_long_answer_is_not_read_to_its_end() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/long":
            return web.Response(body=b"x" * (3 * LARGEST))
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async def play() -> None:
        running = await answering(handler)
        try:
            moved = await post(f"{running.url}/moved", b"", {}, WHAT, loopback=True)
            long = await post(f"{running.url}/long", b"", {}, WHAT, loopback=True)
        finally:
            await running.stop()
        assert moved.status == 307
        assert len(long.text) <= LARGEST
        assert asked == ["/moved", "/long"]

    run(play())


def test_who_does_not_answer_is_named_by_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def play() -> None:
        running = await answering(slow)
        try:
            with pytest.raises(Retry, match="no answer within") as late:
                await post(f"{running.url}/secret", b"", {}, WHAT, loopback=True)
        finally:
            await running.stop()
        with pytest.raises(Retry, match=r"no connection to 127\.0\.0\.1") as away:
            await post(f"{running.url}/secret", b"", {}, WHAT, loopback=True)
        errors: list[CrosstieError] = [late.value, away.value]
        assert not any("secret" in str(error) for error in errors)

    monkeypatch.setattr(outgoing, "TIMEOUT", 0.05)
    run(play())


def test_a_name_that_is_nobodys_is_tried_again() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    with pytest.raises(Retry, match=r"example\.com cannot be resolved"):
        run(post("https://example.com/", b"", {}, WHAT, resolve=resolve))


def test_this_machine_knows_itself() -> None:
    assert "127.0.0.1" in run(resolved("127.0.0.1", 80))
