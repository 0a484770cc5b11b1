"""Calls to addresses that a user gave: only where nobody inside the network can be reached.

Such an address may have come from anywhere, and whatever this machine can reach it could be made
to reach: the service that hands out cloud credentials, a database, a printer. Hence:

* https alone, and no credentials, fragment, odd characters or odd ports in the address
* the name is resolved once; **every** address it stands for has to be a public one, and the
  connection goes to those addresses, so that a name cannot stand for another one a moment later
* no redirect is followed, no proxy of the environment asked, no cookie kept

What is public: `ipaddress` calls it global, and it is no multicast and none of the forms that
carry an IPv4 address inside an IPv6 one (RFC 4291 2.5.5, 6052, 3056, 4380): of these Python 3.11
calls several global. Cloud metadata services on public addresses are named.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crosstie.core.errors import Misconfigured, Retry

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port -> every address it stands for. Raises OSError."""

TIMEOUT = 10.0
LARGEST = 64 * 1024
"""Bytes of an answer that are read; the rest is left."""

_ASCII = re.compile(r"[!-~]+")
_PATH = re.compile(r"[/?]")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_CARRIERS = tuple(
    map(
        ip_network,
        (
            "::/96",  # IPv4-compatible
            "::ffff:0:0/96",  # IPv4-mapped
            "::ffff:0:0:0/96",  # IPv4-translated
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",  # NAT64 of one's own
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # site-local, as it once was
        ),
    )
)
_METADATA = frozenset(
    map(
        ip_address,
        ("168.63.129.16", "169.254.169.254", "192.0.0.192", "100.100.100.200", "fd00:ec2::254"),
    )
)


class Answered(msgspec.Struct, frozen=True):
    """What came back, whatever it says."""

    status: int
    headers: Mapping[str, str]
    """Whatever their spelling: a name in lower case finds its value."""
    text: str


def is_public(address: str) -> bool:
    """Whether it belongs to somebody out there, for all we can tell."""
    found = _parsed(address)
    if found is None or found in _METADATA:
        return False
    if isinstance(found, IPv6Address) and any(found in net for net in _CARRIERS):
        return False
    return found.is_global and not found.is_multicast


def is_loopback(address: str) -> bool:
    """Whether it is this machine, in plain words: 127.0.0.0/8 or ::1."""
    found = _parsed(address)
    return found is not None and found.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def checked(url: str, what: str, ports: Collection[int] = (443,), *, loopback: bool = False) -> URL:
    """The address, as far as it can be judged before its name is resolved.

    what: how errors call it; they never repeat it, since it may be a secret itself.
    loopback: also an address of this machine, with http and any port.
    Raises Misconfigured.
    """
    fix = "give it like https://example.com/path"
    if _ASCII.fullmatch(url) is None or "\\" in url:
        raise Misconfigured(f"{what} holds characters that no address has", fix=fix)
    try:
        found = URL(url)
        port, host = found.port, found.raw_host or ""
    except ValueError:
        raise Misconfigured(f"{what} cannot be read", fix=fix) from None
    if found.scheme not in ("https", "http") or not host or host.endswith("."):
        raise Misconfigured(f"{what} is not the address of a web service", fix=fix)
    if found.scheme == "http" and not loopback:
        raise Misconfigured(f"{what} would be sent to unencrypted", fix="use https://")
    if "@" in _PATH.split(url.partition("//")[2])[0] or "#" in url:
        raise Misconfigured(f"{what} holds credentials or a fragment", fix=fix)
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last) and _parsed(host) is None:
        raise Misconfigured(f"{what} writes an address in an odd way", fix=fix)
    if port not in ports and not loopback:
        known = ", ".join(map(str, ports))
        raise Misconfigured(f"{what} names a port that is not allowed", fix=f"use one of: {known}")
    return found


async def reachable(url: URL, what: str, *, loopback: bool, resolve: Resolve) -> Sequence[str]:
    """The addresses to connect to. Raises Misconfigured where one of them may not be reached."""
    host, port = url.raw_host or "", url.port or 443
    if _parsed(host) is not None:
        found: Sequence[str] = [host]
    else:
        try:
            found = await resolve(host, port)
        except OSError:
            raise Retry(f"{what}: the name {host} cannot be resolved", fix="check it") from None
    inside = loopback and all(map(is_loopback, found))
    if not found or not (inside or all(map(is_public, found))):
        raise Misconfigured(
            f"{what} leads into a private network or to this machine",
            fix="give an address of the public internet; `loopback=True` allows this machine",
        )
    if url.scheme == "http" and not inside:
        raise Misconfigured(f"{what} would be sent to unencrypted", fix="use https://")
    return found


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    what: str,
    *,
    ports: Collection[int] = (443,),
    loopback: bool = False,
    resolve: Resolve | None = None,
) -> Answered:
    """POST once to an address that a user gave; any status comes back.

    Raises Misconfigured for an address that may not be reached, Retry where there is no answer.
    Neither repeats the address beyond its host.
    """
    place = checked(url, what, ports, loopback=loopback)
    addresses = await reachable(place, what, loopback=loopback, resolve=resolve or resolved)
    pinned = _Pinned(addresses)
    connector = TCPConnector(resolver=pinned, use_dns_cache=False, force_close=True)
    try:
        async with ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=TIMEOUT),
            trust_env=False,
        ) as session:
            session._retry_connection = False  # it promises one call
            async with session.post(
                place, data=body, headers=headers, allow_redirects=False
            ) as reply:
                text = (await reply.content.read(LARGEST)).decode("utf-8", "replace")
                return Answered(reply.status, reply.headers, text)
    # Not chained: what aiohttp raises holds the address.
    except TimeoutError:
        raise Retry(f"{what}: no answer within {TIMEOUT:g} seconds from {place.host}") from None
    except (ClientError, OSError) as error:
        how = f"no connection to {place.host} ({type(error).__name__})"
        raise Retry(f"{what}: {how}") from None


async def resolved(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class _Pinned(AbstractResolver):
    """Knows one name alone, and only the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        return None
