"""When a system that tells of changes has been silent for longer than it usually is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

from crosstie.core.values import Instant

KNOWN = 5
"""So many times have to be known before anything is usual."""
BURST = 60.0
"""Seconds: what follows faster belongs to the same burst, and says nothing of pauses."""
SHARE = 0.9
"""Part of the pauses that are no longer than the usual one: a weekend is not the rule."""
FACTOR = 3.0
"""How many usual pauses are too long."""


def usual_pause(times: Sequence[Instant]) -> float | None:
    """Seconds between two bursts of deliveries, as a rule; None while too little is known.

    times: when deliveries came, in order.
    """
    bursts: list[Instant] = []
    last: Instant | None = None
    for at in times:
        if last is None or at - last >= BURST:
            bursts.append(at)
        last = at
    if len(bursts) < KNOWN:
        return None
    pauses = sorted(later - earlier for earlier, later in pairwise(bursts))
    return pauses[ceil(SHARE * len(pauses)) - 1]


def silent_for(times: Sequence[Instant], now: Instant) -> float | None:
    """Seconds since the last delivery where that is too long; None where it is not."""
    usual = usual_pause(times)
    if usual is None:
        return None
    ago = now - times[-1]
    return ago if ago > FACTOR * usual else None
