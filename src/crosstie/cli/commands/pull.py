"""`crosstie pull`."""

from __future__ import annotations

from typing import Annotated

import typer

from crosstie.cli.calls import found, with_engine, with_open
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.service import pulling
from crosstie.service.lock import Engaged
from crosstie.service.pulling import Pulled

app = make("Bring one record of the right system over now, with what it refers to.")

_CODES = {"dead": Code.FAILED, "asking": Code.CONFLICTS, "postponed": Code.BUSY}


@app.command()
def pull(
    sync: Annotated[str, typer.Argument(metavar="SYNC", help="Name of the sync.")],
    record: Annotated[str, typer.Argument(metavar="REMOTE_ID", help="Its id on the right.")],
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Bring one record of the right system over now, with what it refers to.

    While an engine runs, the record is noted and that engine brings it over.

    \b
    Example:
      crosstie pull contacts ocQHyuzHvysMo5N5VsXc
    """
    out = Out(as_json)
    located = found(app)
    located.app.sync(sync)
    try:
        pulled = with_engine(located.app, lambda o: pulling.pull(o, sync, record), None)
    except Engaged:
        pulled = with_open(located.app, lambda o: pulling.note(o, sync, record))
        out.say("another engine runs: the record is noted, and that engine brings it over")
    if as_json:
        out.document(pulled)
    else:
        _show(out, pulled)
    return Code.CONFLICTS if pulled.conflict else _CODES.get(pulled.state, Code.DONE)


def _show(out: Out, pulled: Pulled) -> None:
    out.line(
        f"{pulled.sync}: right {pulled.right_id} - left {pulled.left_id or '-'}: {pulled.state}"
    )
    if pulled.detail:
        out.line(pulled.detail)
    if pulled.fix:
        out.say(f"fix: {pulled.fix}")
    if pulled.conflict:
        out.line(f"a person is asked: `crosstie conflicts show {pulled.conflict}`")
