"""`/_sandbox/…`: what a test or a demonstration turns. Never counted, never limited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
from aiohttp import web

from . import oauth
from .bulk import load
from .faults import Fault
from .guard import require_same_origin
from .oauth_server import OAuthSettings
from .records import Token
from .settings import LocationSettings, Settings
from .state import GhlSandbox
from .webhook_settings import WebhookFault, WebhookSettings
from .wire import Json, Refusal, decode, encode

Action: TypeAlias = Callable[[GhlSandbox, Json], Json]


def add_routes(app: web.Application, sandbox: GhlSandbox) -> None:
    """Serve the control calls. Each answers JSON; 400 with a message for what it cannot do."""
    for (method, path), action in _ACTIONS.items():
        app.router.add_route(method, f"/_sandbox/{path}", _door(sandbox, action))


def _door(sandbox: GhlSandbox, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        require_same_origin(request)
        raw = await request.read()
        try:
            body = decode(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                return _json({"error": "the body must be a JSON object"}, 400)
            return _json(action(sandbox, body))
        except (ValueError, KeyError, TypeError, Refusal) as error:
            return _json({"error": str(error)}, 400)

    return serve


def _json(payload: Json, status: int = 200) -> web.Response:
    return web.Response(body=encode(payload), status=status, content_type="application/json")


def state(sandbox: GhlSandbox, body: Json) -> Json:
    """Counts of records, duplicates, calls and faults, and the settings."""
    sandbox.settle()
    return {
        "preset": sandbox.preset,
        "location": sandbox.location.id,
        "now": sandbox.clock.now(),
        "contacts": len(sandbox.contacts),
        "opportunities": len(sandbox.opportunities),
        **sandbox.desk.counts(),
        "indexed": {
            "contacts": len(sandbox.contact_index.records),
            "opportunities": len(sandbox.opportunity_index.records),
        },
        "index_pending": sandbox.contact_index.pending + sandbox.opportunity_index.pending,
        "duplicates": _duplicates(sandbox),
        "faults": sandbox.faults.listing(),
        "faults_served": sandbox.faults.served,
        "down": sandbox.faults.down,
        "settings": _settings(sandbox),
        **sandbox.calls.summary(),
    }


def _duplicates(sandbox: GhlSandbox) -> Json:
    pairs = Counter((o.contact_id, o.pipeline_id) for o in sandbox.opportunities.values())
    marked: Counter[tuple[str, Any]] = Counter()
    markers = [f.id for f in sandbox.location.fields.values() if f.key.endswith(".crosstie_id")]
    every: list[dict[str, Any]] = [c.custom for c in sandbox.contacts.values()]
    every += [o.custom for o in sandbox.opportunities.values()]
    for custom in every:
        marked.update((name, custom[name]) for name in markers if name in custom)
    return {
        "contacts_by_email": sandbox.match_keys.shared("email"),
        "contacts_by_phone": sandbox.match_keys.shared("phone"),
        "opportunities_by_contact_and_pipeline": sum(n - 1 for n in pairs.values()),
        "by_marker": sum(n - 1 for n in marked.values()),
    }


def _settings(sandbox: GhlSandbox) -> Json:
    policy = msgspec.to_builtins(sandbox.location.settings)
    return {**msgspec.to_builtins(sandbox.settings), **policy}


def reset(sandbox: GhlSandbox, body: Json) -> Json:
    """Start again with a preset; counts and faults are forgotten, settings stay."""
    sandbox.reset(body.get("preset"))
    sandbox.calls.reset()
    sandbox.faults.clear()
    sandbox.webhooks.clear_faults()
    return {"preset": sandbox.preset}


def add_fault(sandbox: GhlSandbox, body: Json) -> Json:
    """Order a fault; see `Fault` for its parts."""
    sandbox.faults.add(msgspec.convert(body, Fault))
    return list_faults(sandbox, {})


def list_faults(sandbox: GhlSandbox, body: Json) -> Json:
    """The faults still to come."""
    faults = sandbox.faults
    return {"faults": faults.listing(), "served": faults.served, "down": faults.down}


def clear_faults(sandbox: GhlSandbox, body: Json) -> Json:
    """Take back all faults, and come up if down."""
    sandbox.faults.clear()
    return list_faults(sandbox, {})


def clock(sandbox: GhlSandbox, body: Json) -> Json:
    """`{"advance": seconds}`: move the clock forward."""
    sandbox.clock.advance(float(body.get("advance", 0)))
    sandbox.webhooks.wake()
    return {"now": sandbox.clock.now()}


def settings(sandbox: GhlSandbox, body: Json) -> Json:
    """Change some settings, of the sandbox or of the location's policy; the rest stays."""
    location = sandbox.location
    policy_names = LocationSettings.__struct_fields__
    policy = {k: value for k, value in body.items() if k in policy_names}
    knobs = {k: value for k, value in body.items() if k not in policy_names}
    both = (
        msgspec.convert({**msgspec.to_builtins(location.settings), **policy}, LocationSettings),
        msgspec.convert({**msgspec.to_builtins(sandbox.settings), **knobs}, Settings),
    )
    location.settings, sandbox.settings = both
    return _settings(sandbox)


