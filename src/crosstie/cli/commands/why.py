"""`crosstie why`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.calls import found, stamp, with_open
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.cli.showing import value
from crosstie.service import reasons
from crosstie.service.reasons import Reason, SideReason

app = make("Say which write last changed a field, when, and why.")

Id = Annotated[str, typer.Argument(metavar="RECORD", help="Its id in either system.")]
Name = Annotated[str, typer.Argument(metavar="FIELD", help="A field of the mapping.")]


@app.command()
def why(
    record: Id,
    field: Name,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Say which write last changed a field, when, and why.

    For each side: what it shows now, what Crosstie last wrote there and what stood there before,
    in which run and for which reason, and whether it still shows what was written. Values are
    shown as they are compared.

    \b
    Example:
      crosstie why 42 city
    """
    out = Out(as_json)
    reason = with_open(found(app).app, lambda opened: reasons.why(opened, record, field, sync))
    if as_json:
        out.document(reason)
    else:
        _show(out, reason)
    return 0


def _show(out: Out, reason: Reason) -> None:
    out.line(f"{reason.sync}, field {reason.field}: {reason.verdict}", "bold")
    for name, side in reason.sides.items():
        out.line()
        out.line(f"{name} {side.record_id or '-'}{_THERE[side.there]}")
        if side.there:
            out.line(f"  now      {value(side.now)}")
            if side.now != side.agreed:
                out.line(f"  agreed   {value(side.agreed)}")
        for line in _write(side):
            out.line(f"  {line}")
    if reason.conflict:
        out.line(f"conflict: see `crosstie conflicts show {reason.conflict}`", "yellow")
    for note in reason.notes:
        out.line(f"! {note}", "yellow")


_THERE = {True: "", False: " (not there)", None: " (could not be read)"}
_STILL = {
    True: "it still holds what was written",
    False: "it was changed since",
    None: "it cannot be said whether it still holds it",
}


def _write(side: SideReason) -> list[str]:
    if not side.written:
        return ["never written by Crosstie"]
    run = "-" if side.run is None else str(side.run)
    return [
        f"written  {value(side.before)} -> {value(side.after)} ({side.operation})",
        f"when     {stamp(side.at)} UTC, run {run}",
        f"why      {side.cause}",
        _STILL[side.still_ours],
    ]
