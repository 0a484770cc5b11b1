"""Once a minute: keep the figures, find what is wrong, tell whoever is to be told.

It goes on beside the work and never delays it: what waits here waits for the state or for a
channel. Whatever goes wrong in it is told once, and the next minute begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from crosstie.core.errors import CrosstieError
from crosstie.engine.run import Report
from crosstie.ports import Clock, Dice, Store
from crosstie.service.alerting import Situation, decided
from crosstie.service.channels import Sender
from crosstie.service.courier import Courier
from crosstie.service.engines import EngineStatus
from crosstie.service.health import health
from crosstie.service.measuring import Meter
from crosstie.sync import Crosstie

MINUTE = 60.0
LAST = 10.0
"""Seconds that messages may take at the end of a single run; what is left waits for the next."""


class Watch:
    """Watches one application in the process that works on it."""

    def __init__(
        self, app: Crosstie, store: Store, meter: Meter, clock: Clock, dice: Dice, sender: Sender
    ) -> None:
        self._app = app
        self._store = store
        self._meter = meter
        self._clock = clock
        self._dice = dice
        self._courier = Courier(app.alerts, store, sender, clock, dice.token)
        self._bell = asyncio.Event()
        self._held: frozenset[str] = frozenset()
        self._halted: frozenset[str] = frozenset()

    def heed(self, report: Report, syncs: Sequence[str]) -> None:
        """Look at once where something came to a stop in this run, which was about these syncs."""
        held, halted = frozenset(report.held), frozenset(report.halted)
        if held - self._held or halted - self._halted:
            self._bell.set()
        self._held = self._held.difference(syncs) | held
        self._halted = halted

    async def flush(self) -> None:
        """Keep the figures so far, in one transaction. What cannot be kept now goes with the next.

        Raises errors of the state.
        """
        now = self._clock.now()
        for sync in self._app.in_order:
            standing = await self._store.standing(sync.name, now)
            self._meter.waits(sync.name, standing.due, standing.oldest_due)
        taken = self._meter.take(now)
        if not taken:
            return
        try:
            await self._store.keep_rollups(taken, now)
        except BaseException:
            self._meter.give_back(taken)
            raise

    async def look(self, runs: EngineStatus | None = None) -> None:
        """Find what is wrong, and keep what is to be told of it. Raises errors of the state."""
        store, now = self._store, self._clock.now()
        state = await health(self._app, store, now, runs)
        known = Situation(
            alerts=self._app.alerts,
            open=await store.open_alerts(),
            off={each.channel for each in await store.channels_off()},
            mutes=await store.mutes(),
            now=now,
            key=self._dice.token,
        )
        outcome = decided(state.findings, known)
        if outcome:
            await store.keep_alerts(outcome.alerts, outcome.deliveries, now)

    async def minute(self) -> None:
        """One look, and one round of messages. A state that is in trouble is left for later."""
        with suppress(CrosstieError):
            await self.flush()
        with suppress(CrosstieError):
            await self.look(EngineStatus(True))
        with suppress(CrosstieError):
            await self._courier.round()

    async def at_the_end(self) -> None:
        """What a single run leaves behind: `minute`, which no channel can hold up for long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.minute(), LAST)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Watch until the block ends; figures that are not kept yet are then kept."""
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            with suppress(CrosstieError):
                await self.flush()

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), MINUTE)
            self._bell.clear()
            (ended,) = await asyncio.gather(self.minute(), return_exceptions=True)
            if isinstance(ended, BaseException):
                _tell(ended)


def _tell(error: BaseException) -> None:
    """A bug of ours: whoever looks after the event loop is told, and the work goes on."""
    told = {"message": "looking after alerts failed", "exception": error}
    asyncio.get_running_loop().call_exception_handler(told)
