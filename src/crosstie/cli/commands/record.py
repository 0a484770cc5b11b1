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

    Values are shown as they are compared; what a system itself shows follows in parentheses
    where it differs. "unreadable" is what the mapping cannot make sense of. Signs: = as both
    agreed, ~ changed since, u left different by an undo.

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
    """Show what happened to one record, oldest first; also after it was deleted.

    \b
    Example:
      crosstie record history 42
    """
    out = Out(as_json)
    lines = with_state(found(app).app, lambda a, s: desk.history(a, s, record, sync, values=values))
    if as_json:
        out.document({"history": lines})
        return 0
    rows = [_row(line, values=values) for line in lines]
    out.table(("at (UTC)", "what", "side", "record", "fields", "why", "#run"), rows)
    return 0


def _row(line: HistoryLine, *, values: bool) -> tuple[str, ...]:
    """values: in the column of the fields, a line for each, what stood there before and after."""
    return (
        stamp(line.at),
        line.operation,
        line.side or "-",
        line.record_id or "-",
        "\n".join(_changed(line)) if values else ", ".join(line.fields) or "-",
        line.cause,
        "-" if line.run is None else str(line.run),
    )


def _changed(line: HistoryLine) -> list[str]:
    told = []
    for name in line.fields:
        before, after = (_value((side or {}).get(name)) for side in (line.before, line.after))
        told.append(f"{name}: {before} -> {after}")
    return told or ["-"]


def _show(out: Out, view: RecordView) -> None:
    state = f"{view.state}, due" if view.due else view.state
    out.line(f"{view.sync}, link {view.link}: {state}", "bold")
    for side, record_id in (("left", view.left_id), ("right", view.right_id)):
        there = "" if record_id is None else _THERE[view.there[side]]
        out.line(f"{side:<5} {record_id or '-'}{there}")
    if view.left_alone:
        out.line("left alone at your request until one of the two records changes", "yellow")
    if view.detail:
        out.line(view.detail if view.left_alone else f"{view.error}: {view.detail}", "yellow")
    if view.fix:
        out.say(f"fix: {view.fix}")
    if view.conflict:
        out.line(f"conflict: see `crosstie conflicts show {view.conflict}`", "yellow")
    for note in view.notes:
        out.line(f"! {note}", "yellow")
    out.line()
    rows = [
        (
            "u" if f.undone else "=" if f.agreed else "~",
            name,
            _now(f.left, f.raw_left, readable="left" not in f.unreadable),
            _now(f.right, f.raw_right, readable="right" not in f.unreadable),
            *map(_value, (f.base_left, f.base_right)),
        )
        for name, f in view.fields.items()
    ]
    out.table(("", "field", "left", "right", "left agreed", "right agreed"), rows)
    if any(f.undone for f in view.fields.values()):
        out.line("u: differs, left so by an undo until somebody changes it on either side")


_THERE = {True: "", False: " (not there)", None: " (could not be read)"}


def _now(value: Json, raw: Json, *, readable: bool) -> str:
    """The value as it is compared, and as its system shows it where that is something else."""
    told = _value(value) if readable else "unreadable"
    return told if raw is None or _value(raw) == told else f"{told} ({_value(raw)})"


def _value(value: Json) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
