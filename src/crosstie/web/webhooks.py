"""`POST /webhooks/{name}`: the bytes as they come, and the answer. Nothing is parsed here."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from crosstie.service.receiving import (
    LIMIT,
    RETRY_AFTER,
    TOO_LARGE,
    TOO_MANY,
    TOO_SLOW,
    Answer,
    Receiver,
)

HELD = 32 * LIMIT
"""Bytes of bodies that are not here whole, of all senders: nobody knows yet who they are."""
SMALL = 2**16
"""So large a body is taken whatever else is held: many webhooks are no larger."""


class _Left(Exception):
    """The sender hung up."""


class _Large(Exception):
    """The body is larger than it may be."""


class _Full(Exception):
    """So much of other bodies is here that this one has to come again."""


class WebhookRoute:
    """An ASGI application: a plain one, because bursts are large.

    slow: seconds in which a body has to be here.
    """

    def __init__(self, receiver: Receiver, slow: float) -> None:
        self._receiver = receiver
        self._slow = slow
        self._room = HELD

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name: str = scope["path_params"]["name"]
        headers = headers_of(scope)
        try:
            answer = await self._answer(name, headers, receive)
        except _Left:
            return
        await _send(send, answer, close=answer in (TOO_LARGE, TOO_SLOW, TOO_MANY))

    async def _answer(self, name: str, headers: dict[str, list[str]], receive: Receive) -> Answer:
        try:
            async with asyncio.timeout(self._slow):
                body = await self._body(headers, receive)
        except _Full:
            return self._receiver.refused(name, "unstored", "too many bodies at once", TOO_MANY)
        except _Large:
            return self._receiver.refused(name, "too_large", "the body is too large", TOO_LARGE)
        except TimeoutError:
            return self._receiver.refused(name, "too_slow", "the body came too slowly", TOO_SLOW)
        return await self._receiver.receive(name, headers, body)

    async def _body(self, headers: dict[str, list[str]], receive: Receive) -> bytes:
        length = headers.get("content-length", ["0"])[0]
        # Numbers of other alphabets are none of HTTP; what is no number is found out by counting.
        if length.isascii() and length.isdigit() and (len(length) > 9 or int(length) > LIMIT):
            raise _Large
        parts, size = [], 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Left
                part = message.get("body", b"")
                size += len(part)
                self._room -= len(part)
                if size > LIMIT:
                    raise _Large
                if self._room < 0 and size > SMALL:
                    raise _Full
                parts.append(part)
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self._room += size


def headers_of(scope: Scope) -> dict[str, list[str]]:
    """Names in small letters, every value that came under them."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _send(send: Send, answer: Answer, *, close: bool) -> None:
    """close: the rest of a body that was not read must not be waited for."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    if answer.again:
        headers.append((b"retry-after", str(RETRY_AFTER).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
