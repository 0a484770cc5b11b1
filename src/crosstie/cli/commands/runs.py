"""`crosstie runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.calls import found, stamp, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.showing import did
from crosstie.service import standing
from crosstie.service.standing import RunLine

app = make("List the newest runs.")

Limit = Annotated[
    int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="At most so many.")
]


@app.command()
def runs(limit: Limit = 20, app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """List the newest runs.

    Their numbers are what `crosstie undo` takes. A run that found nothing to do is not kept.

    \b
    Example:
      crosstie runs --limit 50
    """
    out = Out(as_json)
    lines = with_state(found(app).app, lambda _, store: standing.newest_runs(store, limit))
    if as_json:
        out.document({"runs": lines})
    elif not lines:
        out.line("No runs.")
    else:
        columns = ("#run", "kind", "started (UTC)", "#seconds", "what it did")
        out.table(columns, [_row(line) for line in lines])
    return 0


def _row(run: RunLine) -> tuple[str, ...]:
    took = "not ended" if run.ended is None else f"{run.ended - run.started:.1f}"
    told = "; ".join(filter(None, [did(run.counts), run.error]))
    return str(run.id), run.kind, stamp(run.started), took, told or "nothing"
