"""Keeps other sites' pages from steering the sandbox through a person's browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def same_origin(request: web.Request) -> bool:
    """Whether a request comes from the sandbox's own page or from no browser at all.

    A browser names where a form comes from (Sec-Fetch-Site, or Origin in older ones). The
    Host must be a loopback name when the socket is one, else a foreign name that was made to
    point here would count as the own origin.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    peer = request.remote or ""
    if peer in _LOOPBACK and host not in _LOOPBACK:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def require_same_origin(request: web.Request) -> None:
    """Refuse with 403 what another site sent."""
    if not same_origin(request):
        raise web.HTTPForbidden(text="This form was sent from another site.")
