"""The loop of a running engine: look at each side when its time comes, settle, sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from crosstie.connectors.sql import Database, TableSource
from crosstie.connectors.sql.waking import tell_commits
from crosstie.core.errors import Halt, Retry
from crosstie.core.values import Instant, Side
from crosstie.engine.drain import Progress
from crosstie.engine.run import Options, Report, run
from crosstie.engine.work import Open, Work
from crosstie.ports import Store
from crosstie.rhythm import JITTER, When, following
from crosstie.service.hearing import Listener, Pulse, listeners
from crosstie.service.lanes import lanes, side_by_side
from crosstie.service.watching import Halts, Outage, Outages
from crosstie.service.wiring import Opened

TICK = 0.2
"""Seconds between two looks at the timetable."""

GATHER = 0.05
"""Seconds in which webhooks that follow one another are worked on together."""

PATIENCE = 2.0
"""Seconds that a backlog is worked on before the systems are looked at again: what a person edits
meanwhile goes before the rest of it."""

Told = Callable[[Report, Sequence[str]], None]
"""Takes the report of a run, and the names of the syncs that it was about."""


class Until(Open):
    """The gate of work that somebody may stop: what is in flight is finished, nothing more begun.

    What was due stays due, for the next start.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    @property
    def over(self) -> bool:
        """It was stopped."""
        return self._stop.is_set()


class Timetable:
    """When each side of each sync is looked at, and when a sync is scanned in full."""

    def __init__(self, works: Sequence[Work], now: Instant) -> None:
        self._works = works
        self._latest = now
        self._look = {(work.name, side): now for work in works for side in Side}
        # The first full scan is asked for by the state itself, where there never was one.
        self._full = {work.name: _after(work, work.sync.rhythm.reconcile, now) for work in works}

    def scanned(self, work: Work, at: Instant | None) -> None:
        """An earlier process scanned in full then: an engine that is often restarted scans too."""
        if at is not None:
            due = following(work.sync.rhythm.reconcile, at)
            self._full[work.name] = min(due, self._full[work.name])

    def due(self, now: Instant) -> Mapping[str, Sequence[Side]]:
        """Sides to look at now; their next turn is counted from now."""
        self._heed(now)
        looks: dict[str, list[Side]] = {}
        for work in self._works:
            for side in Side:
                if self._look[work.name, side] <= now:
                    when = work.sync.rhythm.of(side)
                    self._look[work.name, side] = _after(work, when, now)
                    looks.setdefault(work.name, []).append(side)
        return looks

    def _heed(self, now: Instant) -> None:
        """A clock that was set back takes the timetable with it."""
        back = max(self._latest - now, 0.0)
        if back:
            self._look = {place: at - back for place, at in self._look.items()}
            self._full = {name: at - back for name, at in self._full.items()}
        self._latest = now

    def heard(self, database: Database, now: Instant) -> None:
        """Somebody committed there: look at once at the tables that tell what changed.

        A table that tells nothing would be scanned in full; it waits for its turn.
        """
        for work in self._works:
            for side in Side:
                source = work.sync.source(side)
                here = isinstance(source, TableSource) and source.account == database
                if here and work.at(side).can.has_changes:
                    self._look[work.name, side] = now

    def full(self, now: Instant) -> Sequence[Work]:
        """Syncs to scan in full now."""
        due = [work for work in self._works if self._full[work.name] <= now]
        for work in due:
            self._full[work.name] = _after(work, work.sync.rhythm.reconcile, now)
        return due


def _after(work: Work, when: When, now: Instant) -> Instant:
    """The next turn; that of a cron line a little late, so that not all come at the full hour."""
    late = work.dice.roll() * JITTER if isinstance(when, str) else 0.0
    return following(when, now) + late


