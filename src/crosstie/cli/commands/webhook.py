"""`crosstie webhook`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from crosstie.cli.calls import found, now, stamp, with_state
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.ports import ArrivalState
from crosstie.service import inboxes
from crosstie.service.counting import age, counted
from crosstie.service.doors import ServiceDoors
from crosstie.service.inboxes import Line, Verdict
from crosstie.service.runtime import SystemClock

app = make("List, show, replay and verify received webhooks. Example: crosstie webhook ls --failed")

Named = Annotated[
    str | None, typer.Option("--endpoint", metavar="NAME", help="Only of this endpoint.")
]
Failed = Annotated[bool, typer.Option("--failed", help="Only those that could not be worked on.")]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")]
Id = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As `ls` shows it.")]
Ids = Annotated[
    list[int] | None,
    typer.Argument(metavar="[ID]...", min=1, max=2**63 - 1, help="As `ls` shows them."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only what was received from then on.")
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Saved requests.")]


@app.command()
def ls(
    endpoint: Named = None,
    failed: Failed = False,
    limit: Limit = 50,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List what was received, the newest first.

    \b
    Example:
      crosstie webhook ls
      crosstie webhook ls --failed --endpoint ghl
    """
    out = Out(as_json)
    state = ArrivalState.FAILED if failed else None
    lines = with_state(found(app).app, lambda a, s: inboxes.listed(s, endpoint, state, limit))
    if as_json:
        out.document({"deliveries": lines})
    elif lines:
        _table(out, lines)
    else:
        out.line("Nothing was received.")
    return 0


@app.command()
def show(number: Id, app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show one delivery, and what is kept of its body: ids and times.

    \b
    Example:
      crosstie webhook show 42
    """
    out = Out(as_json)
    found_ = with_state(found(app).app, lambda a, s: inboxes.shown(s, number))
    if as_json:
        out.document(found_)
        return 0
    _table(out, [found_])
    out.line(f"name: {found_.delivery}")
    if found_.detail:
        out.line(f"! {found_.detail}", "yellow")
    out.line(f"kept: {found_.kept}")
    return 0


@app.command()
def replay(
    ids: Ids = None,
    since: Since = None,
    failed: Failed = False,
    endpoint: Named = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Work on deliveries again; the running engine does it, or the next run.

    Harmless, however often: the records that they are about are read, and what is in step stays.

    \b
    Example:
      crosstie webhook replay 42
      crosstie webhook replay --failed
      crosstie webhook replay --since 2026-11-21T08:00
    """
    out = Out(as_json)
    start = None if since is None else inboxes.moment(since)
    number = with_state(
        found(app).app,
        lambda a, s: inboxes.replayed(s, ids or (), endpoint, start, failed=failed),
    )
    if as_json:
        out.document({"replayed": number})
    else:
        out.line(f"{counted(number, 'delivery', 'deliveries')} to be worked on again.")
    return 0


@app.command()
def verify(
    files: Files,
    endpoint: Named = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Say whether saved requests would be taken, and why not. Nothing is kept.

    A file holds a request as HTTP sends it: headers, one a line, an empty line, and then the body
    byte for byte, without a line end that was not in it. Whoever sends is never told a reason.

    \b
    Example:
      crosstie webhook verify request.http
      crosstie webhook verify --endpoint ghl saved/*.http
    """
    out = Out(as_json)
    requests = {str(file): file.read_bytes() for file in files}
    verdicts = inboxes.verified(found(app).app, ServiceDoors(SystemClock()), endpoint, requests)
    if as_json:
        out.document({"requests": verdicts})
    else:
        for verdict in verdicts:
            _say(out, verdict)
    return Code.DONE if all(verdict.accepted for verdict in verdicts) else Code.FAILED


def _say(out: Out, verdict: Verdict) -> None:
    if verdict.accepted:
        out.line(f"{verdict.file}: accepted: {verdict.type}, delivery {verdict.delivery}", "green")
    else:
        out.line(f"{verdict.file}: not accepted: {verdict.reason}", "bold red")


def _table(out: Out, lines: Sequence[Line]) -> None:
    columns = ("#=id", "endpoint", "type", "state", "received (UTC)", "ago", "worked on")
    rows = [
        (
            str(each.id),
            each.endpoint,
            each.type,
            str(each.state),
            stamp(each.received),
            age(now() - each.received),
            stamp(each.worked),
        )
        for each in lines
    ]
    out.table(columns, rows)
