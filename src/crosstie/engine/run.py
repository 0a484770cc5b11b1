"""One run: notice what changed, ask the brake, settle what is due, parents first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.core.values import Instant, Side
from crosstie.engine.brake import RELEASED, Seen, brake
from crosstie.engine.drain import Progress, drain
from crosstie.engine.notice import notice
from crosstie.engine.reconcile import overdue, reconcile
from crosstie.engine.work import Work
from crosstie.ports import Store

PASSES = 5
"""Rounds over all syncs in one run: a child may name a parent that nobody knew."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to."""

    run_id: int
    counts: Mapping[str, int]
    """`sync.what` -> how often."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Syncs that the brake holds, and why."""
    halted: Mapping[str, Halt] = field(default_factory=dict)
    """Accounts that a person has to look after, by label."""
    busy: Mapping[str, Instant] = field(default_factory=dict)
    """Accounts that asked to be left alone, and until when."""
    missed: Mapping[str, SyncError] = field(default_factory=dict)
    """Syncs of which a system could not be looked at, and why."""

    def total(self, what: str) -> int:
        """How often `what` happened, over all syncs."""
        return sum(n for name, n in self.counts.items() if name.endswith(f".{what}"))

    @property
    def writes(self) -> int:
        """Records created, updated or deleted on either side."""
        done = ("created", "updated", "deleted")
        return sum(self.total(f"{verb}_{side}") for verb in done for side in Side)


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about it."""

    full: bool = False
    """Scan both sides completely, whatever the change feeds tell."""
    release: bool = False
    """A person lets go of the brake for this run."""
    looks: Mapping[str, Sequence[Side]] | None = None
    """Sync -> the sides to look at for changes. None: both sides of every sync."""

    def sides(self, sync: str) -> Sequence[Side]:
        """The sides of that sync to look at."""
        return tuple(Side) if self.looks is None else self.looks.get(sync, ())


async def run(
    works: Sequence[Work], store: Store, options: Options, progress: Progress | None = None
) -> Report:
    """Do one run over these syncs, which are in order, parents first.

    Raises nothing that one account or one record is at fault for: that is in the report. A run
    that finds nothing to do leaves no trace in the state.
    """
    if not works:
        return Report(0, {})
    clock, ledger = works[0].clock, works[0].ledger
    if not ledger.woken:
        # Only once a process: what waits for a search to catch up must go on waiting.
        await store.wake_intents(clock.now())
        ledger.woken = True
    held: dict[str, str] = {}
    missed: dict[str, SyncError] = {}
    ready = []
    for work in works:
        seen = await _look(work, options)
        if isinstance(seen, SyncError):
            missed[work.name] = seen
            continue
        if options.release:
            await store.hold(work.name, None)
        elif (reason := await brake(work, store, seen)) is not None:
            held[work.name] = reason
            continue
        ready.append(work)
    run_id = await _drain(ready, store, options, progress)
    counts = {name: number for name, number in ledger.counts.items() if number}
    ledger.counts.clear()
    error = next((f"{name}: {why}" for name, why in missed.items()), None)
    if run_id == 0 and (counts or options.full or options.release):
        run_id = await store.start_run(_kind(options), clock.now())
    if run_id:
        await store.finish_run(run_id, clock.now(), counts, error)
    busy = {label: until for label, until in ledger.paused.items() if until > clock.now()}
    return Report(run_id, counts, held, dict(ledger.halted), busy, missed)


def _kind(options: Options) -> str:
    if options.release:
        return RELEASED
    return "full" if options.full else "run"


async def _drain(
    ready: Sequence[Work], store: Store, options: Options, progress: Progress | None
) -> int:
    """Settle what is due, round after round; the run's id, or 0 when nothing was due."""
    run_id = 0
    for _ in range(PASSES):
        taken = 0
        for work in ready:
            if not await store.due_count(work.name, work.clock.now(), 1):
                continue
            if run_id == 0:
                run_id = await store.start_run(_kind(options), work.clock.now())
            taken += await drain(replace(work, run_id=run_id), progress=progress)
        if not taken:
            break
    return run_id


async def _look(work: Work, options: Options) -> Seen | SyncError:
    """Notice what changed on both sides; the error when an account cannot be asked."""
    for side in Side:
        label = work.account(side)
        if work.ledger.rests(label, work.clock.now()):
            return work.ledger.halted.get(label) or Retry(f"{label} is left alone for a moment")
    try:
        for side in Side:
            await work.ask(side, work.at(side).open())
        # A running engine has a timetable of its own for the complete scans after the first.
        everything = options.full or await (
            overdue(work) if options.looks is None else _never_scanned(work)
        )
        sides = tuple(Side) if everything else options.sides(work.name)
        # The feed first: what is edited while a scan goes on is told by it afterwards.
        gone = {side: await notice(work, side, meet=not everything) for side in sides}
        scanned = [s for s in sides if everything or not work.at(s).can.has_changes]
        survey = await reconcile(work, scanned) if scanned else None
    except SyncError as error:
        return error
    return Seen(gone, survey)


async def _never_scanned(work: Work) -> bool:
    return await work.store.last_scan(work.name) is None
