"""How many calls of an account may be under way at once: more step by step, half at once.

A window in which the room was used and all went well makes room for one more. A refusal for the
rate, or answers that take twice as long as they did at their best, halve it.
"""

from __future__ import annotations

from math import inf

from crosstie.core.values import Instant

START = 32
MOST = 64
WINDOW = 10.0
"""Seconds between two changes."""
FEW = 8
"""A window with fewer calls says nothing."""
TWICE = 2.0
SLOW = 0.5
"""Seconds below which an answer is quick, whatever it was before: the difference is our own."""
_AGES = 1.05
"""By this much the best time is forgotten in each window: systems change."""


class Flight:
    """The room of one account. `limit` says how many, from 1 to `MOST`."""

    __slots__ = ("_best", "_calls", "_ends", "_full", "_halved", "_seconds", "limit")

    def __init__(self, limit: int = START) -> None:
        self.limit = limit
        self._best = inf
        self._halved = -inf
        self._begin(0.0)

    def landed(self, took: float, inside: int, now: Instant) -> None:
        """A call was answered after so many seconds; `inside` were under way, itself included."""
        self._calls += 1
        self._seconds += took
        if inside >= self.limit:
            self._full = True
        if now >= self._ends or now < self._ends - WINDOW:
            self._judge(now)

    def refused(self, now: Instant) -> None:
        """The system refused for the rate. Those that were under way together count once."""
        if not 0.0 <= now - self._halved < WINDOW:
            self.limit = max(1, self.limit // 2)
            self._halved = now
            self._begin(now)

    def _judge(self, now: Instant) -> None:
        if self._calls >= FEW:
            mean = self._seconds / self._calls
            best, self._best = self._best, min(mean, self._best * _AGES)
            if mean > SLOW and mean > TWICE * best:
                self.limit = max(1, self.limit // 2)
            elif self._full:
                self.limit = min(MOST, self.limit + 1)
        self._begin(now)

    def _begin(self, now: Instant) -> None:
        self._calls = 0
        self._seconds = 0.0
        self._full = False
        self._ends = now + WINDOW
