"""How much of an account's work may be tries of what failed before.

Without a bound a system that refuses half of all calls is asked twice as often as one in good
health, at the time when it can least bear it.
"""

from __future__ import annotations

from collections import deque

from crosstie.core.values import Instant

SPAN = 120.0
SHARE = 0.1
"""Tries that repeat one, as a part of all in that many seconds."""
LEAST = 1.0
"""So many a second are always free."""
_PART = SPAN / 24


class Retries:
    """The tries of one account. Pure: the time is passed in."""

    __slots__ = ("_all", "_latest", "_parts", "_repeated")

    def __init__(self) -> None:
        self._parts: deque[list[float]] = deque()
        """[moment of its first try, tries, repeated ones], oldest first."""
        self._all = self._repeated = 0
        self._latest = 0.0

    def first(self, now: Instant) -> None:
        """Something is tried that did not fail before."""
        self._roll(now)[1] += 1
        self._all += 1

    def again(self, now: Instant) -> bool:
        """May something be tried again now? True counts it; False: later."""
        newest = self._roll(now)
        if newest[2] >= LEAST * _PART and self._repeated >= SHARE * self._all:
            return False
        newest[1] += 1
        newest[2] += 1
        self._all += 1
        self._repeated += 1
        return True

    def _roll(self, now: Instant) -> list[float]:
        parts = self._parts
        if now < self._latest:
            parts.clear()
            self._all = self._repeated = 0
        self._latest = now
        while parts and parts[0][0] + SPAN <= now:
            _, tries, repeated = parts.popleft()
            self._all -= int(tries)
            self._repeated -= int(repeated)
        if not parts or now >= parts[-1][0] + _PART:
            parts.append([now, 0, 0])
        return parts[-1]
