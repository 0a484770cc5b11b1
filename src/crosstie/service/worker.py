"""The loop of a running engine: look at each side when its time comes, settle, sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from crosstie.core.decide import Operation
from crosstie.core.errors import Retry
from crosstie.core.values import Instant, Side
from crosstie.engine.drain import Progress
from crosstie.engine.run import Options, Report, run
from crosstie.engine.scene import Scene
from crosstie.engine.work import Work
from crosstie.ports import Store
from crosstie.service.watching import Outage, Outages
from crosstie.service.wiring import Opened

TICK = 0.2
"""Seconds between two looks at the timetable."""


class Until:
    """The gate of work that somebody may stop: what is in flight is finished, nothing more begun.

    What was due stays due, for the next start.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def permits(self, sync: str, scene: Scene, operation: Operation) -> bool:
        """Whatever comes up."""
        return True

    @property
    def over(self) -> bool:
        """It was stopped."""
        return self._stop.is_set()


class Timetable:
    """When each side of each sync is looked at, and when a sync is scanned in full."""

    def __init__(self, works: Sequence[Work], now: Instant) -> None:
        self._works = works
        self._look = {(work.name, side): now for work in works for side in Side}
        # The first full scan is asked for by the state itself, where there never was one.
        self._full = {work.name: now + work.sync.rhythm.reconcile for work in works}

    def scanned(self, work: Work, at: Instant | None) -> None:
        """An earlier process scanned in full then: an engine that is often restarted scans too."""
        if at is not None and at + work.sync.rhythm.reconcile < self._full[work.name]:
            self._full[work.name] = at + work.sync.rhythm.reconcile

    def due(self, now: Instant) -> Mapping[str, Sequence[Side]]:
        """Sides to look at now; their next turn is counted from now."""
        looks: dict[str, list[Side]] = {}
        for work in self._works:
            for side in Side:
                if self._look[work.name, side] <= now:
                    rhythm = work.sync.rhythm
                    pause = rhythm.left if side is Side.LEFT else rhythm.right
                    self._look[work.name, side] = now + pause
                    looks.setdefault(work.name, []).append(side)
        return looks

    def full(self, now: Instant) -> Sequence[Work]:
        """Syncs to scan in full now."""
        due = [work for work in self._works if self._full[work.name] <= now]
        for work in due:
            self._full[work.name] = now + work.sync.rhythm.reconcile
        return due


async def work_until(
    opened: Opened,
    works: Sequence[Work],
    stop: asyncio.Event,
    told: Callable[[Report], None],
    progress: Progress | None = None,
    outage: Outage | None = None,
) -> None:
    """Keep these syncs in step until `stop` is set; what is in flight then is finished first.

    Every report goes to `told`. With `outage` an account that cannot be worked with is told there,
    when that begins and when it ends, and is left out of the reports. What one account or record
    is at fault for never ends the loop; an account that a person has to look after is tried again
    every half minute.
    """
    clock = works[0].clock
    timetable = Timetable(works, clock.now())
    for work in works:
        timetable.scanned(work, await opened.store.last_scan(work.name))
    outages = Outages(works, opened.store, outage) if outage is not None else None

    async def once(some: Sequence[Work], options: Options) -> None:
        report = await _run(some, opened.store, options, progress)
        if outages is not None:
            report = await outages.after(report, {w.name: options.sides(w.name) for w in some})
        told(report)

    while not stop.is_set():
        looks = timetable.due(clock.now())
        if looks:
            await once(works, Options(looks=looks))
        for work in timetable.full(clock.now()):
            await once([work], Options(full=True))
        await _pause(stop)


async def _run(
    works: Sequence[Work], store: Store, options: Options, progress: Progress | None
) -> Report:
    """One run; while somebody else locks the state nothing is done, and it is tried again."""
    try:
        return await run(works, store, options, progress)
    except Retry as later:
        return Report(0, {}, missed={work.name: later for work in works})


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), TICK)
    except TimeoutError:
        return
