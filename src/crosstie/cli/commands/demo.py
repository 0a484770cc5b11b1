"""`crosstie demo`."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from crosstie.cli.group import app as make
from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
from crosstie.core.errors import Misconfigured
from crosstie.service.asked import Misused

app = make("Play a complete example; no account and no network needed.")

DEMOS = ("tripbuilder",)


@app.command()
def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help="tripbuilder.")],
    script: Annotated[
        bool, typer.Option("--script", help="Play the scenario and check it, then end.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Where its pages are served.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Play a complete example; no account and no network needed.

    Without --script it stays up and prints the addresses to open in a browser.

    \b
    Example:
      crosstie demo tripbuilder
      crosstie demo tripbuilder --script
    """
    if name not in DEMOS:
        raise Misused(f"there is no demo {name!r}", fix=f"use one of: {', '.join(DEMOS)}")
    if find_spec("flask") is None or find_spec("flask_sqlalchemy") is None:
        raise Misconfigured(
            f"the demo {name} needs packages that are not installed",
            fix='pip install "crosstie[demo]"',
        )
    if find_spec("crosstie.demo") is None:
        raise Misconfigured("this installation has no demos", fix='pip install "crosstie[demo]"')
    play = import_module(f"crosstie.demo.{name}").main
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code = int(play(script=script, port=port))
    if as_json:
        Out(as_json).document({"demo": name, "exit": code})
    return code
