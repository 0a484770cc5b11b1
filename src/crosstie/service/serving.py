"""A serving process: it receives, works while it holds the lease, and tells how it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from crosstie.core.errors import CrosstieError, SyncError
from crosstie.engine.run import Report
from crosstie.ports import TENANT, Clock, InboxFigures
from crosstie.service.figures import Figure, figures
from crosstie.service.health import health
from crosstie.service.hearing import Pulse, ears
from crosstie.service.leasing import leased
from crosstie.service.lock import engine_lock
from crosstie.service.logs import Log
from crosstie.service.receiving import Receiver
from crosstie.service.runtime import SystemClock
from crosstie.service.wiring import Opened, opened
from crosstie.service.worker import Until, work_until
from crosstie.sync import Crosstie

STUCK = 3_600.0
"""Seconds without a turn after which the worker is not thought to work: a first look takes long."""

MANY = 10_000
"""Due links that are counted one by one."""

Engine: TypeAlias = Literal["starting", "working", "standing by", "ended"]


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether this process does what it is there for."""

    ready: bool
    state: bool
    """Our own memory answers, and keeps what is received."""
    engine: Engine
    turned_ago: float | None
    """Seconds since the worker came round last; None while it does not work."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What monitoring is told."""

    inbox: Sequence[InboxFigures]
    due: Mapping[str, int]
    """Sync -> links that are due; no more than `MANY` are counted."""
    calls: Mapping[str, int]
    """Account -> calls made by this process."""
    health: Sequence[Figure] = ()
    """How well all of it works, as the state tells."""


class Serving:
    """What a serving process knows of itself."""

    def __init__(self, opened: Opened, log: Log, clock: Clock) -> None:
        self.opened, self.log, self.clock = opened, log, clock
        self.pulse = Pulse()
        self.receiver = Receiver(ears(opened), opened.store, clock, log, self.pulse.ring)
        self.engine: Engine = "starting"
        self.runs = self.writes = 0
        self._wrong: dict[str, str] = {}

    async def ready(self) -> Ready:
        """Whether the state answers and keeps, and the worker works or stands by."""
        turned = self.pulse.turned
        ago = None if turned is None else max(0.0, self.clock.now() - turned)
        answers = await self._answers() and self.receiver.keeps
        works = self.engine == "standing by" or (
            self.engine == "working" and (ago is None or ago < STUCK)
        )
        return Ready(answers and works, answers, self.engine, ago)

    async def measured(self) -> Measured:
        """Figures of the state. Raises what the store raises."""
        store, now = self.opened.store, self.clock.now()
        names = [work.name for work in self.opened.works]
        due = {name: await store.due_count(name, now, MANY) for name in names}
        told = list(figures(await health(self.opened.app, store, now)))
        return Measured(await store.inbox(), due, self.opened.doors.calls, told)

    async def _answers(self) -> bool:
        try:
            await self.opened.store.holder(TENANT)
        except CrosstieError:
            return False
        return True

    def told(self, report: Report, syncs: Sequence[str]) -> None:
        """A run has ended."""
        self.runs += 1
        self.writes += report.writes
        counts = {name: n for name, n in report.counts.items() if n}
        if report.run_id and counts:
            self.log("run", {"run": report.run_id, "writes": report.writes, "counts": counts})
        wrong = {name: str(error) for name, error in report.missed.items()}
        wrong |= {name: f"the brake holds it: {why}" for name, why in report.held.items()}
        for name, why in wrong.items():
            if self._wrong.get(name) != why:
                self.log("sync_waits", {"sync": name, "why": why})
        for name in [name for name in self._wrong if name in syncs and name not in wrong]:
            self.log("sync_goes_on", {"sync": name})
            del self._wrong[name]
        self._wrong |= wrong

    def outage(self, label: str, error: SyncError | None) -> None:
        """An account stopped answering, or answers again."""
        if error is None:
            self.log("account_answers_again", {"account": label})
        else:
            self.log("account_waits", {"account": label, "why": str(error)})

    def waits(self, text: str) -> None:
        """Another worker has the lease, or the state is away: this one stands by."""
        self.engine = "standing by"
        self.log("standing_by", {"why": text})


Web: TypeAlias = Callable[[Serving, asyncio.Event], Awaitable[None]]
"""Serves HTTP until the event is set, and then what it has begun to its end."""


async def serve(app: Crosstie, started: str, web: Web, stop: asyncio.Event, log: Log) -> Serving:
    """Receive and work until `stop` is set; what is in flight then is finished. How it stood.

    It receives from its first moment, and works once it holds the lease.
    Raises Engaged where another process has the state in a file, Fenced when another worker took
    over in the middle, Misconfigured as `engaged` does.
    """
    with engine_lock(app.state, started):
        async with opened(app) as ready:
            serving = Serving(ready, log, SystemClock())
            await _both(serving, web, stop)
            return serving


async def _both(serving: Serving, web: Web, stop: asyncio.Event) -> None:
    """Whichever ends first ends the other in order; an error of either is raised."""
    working = asyncio.ensure_future(_work(serving, stop))
    receiving = asyncio.ensure_future(web(serving, stop))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        parts = {working, receiving, stopping}
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        stopping.cancel()
        if serving.engine in ("starting", "standing by"):
            # Nothing is in flight in a worker that has nothing to work on.
            working.cancel()
        ends = await asyncio.gather(working, receiving, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
            raise end


async def _work(serving: Serving, stop: asyncio.Event) -> None:
    ready = serving.opened
    try:
        async with leased(ready, serving.waits):
            serving.engine = "working"
            serving.log("working", {"syncs": [work.name for work in ready.works]})
            works = [replace(work, gate=Until(stop)) for work in ready.works]
            await work_until(
                ready, works, stop, serving.told, outage=serving.outage, pulse=serving.pulse
            )
    finally:
        serving.engine = "ended"
