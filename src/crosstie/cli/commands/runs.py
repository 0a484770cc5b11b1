"""`crosstie runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.calls import found, now, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.running import RUN_COLUMNS, run_row
from crosstie.service import standing

app = make("List the newest runs.")

Limit = Annotated[
    int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many.")
]


@app.command()
def runs(limit: Limit = 20, app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """List the newest runs.

    Their numbers are what `crosstie undo` takes. A run that found nothing to do is not kept. One
    that is "running" is an engine's; one that was "cut off" lost its process, and what it wrote
    until then is told by the next engine.

    \b
    Example:
      crosstie runs --limit 50
    """
    out = Out(as_json)
    lines = with_state(found(app).app, lambda a, s: standing.newest_runs(a, s, now(), limit))
    if as_json:
        out.document({"runs": lines})
    elif not lines:
        out.line("No runs.")
    else:
        out.table(RUN_COLUMNS, [run_row(line) for line in lines])
    return 0
