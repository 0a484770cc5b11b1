"""When something ends if it goes on as it does: a quota, a queue."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.values import Instant
from crosstie.service.accounts import Used


def quota_gone_in(window: Used, pace: float) -> float | None:
    """Seconds until a rate window is used up at so many calls a second; 0 where it is.

    None where it lasts: at that pace calls leave the window as fast as they come.
    """
    left = window.limit - window.calls
    if left <= 0:
        return 0.0
    if pace * window.seconds <= window.limit:
        return None
    return left / pace


def empty_in(points: Sequence[tuple[Instant, int]], due: int, now: Instant) -> float | None:
    """Seconds until nothing is due, as fast as the queue fell since the first of these points.

    points: when, and how many were due then, the oldest first.  None where nothing is due, and
    where the queue does not fall.
    """
    if not due or not points:
        return None
    at, before = points[0]
    fell = before - due
    if fell <= 0 or now <= at:
        return None
    return due * (now - at) / fell
