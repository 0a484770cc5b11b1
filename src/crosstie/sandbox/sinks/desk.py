"""What a sink shows and how it is told to fail: a page, and `/_sandbox/...` for programs."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader

from .box import Box, Failing

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
pre { background: Canvas; border: 1px solid GrayText; padding: .5rem; white-space: pre-wrap }
:root { color-scheme: light dark }
"""


def add_routes(app: web.Application, box: Box, title: str) -> None:
    """Serve the page at `/` and the control interface."""
    desk = Desk(box, title)
    app.router.add_get("/", desk.page)
    app.router.add_get("/_page/style.css", desk.style)
    app.router.add_get("/_sandbox/messages", desk.messages)
    app.router.add_post("/_sandbox/fail", desk.fail)
    app.router.add_post("/_sandbox/clear", desk.clear)


class Desk:
    """The handlers."""

    def __init__(self, box: Box, title: str) -> None:
        self._box = box
        self._title = title
        templates = Environment(loader=PackageLoader("crosstie.sandbox.sinks"), autoescape=True)
        self._template = templates.get_template("sink.html")

    async def page(self, request: web.Request) -> web.Response:
        shown = list(reversed(self._box.messages))
        text = self._template.render(title=self._title, box=self._box, messages=shown)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css", headers=_HEADERS)

    async def messages(self, request: web.Request) -> web.Response:
        box = self._box
        shown = {"messages": list(box.messages), "refused": box.refused}
        return web.json_response({**shown, "failing": len(box.failing)})

    async def fail(self, request: web.Request) -> web.Response:
        """Answer the next `times` with `status`; `retry_after` seconds where it is given."""
        # Only JSON: a form of another page in the same browser cannot send that.
        if request.content_type != "application/json":
            return web.json_response({"error": "send JSON"}, status=415)
        try:
            asked: Any = await request.json()
            times, status = int(asked["times"]), int(asked.get("status", 500))
            wait = asked.get("retry_after")
            failing = Failing(status, None if wait is None else float(wait))
        except (ValueError, KeyError, TypeError, AttributeError):
            text = 'send {"times": 2, "status": 503, "retry_after": 1.5}'
            return web.json_response({"error": text}, status=400)
        if not 0 <= times <= 1_000 or not 400 <= status <= 599:
            text = "times is 0 to 1000, status 400 to 599"
            return web.json_response({"error": text}, status=400)
        self._box.fail(times, failing)
        return web.json_response({"failing": len(self._box.failing)})

    async def clear(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.json_response({"error": "send JSON"}, status=415)
        self._box.clear()
        return web.json_response({})
