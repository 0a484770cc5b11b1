"""`crosstie serve`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Annotated

import typer

from crosstie.cli.calls import found, now, stamp
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.stopping import stopping
from crosstie.service.logs import log_to
from crosstie.service.serving import Serving
from crosstie.service.serving import serve as serve_app
from crosstie.sync import Crosstie
from crosstie.web.app import web_app
from crosstie.web.server import address, listen, serve_until

app = make("Keep the systems in step, and receive their webhooks.")

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: a free one.")]


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8321,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Keep the systems in step, and receive their webhooks.

    Worker, webhooks, health and metrics in one process, until it is interrupted or terminated;
    what is in flight is finished first. The log goes to stderr, as JSON where it is no terminal.
    While another worker holds the lease of the state, this one receives and stands by.

    \b
    Example:
      crosstie serve
      crosstie serve --host 0.0.0.0 --port 8080
    """
    declared = found(app).app
    with listen(host, port) as listening, asyncio.Runner(loop_factory=_fast_loop()) as runner:
        served, code = runner.run(_serve(declared, listening))
    out = Out(as_json)
    if as_json:
        out.document({"runs": served.runs, "writes": served.writes, "exit": code})
    return code


async def _serve(declared: Crosstie, listening: socket.socket) -> tuple[Serving, Code]:
    log = log_to()

    async def web(serving: Serving, stop: asyncio.Event) -> None:
        endpoints = [f"/webhooks/{each.name}" for each in declared.webhooks]
        log("serving", {"address": address(listening), "webhooks": endpoints})
        await serve_until(web_app(serving), listening, stop)

    with stopping() as stop:
        served = await serve_app(declared, stamp(now()), web, stop.event, log)
        log("stopped", {"runs": served.runs, "writes": served.writes})
        return served, stop.code or Code.DONE


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop where it is to be had: not on every operating system."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
