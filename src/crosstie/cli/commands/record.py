"""`crosstie record`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from crosstie.cli.calls import found, stamp, with_open, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.core.values import Json
from crosstie.service import desk
from crosstie.service.desk import HistoryLine, RecordView

app = make(
    "Show one record on both sides, or what happened to it. Example: crosstie record show 42"
)

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id in either system.")]


@app.command()
def show(
    record: Id,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Show one record: both sides as they are now, and what they last agreed on.

    \b
    Example:
      crosstie record show 42 --sync contacts
    """
    out = Out(as_json)
    view = with_open(found(app).app, lambda opened: desk.record(opened, record, sync))
    if as_json:
        out.document(view)
    else:
        _show(out, view)
    return 0


@app.command()
def history(
    record: Id,
    sync: SyncName = None,
    values: Annotated[
        bool, typer.Option("--values", help="Also show the values before and after.")
    ] = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Show what happened to one record, oldest first.

    \b
    Example:
      crosstie record history 42
    """
    out = Out(as_json)
    lines = with_state(found(app).app, lambda a, s: desk.history(a, s, record, sync, values=values))
    if as_json:
        out.document({"history": lines})
        return 0
    rows = [_row(line) for line in lines]
    out.table(("at (UTC)", "what", "side", "record", "fields", "why", "#run"), rows)
    for line in lines if values else ():
        for name in line.fields:
            before, after = (_value((side or {}).get(name)) for side in (line.before, line.after))
            out.line(f"{stamp(line.at)} {line.operation} {name}: {before} -> {after}")
    return 0


def _row(line: HistoryLine) -> tuple[str, ...]:
    return (
        stamp(line.at),
        line.operation,
        line.side or "-",
        line.record_id or "-",
        ", ".join(line.fields) or "-",
        line.cause,
        "-" if line.run is None else str(line.run),
    )


def _show(out: Out, view: RecordView) -> None:
    state = f"{view.state}, due" if view.due else view.state
    out.line(f"{view.sync}, link {view.link}: {state}", "bold")
    for side, record_id in (("left", view.left_id), ("right", view.right_id)):
        there = "" if view.there[side] or record_id is None else " (not there)"
        out.line(f"{side:<5} {record_id or '-'}{there}")
    if view.detail:
        out.line(f"{view.error}: {view.detail}", "yellow")
    if view.conflict:
        out.line(f"conflict: see `crosstie conflicts show {view.conflict}`", "yellow")
    for note in view.notes:
        out.line(f"! {note}", "yellow")
    out.line()
    rows = [
        (
            "=" if f.agreed else "~",
            name,
            *map(_value, (f.left, f.right, f.base_left, f.base_right)),
        )
        for name, f in view.fields.items()
    ]
    out.table(("", "field", "left", "right", "left agreed", "right agreed"), rows)


def _value(value: Json) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
