"""`crosstie sandbox`."""

from __future__ import annotations

import errno
from typing import Annotated

import typer

from crosstie.cli.group import app as make
from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
from crosstie.core.errors import CrosstieError
from crosstie.service.asked import Misused

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
    """
    from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, PRESETS, run

    if preset not in PRESETS:
        raise Misused(f"there is no preset {preset!r}", fix=f"use one of: {', '.join(PRESETS)}")
    out = Out(as_json)

    def ready(url: str) -> None:
        if as_json:
            out.document({"url": url, "location": LOCATION_ID, "token": DEFAULT_TOKEN})
        else:
            _tell(out, url, LOCATION_ID, DEFAULT_TOKEN)

    try:
        run(port, preset, ready)
    except OSError as wrong:
        if wrong.errno != errno.EADDRINUSE or debug:
            raise
        fix = "end what uses it, or take another one with `--port`; `--port 0` takes a free one"
        raise CrosstieError(f"port {port} on 127.0.0.1 is taken", fix=fix) from wrong
    return 0


def _tell(out: Out, url: str, location: str, token: str) -> None:
    """What to type elsewhere, on stdout, and what to know, on stderr."""
    out.line(f"GoHighLevel stands in at {url} (open it in a browser)")
    out.line("set where you run crosstie:")
    out.line(f"  export GHL_LOCATION={location}")
    out.line(f"  export GHL_TOKEN={token}")
    out.line("declare:")
    out.line(f'  GoHighLevel("env:GHL_LOCATION", token="env:GHL_TOKEN", base_url="{url}")')
    out.say(
        "it forgets everything when it ends: remove your state (crosstie.db*) before you go on "
        "with the next one"
    )
    out.say("end it with Ctrl-C")
