"""What runs leave behind that a person should know: open conflicts, accounts that are down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.core.values import Instant, LinkState, Side
from crosstie.engine.run import Report
from crosstie.engine.work import HALT_PAUSE, Work
from crosstie.ports import AccountPause, AccountStore, DeskStore, Store
from crosstie.service.asked import parted
from crosstie.service.counting import counted

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

Outage = Callable[[str, SyncError | None], None]
"""Told the label of an account, and why it cannot be worked with; None: it answers again."""

AGAIN = "reached_again"
"""What a run counts that found a system answering again."""
_VERBS = ("created", "updated", "deleted")


async def open_conflicts(opened: Opened, works: Sequence[Work], now: Instant) -> int:
    """How many conflicts of these syncs wait for a person's answer or for the run after it."""
    figures = [await opened.store.figures(work.name, now) for work in works]
    return sum(f.conflicts for f in figures)


class Waiting(msgspec.Struct, frozen=True):
    """What only a person can go on with."""

    dead: int
    """Dead letters, whichever run they are of."""
    conflicts: int
    """Conflicts without an answer."""

    @property
    def told(self) -> str | None:
        """One sentence with the commands that list them; None where nothing waits."""
        words = [
            (self.dead, counted(self.dead, "dead letter"), "`crosstie dead list`"),
            (self.conflicts, counted(self.conflicts, "conflict"), "`crosstie conflicts list`"),
        ]
        some = [(text, command) for number, text, command in words if number]
        if not some:
            return None
        wait = "waits" if self.dead + self.conflicts == 1 else "wait"
        texts, commands = zip(*some, strict=True)
        return f"{' and '.join(texts)} {wait} for a person: {', '.join(commands)}"


async def waiting(store: Store, syncs: Sequence[str], now: Instant) -> Waiting:
    """What of these syncs waits for a person."""
    dead = conflicts = 0
    for name in syncs:
        figures = await store.figures(name, now)
        dead += figures.states.get(LinkState.DEAD, 0)
        asked = await store.conflicts(name, figures.conflicts) if figures.conflicts else ()
        conflicts += sum(each.answer is None for each in asked)
    return Waiting(dead, conflicts)


async def trace(store: DeskStore, works: Sequence[Work], now: Instant, error: str | None) -> None:
    """Keep that a system could not be reached, or can be again, where no run says so yet.

    A run that had nothing to do leaves no trace of its own. Told twice, it is kept once. A state
    that cannot take it now, since it may be what is in trouble, goes without.
    """
    with suppress(SyncError):
        known = any(last.error and not last.was_cut_off for last in await store.runs(1))
        if known is (error is not None):
            return
        counts = {} if error is not None else {f"{work.name}.{AGAIN}": 1 for work in works}
        await store.finish_run(await store.start_run("run", now), now, counts, error)


async def trace_of(store: DeskStore, works: Sequence[Work], report: Report, now: Instant) -> None:
    """`trace` of a run that looked at both sides of these syncs."""
    if not report.run_id:
        why = next((f"{name}: {error}" for name, error in report.missed.items()), None)
        await trace(store, works, now, why)


class Halts:
    """Keeps in the state which accounts need a person, until they are found to answer again.

    So that it is known whoever asks, and after a restart. What cannot be kept now is left out.
    """

    def __init__(self, works: Sequence[Work], store: AccountStore) -> None:
        self._works = {work.name: work for work in works}
        self._store = store
        self._known: dict[str, str] | None = None
        """Account -> what is kept of it."""

    async def after(self, report: Report, looks: Mapping[str, Sequence[Side]]) -> None:
        """Take in one run, which looked at these sides."""
        with suppress(SyncError):
            if self._known is None:
                kept = await self._store.pauses()
                self._known = {each.account: each.reason for each in kept if each.kind == "halt"}
            mine = {work.account(side) for work in self._works.values() for side in Side}
            for label in sorted(mine & report.halted.keys()):
                await self._keep(self._known, label, report.halted[label])
            for label in sorted(mine & self._known.keys() - report.halted.keys()):
                if answered(label, self._works, report, looks):
                    await self._store.end_pause(label, "halt")
                    del self._known[label]

    async def _keep(self, known: dict[str, str], label: str, halt: Halt) -> None:
        text = str(halt).removeprefix(f"{label}: ")
        reason = f"{text} fix: {halt.fix}" if halt.fix else text
        if known.get(label) != reason:
            now = next(iter(self._works.values())).clock.now()
            pause = AccountPause(label, "halt", reason, now, now + HALT_PAUSE)
            await self._store.keep_pause(pause)
            known[label] = reason


def answered(
    label: str, works: Mapping[str, Work], report: Report, looks: Mapping[str, Sequence[Side]]
) -> bool:
    """Whether that account was looked at or written to in this run."""
    for name, work in works.items():
        for side in Side:
            if work.account(side) != label or name in report.missed:
                continue
            wrote = any(report.counts.get(f"{name}.{verb}_{side}") for verb in _VERBS)
            if wrote or side in looks.get(name, ()):
                return True
    return False


class Outages:
    """Tells of each account once when it stops answering, and once when it answers again."""

    def __init__(self, works: Sequence[Work], store: DeskStore, tell: Outage) -> None:
        self._works = {work.name: work for work in works}
        self._store = store
        self._tell = tell
        self._down: set[str] = set()

    async def after(self, report: Report, looks: Mapping[str, Sequence[Side]]) -> Report:
        """Take in one run, which looked at these sides.

        The report comes back with `missed` for what no account is at fault for.
        """
        failing = self._failing(report)
        for label in failing.keys() - self._down:
            error = failing[label] or await self._said(label)
            self._down.add(label)
            self._tell(label, error)
            await trace(self._store, self._of(label), self._now(), str(error))
        for label in self._down - failing.keys():
            if answered(label, self._works, report, looks):
                self._down.discard(label)
                self._tell(label, None)
                if not self._down:
                    await trace(self._store, self._of(label), self._now(), None)
        own = {n: e for n, e in report.missed.items() if e.side is None and not self._rests(n)}
        return replace(report, missed=own)

    def _failing(self, report: Report) -> dict[str, SyncError | None]:
        """Account -> its error; None where only its links know."""
        found: dict[str, SyncError | None] = dict.fromkeys(report.busy)
        for name, error in report.missed.items():
            if error.side is not None:
                found[self._works[name].account(error.side)] = error
        found.update(report.halted)
        return found

    def _rests(self, name: str) -> bool:
        return any(self._works[name].account(side) in self._down for side in Side)

    def _of(self, label: str) -> Sequence[Work]:
        return [w for w in self._works.values() if label in map(w.account, Side)]

    def _now(self) -> Instant:
        return next(iter(self._works.values())).clock.now()

    async def _said(self, label: str) -> SyncError:
        for work in self._of(label):
            for told, _ in await self._store.delayed(work.name, 1):
                text, fix = parted(told)
                return Retry(text, fix=fix)
        return Retry("it asks to be left alone for a moment")
