"""`crosstie undo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli.calls import found, with_engine, with_open
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName, Yes
from crosstie.cli.out import Out
from crosstie.cli.showing import keep_plan, plan_document, show_plan, signs
from crosstie.cli.undone import STAYS, carry_out
from crosstie.core.plan import Plan
from crosstie.service import undoing
from crosstie.service.asked import Misused
from crosstie.service.undoing import Asked, Target

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

app = make("Take back what a run wrote, or the last run on one record.")


What = Annotated[
    str | None, typer.Argument(metavar="[RUN|RECORD]", help="Number of a run, or a record's id.")
]
Run = Annotated[
    int | None, typer.Option("--run", min=1, max=2**63 - 1, metavar="N", help="This run.")
]
Record = Annotated[
    str | None, typer.Option("--record", metavar="ID", help="This record of either side.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Keep the plan for `crosstie apply`."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="At most N operations.")
]


@app.command()
def undo(
    what: What = None,
    run: Run = None,
    record: Record = None,
    output: Output = None,
    limit: Limit = None,
    yes: Yes = False,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Take back what a run wrote, or the last run on one record.

    Only what Crosstie wrote is taken back, and only where it still stands; what was changed since
    is left alone and listed. Both records then stay as they are until one of them is changed
    again. With -o the plan is kept and nothing is written; an undo can be undone.

    \b
    Example:
      crosstie undo 17 -o undo.json
      crosstie undo 42 --yes
      crosstie undo 42 --run 17
    """
    out = Out(as_json)
    located = found(app)
    asked = Asked(what, run, record, sync)

    async def call(opened: Opened) -> int:
        target = await undoing.target(opened.app, opened.store, asked)
        if yes and output is None:
            return await carry_out(out, opened, target, limit)
        plan = await undoing.planned(opened, target)
        if output is not None:
            return _kept(out, plan, output)
        return await _confirmed(out, opened, target, plan, limit)

    if output is not None:
        return with_open(located.app, call)
    return with_engine(located.app, call, None)


def _kept(out: Out, plan: Plan, output: Path) -> int:
    keep_plan(out, plan, output)
    if out.json:
        out.document(plan_document(plan))
    else:
        show_plan(out, plan)
        out.say(f"{STAYS} Do it with `crosstie apply {output}`")
    return Code.DONE


async def _confirmed(
    out: Out, opened: Opened, target: Target, plan: Plan, limit: int | None
) -> int:
    """Show what it would do, ask, and do exactly that."""
    todo = [operation for operation in plan.operations if operation.kind != "leave"]
    if not out.json:
        show_plan(out, plan)
        out.say(STAYS)
    if todo and (out.json or not sys.stdin.isatty()):
        raise Misused(
            f"nobody can be asked whether to undo {signs(todo)} of run {target.run_id}",
            fix="add `--yes`, or keep the plan with `-o FILE` and apply that",
        )
    if todo and not typer.confirm(f"Undo {signs(todo)} of run {target.run_id}?", err=True):
        raise typer.Exit(Code.FAILED)
    return await carry_out(out, opened, plan, limit)
