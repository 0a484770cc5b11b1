"""`crosstie run`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from crosstie.cli.calls import found, now, stamp, with_open
from crosstie.cli.codes import Code, of_report
from crosstie.cli.group import app as make
from crosstie.cli.options import App, AsJson, Debug, Release, SyncName
from crosstie.cli.out import Out
from crosstie.cli.progress import progress
from crosstie.cli.showing import report_document, show_report, summary
from crosstie.engine.run import Options, Report
from crosstie.engine.run import run as run_once
from crosstie.service.lock import engine_lock
from crosstie.service.watching import open_conflicts
from crosstie.service.wiring import Opened
from crosstie.service.worker import work_until

app = make("Keep the systems in step, or bring them into step once.")

SIGNALS = {signal.SIGINT: Code.INTERRUPTED, signal.SIGTERM: Code.TERMINATED}


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Do one run, say what it did, end.")] = False,
    sync: SyncName = None,
    full: Annotated[
        bool, typer.Option("--full", help="Scan both sides completely in the (first) run.")
    ] = False,
    release: Release = False,
    app: App = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Keep the systems in step, or bring them into step once.

    Without --once it works until it is interrupted or terminated, and finishes the run it is in.

    \b
    Example:
      crosstie run --once
      crosstie run --sync contacts
    """
    out = Out(as_json)
    located = found(app)
    options = Options(full=full, release=release)

    async def call(opened: Opened) -> int:
        works = opened.only([sync] if sync else [])
        with _stopping() as stop:
            if once or full or release:
                with progress("settling", json=as_json) as advance:
                    report = await run_once(works, opened.store, options, advance)
                code = _tell(out, report, await open_conflicts(opened, works, now()), once=once)
                if once:
                    return stop.code or code
            out.say("working; end it with Ctrl-C")
            await work_until(opened, works, stop.event, lambda report: _told(out, report))
        return stop.code or Code.DONE

    with engine_lock(located.app.state, stamp(now())):
        return with_open(located.app, call)


def _tell(out: Out, report: Report, conflicts: int, *, once: bool) -> Code:
    code = of_report(report, conflicts)
    if out.json and once:
        out.document(report_document(report, conflicts, code))
    elif not out.json:
        show_report(out, report, conflicts)
    return code


def _told(out: Out, report: Report) -> None:
    """A line for a run of the loop that did something or could not."""
    if report.writes or report.held or report.missed or report.total("dead"):
        out.say(f"{stamp(now())} {summary(report, report.total('conflicts'))}")
        for name, error in report.missed.items():
            out.say(f"  {name}: {error}. fix: {error.fix or 'it is tried again'}")
        for name, why in report.held.items():
            out.say(f"  the brake holds {name}: {why}")


class _Stop:
    """Set by a signal; knows the exit code for it."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.code: Code | None = None

    def set(self, number: int) -> None:
        self.code = SIGNALS[signal.Signals(number)]
        self.event.set()


@contextmanager
def _stopping() -> Iterator[_Stop]:
    """Let the first signal end the work in order; a second one ends it as ever."""
    stop, loop = _Stop(), asyncio.get_running_loop()

    def heard(number: int) -> None:
        stop.set(number)
        for each in SIGNALS:
            loop.remove_signal_handler(each)

    try:
        for number in SIGNALS:
            loop.add_signal_handler(number, heard, number)
    except (NotImplementedError, RuntimeError, ValueError):
        # Windows, or a thread that is not the main one: Ctrl-C then ends it at once.
        yield stop
        return
    try:
        yield stop
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
