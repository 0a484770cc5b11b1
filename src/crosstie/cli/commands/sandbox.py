"""`crosstie sandbox`."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli import sinks
from crosstie.cli.group import app as make
from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
from crosstie.core.errors import CrosstieError
from crosstie.service.asked import Misused

if TYPE_CHECKING:
    from crosstie.sandbox.ghl import WebhookSettings
    from crosstie.sandbox.ghl.webhook_key import WebhookKey

WebhookUrl = Annotated[
    str, typer.Option(help="Where to post webhooks of what happens; nowhere without it.")
]
WebhookKeyFile = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="File with the key they are signed with, made if it is not there; else a new one "
        "each start.",
    ),
]

app = make("Start a local stand-in of a remote system. Example: crosstie sandbox ghl --port 8765")


@app.callback()
def _group() -> None:
    """Start a local stand-in of a remote system. Example: crosstie sandbox ghl --port 8765"""


@app.command()
def ghl(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8765,
    preset: Annotated[
        str, typer.Option(help="What the location holds: tripbuilder or default.")
    ] = "default",
    webhook_url: WebhookUrl = "",
    webhook_key: WebhookKeyFile = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Start a stand-in of GoHighLevel on this machine, until Ctrl-C.

    It prints the base_url to declare, and the location and the token to set. It keeps everything
    in memory: a restart forgets every record and gives new ids. Remove the state database of your
    application then as well (crosstie.db and the files beside it), or its links point at records
    that are gone, which a run takes for deletions.

    \b
    Example:
      crosstie sandbox ghl --port 8765 --preset tripbuilder
      crosstie sandbox ghl --webhook-url http://127.0.0.1:8321/webhooks/ghl --webhook-key crm.pem
    """
    from crosstie.sandbox.ghl import PRESETS, run

    if preset not in PRESETS:
        raise Misused(f"there is no preset {preset!r}", fix=f"use one of: {', '.join(PRESETS)}")
    webhooks, key = _webhooks(webhook_url, webhook_key)

    def ready(url: str) -> None:
        _tell(Out(as_json), as_json, url, key.public)

    try:
        run(port, preset, ready, webhooks=webhooks, webhook_key=key)
    except OSError as wrong:
        if wrong.errno != errno.EADDRINUSE or debug:
            raise
        fix = "end what uses it, or take another one with `--port`; `--port 0` takes a free one"
        raise CrosstieError(f"port {port} on 127.0.0.1 is taken", fix=fix) from wrong
    return 0


def _webhooks(url: str, file: Path | None) -> tuple[WebhookSettings, WebhookKey]:
    """Where webhooks go, and the key of the file or a new one. Raises Misused, OSError."""
    from crosstie.sandbox.ghl import WebhookSettings
    from crosstie.sandbox.ghl.webhook_key import WebhookKey, key_of

    try:
        settings = WebhookSettings(url=url)
    except ValueError as wrong:
        fix = "give the address of an endpoint, e.g. http://127.0.0.1:8321/webhooks/ghl"
        raise Misused(f"--webhook-url: {wrong}", fix=fix) from wrong
    try:
        return settings, WebhookKey() if file is None else key_of(file)
    except ValueError as wrong:
        raise Misused(f"--webhook-key: {wrong}", fix="name a new file: it is made") from wrong


app.command("mail")(sinks.mail)
app.command("chat")(sinks.chat)


def _tell(out: Out, as_json: bool, url: str, key: str) -> None:
    """What to type elsewhere, on stdout, and what to know, on stderr."""
    from crosstie.sandbox.ghl import DEFAULT_TOKEN as token
    from crosstie.sandbox.ghl import LOCATION_ID as location

    if as_json:
        out.document({"url": url, "location": location, "token": token, "webhook_key": key})
        return
    out.line(f"GoHighLevel stands in at {url} (open it in a browser)")
    out.line("set where you run crosstie:")
    out.line(f"  export GHL_LOCATION={location}")
    out.line(f"  export GHL_TOKEN={token}")
    out.line("declare:")
    out.line(f'  GoHighLevel("env:GHL_LOCATION", token="env:GHL_TOKEN", base_url="{url}")')
    out.line("where its webhooks are received, their key:")
    out.line(f'  crm.webhooks(keys="{key}")')
    out.say(
        "it forgets everything when it ends: remove your state (crosstie.db*) before you go on "
        "with the next one"
    )
    out.say("end it with Ctrl-C")
