"""`crosstie init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crosstie.cli.group import app as make
from crosstie.cli.options import AsJson, Debug
from crosstie.cli.out import Out
from crosstie.service import starting
from crosstie.service.asked import Misused
from crosstie.service.starting import Begun

app = make("Write a first declaration to begin with.")


@app.command()
def init(
    url: Annotated[
        str | None, typer.Option("--url", help="Your database, e.g. sqlite:///app.db.")
    ] = None,
    remote: Annotated[str, typer.Option("--remote", help="The system across: ghl.")] = "ghl",
    table: Annotated[
        str | None, typer.Option("--table", help="The table to begin with; else a likely one.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", help="Address of a stand-in, as `crosstie sandbox` prints it."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are there.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Write a first declaration to begin with.

    Writes crosstie_app.py, the section of pyproject.toml that names it, and lines of .gitignore.
    With --url it looks at the database and guesses a first mapping from the columns.

    \b
    Example:
      crosstie init --url sqlite:///app.db --remote ghl
    """
    out = Out(as_json)
    if remote not in starting.REMOTES:
        raise Misused(
            f"there is no connector {remote!r}", fix=f"use one of: {', '.join(starting.REMOTES)}"
        )
    begun = starting.start(Path.cwd(), url, table, overwrite=force, base_url=base_url)
    if as_json:
        out.document(begun)
        return 0
    _tell(out, begun)
    return 0


def _tell(out: Out, begun: Begun) -> None:
    for name in begun.written:
        out.line(f"wrote {name}")
    for name in begun.kept:
        out.line(f"kept {name} as it is")
    if not begun.looked:
        out.say("the table and its columns are examples: no database was looked at")
        out.say("next: `crosstie init --url sqlite:///app.db` with the address of your database")
    out.say(
        "next: set the environment variables GHL_TOKEN (the token) and GHL_LOCATION (the id of "
        "the location), then `crosstie check`"
    )
