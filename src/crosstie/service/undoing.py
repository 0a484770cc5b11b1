"""Undo: which run, on which records, and carrying it out. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.errors import CrosstieError, SyncError
from crosstie.core.plan import Plan, Planned
from crosstie.core.values import Instant
from crosstie.engine import undo
from crosstie.engine.brake import UNDO
from crosstie.engine.drain import Progress
from crosstie.engine.run import Report
from crosstie.engine.takeback import Job, take_back
from crosstie.engine.work import Work
from crosstie.ports import Entry, Store
from crosstie.service import desk
from crosstie.service.asked import Misused, Unknown
from crosstie.service.judging import Chosen, Draft, place
from crosstie.service.watching import Halts
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

_RUNS = "see `crosstie runs` for the runs there were"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to be taken back."""

    what: str | None = None
    """A run's number or a record's id, whichever it is."""
    run: int | None = None
    record: str | None = None
    sync: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A run, and the links that it is about; None: all that it wrote to."""

    run_id: int
    links: Sequence[int] | None = None
    sync: str | None = None


class Failure(msgspec.Struct, frozen=True):
    """What could not be taken back, and why."""

    operation: Planned
    error: str


class Undone(msgspec.Struct, frozen=True):
    """What an undo came to."""

    run: int
    """Its own run, which can be undone as any other; 0 when it wrote nothing."""
    undoes: int
    applied: Sequence[Planned]
    left_alone: Sequence[Planned]
    failed: Sequence[Failure]
    stale: Sequence[Planned]
    """Planned, and something else fits the record by now."""
    needless: Sequence[Planned]
    """Planned, and taken back already."""
    not_tried: int
    """Planned beyond the limit, or after a system stopped answering."""
    stopped: Mapping[str, str]
    """Account -> why it was not gone on with."""
    login: bool = False
    busy: bool = False


async def target(app: Crosstie, store: Store, asked: Asked) -> Target:
    """The run that is meant, and its links. Raises Misused, Unknown, Misconfigured."""
    if asked.sync is not None:
        app.sync(asked.sync)
    if asked.what is not None and asked.record is not None:
        raise Misused("an undo is of one record", fix="leave out `--record`, or the other id")
    record = asked.record
    if asked.what is not None and asked.run is not None:
        record = asked.what
    elif asked.what is not None:
        return await _either(app, store, asked)
    if record is None and asked.run is None:
        raise Misused("say what to undo", fix="give a run or a record: `crosstie undo 7`")
    if record is None:
        assert asked.run is not None
        return await _whole_run(store, asked.run, asked.sync)
    return await _of_record(app, store, record, asked)


async def _either(app: Crosstie, store: Store, asked: Asked) -> Target:
    """A number or an id that may be a run or a record. Raises Misused where it is both."""
    what = asked.what or ""
    run_id = int(what) if what.isascii() and what.isdecimal() and len(what) < 18 else None
    run = None if run_id is None else await store.run(run_id)
    record: Target | None = None
    unknown: Unknown | None = None
    try:
        record = await _of_record(app, store, what, asked)
    except Unknown as nobody:
        unknown = nobody
    if run is not None and record is not None:
        raise Misused(
            f"{what} is a run and a record",
            fix=f"say which: `--run {what}` or `--record {what}`",
        )
    if record is not None:
        return record
    if run is None or run_id is None:
        text = str(unknown) if run_id is None else f"there is no run {what}, and no such record"
        raise Unknown(text, fix=_RUNS)
    return await _whole_run(store, run_id, asked.sync)


async def _whole_run(store: Store, run_id: int, sync: str | None) -> Target:
    if await store.run(run_id) is None:
        raise Unknown(f"there is no run {run_id}", fix=_RUNS)
    return Target(run_id, sync=sync)


async def _of_record(app: Crosstie, store: Store, record: str, asked: Asked) -> Target:
    """The last run that wrote to this record, or the one that was named."""
    links = await desk.links_past(app, store, record, asked.sync)
    writes = [
        entry
        for link_id in links
        for entry in await store.history(link_id)
        if entry.operation in undo.WRITES and entry.run_id is not None
    ]
    mine = [entry for entry in writes if asked.run in (None, entry.run_id)]
    if not mine:
        which = "no run" if asked.run is None else f"run {asked.run}"
        had = ", ".join(dict.fromkeys(str(entry.run_id) for entry in writes))
        fix = f"these did: {had}" if had else "there is nothing of ours in it to be undone"
        raise Unknown(f"{which} wrote to {record!r}" if had else _untouched(record), fix=fix)
    last: Entry = max(mine, key=lambda entry: entry.id)
    assert last.run_id is not None
    return Target(last.run_id, sorted(set(links)), asked.sync)


def _untouched(record: str) -> str:
    return f"no run ever wrote to {record!r}"


async def planned(opened: Opened, wanted: Target) -> Plan:
    """What would take that run back now. Nothing is written."""
    draft = Draft()
    job = Job(wanted.run_id, draft, opened.store, wanted.links)
    works = opened.only([wanted.sync] if wanted.sync else [])
    stopped = await _carried_out(works, job, None)
    warnings = [f"{label}: {why}" for label, why in stopped.items()]
    warnings += [f"{each.operation.sync}: {each.error}" for each in _failures(job)]
    declared = {work.name for work in opened.works}
    warnings += [f"sync {s!r} is not declared any more" for s in sorted(job.syncs - declared)]
    return Plan(
        made_at=opened.doors.clock.now(),
        operations=(*draft.operations, *job.left),
        warnings=tuple(warnings),
        undoes=wanted.run_id,
        links=tuple(sorted(set(job.touched))),
    )


async def apply(
    opened: Opened, plan: Plan, *, limit: int | None = None, progress: Progress | None = None
) -> Undone:
    """Carry out exactly these operations of an undo."""
    assert plan.undoes is not None
    chosen = Chosen([o for o in plan.operations if o.kind != "leave"], limit)
    works = opened.only(list(dict.fromkeys(o.sync for o in chosen.operations)))
    wanted = Target(plan.undoes, plan.links)
    done = await _run(opened, works, wanted, chosen, progress)
    waiting = chosen.open()
    if chosen.over or done.stopped:
        return msgspec.structs.replace(done, not_tried=len(waiting))
    failed = {place(each.operation) for each in done.failed}
    open_ = [o for o in waiting if place(o) not in failed]
    stale = tuple(o for o in open_ if chosen.refused(o))
    needless = tuple(o for o in open_ if not chosen.refused(o))
    return msgspec.structs.replace(done, stale=stale, needless=needless)


async def apply_now(
    opened: Opened, wanted: Target, *, limit: int | None = None, progress: Progress | None = None
) -> Undone:
    """Take back what can be taken back, without a plan before it: each record is read once."""
    works = opened.only([wanted.sync] if wanted.sync else [])
    return await _run(opened, works, wanted, Chosen(None, limit), progress)


async def _run(
    opened: Opened,
    works: Sequence[Work],
    wanted: Target,
    chosen: Chosen,
    progress: Progress | None,
) -> Undone:
    """One run of its own, which can be undone as any other."""
    store, clock = opened.store, opened.doors.clock
    run_id = await store.start_run(UNDO, clock.now())
    job = Job(wanted.run_id, chosen, store, wanted.links)
    stopped = await _carried_out([replace(w, run_id=run_id) for w in works], job, progress)
    ledger = opened.works[0].ledger
    counts = {name: number for name, number in ledger.counts.items() if number}
    ledger.counts.clear()
    error = next((f"{label}: {why}" for label, why in stopped.items()), None)
    await store.finish_run(run_id, clock.now(), counts, error)
    if works:
        met = Report(run_id, counts, halted=dict(ledger.halted))
        await Halts(works, store).after(met, {})
    return Undone(
        run=run_id if counts or error else 0,
        undoes=wanted.run_id,
        applied=tuple(chosen.applied),
        left_alone=tuple(job.left),
        failed=_failures(job),
        stale=(),
        needless=(),
        not_tried=0,
        stopped=stopped,
        login=any(halt.login for halt in ledger.halted.values()),
        busy=bool(stopped) and not ledger.halted,
    )


async def _carried_out(
    works: Sequence[Work], job: Job, progress: Progress | None
) -> Mapping[str, str]:
    """Do it; account -> why it was not gone on with."""
    stopped: dict[str, str] = {}
    try:
        await take_back(works, job, progress)
    except SyncError as error:
        if error.side is None:
            raise
        stopped["not reached"] = _said(error)
    if works:
        now: Instant = works[0].clock.now()
        ledger = works[0].ledger
        for label, until in ledger.paused.items():
            if until > now and label not in ledger.halted:
                stopped[label] = "it asks to be left alone for a moment"
        stopped |= {label: _said(halt) for label, halt in ledger.halted.items()}
    return stopped


def _failures(job: Job) -> tuple[Failure, ...]:
    return tuple(Failure(operation, error) for operation, error in job.failed)


def _said(error: CrosstieError) -> str:
    return f"{error} fix: {error.fix}" if error.fix else str(error)
