"""Looking and sending without an engine: a test of a channel, and the look that cron asks for."""

from __future__ import annotations

from crosstie.ports import Store
from crosstie.service.channels import Sender
from crosstie.service.courier import Courier
from crosstie.service.engines import engine
from crosstie.service.measuring import Meter
from crosstie.service.references import secret
from crosstie.service.runtime import SystemClock, SystemDice
from crosstie.service.watch import Watch
from crosstie.sync import Crosstie


def courier(app: Crosstie, store: Store) -> Courier:
    """Who carries messages from here."""
    clock = SystemClock()
    return Courier(app.alerts, store, Sender(secret, clock), clock, SystemDice().token)


async def check(app: Crosstie, store: Store) -> bool:
    """Look once and send what waits; whether it did: where an engine runs, that does it.

    Raises errors of the state.
    """
    clock = SystemClock()
    runs = await engine(app, store, clock.now())
    if runs.running:
        return False
    watch = Watch(app, store, Meter(), clock, SystemDice(), Sender(secret, clock))
    await watch.look(runs)
    await courier(app, store).round()
    return True
