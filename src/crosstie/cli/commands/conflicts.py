"""`crosstie conflicts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
import typer

from crosstie.cli.calls import found, now, stamp, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.core.values import Json, Side
from crosstie.service import deciding
from crosstie.service.counting import age
from crosstie.service.deciding import ConflictView, Ruling

app = make("List, show and resolve what a person has to decide. Example: crosstie conflicts show 3")

Number = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the conflict.", min=1, max=2**63 - 1)
]


@app.command("list")
def listing(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """List open conflicts, without values.

    \b
    Example:
      crosstie conflicts list --sync contacts
    """
    out = Out(as_json)
    lines = with_state(found(app).app, lambda a, s: deciding.conflicts(a, s, sync))
    if as_json:
        out.document({"conflicts": lines})
        return 0
    if not lines:
        out.line("No conflicts.")
        return 0
    rows = [
        (
            str(c.id),
            c.sync,
            c.kind,
            c.left_id or "-",
            c.right_id or "-",
            ", ".join(c.fields) or c.note or "-",
            age(now() - c.opened_at),
            "yes" if c.answered else "no",
        )
        for c in lines
    ]
    columns = ("#id", "sync", "kind", "left id", "right id", "about", "#age", "answered")
    out.table(columns, rows)
    return 0


@app.command()
def show(conflict: Number, app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show one conflict with the values of both sides.

    \b
    Example:
      crosstie conflicts show 3
    """
    out = Out(as_json)
    view = with_state(found(app).app, lambda a, s: deciding.conflict(s, conflict))
    if as_json:
        out.document(view)
    else:
        _show(out, view)
    return 0


@app.command()
def resolve(
    conflict: Number,
    take: Annotated[
        str | None, typer.Option("--take", metavar="left|right", help="Whose value is right.")
    ] = None,
    field: Annotated[
        str | None, typer.Option("--field", metavar="NAME", help="Only this field.")
    ] = None,
    value: Annotated[
        str | None, typer.Option("--value", help="A value that both sides shall have.")
    ] = None,
    pair: Annotated[
        str | None, typer.Option("--pair", metavar="ID", help="The record that belongs to it.")
    ] = None,
    keep_apart: Annotated[
        bool, typer.Option("--keep-apart", help="None of them: make a new record.")
    ] = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Answer a conflict; the next run carries it out.

    \b
    Example:
      crosstie conflicts resolve 3 --take right --field phone
      crosstie conflicts resolve 4 --field city --value Berlin
      crosstie conflicts resolve 5 --pair 8f2k...
    """
    out = Out(as_json)
    ruling = Ruling(take, field, value, pair, keep_apart)
    view = with_state(found(app).app, lambda a, s: deciding.resolve(a, s, conflict, ruling, now()))
    if as_json:
        out.document(view)
        return 0
    out.line(f"Conflict {view.id} is answered.")
    out.say("a running engine carries it out now; without one: `crosstie run --once`")
    return 0


def _show(out: Out, view: ConflictView) -> None:
    out.line(f"Conflict {view.id} ({_state(view)}), {view.kind}, sync {view.sync}", "bold")
    out.line(f"left {view.left_id or '-'}   right {view.right_id or '-'}")
    if view.note:
        out.line(view.note)
    for candidate in view.candidates:
        out.line(f"candidate: {candidate}")
    whole = _whole_answer(view)
    if whole:
        out.line(f"answer: {whole}")
    if view.fields:
        out.line()
        _table(out, view)
    if view.examples:
        out.say("answer it with one of:")
        for example in view.examples:
            out.say(f"  {example}")
        if view.deleted:
            kept = Side(view.deleted).other
            out.say(f"the {view.deleted} deletes the other one too, the {kept} makes it anew")


def _state(view: ConflictView) -> str:
    if view.closed_at is None:
        if view.answer is None:
            return "open"
        part = " in part" if view.examples else ""
        return f"answered{part}, to be carried out by the next run"
    how = "without an answer" if view.answer is None else "after its answer"
    return f"closed {stamp(view.closed_at)} UTC {how}"


def _table(out: Out, view: ConflictView) -> None:
    """What both sides showed; `now` only while a person is asked, since it is not kept up after."""
    open_still = view.closed_at is None and view.answer is None
    seen_at = "now" if open_still else "when asked"
    columns = ["field", "left was", f"left {seen_at}", "right was", f"right {seen_at}"]
    keys = ("base_left", "left", "base_right", "right")
    rows = [[name, *(_value(seen, key) for key in keys)] for name, seen in view.fields.items()]
    if view.answer is not None:
        columns.append("answer")
        rows = [[*row, _field_answer(view.answer, row[0])] for row in rows]
    out.table(columns, rows)


def _whole_answer(view: ConflictView) -> str | None:
    """An answer about the records as such, not about one of their fields."""
    answer = view.answer
    if answer is None:
        return None
    if answer.get("pair") is not None:
        return f"it belongs to {answer['pair']}" if answer["pair"] else "kept apart"
    take = answer.get("take")
    whole = take.get("*") if isinstance(take, dict) else None
    return None if whole is None else f"the {whole} is right, as a whole"


def _field_answer(answer: Mapping[str, Json], name: str) -> str:
    take, values = answer.get("take"), answer.get("values")
    if isinstance(values, dict) and name in values:
        return f"the value {_value(values, name)}"
    if isinstance(take, dict) and name in take:
        return f"take {take[name]}"
    return "-"


def _value(seen: Mapping[str, Json], key: str) -> str:
    if key not in seen:
        return "-"
    value = seen[key]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
