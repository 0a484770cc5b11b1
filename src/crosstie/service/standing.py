"""How all of it stands: what the state tells, and what waits in outboxes. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Literal

import msgspec

from crosstie.core.values import Instant, LinkState
from crosstie.ports import RunRecord, Store
from crosstie.service import verdict
from crosstie.service.accounts import AccountStatus, accounts
from crosstie.service.asked import parted
from crosstie.service.engines import EngineStatus, engine
from crosstie.service.inboxes import InboxStatus, inboxes
from crosstie.service.outboxes import OutboxStatus, outboxes
from crosstie.service.unfound import Unfound, unfound
from crosstie.service.waits import Waits, waits
from crosstie.sync import Crosstie, Sync

RUNS = 5
LOOKED = 200
"""Kept runs that are looked through for the newest that did something."""
DELAYS = 3
MANY = 10_000
_LATER = frozenset({"postponed", "halted", "waits_for_search"})


class Delay(msgspec.Struct, frozen=True):
    """Links that are tried again, and why: a system cannot be reached, or asks to wait."""

    links: int
    text: str
    fix: str | None


class SyncStatus(msgspec.Struct, frozen=True):
    """How one sync stands. Counts are of links."""

    sync: str
    linked: int
    due: int
    waiting: int
    asking: int
    dead: int
    conflicts: int
    oldest_due_age: float | None
    """Seconds that the longest due link has waited."""
    last_full_scan: Instant | None
    held: str | None
    """Why the brake holds it."""
    left_alone: int
    """Discarded dead letters whose records did not change since: they may differ."""
    answered: int
    """Conflicts that have their answer, and wait for a run alone."""
    delayed: Sequence[Delay]
    """What is tried again by itself, the most first."""
    not_found: Sequence[Unfound]
    """Records that were not found, and may have been deleted."""
    waits: Waits | None = None
    """What the records in `waiting` wait for; None where none waits."""
    scan_owed: bool = False
    """A complete look at both sides is under way, or was cut off: not all that is new is known."""


RunState = Literal["running", "ended", "cut off"]
"""`cut off`: its process ended before it did; `ended` is then when that was found out, or None."""


class RunLine(msgspec.Struct, frozen=True):
    """One run. Counts are by `sync.what`."""

    id: int
    kind: str
    started: Instant
    ended: Instant | None
    counts: Mapping[str, int]
    error: str | None
    state: RunState


class Status(msgspec.Struct, frozen=True):
    """How all of it stands."""

    verdict: str
    """One sentence: the worst that a person should know, or that all is well."""
    well: bool
    syncs: Sequence[SyncStatus]
    runs: Sequence[RunLine]
    """The newest first."""
    accounts: Sequence[AccountStatus]
    engine: EngineStatus
    outboxes: Sequence[OutboxStatus]
    inboxes: Sequence[InboxStatus]
    last_run: RunLine | None
    """The newest that left a trace: one that finds nothing to do leaves none."""
    last_run_ago: float | None
    """Seconds since it ended, or began where it did not."""


async def status(app: Crosstie, store: Store, now: Instant) -> Status:
    """How every sync stands, from the state alone, and from the outboxes of captured tables.

    No other system is asked, and a database that does not answer in time is named.
    """
    syncs = [await _sync(store, sync, now) for sync in app.in_order]
    kept = await store.runs(LOOKED)
    works = await engine(app, store, now)
    lines = [_run_line(run, works) for run in kept[:1]]
    facts = verdict.Facts(
        syncs=syncs,
        unreached=_unreached(kept),
        accounts=await accounts(app, store, now),
        engine=works,
        outboxes=await outboxes(app),
        inboxes=await inboxes(app, store, now),
        patience=max((sync.rhythm.patience for sync in app.in_order), default=inf),
    )
    trouble = verdict.trouble(facts)
    return Status(
        verdict=trouble or verdict.calm(facts),
        well=trouble is None,
        syncs=syncs,
        runs=[_run_line(run, works) for run in _telling(kept)],
        accounts=facts.accounts,
        engine=works,
        outboxes=facts.outboxes,
        inboxes=facts.inboxes,
        last_run=lines[0] if lines else None,
        last_run_ago=max(0.0, now - (kept[0].ended or kept[0].started)) if kept else None,
    )


async def _sync(store: Store, sync: Sync, now: Instant) -> SyncStatus:
    name = sync.name
    f = await store.figures(name, now)
    waiting = f.states.get(LinkState.WAITING, 0)
    asked = await store.conflicts(name, MANY) if f.conflicts else ()
    delays = [(number, *parted(told)) for told, number in await store.delayed(name, DELAYS)]
    return SyncStatus(
        sync=name,
        linked=f.linked,
        due=f.due,
        waiting=waiting,
        asking=f.states.get(LinkState.ASKING, 0),
        dead=f.states.get(LinkState.DEAD, 0),
        conflicts=f.conflicts,
        oldest_due_age=None if f.oldest_due is None else max(0.0, now - f.oldest_due),
        last_full_scan=f.scanned_at,
        held=f.held,
        left_alone=await store.left_alone(name),
        answered=sum(each.answer is not None for each in asked),
        delayed=[Delay(number, text, fix) for number, text, fix in delays],
        not_found=await unfound(store, [name], now),
        waits=await waits(store, name, waiting, sync.rhythm.patience, now),
        scan_owed=(await store.last_scan(name)).owed,
    )


async def newest_runs(app: Crosstie, store: Store, now: Instant, limit: int) -> Sequence[RunLine]:
    """The newest runs, the newest first."""
    works = await engine(app, store, now)
    return [_run_line(run, works) for run in await store.runs(limit)]


def _telling(runs: Sequence[RunRecord]) -> Sequence[RunRecord]:
    """The newest runs; of a row of runs that only put off what was due, the newest alone."""
    out: list[RunRecord] = []
    for run in runs:
        if not (out and _only_later(run) and _only_later(out[-1])):
            out.append(run)
    return out[:RUNS]


def _only_later(run: RunRecord) -> bool:
    if run.ended is None or run.was_cut_off:
        return False
    return {name.rpartition(".")[2] for name in run.counts} <= _LATER


def _unreached(runs: Sequence[RunRecord]) -> str | None:
    """What the newest run that says anything about it could not reach."""
    for run in runs:
        if run.ended is None or run.was_cut_off:
            continue
        if run.error is not None or not _only_later(run):
            return run.error
    return None


def _run_line(run: RunRecord, works: EngineStatus) -> RunLine:
    state: RunState = "cut off" if run.was_cut_off else "ended"
    if run.ended is None:
        # Only an engine has runs under way: without one, nobody goes on with it.
        state = "running" if works.running else "cut off"
    return RunLine(run.id, run.kind, run.started, run.ended, run.counts, run.error, state)
