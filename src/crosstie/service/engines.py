"""Does an engine hold the state now, which one, and since when does none?"""

from __future__ import annotations

import msgspec

from crosstie.core.values import Instant
from crosstie.ports import TENANT, LeaseStore
from crosstie.service.lock import LEASE, locked
from crosstie.sync import Crosstie


class EngineStatus(msgspec.Struct, frozen=True):
    """What is known of the engine of a state."""

    running: bool
    who: str | None = None
    """The process, where one runs and the state knows it."""
    since: Instant | None = None
    ended_ago: float | None = None
    """Seconds since the last one was certainly there; None while one runs, or if none ever did."""


async def engine(app: Crosstie, store: LeaseStore, now: Instant) -> EngineStatus:
    """By the lock of a state in a file, by the lease of one on a server. Changes nothing.

    A worker on a server that died without a word counts as running until its lease ends.
    """
    lease = await store.last_lease(TENANT)
    held = lease if lease is not None and lease.owner and lease.until > now else None
    seen = locked(app.state)
    if seen or (seen is None and held is not None):
        return EngineStatus(True) if held is None else EngineStatus(True, held.owner, held.since)
    if lease is None:
        return EngineStatus(False)
    # It was renewed then; whoever holds it lets that be at most a quarter of its length ago.
    return EngineStatus(False, ended_ago=max(0.0, now - max(lease.since, lease.until - LEASE)))
