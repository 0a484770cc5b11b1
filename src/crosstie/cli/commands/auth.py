"""`crosstie auth`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from crosstie.cli.calls import found, stamp, with_state
from crosstie.cli.codes import Code
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, Yes
from crosstie.cli.out import Out
from crosstie.service.asked import Misused
from crosstie.service.counting import counted
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.ports import Store
    from crosstie.service.logins import LoggedIn, Logins
    from crosstie.service.tending import Standing

T = TypeVar("T")

app = make("Log in to accounts, and look after tokens and keys. Example: crosstie auth login")

Account = Annotated[
    str | None,
    typer.Argument(metavar="[ACCOUNT]", help="Its name, as `auth status` shows it."),
]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Only show the address; open no browser.")
]


@app.command()
def login(
    account: Account = None,
    no_browser: NoBrowser = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Log in to an account with a browser, and keep its tokens sealed.

    Shows the address of the log-in page and opens it. Where the redirect address is on this
    machine the answer is received here, within ten minutes; otherwise `crosstie serve` receives
    it, and this command ends at once. Exits with 4 when the log-in came to nothing.

    \b
    Example:
      crosstie auth login
      crosstie auth login "GoHighLevel ve9EPM428h8vShlRW1KT" --no-browser
    """
    out = Out(as_json)

    async def call(logins: Logins) -> LoggedIn | None:
        return await _log_in(out, logins, account, no_browser=no_browser)

    done = _with_logins(app, call)
    if out.json:
        waits = {"accounts": [], "missing": [], "waits": True}
        out.document(waits if done is None else done)
    elif done is None:
        out.line("The server at the redirect address receives the answer.")
    else:
        _show_done(out, done)
    return Code.DONE


async def _log_in(
    out: Out, logins: Logins, account: str | None, *, no_browser: bool
) -> LoggedIn | None:
    """Send a person to the page; None where a server receives the answer."""
    from crosstie.service.loopback import is_local, listening

    begun = await logins.begin(account)
    redirect = logins.declared(begun.account).redirect
    if not is_local(redirect):
        _show_page(out, begun.page, no_browser=no_browser)
        return None
    async with listening(redirect, begun.state) as answer:
        _show_page(out, begun.page, no_browser=no_browser)
        code = await answer.code(begun.until - logins.clock.now())
    return await logins.finish(begun.state, code)


def _show_done(out: Out, done: LoggedIn) -> None:
    for name in done.accounts:
        out.line(f"Logged in to {name}.")
    if done.missing:
        out.say(f"It lacks the scopes {', '.join(done.missing)}.")
        out.say("fix: add them to the application, and log in again")


@app.command()
def status(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show how each account is logged in to. Exits with 4 where a person has to log in.

    \b
    Example:
      crosstie auth status
      crosstie auth status --json
    """
    from crosstie.service.tending import standing

    out = Out(as_json)
    rows = with_state(found(app).app, standing)
    if out.json:
        out.document({"accounts": rows})
    elif not rows:
        out.line("No account has a log-in or a token.")
    for row in () if out.json else rows:
        _show(out, row)
    if any(row.state == "login" for row in rows):
        return Code.LOGIN
    return Code.CONFIGURATION if any(row.state == "locked" for row in rows) else Code.DONE


@app.command()
def refresh(
    account: Account = None, app: App = None, as_json: AsJson = False, debug: Debug = False
) -> int:
    """Get new tokens at once; a running engine does so by itself before they end.

    \b
    Example:
      crosstie auth refresh
    """
    from crosstie.service.tending import renewed

    out = Out(as_json)
    row = _with_logins(app, lambda logins: renewed(logins, account))
    if out.json:
        out.document(row)
    else:
        _show(out, row)
    return Code.DONE


@app.command()
def revoke(
    account: Account = None,
    yes: Yes = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Uninstall the application at the system, and forget the tokens here in any case.

    Exits with 1 where the system could not be told.

    \b
    Example:
      crosstie auth revoke "GoHighLevel ve9EPM428h8vShlRW1KT" --yes
    """
    from crosstie.service.tending import revoked

    out = Out(as_json)

    async def call(logins: Logins) -> int:
        name = logins.declared(account).account
        if not yes:
            _ask(out, f"Uninstall the application at {name}, and forget its tokens?")
        done = await revoked(logins, account)
        if out.json:
            out.document(done)
        else:
            out.line(f"{done.account}: {done.text}.")
        return Code.DONE if done.told else Code.FAILED

    return _with_logins(app, call)


@app.command("rotate-keys")
def rotate_keys(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Seal all tokens with the first key, so that the older ones can be removed.

    Put the new key in front of the old one, start engines again, then run this. It can be broken
    off and run again at any time. Exits with 3 where the key of a log-in is not there.

    \b
    Example:
      crosstie auth rotate-keys
    """
    from crosstie.service.tending import rotated

    out = Out(as_json)
    done = with_state(found(app).app, rotated)
    if out.json:
        out.document(done)
    else:
        out.line(f"{counted(done.sealed, 'log-in')} sealed anew; all are under key {done.key}.")
    for name in done.locked:
        out.say(f"{name}: its key is not there. fix: put it back behind the new one, or log in")
    return Code.CONFIGURATION if done.locked else Code.DONE


@app.command("new-key")
def new_key(as_json: AsJson = False, debug: Debug = False) -> int:
    """Print a fresh key on stdout, to be kept in a secret store or a file of this user.

    \b
    Example:
      (umask 077; crosstie auth new-key > crosstie.key)
    """
    from crosstie.service.keys import new_key as drawn

    out = Out(as_json)
    key = drawn()
    if out.json:
        out.document({"key": key})
    else:
        sys.stdout.write(key + "\n")
    out.say("Keep it beside the backups of the state, not in them: without it nobody can read the")
    out.say("tokens. Put it into CROSSTIE_KEY, or into a file that `Crosstie(key=...)` names.")
    return Code.DONE


def _with_logins(app: str | None, work: Callable[[Logins], Awaitable[T]]) -> T:
    # Imported late: help needs no cryptography.
    from crosstie.service.logins import logging_in

    async def call(declared: Crosstie, store: Store) -> T:
        async with logging_in(declared, store) as logins:
            return await work(logins)

    return with_state(found(app).app, call)


def _show_page(out: Out, page: str, *, no_browser: bool) -> None:
    out.say(f"Log in here, within ten minutes:\n{page}")
    if not (no_browser or out.json) and sys.stderr.isatty():
        import webbrowser

        webbrowser.open(page)


def _show(out: Out, row: Standing) -> None:
    styles = {"ok": "green", "token": "", "login": "bold red", "locked": "bold red"}
    until = f", the present token until {stamp(row.until)}" if row.until is not None else ""
    out.line(f"{row.account}: {row.text}{until}", styles[row.state])
    if row.fix:
        out.line(f"  fix: {row.fix}")


def _ask(out: Out, question: str) -> None:
    if out.json or not sys.stdin.isatty():
        raise Misused(f"nobody can be asked: {question}", fix="add `--yes`")
    if not typer.confirm(question, err=True):
        raise typer.Exit(Code.FAILED)