def down(sandbox: GhlSandbox, body: Json) -> Json:
    """`{"down": true}`: every API call's connection is cut at once, until false."""
    sandbox.faults.down = bool(body.get("down", True))
    return {"down": sandbox.faults.down}


def tokens(sandbox: GhlSandbox, body: Json) -> Json:
    """Make or change a token: `{token, scopes?, location_id?, user_type?, revoked?}`.

    `scopes` absent means all.
    """
    name = str(body.pop("token"))
    made = msgspec.convert({"location_id": sandbox.location.id, **body}, Token)
    sandbox.tokens[name] = made
    return {"tokens": len(sandbox.tokens)}


def reset_calls(sandbox: GhlSandbox, body: Json) -> Json:
    """Forget the counts of calls."""
    sandbox.calls.reset()
    return sandbox.calls.summary()


def show_oauth(sandbox: GhlSandbox, body: Json) -> Json:
    """The application that can be logged in to, and what became of its log-ins."""
    server = sandbox.oauth
    counts = {"renewals": server.renewals, "installed": server.installed}
    return {**msgspec.to_builtins(server.settings), **counts}


def set_oauth(sandbox: GhlSandbox, body: Json) -> Json:
    """Change some settings of log-ins (see `OAuthSettings`); the rest stays."""
    server = sandbox.oauth
    changed = {**msgspec.to_builtins(server.settings), **body}
    server.settings = msgspec.convert(changed, OAuthSettings)
    return show_oauth(sandbox, {})


def uninstall(sandbox: GhlSandbox, body: Json) -> Json:
    """A person removes the application: its tokens end, and a webhook tells it."""
    oauth.end(sandbox)
    return show_oauth(sandbox, {})


def show_webhooks(sandbox: GhlSandbox, body: Json) -> Json:
    """Where webhooks go, the public key to verify them with, and what became of them."""
    return sandbox.webhooks.shown()


def set_webhooks(sandbox: GhlSandbox, body: Json) -> Json:
    """Change some settings of the webhooks (see `WebhookSettings`); the rest stays."""
    webhooks = sandbox.webhooks
    changed = {**msgspec.to_builtins(webhooks.settings), **body}
    webhooks.settings = msgspec.convert(changed, WebhookSettings)
    webhooks.wake()
    return webhooks.shown()


def spoil_webhooks(sandbox: GhlSandbox, body: Json) -> Json:
    """Order a fault for webhooks; see `WebhookFault` for its parts."""
    sandbox.webhooks.spoil(msgspec.convert(body, WebhookFault))
    return sandbox.webhooks.shown()


def mend_webhooks(sandbox: GhlSandbox, body: Json) -> Json:
    """Take back the faults for webhooks still to come, and send what one of them holds back."""
    sandbox.webhooks.clear_faults()
    return sandbox.webhooks.shown()


_ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "state"): state,
    ("POST", "reset"): reset,
    ("POST", "faults"): add_fault,
    ("GET", "faults"): list_faults,
    ("DELETE", "faults"): clear_faults,
    ("POST", "clock"): clock,
    ("POST", "settings"): settings,
    ("POST", "down"): down,
    ("POST", "tokens"): tokens,
    ("POST", "bulk"): load,
    ("POST", "calls/reset"): reset_calls,
    ("GET", "oauth"): show_oauth,
    ("POST", "oauth"): set_oauth,
    ("POST", "oauth/uninstall"): uninstall,
    ("GET", "webhooks"): show_webhooks,
    ("POST", "webhooks"): set_webhooks,
    ("POST", "webhooks/faults"): spoil_webhooks,
    ("DELETE", "webhooks/faults"): mend_webhooks,
}
