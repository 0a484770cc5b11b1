"""One run: notice what changed, ask the brake, settle what is due, parents first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.core.plan import Harm, trips
from crosstie.core.values import Instant, Side
from crosstie.engine import planner
from crosstie.engine.drain import Progress, drain
from crosstie.engine.notice import notice
from crosstie.engine.reconcile import Surveyed, reconcile
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

    Raises nothing that one account or one record is at fault for: that is in the report.
    """
    if not works:
        return Report(0, {})
    clock, ledger = works[0].clock, works[0].ledger
    run_id = await store.start_run("full" if options.full else "run", clock.now())
    works = [replace(work, run_id=run_id) for work in works]
    held: dict[str, str] = {}
    missed: dict[str, SyncError] = {}
    await store.wake_intents(clock.now())
    ready = []
    for work in works:
        seen = await _look(work, options)
        if isinstance(seen, SyncError):
            missed[work.name] = seen
            continue
        reason = await _brake(work, store, seen, options)
        if reason is not None:
            held[work.name] = reason
            continue
        ready.append(work)
    for _ in range(PASSES):
        taken = [await drain(work, progress=progress) for work in ready]
        if not any(taken):
            break
    counts = {name: number for name, number in ledger.counts.items() if number}
    ledger.counts.clear()
    await store.finish_run(run_id, clock.now(), counts, _first(ledger))
    busy = {label: until for label, until in ledger.paused.items() if until > clock.now()}
    return Report(run_id, counts, held, dict(ledger.halted), busy, missed)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What noticing came to, as far as the brake cares."""

    gone: int = 0
    survey: Surveyed | None = None


async def _look(work: Work, options: Options) -> _Seen | SyncError:
    """Notice what changed on both sides; the error when an account cannot be asked."""
    try:
        for side in Side:
            await work.ask(side, work.at(side).open())
        everything = options.full or await work.store.last_scan(work.name) is None
        sides = tuple(Side) if everything else options.sides(work.name)
        gone = 0
        for side in sides:
            # The feed first: what is edited while the scan goes on is told by it afterwards.
            gone += await notice(work, side, meet=not everything)
        scanned = [s for s in sides if everything or not work.at(s).can.has_changes]
        survey = await reconcile(work, scanned) if scanned else None
    except (Retry, Halt) as error:
        work.count("not_reached")
        return error
    return _Seen(gone, survey)


async def _brake(work: Work, store: Store, seen: _Seen, options: Options) -> str | None:
    """Why this sync must not be written to now; None when it may."""
    if options.release:
        await store.hold(work.name, None)
        return None
    figures = await store.figures(work.name, work.clock.now())
    if figures.held is not None:
        return figures.held
    brake = work.sync.brake
    emptied = seen.survey.emptied() if seen.survey is not None else ()
    many = figures.due_linked > brake.records and figures.due_linked > brake.share * figures.linked
    all_gone = seen.gone > 0 and seen.gone >= figures.linked
    harm = Harm(figures.linked, empty=emptied)
    if (many or all_gone) and not emptied:
        enough = max(brake.records, int(brake.share * figures.linked))
        harm = await planner.harm(work, linked=figures.linked, enough=enough)
        if all_gone and figures.linked and harm.deletes >= figures.linked:
            harm = replace(harm, empty=tuple(Side)[:1])
    reason = trips(harm, share=brake.share, records=brake.records, empty_side=brake.empty_side)
    if reason is not None:
        await store.hold(work.name, reason)
        work.count("held")
    return reason


def _first(ledger: Ledger) -> str | None:
    """The first reason why an account was not reached."""
    for label, halt in ledger.halted.items():
        return f"{label}: {halt}"
    return None
