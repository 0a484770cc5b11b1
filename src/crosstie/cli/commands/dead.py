"""`crosstie dead`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from crosstie.cli.calls import found, now, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName
from crosstie.cli.out import Out
from crosstie.cli.showing import counted
from crosstie.service import letters
from crosstie.service.letters import Choice, Letter

app = make("List, retry or discard records that stopped. Example: crosstie dead retry --all")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Record or link ids.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Match = Annotated[
    str | None, typer.Option("--match", metavar="TEXT", help="Those whose error has this text.")
]


@app.command("list")
def listing(
    sync: SyncName = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """List dead letters by cause, the commonest first.

    \b
    Example:
      crosstie dead list
    """
    out = Out(as_json)
    causes = with_state(found(app).app, lambda a, s: letters.dead(a, s, sync))
    if as_json:
        out.document({"causes": causes})
        return 0
    if not causes:
        out.line("No dead letters.")
    for cause in causes:
        out.line(f"{cause.records} x {cause.sync}: {cause.error}", "bold")
        out.line(f"  {cause.text}")
        if cause.fix:
            out.line(f"  fix: {cause.fix}")
        for letter in cause.letters[:5]:
            ids = f"left {letter.left_id or '-'}, right {letter.right_id or '-'}"
            out.line(f"  link {letter.link}: {ids}")
        if cause.records > 5:
            out.line(f"  ... and {cause.records - 5} more")
    return 0


@app.command()
def retry(
    ids: Ids = None,
    everything: All = False,
    match: Match = None,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Try dead letters again, with all attempts; the next run does it.

    \b
    Example:
      crosstie dead retry --match "phone"
      crosstie dead retry --all
    """
    choice = Choice(ids or (), match, everything, sync)
    done = with_state(found(app).app, lambda a, s: letters.retry(a, s, choice, now()))
    return _tell(Out(as_json), done, "to be tried again")


@app.command()
def discard(
    ids: Ids = None,
    everything: All = False,
    match: Match = None,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Leave dead letters alone until one of their records changes.

    \b
    Example:
      crosstie dead discard 42
    """
    choice = Choice(ids or (), match, everything, sync)
    done = with_state(found(app).app, lambda a, s: letters.discard(a, s, choice))
    return _tell(Out(as_json), done, "left alone until one of the records changes")


def _tell(out: Out, done: Sequence[Letter], what: str) -> int:
    if out.json:
        out.document({"letters": done, "count": len(done)})
    else:
        out.line(f"{counted(len(done), 'dead letter')} {what}.")
    return 0
