"""`crosstie run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from crosstie.cli.calls import found, now, stamp, with_engine
from crosstie.cli.codes import Code, of_report
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, Release, SyncName
from crosstie.cli.out import Out
from crosstie.cli.progress import progress
from crosstie.cli.showing import (
    fix,
    report_document,
    show_report,
    summary,
    unnamed,
    with_fix,
)
from crosstie.cli.stopping import Stop, stopping
from crosstie.core.errors import SyncError
from crosstie.engine.run import Options, Report
from crosstie.engine.run import run as run_once
from crosstie.engine.work import Work
from crosstie.service.counting import counted
from crosstie.service.hearing import listeners
from crosstie.service.unfound import unfound
from crosstie.service.watching import Halts, open_conflicts, trace_of, waiting
from crosstie.service.worker import Until, work_until

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

app = make("Keep the systems in step, or bring them into step once.")

Once = Annotated[bool, typer.Option("--once", help="Do one run, say what it did, end.")]
Full = Annotated[
    bool, typer.Option("--full", help="Scan both sides completely in the (first) run.")
]


@app.command()
def run(
    once: Once = False,
    sync: SyncName = None,
    full: Full = False,
    release: Release = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Keep the systems in step, or bring them into step once.

    Without --once it works until it is interrupted or terminated, and finishes what is in flight.

    \b
    Example:
      crosstie run --once
      crosstie run --sync contacts
    """
    out = Out(as_json)
    located = found(app)
    options = Options(full=full, release=release)

    async def call(opened: Opened) -> int:
        with stopping() as stop:
            gate = Until(stop.event)
            chosen = opened.only([sync] if sync else [])
            works = [replace(work, gate=gate) for work in chosen]
            if once or full or release:
                code = await _one(out, opened, works, options, once=once)
                if once:
                    return stop.code or code
            return await _loop(out, opened, works, stop)

    return with_engine(located.app, call, None if once else out.say)


async def _one(
    out: Out, opened: Opened, works: Sequence[Work], options: Options, *, once: bool
) -> Code:
    """Do one run and say what it did."""
    for listener in listeners(opened, [works]):
        await listener.once()
    with progress("settling", json=out.json) as advance:
        report = await run_once(works, opened.store, options, advance)
    await trace_of(opened.store, works, report, now())
    await Halts(works, opened.store).after(report, {w.name: options.sides(w.name) for w in works})
    conflicts = await open_conflicts(opened, works, now())
    missing = await unfound(opened.store, [work.name for work in works], now())
    letters = (await waiting(opened.store, [work.name for work in works], now())).dead
    code = of_report(report, conflicts)
    if once:
        await opened.watch.at_the_end()
    if out.json and once:
        out.document(report_document(report, conflicts, letters, code, missing))
    elif not out.json:
        show_report(out, report, conflicts, letters, missing)
    return code


async def _loop(out: Out, opened: Opened, works: Sequence[Work], stop: Stop) -> Code:
    """Work until a signal."""
    out.say("working; end it with Ctrl-C")
    teller = Teller(out)
    await work_until(opened, works, stop.event, teller, outage=teller.outage)
    code = stop.code or Code.DONE
    out.say(f"{stamp(now())} stopped: {counted(teller.writes, 'record')} written; the rest is kept")
    if out.json:
        out.document(teller.document(code))
    return code


class Teller:
    """Tells of the runs of the loop: what was done always, what is wrong once."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._wrong: dict[str, str] = {}
        self.runs = self.writes = 0

    def __call__(self, report: Report, syncs: Sequence[str]) -> None:
        self.runs += 1
        self.writes += report.writes
        if report.writes or any(map(report.total, ("dead", "conflicts", "unproven"))):
            self._out.say(f"{stamp(now())} {summary(report, report.total('conflicts'))}")
        wrong = {
            name: f"{unnamed(name, str(error))}. fix: {fix(error)}"
            for name, error in report.missed.items()
        }
        wrong |= {name: f"the brake holds it: {with_fix(why)}" for name, why in report.held.items()}
        for name, text in wrong.items():
            if self._wrong.get(name) != text:
                self._out.say(f"{stamp(now())} {name}: {text}")
        for name in self._wrong.keys() - wrong.keys():
            if name in syncs:
                self._out.say(f"{stamp(now())} {name}: goes on")
                del self._wrong[name]
        self._wrong |= wrong

    def outage(self, label: str, error: SyncError | None) -> None:
        """An account stopped answering, or answers again."""
        text = "answers again"
        if error is not None:
            text = f"{unnamed(label, str(error))}. fix: {fix(error)}"
        self._out.say(f"{stamp(now())} {label}: {text}")

    def document(self, code: int) -> dict[str, int]:
        """All of it, for the end."""
        return {"runs": self.runs, "writes": self.writes, "exit": code}
