"""What every answer has: headers that keep browsers from harm, a request id, no details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crosstie.service.logs import Log

HEADERS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Only over TLS: elsewhere a browser must not believe it."""
_KEY = "crosstie.request"


def request_id(scope: Scope) -> str:
    """What this request is called in the log and in the header `X-Request-Id`."""
    return str(scope[_KEY])


class Guard:
    """Puts those headers on every answer, and answers 500 for what nobody foresaw.

    token: makes request ids.
    """

    def __init__(self, app: ASGIApp, log: Log, token: Callable[[], str]) -> None:
        self._app, self._log, self._token = app, log, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = self._token()
        scope[_KEY] = name
        extra: list[tuple[bytes, bytes]] = [*HEADERS, (b"x-request-id", name.encode())]
        if scope.get("scheme") == "https":
            extra.append(HSTS)
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as wrong:
            facts: dict[str, Any] = {"request": name, "kind": type(wrong).__name__}
            self._log("request_failed", {**facts, "where": _where(wrong)})
            if begun:
                raise
            body = b'{"error":"internal error","request":"%s"}' % name.encode()
            await _answer(guarded, 500, body)


def _where(wrong: BaseException) -> str:
    """The line of code it comes from: its text may repeat values."""
    last = wrong.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f"{last.tb_frame.f_code.co_qualname}:{last.tb_lineno}"


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
