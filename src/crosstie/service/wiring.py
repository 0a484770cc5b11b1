"""A declared application -> syncs ready to work on, with real ports behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crosstie.engine.work import Ledger, Work
from crosstie.service.channels import Sender
from crosstie.service.keepers import Keepers, vault_of
from crosstie.service.measuring import MeasuredDoors, MeasuredStore, Meter
from crosstie.service.permitted import permitted
from crosstie.service.references import secret
from crosstie.service.runtime import AsyncTasks, SystemClock, SystemDice, rare_collections
from crosstie.service.watch import Watch
from crosstie.sync import Crosstie, Sync


@dataclass(frozen=True, slots=True)
class Opened:
    """An application whose state is open. Its systems are asked nothing until a flow does."""

    app: Crosstie
    store: MeasuredStore
    doors: MeasuredDoors
    works: tuple[Work, ...]
    """One a sync, parents first."""
    watch: Watch
    """Who looks after all of it, in a process that works."""

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

    Raises Misconfigured for a state that cannot be used, a secret that is not there, where an
    account is logged in to and there is no key for its tokens, and where a sync would write to what
    can only be read.
    """
    clock, dice, tasks = SystemClock(), SystemDice(), AsyncTasks()
    vault = vault_of(app)
    store, meter = MeasuredStore.open(app.state), Meter()
    store.wait_for(tasks)
    store.measure(meter, clock)
    keepers = None if vault is None else Keepers(clock, dice, store, vault, secret)
    doors = MeasuredDoors(clock, store, keepers)
    doors.meter = meter
    watch = Watch(app, store, meter, clock, dice, Sender(secret, clock))
    ledger = Ledger()

    def work(sync: Sync) -> Work:
        return permitted(
            Work(
                sync=sync,
                left=sync.left.bind(doors, sync.mapping.left.reads),
                right=sync.right.bind(doors, sync.mapping.right.reads),
                store=store,
                clock=clock,
                dice=dice,
                tasks=tasks,
                ledger=ledger,
            )
        )

    try:
        with rare_collections():
            yield Opened(app, store, doors, tuple(work(sync) for sync in app.in_order), watch)
    finally:
        try:
            await doors.close()
        finally:
            store.close()
