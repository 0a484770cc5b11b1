"""One run: notice what changed, ask the brake, settle what is due, parents first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.core.values import SIDES, Instant, Side
from crosstie.engine import evidence, origin
from crosstie.engine.brake import RELEASED, Seen, brake
from crosstie.engine.drain import Progress, drain
from crosstie.engine.notice import meet_now, notice
from crosstie.engine.reconcile import Surveyed, overdue, reconcile
from crosstie.engine.work import Ledger, Work
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

    more: bool = False
    """Links are due that were left to the next run."""

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
    kind: str | None = None
    """What the run is kept as; None: what these options make of it."""
    looks: Mapping[str, Sequence[Side]] | None = None
    """Sync -> the sides to look at for changes. None: both sides of every sync."""

    patience: float | None = None
    """Seconds after which a sync's links that are still due are left to the next run; None: none
    are left."""

    def sides(self, sync: str) -> Sequence[Side]:
        """The sides of that sync to look at."""
        return SIDES if self.looks is None else self.looks.get(sync, ())


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
    await _begin(works, store, ledger, clock.now())
    held: dict[str, str] = {}
    missed: dict[str, SyncError] = {}
    ready = []
    for work in works:
        seen = await _look(work, options)
        if isinstance(seen, SyncError):
            missed[work.name] = seen
            continue
        if seen.doubt is not None:
            held[work.name] = seen.doubt
            continue
        if options.release:
            await store.hold(work.name, None)
        elif (reason := await brake(work, store, seen)) is not None:
            held[work.name] = reason
            continue
        elif (rests := _rests(work)) is not None:
            # The brake could not count to the end, or nothing can be written anyway.
            missed[work.name] = rests
            continue
        ready.append(work)
    run_id, more = await _drain(ready, store, options, progress)
    run_id, counts = await _told(run_id, works[0], store, options, held, missed)
    busy = {label: until for label, until in ledger.paused.items() if until > clock.now()}
    return Report(run_id, counts, held, dict(ledger.halted), busy, missed, more)


async def _told(
    run_id: int,
    work: Work,
    store: Store,
    options: Options,
    held: Mapping[str, str],
    missed: Mapping[str, SyncError],
) -> tuple[int, dict[str, int]]:
    """Keep what the run counted, where there is anything to tell: the run's id, and the counts."""
    ledger, clock = work.ledger, work.clock
    counts = {name: number for name, number in ledger.counts.items() if number}
    ledger.counts.clear()
    error = next((f"{name}: {why}" for name, why in missed.items()), None)
    # That a sync is held is told once, and not again each time that something is noticed there.
    told = counts and not (held and all(".noticed_" in name for name in counts))
    if run_id == 0 and (told or options.full or options.release):
        run_id = await store.start_run(_kind(options), clock.now())
    if run_id:
        await store.finish_run(run_id, clock.now(), counts, error)
    return run_id, counts


async def _begin(works: Sequence[Work], store: Store, ledger: Ledger, now: Instant) -> None:
    """What is done before anything else: after a start, and after the clock was set back."""
    notes = ledger.notes
    if not ledger.woken:
        # Only once a process: what waits for a search to catch up must go on waiting.
        await store.wake_intents(now)
        ledger.woken = True
        notes.latest = max(
            (max(r.started, r.ended or 0.0) for r in await store.runs(1)), default=now
        )
    if now < notes.latest:
        back = notes.latest - now
        ledger.paused.update({label: until - back for label, until in ledger.paused.items()})
        for work in works:
            await store.hasten(work.name, now)
    notes.latest = now
    notes.given_out = await store.given_out()


def _kind(options: Options) -> str:
    if options.kind is not None:
        return options.kind
    if options.release:
        return RELEASED
    return "full" if options.full else "run"


async def _drain(
    ready: Sequence[Work], store: Store, options: Options, progress: Progress | None
) -> tuple[int, bool]:
    """Settle what is due, round after round; the run's id, or 0 when nothing was due.

    And whether the time was up before all of it was settled.
    """
    run_id = 0
    for _ in range(PASSES):
        taken, late = 0, False
        for work in ready:
            if not await store.due_count(work.name, work.clock.now(), 1):
                continue
            if run_id == 0:
                run_id = await store.start_run(_kind(options), work.clock.now())
            work.ledger.notes.suspected = await store.suspected(work.name)
            until = None if options.patience is None else work.clock.now() + options.patience
            taken += await drain(replace(work, run_id=run_id), progress=progress, until=until)
            late |= until is not None and work.clock.now() >= until
        if late:
            return run_id, True
        if not taken:
            break
    return run_id, False


def _rests(work: Work) -> SyncError | None:
    """Why one of the accounts of this sync is left alone for now."""
    for side in SIDES:
        label = work.account(side)
        if work.ledger.rests(label, work.clock.now()):
            return work.ledger.halted.get(label) or Retry(f"{label} is left alone for a moment")
    return None


async def _look(work: Work, options: Options) -> Seen | SyncError:
    """Notice what changed on both sides; the error when an account cannot be asked."""
    if (rests := _rests(work)) is not None:
        return rests
    try:
        for side in SIDES:
            await work.ask(side, work.at(side).open())
        # A running engine has a timetable of its own for the complete scans after the first.
        everything = options.full or await (
            overdue(work) if options.looks is None else _wanted(work)
        )
        # Before anything is noticed: what is noticed is thought to be about these two systems.
        accepted = await origin.accept(work) if options.release else ()
        doubt = await origin.examine(work, anew=everything)
        if doubt is not None:
            return Seen(doubt=doubt)
        early = () if everything else await evidence.early(work)
        asked = SIDES if everything else (*options.sides(work.name), *early)
        sides = [side for side in SIDES if side in asked]
        # The feed first: what is edited while a scan goes on is told by it afterwards.
        gone = {side: await notice(work, side, meet=not everything) for side in sides}
        told = {s for s in sides if everything or not work.at(s).can.has_changes}
        scanned = [side for side in sides if side in told or side in early]
        survey = await _survey(work, scanned, set(early) - told, accepted, gone)
        doubt = await origin.after_a_look(work, survey, accepted)
    except SyncError as error:
        await meet_now(work)
        return error
    return Seen(gone, survey, doubt)


async def _survey(
    work: Work,
    sides: Sequence[Side],
    early: Collection[Side],
    sure: Collection[Side],
    gone: dict[Side, int],
) -> Surveyed | None:
    """Scan these sides, and read the feeds that waited for it: what they tell goes into `gone`."""
    if not sides:
        return None
    survey = await reconcile(work, sides, early=early, sure=sure)
    for side in survey.unread:
        gone[side] += await notice(work, side)
    return survey


async def _wanted(work: Work) -> bool:
    last = await work.store.last_scan(work.name)
    return last.wanted or last.of_others(work.declared)
