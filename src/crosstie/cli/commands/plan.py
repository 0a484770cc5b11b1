"""`crosstie plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli.calls import found, now, with_open
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.cli.showing import plan_document, show_plan
from crosstie.core.plan import Plan, dump_plan
from crosstie.service import applying
from crosstie.service.watching import Waiting, waiting

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

app = make("Show what a run would do; write nothing.")


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Keep the plan for `crosstie apply`."),
]
Only = Annotated[
    str | None, typer.Option("--only", metavar="ID", help="Only this record of either side.")
]
Full = Annotated[
    bool, typer.Option("--full", help="Compare both sides completely, not only what changed.")
]
Detailed = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 10 when there is work to do.")
]


@app.command()
def plan(
    output: Output = None,
    only: Only = None,
    sync: SyncName = None,
    full: Full = False,
    detailed: Detailed = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Show what a run would do; write nothing.

    Signs: + create, ~ change, - delete, ! ask a person. The file that -o writes holds the values
    to be written: keep it as private as the data.

    \b
    Example:
      crosstie plan -o plan.json
      crosstie apply plan.json
    """
    out = Out(as_json)

    async def made(opened: Opened) -> tuple[Plan, Waiting]:
        works = opened.only([sync] if sync else [])
        plan = await applying.planned(opened, works, full=full, only=only)
        return plan, await waiting(opened.store, [work.name for work in works], now())

    plan, waits = with_open(found(app).app, made)
    if output is not None:
        output.touch(mode=0o600)
        output.write_bytes(dump_plan(plan))
        out.say(f"kept in {output}")
    if as_json:
        out.document(plan_document(plan, waits))
    else:
        show_plan(out, plan, waits)
    changes = bool(plan.operations or sum(plan.matched.values()))
    return Code.CHANGES if detailed and changes else Code.DONE
