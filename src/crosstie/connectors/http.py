"""The Http port over aiohttp: one account's calls, within its rate budget, none repeated.

| what happens                         | raised                                                    |
|--------------------------------------|-----------------------------------------------------------|
| no connection, no such host, TLS     | Retry, the record is not to blame                         |
| time-out or connection lost later    | Retry; unknown for a write                                |
| 2xx with a body that is not JSON     | Retry; unknown for a write                                |
| 429                                  | Retry, and the whole account pauses                       |
| the budget asks for a long wait      | Retry with that wait, without a call                      |
| any other status                     | what the account's `explain` says, else the common table  |
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from crosstie.connectors.answers import error_of, is_read, retry_after
from crosstie.core.budget import Budget, State, Urgency
from crosstie.core.errors import Misconfigured, Retry, SyncError
from crosstie.core.values import Instant, Json
from crosstie.ports.http import Http, HttpAccount, Reply, Request

CONNECT_TIMEOUT = 5.0
"""Seconds until a connection has to stand."""
PATIENCE = 30.0
"""Seconds that a call waits for its turn here; for longer waits it comes back as Retry."""
LARGEST = 10 * 1024 * 1024
"""Bytes that an answer may have."""
_PAUSE = 10.0
_LEAST_PAUSE = 1.0
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NOT_JSON = object()


@dataclass(slots=True)
class Calls:
    """Calls that left this process."""

    total: int = 0
    reads: int = 0
    writes: int = 0


class AioHttp:
    """Calls of one account. Belongs to the event loop of its first call until it is closed.

    token: the bearer token itself.  sleep, now: the service's `asyncio.sleep` and clock.
    Raises Misconfigured for an address or a token that cannot be right.
    """

    def __init__(
        self,
        account: HttpAccount,
        token: str,
        *,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], Instant],
    ) -> None:
        self.calls = Calls()
        self.budget = Budget(account.windows)
        self._account = account
        self._base = _checked_base(account)
        self._headers = {"Authorization": f"Bearer {_checked_token(account, token)}"}
        self._sleep = sleep
        self._now = now
        self._timeout = ClientTimeout(total=account.timeout, sock_connect=CONNECT_TIMEOUT)
        self._session: ClientSession | None = None

    async def send(self, request: Request) -> Reply:
        """Send once, as a live call. See `ports.http.Http`."""
        return await self._send(request, Urgency.LIVE)

    def backfill(self) -> Http:
        """The same account for calls that leave the reserve of the budget alone."""
        return _Backfill(self._send)

    def state(self) -> State:
        """How the rate budget stands."""
        return self.budget.state(self._now())

    async def close(self) -> None:
        """Close the connections. Closing twice is the same as once; a later call opens anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _send(self, request: Request, urgency: Urgency) -> Reply:
        wait = self.budget.ask(self._now(), urgency)
        if wait:
            await self._queue(wait, urgency)
        status, headers, raw = await self._exchange(request)
        now = self._now()
        if self._account.learn is not None:
            self.budget.learn(self._account.learn(headers, status), now)
        if 200 <= status < 300:
            return Reply(status, headers, self._json_of(raw, status, request))
        json = _json_or(raw, None)
        reply = Reply(status, headers, json)
        if status in request.expect:
            return reply
        raise self._error(reply, request, now)

    async def _queue(self, wait: float, urgency: Urgency) -> None:
        """Wait for a turn within the budget."""
        waited = 0.0
        while wait:
            waited += wait
            if waited > PATIENCE:
                text = f"{self._account.label}: the rate budget is used up for now"
                raise Retry(text, after=wait, counts=False)
            await self._sleep(wait)
            wait = self.budget.ask(self._now(), urgency)

    async def _exchange(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self._count(request)
        data = None if request.json is None else _encode(request.json)
        headers = dict(request.headers)
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._open().request(
                request.method,
                self._url(request),
                data=data,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                raw = await self._read(response, request)
                return response.status, {k.lower(): v for k, v in response.headers.items()}, raw
        # Not chained: what aiohttp raises may hold the address with its query, and the token.
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            text = f"{self._where(request)}: no connection ({type(error).__name__})"
            raise Retry(text, counts=False) from None
        except TimeoutError:
            text = f"{self._where(request)}: no answer within {self._account.timeout:g} seconds"
            raise Retry(text, unknown=not is_read(request)) from None
        except (ClientError, OSError) as error:
            text = f"{self._where(request)}: connection lost ({type(error).__name__})"
            raise Retry(text, unknown=not is_read(request)) from None

    async def _read(self, response: ClientResponse, request: Request) -> bytes:
        length = response.content_length
        if length is not None and length <= LARGEST and "Content-Encoding" not in response.headers:
            return await response.read()
        pieces, size = [], 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > LARGEST:
                text = f"{self._where(request)}: the answer has more than {LARGEST} bytes"
                raise Retry(text, unknown=not is_read(request), fix="ask for smaller pages")
            pieces.append(piece)
        return b"".join(pieces)

    def _json_of(self, raw: bytes, status: int, request: Request) -> Json:
        json = _json_or(raw, _NOT_JSON)
        if json is _NOT_JSON:
            looks = "HTML" if raw.lstrip()[:1] == b"<" else "broken JSON"
            text = f"{self._where(request)} answered {status} with {looks}"
            raise Retry(text, unknown=not is_read(request))
        return json

    def _error(self, reply: Reply, request: Request, now: Instant) -> Exception:
        account = self._account
        after = retry_after(reply.headers, now)
        if reply.status == 429:
            if after is None:
                after = min((window.seconds for window in account.windows), default=_PAUSE)
            after = max(after, _LEAST_PAUSE)
            self.budget.pause(now + after)
        explained = account.explain(reply, request) if account.explain is not None else None
        if explained is not None:
            return explained
        error: SyncError = error_of(reply.status, request, self._where(request), after)
        return error

    def _count(self, request: Request) -> None:
        self.calls.total += 1
        if is_read(request):
            self.calls.reads += 1
        else:
            self.calls.writes += 1

    def _url(self, request: Request) -> URL:
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        return URL(f"{self._base}{request.path}{query}", encoded=True)

    def _where(self, request: Request) -> str:
        return f"{self._account.label}: {request.method} {request.path}"

    def _open(self) -> ClientSession:
        if self._session is None:
            # The engine bounds how many calls are in flight; a second bound here would let calls
            # time out in a queue, and a write that never left would count as unknown.
            session = ClientSession(
                connector=TCPConnector(limit=0, ttl_dns_cache=300),
                headers={**self._headers, "Accept": "application/json", "User-Agent": "crosstie"},
                cookie_jar=DummyCookieJar(),
                trust_env=False,
            )
            # aiohttp repeats idempotent calls by itself when a connection is lost; the port
            # promises one call, and the engine decides what a lost answer means.
            session._retry_connection = False
            self._session = session
        return self._session


@dataclass(frozen=True, slots=True)
class _Backfill:
    _send: Callable[[Request, Urgency], Awaitable[Reply]]

    async def send(self, request: Request) -> Reply:
        """Send once, leaving the reserve to others."""
        return await self._send(request, Urgency.BACKFILL)


def _json_or(raw: bytes, other: Json) -> Json:
    if not raw.strip():
        return None
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return other


def _checked_base(account: HttpAccount) -> str:
    base = account.base_url.rstrip("/")
    try:
        url = URL(base)
        usable = bool(url.host) and not (url.query_string or url.fragment or url.user)
    except ValueError:
        url, usable = URL(), False
    if not usable or url.scheme not in ("http", "https"):
        raise Misconfigured(
            f"{account.label}: base_url is not the address of a web service",
            fix="give it like https://services.example.com",
        )
    if url.scheme == "http" and not _is_loopback(url.host or ""):
        raise Misconfigured(
            f"{account.label}: base_url would send the token unencrypted",
            fix="use https:// (http:// is for this machine alone)",
        )
    return base


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_token(account: HttpAccount, token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured(
            f"{account.label}: what {account.token} holds cannot be a token",
            fix=f"put the token alone, on one line, into {account.token}",
        )
    return token
