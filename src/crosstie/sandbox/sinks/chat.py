"""A chat: Slack's incoming webhooks, Discord's webhooks, and one for anybody's JSON.

What Slack refuses is plain text, what Discord refuses is JSON with a code, as both document it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from crosstie.sandbox.serving import Running, serve, until_signal

from . import desk
from .box import Box, Failing

SLACK_PATH = "/services/T0000/B0000/sandbox"
DISCORD_PATH = "/api/v10/webhooks/1000/sandbox"
WEBHOOK_PATH = "/hook/sandbox"
_SLACK_SAYS = {403: "invalid_token", 404: "no_service", 410: "channel_is_archived"}
_LONGEST_BLOCK, _LONGEST_CONTENT, _MOST_EMBEDS = 3_000, 2_000, 10
_LONGEST_TITLE, _LONGEST_DESCRIPTION = 256, 4_096


def build_chat(box: Box) -> web.Application:
    """The application that takes messages and shows them."""
    app = web.Application(client_max_size=1024 * 1024)
    chat = Chat(box)
    app.router.add_post("/services/{team}/{bot}/{token}", chat.slack)
    app.router.add_post("/api/v10/webhooks/{id}/{token}", chat.discord)
    app.router.add_post("/hook/{name}", chat.webhook)
    desk.add_routes(app, box, "Crosstie chat sink")
    return app


async def start_chat(box: Box, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Listen; port 0 takes a free one."""
    return await serve(build_chat(box), host, port)


def run_chat(port: int, ready: Callable[[str], None]) -> None:
    """Serve until a signal; `ready` is told the address. Raises OSError for a taken port."""

    async def call() -> None:
        await until_signal(await start_chat(Box(), port=port), ready)

    asyncio.run(call())


class Chat:
    """The handlers of what is sent to."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def slack(self, request: web.Request) -> web.Response:
        failing = self._box.next_failure()
        if failing is not None:
            return _slack_fails(failing)
        body = _object(await request.read())
        if body is None:
            return web.Response(status=400, text="invalid_payload")
        blocks = body.get("blocks", [])
        if not (body.get("text") or blocks):
            return web.Response(status=400, text="no_text")
        texts = [block.get("text", {}).get("text", "") for block in blocks]
        if any(not 0 < len(text) <= _LONGEST_BLOCK for text in texts):
            return web.Response(status=400, text="invalid_blocks")
        self._keep("slack", request, str(body.get("text", "")), body)
        return web.Response(text="ok")

    async def discord(self, request: web.Request) -> web.Response:
        failing = self._box.next_failure()
        if failing is not None:
            return _discord_fails(failing)
        body = _object(await request.read())
        if body is None:
            return _refused(400, 50109, "The request body contains invalid JSON.")
        content, embeds = body.get("content", ""), body.get("embeds", [])
        if not (content or embeds):
            return _refused(400, 50006, "Cannot send an empty message")
        if len(content) > _LONGEST_CONTENT or len(embeds) > _MOST_EMBEDS or _long(embeds):
            return _refused(400, 50035, "Invalid Form Body")
        title = content or str(embeds[0].get("title", ""))
        self._keep("discord", request, title, body)
        if request.query.get("wait") != "true":
            return web.Response(status=204)
        return web.json_response({"id": str(len(self._box.messages)), "content": content})

    async def webhook(self, request: web.Request) -> web.Response:
        failing = self._box.next_failure()
        if failing is not None:
            headers = _waits(failing)
            return web.Response(status=failing.status, headers=headers)
        raw = await request.read()
        body = _object(raw)
        title = "" if body is None else str(body.get("type", ""))
        self._keep("webhook", request, title, body, raw=raw.decode("utf-8", "replace"))
        return web.Response(status=204)

    def _keep(self, kind: str, request: web.Request, title: str, body: Any, **more: Any) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._box.keep(
            kind=kind, title=title, path=request.path_qs, headers=headers, body=body, **more
        )


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _long(embeds: list[dict[str, Any]]) -> bool:
    return any(
        len(each.get("title", "")) > _LONGEST_TITLE
        or len(each.get("description", "")) > _LONGEST_DESCRIPTION
        for each in embeds
    )


def _waits(failing: Failing) -> Mapping[str, str]:
    return {} if failing.retry_after is None else {"Retry-After": f"{failing.retry_after:g}"}


def _slack_fails(failing: Failing) -> web.Response:
    text = _SLACK_SAYS.get(failing.status, "rollup_error")
    return web.Response(status=failing.status, text=text, headers=_waits(failing))


def _discord_fails(failing: Failing) -> web.Response:
    if failing.status == 429:
        wait = failing.retry_after or 1.0
        told = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
        return web.json_response(told, status=429)
    code = {401: 50027, 404: 10015}.get(failing.status, 0)
    return _refused(failing.status, code, "Unknown Webhook" if code == 10015 else "refused")


def _refused(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
