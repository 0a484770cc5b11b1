"""`crosstie fields`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from crosstie.cli.calls import found, with_open
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.service import fielding
from crosstie.service.fielding import FieldLine

app = make("List the fields of both systems, and propose pairs.")


@app.command()
def fields(
    sync: Annotated[str, typer.Argument(metavar="SYNC", help="Name of the sync.")],
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List the fields of both systems, and propose pairs.

    Shows which fields are mapped, proposes pairs of those that are not by their names, and says
    which mapped fields a system does not have (any more).

    \b
    Example:
      crosstie fields contacts
    """
    out = Out(as_json)
    view = with_open(found(app).app, lambda opened: fielding.fields(opened, sync))
    if as_json:
        out.document(view)
        return 0
    for side, lines in (("left", view.left), ("right", view.right)):
        out.line(side, "bold")
        _table(out, lines)
        out.line()
    if view.proposals:
        out.line("Not mapped, and alike:", "bold")
        for proposal in view.proposals:
            out.line(f"  {proposal.lens}")
    for side_name, names in view.vanished.items():
        out.line(f"! mapped, and not on the {side_name}: {', '.join(names)}", "bold red")
    return 0


def _table(out: Out, lines: Sequence[FieldLine]) -> None:
    columns = ("=field", "kind", "label", "mapped as", "notes")
    out.table(
        columns, [(f.name, f.kind, f.label or "-", f.mapped or "-", _notes(f)) for f in lines]
    )


def _notes(f: FieldLine) -> str:
    notes = [] if f.writable else ["read only"]
    if f.required:
        notes.append("required")
    if f.options:
        notes.append("options: " + ", ".join(f.options[:8]) + (", ..." if f.options[8:] else ""))
    return "; ".join(notes) or "-"
