"""How all of it stands, from the state alone. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from crosstie.core.values import Instant, LinkState
from crosstie.ports import DeskStore, RunRecord, Store
from crosstie.service.accounts import AccountStatus, accounts
from crosstie.service.asked import parted
from crosstie.service.counting import counted
from crosstie.service.unfound import Unfound, unfound
from crosstie.sync import Crosstie

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


class RunLine(msgspec.Struct, frozen=True):
    """One run. Counts are by `sync.what`."""

    id: int
    kind: str
    started: Instant
    ended: Instant | None
    counts: Mapping[str, int]
    error: str | None


class Status(msgspec.Struct, frozen=True):
    """How all of it stands."""

    verdict: str
    """One sentence: the worst that a person should know, or that all is well."""
    well: bool
    syncs: Sequence[SyncStatus]
    runs: Sequence[RunLine]
    """The newest first."""
    accounts: Sequence[AccountStatus]


async def status(app: Crosstie, store: Store, now: Instant) -> Status:
    """How every sync stands, from the state alone: neither system is asked."""
    syncs = [await _sync(store, sync.name, now) for sync in app.in_order]
    kept = await store.runs(LOOKED)
    known = await accounts(app, store, now)
    verdict = _trouble(syncs, _unreached(kept), known)
    runs = list(map(_run_line, _telling(kept)))
    return Status(verdict or _calm(syncs), verdict is None, syncs, runs, known)


async def _sync(store: DeskStore, name: str, now: Instant) -> SyncStatus:
    f = await store.figures(name, now)
    asked = await store.conflicts(name, MANY) if f.conflicts else ()
    delays = [(number, *parted(told)) for told, number in await store.delayed(name, DELAYS)]
    return SyncStatus(
        sync=name,
        linked=f.linked,
        due=f.due,
        waiting=f.states.get(LinkState.WAITING, 0),
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
    )


async def newest_runs(store: DeskStore, limit: int) -> Sequence[RunLine]:
    """The newest runs, the newest first."""
    return list(map(_run_line, await store.runs(limit)))


def _telling(runs: Sequence[RunRecord]) -> Sequence[RunRecord]:
    """The newest runs; of a row of runs that only put off what was due, the newest alone."""
    out: list[RunRecord] = []
    for run in runs:
        if not (out and _only_later(run) and _only_later(out[-1])):
            out.append(run)
    return out[:RUNS]


def _only_later(run: RunRecord) -> bool:
    return {name.rpartition(".")[2] for name in run.counts} <= _LATER and run.ended is not None


def _unreached(runs: Sequence[RunRecord]) -> str | None:
    """What the newest run that says anything about it could not reach."""
    for run in runs:
        if run.error is not None or not _only_later(run):
            return run.error
    return None


def _run_line(run: RunRecord) -> RunLine:
    return RunLine(run.id, run.kind, run.started, run.ended, run.counts, run.error)


def _trouble(
    syncs: Sequence[SyncStatus], unreached: str | None, known: Sequence[AccountStatus]
) -> str | None:
    """The worst first: what stops most."""
    for s in syncs:
        if s.held is not None:
            return f"The brake holds {s.sync}: {s.held}."
    missed = f"A system could not be reached at the last run: {unreached}." if unreached else None
    told = [_outage(syncs) or missed or _left_alone(known), _letters(syncs), _questions(syncs)]
    return " ".join(each for each in told if each) or None


def _outage(syncs: Sequence[SyncStatus]) -> str | None:
    """What is tried again, named by what delays most of it."""
    delays = [delay for s in syncs for delay in s.delayed]
    if not delays:
        return None
    total, worst = sum(d.links for d in delays), max(delays, key=lambda d: d.links)
    text = worst.text.rstrip(".")
    return f"{counted(total, 'record')} could not be brought over, and this is tried again: {text}."


def _left_alone(known: Sequence[AccountStatus]) -> str | None:
    """An account that gets no calls for now."""
    for each in known:
        for pause in each.left_alone:
            return f"{each.account} is left alone for a while: {pause.reason}."
    return None


def _letters(syncs: Sequence[SyncStatus]) -> str | None:
    total = sum(s.dead for s in syncs)
    some = f"{total} dead letters wait" if total > 1 else "1 dead letter waits"
    return f"{some} for a person: see `crosstie dead list`." if total else None


def _questions(syncs: Sequence[SyncStatus]) -> str | None:
    """Conflicts without an answer. An answered one waits for a run, and is due."""
    total = sum(s.conflicts - s.answered for s in syncs)
    some = f"{total} conflicts wait" if total > 1 else "1 conflict waits"
    return f"{some} for a person: see `crosstie conflicts list`." if total else None


def _calm(syncs: Sequence[SyncStatus]) -> str:
    never = [s.sync for s in syncs if s.last_full_scan is None]
    if never:
        return f"Not started yet: {', '.join(never)}. Begin with `crosstie plan`."
    linked, due = counted(sum(s.linked for s in syncs), "record"), sum(s.due for s in syncs)
    alone, answered = sum(s.left_alone for s in syncs), sum(s.answered for s in syncs)
    more = f", {alone} left alone at your request" if alone else ""
    if answered:
        more += f", {answered} answered and to be carried out by the next run"
    missing = sum(each.records for s in syncs for each in s.not_found)
    if missing:
        more += f", {missing} not found and to be looked at again"
    if due:
        return f"{linked} linked, {due} due to be looked at{more}."
    start = "Nothing due" if alone or answered or missing else "All in step"
    return f"{start}: {linked} linked{more or ', nothing due'}."
