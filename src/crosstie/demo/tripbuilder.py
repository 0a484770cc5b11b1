"""`crosstie demo tripbuilder`: TripBuilder and a CRM keep in step before your eyes."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from crosstie.core.errors import CrosstieError
from crosstie.demo import opening, telling, trouble
from crosstie.demo.stage import Stage, staged
from crosstie.demo.waiting import Failed

Play = Callable[[Stage], str]

STEPS: Sequence[tuple[str, Play]] = (
    ("Two sides with records meet", opening.two_full_sides_meet),
    ("New trip", opening.new_trip),
    ("New contact enrolled on it", opening.passenger_with_contact),
    ("Edit in the CRM, by webhook", telling.edit_in_the_crm),
    ("Forged webhooks", telling.forged),
    ("Webhooks twice and too late", telling.twice_and_late),
    ("Both sides edit different fields", opening.different_fields),
    ("Both sides edit the same field", trouble.same_field),
    ("CRM answers 500", trouble.server_errors),
    ("CRM stores, answer is lost", trouble.lost_answers),
    ("CRM is down", trouble.crm_down),
    ("Deletions, both ways", trouble.deletions),
    ("Second full reconcile", trouble.nothing_to_do),
)


def main(script: bool, port: int | None = None) -> int:
    """Play the scenario, or stay up for a person to try things; the exit code.

    script: play, print one line a step with what was checked, stop; 0 only if every check held.
    port: where the pages of TripBuilder are served; a free one without it.  Everything runs on
    loopback, in a folder of its own, which is kept when something failed.
    """
    console = Console(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="crosstie-demo-"))
    try:
        with _stopped_by_signals(), staged(folder, port=port or 0) as stage:
            code = _play(stage, console) if script else _stay(stage, console)
    except KeyboardInterrupt:
        code = 0 if not script else 130
    except (Failed, OSError, CrosstieError) as wrong:
        console.print(f"[bold red]FAILED[/] {escape(str(wrong))}", soft_wrap=True)
        if isinstance(wrong, CrosstieError) and wrong.fix:
            console.print(f"fix: {escape(wrong.fix)}", soft_wrap=True)
        code = 1
    if code == 1:
        console.print(f"logs: {folder}", soft_wrap=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _play(stage: Stage, console: Console) -> int:
    console.print(f"TripBuilder {stage.agency.address}   CRM {stage.crm.address}", soft_wrap=True)
    began = time.monotonic()
    for number, (title, play) in enumerate(STEPS, 1):
        start = time.monotonic()
        try:
            told = play(stage)
        except (Failed, OSError, LookupError, ValueError) as wrong:
            # A record that is not where it must be shows in several ways; all of them are failures.
            raise Failed(f"step {number}, {title}: {wrong}") from wrong
        seconds = time.monotonic() - start
        console.print(
            f"[green]ok[/] {number:>2}  [bold]{title:<33}[/] {seconds:4.1f} s  {escape(told)}",
            soft_wrap=True,
        )
    count, differences = trouble.final_count(stage)
    for line in differences:
        console.print(f"[red]differs[/] {escape(line)}", soft_wrap=True)
    console.print(f"{len(STEPS)} steps in {time.monotonic() - began:.1f} s")
    console.print(f"[bold]in step: {count} records, {len(differences)} differences[/]")
    return 1 if differences else 0


def _stay(stage: Stage, console: Console) -> int:
    opening.two_full_sides_meet(stage)
    console.print("[bold]TripBuilder and a stand-in of GoHighLevel are up and in step.[/]")
    console.print(f"  the application  {stage.agency.address}", soft_wrap=True)
    console.print(f"  the CRM          {stage.crm.address}", soft_wrap=True)
    console.print(f"  its webhooks     {stage.engine.webhooks}", soft_wrap=True)
    console.print(f"  logs and data    {stage.folder}\n", soft_wrap=True)
    for line in _TRY:
        console.print(f"  - {line}", soft_wrap=True)
    console.print("\nCtrl-C stops everything.")
    while stage.processes.alive("engine") and stage.processes.alive("application"):
        time.sleep(0.2)
    raise Failed("the engine or the application has stopped by itself")


_TRY = (
    "Edit a trip in the application and reload the CRM a second later.",
    "Edit an opportunity or a contact in the CRM and reload the application.",
    "Enrol a passenger: its opportunity belongs to the right contact.",
    "Take the CRM down at the foot of its page, save a trip, and take the CRM up again.",
    "Delete a trip in the application.",
)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM is the same as Ctrl-C, also where the shell has Ctrl-C ignored."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
