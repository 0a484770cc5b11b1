"""The HTTP side: one door for the API, one for control, one for the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from . import control, gate, oauth, page
from .faults import Fault
from .limits import free_headers
from .posting import Poster
from .routes import TABLE
from .routing import Route
from .state import GhlSandbox
from .wire import encode

_JSON = "application/json; charset=utf-8"
_LOOK_AGAIN = 0.02
_STOPPING = web.AppKey("stopping", asyncio.Event)


def build_app(sandbox: GhlSandbox) -> web.Application:
    """The application that serves a sandbox: the API, `/_sandbox/…` and the page at `/`."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app[_STOPPING] = asyncio.Event()

    async def stop(_: web.Application) -> None:
        app[_STOPPING].set()

    async def api(request: web.Request) -> web.StreamResponse:
        return await _serve(sandbox, app[_STOPPING], request)

    app.on_shutdown.append(stop)
    app.cleanup_ctx.append(Poster(sandbox.webhooks).during)
    control.add_routes(app, sandbox)
    page.add_routes(app, sandbox)
    oauth.add_routes(app, sandbox)
    # One catch-all instead of a route each: the own table costs a tenth of the router's walk.
    app.router.add_route("*", "/{path:.*}", api)
    return app


async def _serve(
    sandbox: GhlSandbox, stopping: asyncio.Event, request: web.Request
) -> web.StreamResponse:
    if sandbox.faults.down:
        return _cut(request)
    method, path = request.method, request.rel_url.raw_path
    found = TABLE.find(method, path)
    if found is None:
        known = TABLE.knows(path)
        return _send(sandbox, gate.unknown_route(method, path, other_method=known))
    key = found[0].key
    sandbox.calls.count(key, found[0].kind)
    # Read before the delay: what has arrived is carried out, also when the client leaves meanwhile.
    try:
        raw = await request.read() if request.body_exists else b""
    except ConnectionResetError:
        return _cut(request)
    if sandbox.settings.latency:
        await asyncio.sleep(sandbox.settings.latency)
    if sandbox.faults.waiting:
        fault = sandbox.faults.take(method, path, key, TABLE.keys)
        if fault is not None:
            return await _spoil(sandbox, stopping, request, fault, found, raw)
    return _send(sandbox, gate.answer(sandbox, found, request.headers, request.query, raw))


def _send(sandbox: GhlSandbox, reply: gate.Reply) -> web.Response:
    payload = reply.payload
    payload["traceId"] = sandbox.ids.trace()
    sandbox.calls.by_status[reply.status] += 1
    headers = {"Content-Type": _JSON, **reply.headers}
    return web.Response(body=encode(payload), status=reply.status, headers=headers)


async def _spoil(
    sandbox: GhlSandbox,
    stopping: asyncio.Event,
    request: web.Request,
    fault: Fault,
    found: tuple[Route, tuple[str, ...]],
    raw: bytes,
) -> web.StreamResponse:
    if fault.latency:
        await asyncio.sleep(fault.latency)
    true: gate.Reply | None = None
    if fault.only_slow or fault.when == "after" or fault.body == "cut":
        true = gate.answer(sandbox, found, request.headers, request.query, raw)
    if true is not None and fault.only_slow:
        return _send(sandbox, true)
    if fault.timeout:
        return await _leave_hanging(request, stopping, fault)
    if fault.body == "cut" and true is not None:
        return await _cut_half_way(request, true)
    return _false(sandbox, fault, true.headers if true is not None else free_headers())


def _false(sandbox: GhlSandbox, fault: Fault, limits: Mapping[str, str]) -> web.Response:
    status, raw, payload = fault.rendered()
    headers = dict(limits)
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if payload is not None:
        return _send(sandbox, gate.Reply(payload, headers))
    sandbox.calls.by_status[status] += 1
    headers["Content-Type"] = "text/html" if raw else _JSON
    return web.Response(body=raw, status=status, headers=headers)


async def _leave_hanging(
    request: web.Request, stopping: asyncio.Event, fault: Fault
) -> web.StreamResponse:
    if fault.timeout == "reset":
        return _cut(request)
    # The client's leaving shows only in the transport, and the server must be able to stop.
    while request.transport is not None and not request.transport.is_closing():
        if stopping.is_set():
            break
        await asyncio.sleep(_LOOK_AGAIN)
    return _cut(request)


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)


async def _cut_half_way(request: web.Request, reply: gate.Reply) -> web.StreamResponse:
    body = encode(reply.payload)
    headers = {"Content-Type": _JSON, **reply.headers}
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _cut(request)
