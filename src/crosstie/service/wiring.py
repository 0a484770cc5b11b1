"""A declared application -> syncs ready to work on, with real ports behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crosstie.engine.work import Ledger, Work
from crosstie.service.doors import ServiceDoors
from crosstie.service.grouped import GroupedStore
from crosstie.service.runtime import AsyncTasks, SystemClock, SystemDice, rare_collections
from crosstie.sync import Crosstie, Sync


@dataclass(frozen=True, slots=True)
class Opened:
    """An application whose state is open. Its systems are asked nothing until a flow does."""

    app: Crosstie
    store: GroupedStore
    doors: ServiceDoors
    works: tuple[Work, ...]
    """One a sync, parents first."""

    def work(self, sync: str) -> Work:
        """The work of that sync. Raises Misconfigured naming the ones there are."""
        name = self.app.sync(sync).name
        return next(work for work in self.works if work.name == name)

    def only(self, syncs: Sequence[str]) -> tuple[Work, ...]:
        """The works of these syncs, parents first; all of them when none is named."""
        wanted = {self.app.sync(name).name for name in syncs}
        return tuple(work for work in self.works if not wanted or work.name in wanted)


@asynccontextmanager
async def opened(app: Crosstie) -> AsyncIterator[Opened]:
    """Open the state and bind every source; closes all of it at the end.

    Raises Misconfigured for a state that cannot be used and a secret that is not there.
    """
    clock, dice, tasks = SystemClock(), SystemDice(), AsyncTasks()
    store = GroupedStore.open(app.state)
    store.wait_for(tasks)
    doors = ServiceDoors(clock, store)
    ledger = Ledger()

    def work(sync: Sync) -> Work:
        return Work(
            sync=sync,
            left=sync.left.bind(doors, sync.mapping.left.reads),
            right=sync.right.bind(doors, sync.mapping.right.reads),
            store=store,
            clock=clock,
            dice=dice,
            tasks=tasks,
            ledger=ledger,
        )

    try:
        with rare_collections():
            yield Opened(app, store, doors, tuple(work(sync) for sync in app.in_order))
    finally:
        try:
            await doors.close()
        finally:
            store.close()
