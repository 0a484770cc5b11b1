"""The right to settle a state: a file lock where it lies on this machine, and a lease in it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from crosstie.core.errors import CrosstieError, Retry
from crosstie.core.values import Instant
from crosstie.ports import TENANT, Clock, Dice, Lease, LeaseStore
from crosstie.service.lock import LEASE, Engaged, engine_lock
from crosstie.service.runtime import SystemClock, SystemDice
from crosstie.service.wiring import Opened, opened
from crosstie.store.opening import in_a_file, name_of, state_address
from crosstie.sync import Crosstie

RENEW = LEASE / 4
"""Seconds between two renewals: three may fail before anybody can take it."""

LOOK = 1.0
"""Seconds between two looks of a worker that stands by."""

Waits = Callable[[str], None]
"""Told who has the state, each time that it is somebody else."""


@asynccontextmanager
async def engaged(app: Crosstie, started: str, waits: Waits | None = None) -> AsyncIterator[Opened]:
    """Open the application to settle: nobody else does meanwhile.

    With `waits` it stands by while another worker holds the lease, as long as it takes.
    Raises Engaged, naming the holder: without `waits`, and always for a file, whose lock ends with
    its process. Raises Fenced in the middle of the work when another worker took over.
    """
    with engine_lock(app.state, started):
        async with opened(app) as ready, leased(ready, waits):
            yield ready


@asynccontextmanager
async def leased(ready: Opened, waits: Waits | None = None) -> AsyncIterator[None]:
    """Hold the lease of an opened state during the block; see `engaged`.

    The lock of a state in a file is held already.
    """
    state = ready.app.state
    keeper = Keeper(ready.store, SystemClock(), asyncio.sleep)
    if in_a_file(state):
        # The file lock says that whoever held it is gone.
        await keeper.free()
    async with keeper.held(owner(SystemDice()), name_of(state_address(state)), waits):
        # Runs are begun by engines alone: whose it was that has no end, it is gone.
        await ready.store.cut_off(SystemClock().now())
        yield


def owner(dice: Dice) -> str:
    """This process, for people, and different from every other one."""
    return f"process {os.getpid()} on {socket.gethostname()}, {dice.token()[:8]}"


class Keeper:
    """Takes the lease of a state, keeps it while the work goes on, and gives it back."""

    def __init__(
        self, store: LeaseStore, clock: Clock, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep

    async def free(self) -> None:
        """Give back whatever lease there is, whoever took it."""
        lease = await self._store.holder(TENANT)
        if lease is not None:
            await self._store.release(lease)

    @asynccontextmanager
    async def held(self, owner: str, name: str, waits: Waits | None) -> AsyncIterator[Lease]:
        """Hold it during the block, whose task is stopped with Fenced when it is lost.

        name: what a person calls the state.
        """
        lease = await self._taken(owner, name, waits)
        self._store.work_under(lease)
        work = asyncio.current_task()
        renewing = asyncio.ensure_future(self._renewed(lease))

        def stop(done: asyncio.Future[None]) -> None:
            if work is not None and not done.cancelled():
                work.cancel()

        renewing.add_done_callback(stop)
        try:
            yield lease
        except asyncio.CancelledError:
            if not renewing.done() or renewing.cancelled() or work is None:
                raise
            work.uncancel()
            renewing.result()
        finally:
            renewing.remove_done_callback(stop)
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            # What cannot be given back now ends by itself.
            with suppress(CrosstieError):
                await self._store.release(lease)
                # What is told at closing is no settling. Whoever lost its lease tells nothing.
                if await self._store.holder(TENANT) is None:
                    self._store.work_under(None)

    async def _taken(self, owner: str, name: str, waits: Waits | None) -> Lease:
        told = None
        while True:
            now = self._clock.now()
            try:
                lease = await self._store.take(TENANT, owner, now, LEASE)
                if lease is not None:
                    return lease
                other = await self._store.holder(TENANT)
            except Retry as away:
                # Who stands by is there for just such a moment.
                if waits is None:
                    raise
                if str(away) != told:
                    waits(f"{away}; this one stands by")
                    told = str(away)
                await self._sleep(LOOK)
                continue
            if other is None:
                continue
            if waits is None:
                raise Engaged(
                    f"another engine works on {name}: {_told(other)}",
                    fix="let it work, or stop it first; it picks up every change",
                )
            if other.owner != told:
                waits(f"another engine works on {name}: {_told(other)}; this one stands by")
                told = other.owner
            await self._sleep(min(LOOK, max(0.0, other.until - now)))

    async def _renewed(self, lease: Lease) -> None:
        """Renew it for ever. Raises Fenced when it is lost."""
        while True:
            await self._sleep(RENEW)
            # While the state cannot be reached nobody else can take it there either, and nothing
            # is written; once it can be, it is ours unless somebody was faster.
            with suppress(Retry):
                await self._store.renew(lease, self._clock.now(), LEASE)


def _told(lease: Lease) -> str:
    return f"{lease.owner}, since {_stamp(lease.since)}, until {_stamp(lease.until)} or later"


def _stamp(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
