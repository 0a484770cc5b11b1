"""`crosstie status`."""

from __future__ import annotations

from crosstie.cli.calls import found, now, stamp, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.running import RUN_COLUMNS, run_row
from crosstie.service import standing
from crosstie.service.accounts import AccountStatus
from crosstie.service.counting import age, counted
from crosstie.service.engines import EngineStatus
from crosstie.service.inboxes import InboxStatus
from crosstie.service.outboxes import OutboxStatus
from crosstie.service.standing import Status, SyncStatus
from crosstie.service.unfound import told

app = make("Show how every sync stands.")


@app.command()
def status(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show how every sync stands.

    Reads the state, and counts what waits in the outboxes of captured tables: it works while an
    engine runs and while a system is down. The first line says the worst that a person should
    know; "All in step" only while an engine runs and nothing speaks against it.

    \b
    Example:
      crosstie status
      crosstie status --json
    """
    out = Out(as_json)
    answer = with_state(found(app).app, lambda a, s: standing.status(a, s, now()))
    if as_json:
        out.document(answer)
    else:
        _show(out, answer)
    return 0


def _show(out: Out, answer: Status) -> None:
    out.line(answer.verdict, "green" if answer.well else "bold red")
    out.line()
    out.table(
        (
            "sync",
            "#linked",
            "#due",
            "#waiting",
            "#asking",
            "#dead",
            "#conflicts",
            "#oldest due",
            "full scan",
            "brake",
        ),
        [
            (
                s.sync,
                *(str(n) for n in (s.linked, s.due, s.waiting, s.asking, s.dead, s.conflicts)),
                age(s.oldest_due_age),
                _ago(s.last_full_scan),
                "holds" if s.held else "-",
            )
            for s in answer.syncs
        ],
    )
    _details(out, answer)
    if answer.runs:
        out.line()
        out.table(RUN_COLUMNS, [run_row(run) for run in answer.runs])


def _details(out: Out, answer: Status) -> None:
    """What the table has no room for: what waits and why, the accounts, the engine."""
    for s in answer.syncs:
        _delays(out, s)
        for missing in s.not_found:
            out.line(f"! {s.sync}: {told(missing)}", "yellow")
    for box in answer.outboxes:
        _outbox(out, box)
    for heard in answer.inboxes:
        _inbox(out, heard)
    for each in answer.accounts:
        _account(out, each, ahead=answer.engine.running)
    out.line(f"engine: {_engine(answer.engine)}")
    if answer.last_run is None:
        out.line("no run was made yet, and status asks no remote system: `crosstie check` does")
    if answer.last_run is not None:
        state = "" if answer.last_run.state == "ended" else f", {answer.last_run.state}"
        out.line(f"last run: {answer.last_run.id}, {age(answer.last_run_ago)} ago{state}")


def _engine(engine: EngineStatus) -> str:
    if engine.running:
        since = f" since {stamp(engine.since)} UTC" if engine.since is not None else ""
        return f"{engine.who or 'one'} holds the state{since}"
    if engine.ended_ago is None:
        return "none holds the state"
    return f"none holds the state; the last one ended {age(engine.ended_ago)} ago"


def _outbox(out: Out, box: OutboxStatus) -> None:
    """What waits to be noticed; nothing where nothing does."""
    name = f"outbox of table {box.table} ({box.database})"
    if box.error is not None:
        out.line(f"! {name}: {box.error}", "yellow")
        if box.fix:
            out.say(f"fix: {box.fix}")
    elif box.changes:
        least = "at least " if box.at_least else ""
        wait = counted(box.changes, "change waits", "changes wait")
        out.line(f"{name}: {least}{wait} to be noticed")


def _inbox(out: Out, box: InboxStatus) -> None:
    """What was received, what waits, and whether it is silent for too long."""
    told = f"inbox {box.endpoint}: last received {_ago(box.last_received)}"
    if box.waiting:
        told += f", {box.waiting} waiting for up to {age(box.oldest_age)}"
    if box.failed:
        told += f", {box.failed} failed"
    bad = box.failed or box.silent_for is not None
    if box.silent_for is not None:
        told += f"; {age(box.usual_pause)} between two as a rule"
    out.line(f"! {told}" if bad else told, "yellow" if bad else "")


def _ago(at: float | None) -> str:
    return "never" if at is None else f"{age(now() - at)} ago"


def _account(out: Out, each: AccountStatus, *, ahead: bool) -> None:
    """What its rate budget has left, and why it is left alone.

    ahead: an engine runs, and has calls counted that it did not make yet.
    """
    for pause in each.left_alone:
        again = f"tried again at {stamp(pause.next_at)} UTC"
        since = f"left alone since {stamp(pause.since)} UTC, {again}"
        if pause.kind == "halt":
            since = f"needs a person since {stamp(pause.since)} UTC"
        out.line(f"! {each.account}: {since}: {pause.reason}", "yellow")
        if pause.fix:
            out.say(f"fix: {pause.fix}")
    for used in each.used:
        share = f"{used.calls:,} of {used.limit:,} calls in {age(used.seconds)}"
        if ahead:
            share = f"up to {share}: the engine counts some before it makes them"
        out.line(f"{each.account}: {share}")


def _delays(out: Out, s: SyncStatus) -> None:
    """What is tried again, and why."""
    for delay in s.delayed:
        out.line(
            f"! {s.sync}: {counted(delay.links, 'record')} tried again: {delay.text}", "yellow"
        )
        if delay.fix:
            out.say(f"fix: {delay.fix}")
