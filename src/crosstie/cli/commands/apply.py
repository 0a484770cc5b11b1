"""`crosstie apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crosstie.cli.calls import found, now, with_engine
from crosstie.cli.codes import Code, of_report
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, Release, Yes
from crosstie.cli.out import Out
from crosstie.cli.progress import progress
from crosstie.cli.showing import report_document, show_plan, show_report, signs
from crosstie.cli.undone import carry_out
from crosstie.core.plan import Plan, load_plan
from crosstie.service import applying
from crosstie.service.applying import Applied
from crosstie.service.asked import Misused
from crosstie.service.watching import open_conflicts, waiting

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

app = make("Do exactly what a plan says.")


File = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A saved plan.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="At most N operations.")
]


@app.command()
def apply(
    file: File = None,
    limit: Limit = None,
    yes: Yes = False,
    release: Release = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Do exactly what a plan says.

    With FILE it carries out that plan, and nothing else; a planned operation that no longer fits
    is left alone and reported as stale. Without FILE it makes a plan, shows it, and asks.

    \b
    Example:
      crosstie apply plan.json --limit 10
      crosstie apply --yes
    """
    out = Out(as_json)
    saved = None if file is None else _saved(file)
    located = found(app)

    async def call(opened: Opened) -> int:
        plan = saved or await _made(out, opened, yes=yes)
        if plan.undoes is not None:
            return await carry_out(out, opened, plan, limit)
        with progress("applying", json=as_json) as advance:
            done = await applying.apply(
                opened,
                plan,
                limit=limit,
                release=release,
                approved=saved is not None,
                progress=advance,
            )
        return await _after(out, opened, done)

    return with_engine(located.app, call, None)


def _saved(file: Path) -> Plan:
    if not file.exists():
        raise Misused(f"there is no file {file}", fix=f"make it with `crosstie plan -o {file}`")
    return load_plan(file.read_bytes())


async def _made(out: Out, opened: Opened, *, yes: bool) -> Plan:
    """A plan of now that a person has said yes to."""
    plan = await applying.planned(opened, opened.works, full=False)
    if not out.json:
        show_plan(out, plan)
    if plan.operations and not yes:
        _ask(out, plan)
    return plan


def _ask(out: Out, plan: Plan) -> None:
    if out.json or not sys.stdin.isatty():
        raise Misused(
            "nobody can be asked whether to apply this plan",
            fix="add `--yes`, or save the plan with `crosstie plan -o FILE` and apply that",
        )
    if not typer.confirm(f"Apply {signs(plan.operations)}?", err=True):
        raise typer.Exit(Code.FAILED)


async def _after(out: Out, opened: Opened, done: Applied) -> int:
    conflicts = await open_conflicts(opened, opened.works, now())
    waits = await waiting(opened.store, [work.name for work in opened.works], now())
    return _tell(out, done, conflicts, waits.dead)


def _tell(out: Out, done: Applied, conflicts: int, letters: int) -> int:
    code = of_report(done.report, conflicts)
    if code in (Code.DONE, Code.CONFLICTS) and done.stale:
        code = Code.FAILED
    if out.json:
        out.document(_document(done, conflicts, letters, code))
        return code
    for operation in done.stale:
        where = operation.left_id or operation.right_id
        what = f"{operation.kind} in {operation.sync} of {where}"
        out.line(f"! stale: {what}: its records need something else by now", "yellow")
    show_report(out, done.report, conflicts, letters)
    parts = [f"Applied: {signs(done.applied)}", f"{len(done.stale)} stale"]
    parts += [f"{len(done.needless)} no longer needed"] if done.needless else []
    parts += [f"{done.left} left by the limit"] if done.left else []
    out.line("; ".join(parts) + ".", "bold")
    if done.stale:
        out.say("fix: see what is needed now with `crosstie plan`, or let `crosstie run` do it")
    return code


def _document(done: Applied, conflicts: int, letters: int, code: int) -> dict[str, Any]:
    return {
        "applied": done.applied,
        "stale": done.stale,
        "no_longer_needed": done.needless,
        "left_by_limit": done.left,
        "report": report_document(done.report, conflicts, letters, code),
        "exit": code,
    }
