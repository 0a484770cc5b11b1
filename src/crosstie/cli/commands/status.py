"""`crosstie status`."""

from __future__ import annotations

from crosstie.cli.calls import age, found, now, stamp, with_state
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug
from crosstie.cli.out import Out
from crosstie.cli.showing import did
from crosstie.service import standing
from crosstie.service.accounts import AccountStatus
from crosstie.service.counting import counted
from crosstie.service.standing import RunLine, Status, SyncStatus
from crosstie.service.unfound import told

app = make("Show how every sync stands.")


@app.command()
def status(app: App = None, as_json: AsJson = False, debug: Debug = False) -> int:
    """Show how every sync stands.

    Reads the state alone: it works while an engine runs and while a system is down. The first
    line says the worst that a person should know.

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
    for s in answer.syncs:
        _delays(out, s)
        for missing in s.not_found:
            out.line(f"! {s.sync}: {told(missing)}", "yellow")
    for each in answer.accounts:
        _account(out, each)
    if answer.runs:
        out.line()
        rows = [_run(run) for run in answer.runs]
        out.table(("#run", "kind", "started (UTC)", "#seconds", "what it did"), rows)


def _run(run: RunLine) -> tuple[str, ...]:
    took = "-" if run.ended is None else f"{run.ended - run.started:.1f}"
    told = "; ".join(filter(None, [did(run.counts), run.error]))
    return str(run.id), run.kind, stamp(run.started), took, told or "nothing"


def _ago(at: float | None) -> str:
    return "never" if at is None else f"{age(now() - at)} ago"


def _account(out: Out, each: AccountStatus) -> None:
    """What its rate budget has left, and why it is left alone."""
    for pause in each.left_alone:
        again = f"tried again at {stamp(pause.next_at)} UTC"
        since = f"left alone since {stamp(pause.since)} UTC, {again}"
        out.line(f"! {each.account}: {since}: {pause.reason}", "yellow")
    for used in each.used:
        share = f"{used.calls:,} of {used.limit:,} calls in {age(used.seconds)}"
        out.line(f"{each.account}: {share}")


def _delays(out: Out, s: SyncStatus) -> None:
    """What is tried again, and why."""
    for delay in s.delayed:
        out.line(
            f"! {s.sync}: {counted(delay.links, 'record')} tried again: {delay.text}", "yellow"
        )
        if delay.fix:
            out.say(f"fix: {delay.fix}")
