"""`crosstie sandbox`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.group import app as make
from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
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
            return
        out.line(f"GoHighLevel stands in at {url} (open it in a browser)")
        out.line(f"location: {LOCATION_ID}")
        out.line(f"token:    {DEFAULT_TOKEN}")
        out.say("end it with Ctrl-C")

    run(port, preset, ready)
    return 0
