"""The web application: webhooks, health and metrics; nothing else is answered."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crosstie.core.errors import CrosstieError
from crosstie.service.receiving import SLOW
from crosstie.web.guard import Guard, request_id
from crosstie.web.logins import login_routes
from crosstie.web.metrics import Metrics
from crosstie.web.webhooks import WebhookRoute

if TYPE_CHECKING:
    from crosstie.service.serving import Serving


def web_app(serving: Serving, slow: float = SLOW) -> Starlette:
    """An ASGI application on a serving process.

    `POST /webhooks/{name}`, and `GET` of `/healthz` (this process is alive), `/readyz` (it does
    what it is there for), `/metrics` and of the addresses that log-ins come back to. Errors say no
    more than their name and the request's id.
    slow: seconds in which the body of a webhook has to be here.
    """
    routes = [
        Route("/webhooks/{name}", WebhookRoute(serving.receiver, slow), methods=["POST"]),
        Route("/healthz", _alive, methods=["GET"]),
        Route("/readyz", _Ready(serving).answer, methods=["GET"]),
        Route("/metrics", Metrics(serving).answer, methods=["GET"]),
        *login_routes(serving),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, log=serving.log, token=lambda: secrets.token_hex(8))],
        exception_handlers={HTTPException: _refused, CrosstieError: _away},
    )


async def _alive(request: Request) -> Response:
    return _document({"alive": True})


class _Ready:
    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def answer(self, request: Request) -> Response:
        found = await self._serving.ready()
        ago = None if found.turned_ago is None else round(found.turned_ago, 1)
        told = {
            "ready": found.ready,
            "state": "answers" if found.state else "does not answer",
            "engine": found.engine,
            "last_turn_seconds": ago,
        }
        return _document(told, 200 if found.ready else 503)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {"error": error.detail.lower(), "request": request_id(request.scope)}
    return _document(told, error.status_code, error.headers)


async def _away(request: Request, error: Exception) -> Response:
    """Our own state does not answer."""
    told = {"error": "service unavailable", "request": request_id(request.scope)}
    return _document(told, 503)


def _document(told: object, status: int = 200, headers: object = None) -> Response:
    body = json.dumps(told, separators=(",", ":"))
    given = dict(headers) if isinstance(headers, dict) else None
    return Response(body, status, given, "application/json")
