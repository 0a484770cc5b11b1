"""The Http port over aiohttp: one account's calls, within its rate budget, each carried out once.

| what happens                         | raised                                                    |
|--------------------------------------|-----------------------------------------------------------|
| no connection, no such host, TLS     | Retry, the record is not to blame                         |
| time-out or connection lost later    | Retry; unknown for a write                                |
| 2xx with a body that is not JSON     | Retry; unknown for a write                                |
| 429                                  | Retry, and the whole account pauses                       |
| the token has ended                  | nothing, once: sent again with a new one                  |
| the budget asks for a long wait      | Retry with that wait, without a call                      |
| any other status                     | what the account's `explain` says, else the common table  |
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import random
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
from msgspec.structs import replace
from yarl import URL

from crosstie.connectors.answers import Expired, error_of, is_read, retry_after
from crosstie.connectors.guard import Guard, Lost
from crosstie.core.budget import State
from crosstie.core.errors import Misconfigured, Retry, SyncError
from crosstie.core.values import Instant, Json
from crosstie.ports.accounts import AccountStore
from crosstie.ports.http import HttpAccount, Reply, Request
from crosstie.ports.oauth import Tokens

CONNECT_TIMEOUT = 5.0
"""Seconds until a connection has to stand."""
LARGEST = 10 * 1024 * 1024
"""Bytes that an answer may have."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NOT_JSON = object()
_FORM = "application/x-www-form-urlencoded"
_DOWN = "see that the system is up, and that base_url is its address"


@dataclass(slots=True)
class Calls:
    """Calls that left this process."""

    total: int = 0
    reads: int = 0
    writes: int = 0


class AioHttp:
    """Calls of one account. Belongs to the event loop of its first call until it is closed.

    token: the bearer token itself, or who has it; None: calls bring what they need.  sleep, now,
    dice: the service's `asyncio.sleep`, clock and chance.  memory: what a restart must not forget
    of the account; None: it forgets.  holds: see `Guard`.
    Raises Misconfigured for an address or a token that cannot be right.
    """

    def __init__(
        self,
        account: HttpAccount,
        token: str | Tokens | None,
        *,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], Instant],
        dice: Callable[[], float] = random,
        memory: AccountStore | None = None,
        holds: Callable[[Instant], bool] | None = None,
    ) -> None:
        self.calls = Calls()
        self.guard = Guard(account, sleep=sleep, now=now, dice=dice, memory=memory, holds=holds)
        self.budget = self.guard.budget
        self._account = account
        self._base = _checked_base(account)
        self._origin = str(URL(self._base).origin())
        self._headers, self._tokens = {}, None
        if isinstance(token, str):
            self._headers = _bearer(_checked_token(account, token))
        else:
            self._tokens = token
        self._now = now
        self._session: ClientSession | None = None

    async def send(self, request: Request) -> Reply:
        """Send once, in its turn. See `ports.http.Http`."""
        tokens = self._tokens
        if tokens is None:
            return await self._send(request)
        token = await tokens.current()
        try:
            return await self._send(_with(request, token))
        except Expired:
            # Nothing was carried out: whatever the call is, it can be sent again.
            token = await tokens.renewed(token)
        return await self._send(_with(request, token))

    async def _send(self, request: Request) -> Reply:
        guard = self.guard
        begun = await guard.enter(request.urgency)
        try:
            status, headers, raw = await self._exchange(request)
        except Lost as lost:
            await guard.lost(begun, str(lost))
            raise
        except BaseException:
            guard.given_up(begun)
            raise
        now = self._now()
        if self._account.learn is not None:
            self.budget.learn(self._account.learn(headers, status), now)
        good = 200 <= status < 300
        json = _json_or(raw, _NOT_JSON if good else None)
        unwell = json is _NOT_JSON or status >= 500 or status == 408
        told = f"{self._where(request)} answered {status}" if unwell else ""
        await guard.answered(begun, now, status, told)
        if good:
            if json is _NOT_JSON:
                raise self._nonsense(raw, told, request)
            return Reply(status, headers, json)
        reply = Reply(status, headers, json)
        if status in request.expect:
            return reply
        raise await self._error(reply, request, now)

    def state(self) -> State:
        """How the rate budget stands."""
        return self.budget.state(self._now())

    async def close(self) -> None:
        """Close the connections. Closing twice is the same as once; a later call opens anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self.guard.close()

    async def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        self._count(request)
        data, headers = None, request.headers
        if request.json is not None:
            data, headers = _encode(request.json), {**headers, "Content-Type": "application/json"}
        elif request.form is not None:
            data, headers = urlencode(request.form).encode(), {**headers, "Content-Type": _FORM}
        try:
            response = await self._open().request(
                request.method,
                self._url(request),
                data=data,
                headers=headers,
                allow_redirects=False,
            )
            try:
                return response.status, response.headers, await self._read(response, request)
            finally:
                # Nothing where the answer was read to its end.
                response.close()
        # Not chained: what aiohttp raises may hold the address with its query, and the token.
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            how = f"no connection to {self._origin} ({type(error).__name__})"
            raise Lost(f"{self._where(request)}: {how}", counts=False, fix=_DOWN) from None
        except TimeoutError:
            how = f"no answer within {self._account.timeout:g} seconds from {self._origin}"
            raise self._lost(request, how) from None
        except (ClientError, OSError) as error:
            how = f"connection to {self._origin} lost ({type(error).__name__})"
            raise self._lost(request, how) from None

    def _lost(self, request: Request, how: str) -> Lost:
        text = f"{self._where(request)}: {how}"
        return Lost(text, unknown=not is_read(request), fix=_DOWN)

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

    def _nonsense(self, raw: bytes, told: str, request: Request) -> Retry:
        looks = "HTML" if raw.lstrip()[:1] == b"<" else "broken JSON"
        return Retry(f"{told} with {looks}", unknown=not is_read(request))

    async def _error(self, reply: Reply, request: Request, now: Instant) -> Exception:
        account = self._account
        after = retry_after(reply.headers, now)
        if reply.status == 429:
            after = await self.guard.refused(after, now)
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
                timeout=ClientTimeout(total=self._account.timeout, sock_connect=CONNECT_TIMEOUT),
                trust_env=False,
            )
            # aiohttp repeats idempotent calls by itself when a connection is lost; the port
            # promises one call, and the engine decides what a lost answer means.
            session._retry_connection = False
            self._session = session
        return self._session


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _with(request: Request, token: str) -> Request:
    return replace(request, headers={**request.headers, **_bearer(token)})


def _json_or(raw: bytes, other: Json) -> Json:
    if not raw.strip():
        return None
    try:
        return _decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
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
