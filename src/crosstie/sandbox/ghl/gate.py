"""The checks in front of every route, in the order the original makes them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from .limits import free_headers
from .records import Token
from .routing import Call, Route
from .state import GhlSandbox
from .wire import Answer, BareBadRequest, Json, Refusal, bad, decode

_BAD_TOKEN = "Invalid token: access token is invalid"
_NO_SCOPE = "The token is not authorized for this scope."
_NO_ROUTE = "This route is not yet supported by the IAM Service. Please update your IAM config."


class Reply:
    """An answer on its way out: status, payload and headers."""

    __slots__ = ("headers", "payload", "status")

    def __init__(self, answer: Answer, headers: Mapping[str, str]) -> None:
        self.status, self.payload = answer
        self.headers = headers


def answer(
    sandbox: GhlSandbox,
    found: tuple[Route, tuple[str, ...]],
    headers: Mapping[str, str],
    query: Mapping[str, str],
    raw: bytes,
) -> Reply:
    """What the API says to a call of a known route."""
    limits = free_headers()
    try:
        if found[0].access == "open":
            call = Call(found[1], query, _parts(headers, raw), headers.get("Version", ""))
            return Reply(found[0].handler(sandbox, call), limits)
        token = _token(sandbox, headers)
        verdict = sandbox.limit_of(token).take(sandbox.settings, sandbox.clock.now())
        limits = verdict.headers
        if not verdict.allowed:
            return _too_many(sandbox, limits, verdict.wait)
        call = _call(sandbox, found, token, headers, query, raw)
        _check_place(found[0], call, token, sandbox)
        return Reply(found[0].handler(sandbox, call), limits)
    except Refusal as refusal:
        return Reply(refusal.answer(), limits)


def unknown_route(method: str, path: str, *, other_method: bool) -> Reply:
    """What a path or a method gets that no route serves."""
    if other_method:
        return Reply(Refusal(401, _NO_ROUTE).answer(), free_headers())
    return Reply(Refusal(404, f"Cannot {method} {path}").answer(), free_headers())


def _token(sandbox: GhlSandbox, headers: Mapping[str, str]) -> Token:
    scheme, _, secret = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Refusal(401, "Invalid JWT")
    token = sandbox.tokens.get(secret.strip())
    if token is None or token.revoked:
        raise Refusal(401, _BAD_TOKEN)
    if token.expires is not None and sandbox.clock.now() >= token.expires:
        raise Refusal(401, _BAD_TOKEN)
    return token


def _too_many(sandbox: GhlSandbox, headers: dict[str, str], wait: float) -> Reply:
    if sandbox.settings.retry_after:
        headers = {**headers, "Retry-After": str(max(1, int(wait + 0.999)))}
    return Reply(Refusal(429, "Too Many Requests").answer(), headers)


def _call(
    sandbox: GhlSandbox,
    found: tuple[Route, tuple[str, ...]],
    token: Token,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    raw: bytes,
) -> Call:
    route, params = found
    if route.access != "any" and token.user_type.lower() != route.access:
        raise Refusal(401, "Token's user type mismatch!")
    version = headers.get("Version", "")
    if version not in route.versions:
        _refuse_version(sandbox, version)
    if not token.allows(route.scope):
        raise Refusal(401, _NO_SCOPE)
    body: Json = _body(raw) if route.body is not None else {}
    if route.access != "location":
        body = _parts(headers, raw)
    complaints = route.body.complaints(body) if route.body is not None else []
    if route.query is not None:
        complaints += route.query.complaints(query)
    if complaints:
        raise Refusal(422, complaints)
    return Call(params, query, body, version)


def _refuse_version(sandbox: GhlSandbox, version: str) -> None:
    if version == "" and sandbox.settings.missing_version_status == 401:
        raise Refusal(401, "version header was not found.")
    raise BareBadRequest


def _parts(headers: Mapping[str, str], raw: bytes) -> Json:
    """The parts of a body, as JSON or as web forms send it."""
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    return _body(raw)


def _body(raw: bytes) -> Json:
    if not raw.strip():
        return {}
    try:
        body = decode(raw)
    except ValueError:
        bad("Unexpected token in JSON")
    if not isinstance(body, dict):
        bad("Unexpected token in JSON")
    return body


def _check_place(route: Route, call: Call, token: Token, sandbox: GhlSandbox) -> None:
    if route.access != "location":
        return
    if route.place == "body":
        place = call.body.get("locationId")
    elif route.place == "query":
        place = call.query.get("locationId") or call.query.get("location_id") or token.location_id
    elif route.place == "path":
        place = call.params[0]
    else:
        place = sandbox.location.id
    if place != token.location_id or place != sandbox.location.id:
        raise Refusal(403, "The token does not have access to this location.")