async def work_until(
    opened: Opened,
    works: Sequence[Work],
    stop: asyncio.Event,
    told: Told,
    progress: Progress | None = None,
    outage: Outage | None = None,
    pulse: Pulse | None = None,
) -> None:
    """Keep these syncs in step until `stop` is set; what is in flight then is finished first.

    Syncs that have nothing to do with each other are worked on side by side: see `lanes`. Every
    report goes to `told`, with the syncs that it is about. With `outage` an account that cannot be
    worked with is told there, when that begins and when it ends, and is left out of the reports.
    What one account or record is at fault for never ends the loop; an account that a person has
    to look after is tried again every half minute. What webhooks told is worked on as soon as the
    pulse brings word of them, else within a second.
    """
    ways = lanes(works)
    parts = [
        partial(_lane, opened, lane, stop, _watched(opened, told), progress, outage, listener)
        for lane, listener in zip(ways, listeners(opened, ways, pulse), strict=True)
    ]
    async with opened.watch.beside():
        await (parts[0]() if len(parts) == 1 else side_by_side(parts))


def _watched(opened: Opened, told: Told) -> Told:
    """Tell whoever looks after all of it as well."""

    def tell(report: Report, syncs: Sequence[str]) -> None:
        opened.watch.heed(report, syncs)
        told(report, syncs)

    return tell


async def _lane(
    opened: Opened,
    works: Sequence[Work],
    stop: asyncio.Event,
    told: Told,
    progress: Progress | None,
    outage: Outage | None,
    listener: Listener,
) -> None:
    """`work_until` for syncs that are worked on one after the other."""
    clock = works[0].clock
    timetable = Timetable(works, clock.now())
    for work in works:
        timetable.scanned(work, (await opened.store.last_scan(work.name)).at)
    outages = Outages(works, opened.store, outage) if outage is not None else None
    halts = Halts(works, opened.store)

    async def once(some: Sequence[Work], options: Options) -> bool:
        report = await _run(some, opened.store, options, progress)
        looks = {work.name: options.sides(work.name) for work in some}
        await halts.after(report, looks)
        if outages is not None:
            report = await outages.after(report, looks)
        told(report, [work.name for work in some])
        return report.more

    more = False
    async with _Ears(works, listener.pulse) as ears:
        while not stop.is_set():
            for database in ears.heard():
                timetable.heard(database, clock.now())
            more |= await listener.turn(rung=ears.rung())
            looks = timetable.due(clock.now())
            if looks or more:
                more = await once(works, Options(looks=looks, patience=PATIENCE))
            for work in timetable.full(clock.now()):
                more |= await once([work], Options(full=True, patience=PATIENCE))
            if not more:
                await (ears.pause(stop) if ears.listen or listener.pulse else _pause(stop))


class _Ears:
    """Hears of commits in the databases of these syncs, and of webhooks, while it is entered."""

    def __init__(self, works: Sequence[Work], pulse: Pulse | None) -> None:
        sources = [work.sync.source(side) for work in works for side in Side]
        self.listen = {s.account for s in sources if isinstance(s, TableSource)}
        self._heard: set[Database] = set()
        self._bell = asyncio.Event()
        self._rung = self._gathering = False
        if pulse is not None:
            pulse.listen(self._ring)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> _Ears:
        for database in self.listen:
            told = partial(self._told, database)
            self._tasks.append(asyncio.ensure_future(tell_commits(database, told)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def heard(self) -> Sequence[Database]:
        """Databases in which somebody committed since this was asked last."""
        self._bell.clear()
        told, self._heard = tuple(self._heard), set()
        return told

    def rung(self) -> bool:
        """Whether something was received since this was asked last."""
        rung, self._rung = self._rung, False
        return rung

    async def pause(self, stop: asyncio.Event) -> None:
        """Until somebody commits, rings or stops us, a tick at most."""
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._bell)]
        try:
            await asyncio.wait(waits, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _ring(self) -> None:
        """What is received in a burst is worked on together: a commit for many, not for each."""
        if not self._gathering:
            self._gathering = True
            asyncio.get_running_loop().call_later(GATHER, self._gathered)

    def _gathered(self) -> None:
        self._gathering, self._rung = False, True
        self._bell.set()

    def _told(self, database: Database) -> None:
        self._heard.add(database)
        self._bell.set()


async def _run(
    works: Sequence[Work], store: Store, options: Options, progress: Progress | None
) -> Report:
    """One run; while the state is locked, out of room or away it is tried again later."""
    try:
        return await run(works, store, options, progress)
    except (Retry, Halt) as later:
        return Report(0, {}, missed={work.name: later for work in works})


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), TICK)
    except TimeoutError:
        return
