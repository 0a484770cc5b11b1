"""`crosstie dead`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli.calls import found, now, with_state
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, SyncName, Yes
from crosstie.cli.out import Out
from crosstie.service import letters
from crosstie.service.asked import Misused
from crosstie.service.counting import age, counted
from crosstie.service.letters import Cause, Choice, Letter
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.ports import Store

app = make("List, retry or discard records that stopped. Example: crosstie dead retry --all")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Record or link ids.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Match = Annotated[
    str | None, typer.Option("--match", metavar="TEXT", help="Those whose error has this text.")
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="FP", help="Those of this cause, as `dead list` names it."),
]
Limit = Annotated[
    int, typer.Option("--limit", min=1, metavar="N", help="At most so many letters of a group.")
]


@app.command("list")
def listing(
    group: Group = None,
    limit: Limit = 200,
    sync: SyncName = None,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """List dead letters by cause, the commonest first; with --group the letters of one cause.

    \b
    Example:
      crosstie dead list
      crosstie dead list --group 3f9c01ab
    """
    out = Out(as_json)
    if group is not None:
        choice = Choice(sync=sync, group=group)
        found_ = with_state(found(app).app, lambda a, s: letters.listed(a, s, choice, limit))
        _show_letters(out, found_)
        return 0
    causes = with_state(found(app).app, lambda a, s: letters.dead(a, s, sync))
    if as_json:
        out.document({"causes": causes})
        return 0
    if not causes:
        out.line("No dead letters.")
    for cause in causes:
        _show_cause(out, cause)
    return 0


@app.command()
def retry(
    ids: Ids = None,
    group: Group = None,
    everything: All = False,
    match: Match = None,
    sync: SyncName = None,
    yes: Yes = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Try dead letters again, with all attempts; the next run does it.

    It goes by what both records hold then, not by what they held when it stopped. Without ids it
    says how many they are, and asks.

    \b
    Example:
      crosstie dead retry 42
      crosstie dead retry --group 3f9c01ab --yes
      crosstie dead retry --match "phone"
    """
    choice = Choice(ids or (), match, everything, sync, group)

    async def act(store: Store, chosen: Sequence[Letter]) -> int:
        return await letters.retry(store, chosen, now())

    ask = None if yes or ids else "Retry"
    return _carry_out(Out(as_json), app, choice, act, "to be tried again", ask)


@app.command()
def discard(
    ids: Ids = None,
    group: Group = None,
    everything: All = False,
    match: Match = None,
    sync: SyncName = None,
    yes: Yes = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Leave dead letters alone until one of their records changes.

    Without ids it says how many they are, and asks.

    \b
    Example:
      crosstie dead discard 42
      crosstie dead discard --group 3f9c01ab
    """
    choice = Choice(ids or (), match, everything, sync, group)
    what = "left alone until one of the records changes"
    ask = None if yes or ids else "Discard"
    return _carry_out(Out(as_json), app, choice, letters.discard, what, ask)


def _carry_out(
    out: Out,
    app: str | None,
    choice: Choice,
    act: Callable[[Store, Sequence[Letter]], Awaitable[int]],
    what: str,
    ask: str | None,
) -> int:
    """Find them, ask about them where a person did not name each, and do it."""

    async def call(declared: Crosstie, store: Store) -> Sequence[Letter]:
        chosen = await letters.chosen(declared, store, choice)
        if chosen and ask is not None:
            _ask(out, ask, len(chosen))
        await act(store, chosen)
        return chosen

    done = with_state(found(app).app, call)
    if out.json:
        out.document({"letters": done, "count": len(done)})
    else:
        out.line(f"{counted(len(done), 'dead letter')} {what}.")
    return 0


def _ask(out: Out, what: str, number: int) -> None:
    some = counted(number, "dead letter")
    if out.json or not sys.stdin.isatty():
        raise Misused(
            f"nobody can be asked whether to {what.lower()} {some}",
            fix="add `--yes`, or name them by their ids",
        )
    if not typer.confirm(f"{what} {some}?", err=True):
        raise typer.Exit(Code.FAILED)


def _show_cause(out: Out, cause: Cause) -> None:
    out.line(f"{cause.records} x {cause.sync}: {cause.error}   group {cause.group}", "bold")
    out.line(f"  {cause.text}")
    if cause.fix:
        out.line(f"  fix: {cause.fix}")
    if cause.oldest is not None and cause.newest is not None:
        moment = now()
        oldest, newest = age(moment - cause.oldest), age(moment - cause.newest)
        out.line(f"  since {oldest}, the newest {newest} ago")
    for letter in cause.letters:
        ids = f"left {letter.left_id or '-'}, right {letter.right_id or '-'}"
        out.line(f"  link {letter.link}: {ids}")
    more = cause.records - len(cause.letters)
    if more:
        out.line(f"  ... and {more} more: `crosstie dead list --group {cause.group}`")


def _show_letters(out: Out, found: Sequence[Letter]) -> None:
    if out.json:
        out.document({"letters": found, "count": len(found)})
        return
    moment = now()
    rows = [
        (
            str(x.link),
            x.sync,
            x.left_id or "-",
            x.right_id or "-",
            "-" if x.at is None else age(moment - x.at),
            x.text,
        )
        for x in found
    ]
    out.table(("#link", "sync", "left id", "right id", "#age", "what was said"), rows)
