"""One window of a budget: how full it is, and when there is room again.

A bucket that refills would let nearly twice the limit into one window, so short windows are logs
of the moments of calls. A log of a day would hold 200,000 moments, so long windows count calls by
parts of a hundredth of the window. Both are strict: in no stretch of a window's length, wherever it
begins, are there more calls than the limit.

Backfill leaves a reserve to live changes. In a short window it is a fixed share. In a long one the
reserve is what live changes may need until calls leave the window: the share is spread evenly over
the window, so the less time is left until then, the more of it is lent to backfill, but for
`FLOOR`. Live changes that come no faster than their share find room at any time, and what they do
not use is not lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import repeat
from math import floor
from typing import Protocol

from crosstie.core.budget.values import FLOOR, Counted, Learned, Window
from crosstie.core.values import Instant

PARTS = 96


class Meter(Protocol):
    """One window. `used` is asked before anything else at a moment: it forgets what has left."""

    seconds: float
    limit: int

    def used(self, now: Instant) -> int:
        """Calls in the window."""
        ...

    def lent(self, now: Instant) -> int:
        """How full the window may be for backfill to go on."""
        ...

    def book(self, now: Instant) -> None:
        """One call more."""
        ...

    def wait(self, now: Instant, *, live: bool) -> float:
        """Seconds until there is room for one more; 0.0 if there is."""
        ...

    def learn(self, told: Learned, now: Instant) -> None:
        """Take in what the system says."""
        ...

    def shift(self, by: float) -> None:
        """The clock was set: all that was booked moves with it."""
        ...

    def load(self, kept: Iterable[Counted], now: Instant) -> None:
        """Calls that an earlier process made."""
        ...


class _Others:
    """Calls that the system counted and we did not make, until they no longer matter."""

    __slots__ = ("_reserve", "_span", "limit", "others", "seconds", "until")

    def __init__(self, window: Window, slack: float, reserve: float) -> None:
        self.seconds = window.seconds
        self.limit = max(1, window.calls)
        self.others = 0
        self.until = 0.0
        self._span = window.seconds + slack
        self._reserve = reserve

    def _correct(self, told: Learned, own: int, until: Instant) -> None:
        if told.limit is not None and told.limit > 0:
            self.limit = told.limit
        if told.remaining is not None:
            self.others = max(0, self.limit - told.remaining - own)
            self.until = until

    def _sooner(self, leave: Instant) -> Instant:
        """That moment, or the earlier one at which the calls of others stop to matter."""
        return min(leave, self.until) if self.others else leave


class Log(_Others):
    """A short window: every moment is remembered."""

    __slots__ = ("_moments",)

    def __init__(self, window: Window, slack: float, reserve: float) -> None:
        super().__init__(window, slack, reserve)
        self._moments: deque[float] = deque()

    def used(self, now: Instant) -> int:
        moments = self._moments
        gone = now - self._span
        while moments and moments[0] <= gone:
            moments.popleft()
        if not self.others:
            return len(moments)
        if now >= self.until:
            self.others = 0
        return len(moments) + self.others

    def lent(self, now: Instant) -> int:
        return int(self.limit * (1.0 - self._reserve)) or 1

    def book(self, now: Instant) -> None:
        self._moments.append(now)

    def wait(self, now: Instant, *, live: bool) -> float:
        used = self.used(now) - self.others
        room = (self.limit if live else self.lent(now)) - self.others
        if used < room:
            return 0.0
        if room <= 0:
            return self.until - now
        # As many have to leave the window as make room for one more.
        return self._sooner(self._moments[used - room] + self._span) - now

    def learn(self, told: Learned, now: Instant) -> None:
        own = self.used(now) - self.others
        self._correct(told, own, now + self._span)

    def shift(self, by: float) -> None:
        self._moments = deque(moment + by for moment in self._moments)
        self.until += by

    def load(self, kept: Iterable[Counted], now: Instant) -> None:
        found = sorted((min(each.part, now), each.calls) for each in kept)
        for moment, calls in found:
            self._moments.extend(repeat(moment, max(0, calls)))


class Count(_Others):
    """A long window: calls are counted by parts, which lie on a grid that all processes share."""

    __slots__ = ("_begins", "_own", "_part", "_parts", "_peak")

    def __init__(self, window: Window, slack: float, reserve: float) -> None:
        super().__init__(window, slack, reserve)
        self._part = window.seconds / PARTS
        self._parts: deque[list[float]] = deque()
        """[where the part begins, calls], oldest first."""
        self._begins = 0.0
        """When the next part begins."""
        self._own = 0
        self._peak: float | None = None
        """See `_worst`; None when it has to be found anew."""

    def used(self, now: Instant) -> int:
        parts = self._parts
        # A part counts until its last possible call has left the window.
        while parts and self._leaves(parts[0]) <= now:
            self._own -= int(parts.popleft()[1])
            self._peak = None
        if self.others and now >= self.until:
            self.others = 0
            self._peak = None
        return self._own + self.others

    def lent(self, now: Instant) -> int:
        if not self._reserve:
            return self.limit
        if self._peak is None:
            self._peak = self._worst()[0]
        kept = max(self.limit * FLOOR, self._peak - self._own - self._rate * now)
        return max(1, int(self.limit - kept))

    def book(self, now: Instant) -> None:
        if now >= self._begins or not self._parts:
            self._open(now)
        self._parts[-1][1] += 1
        self._own += 1
        if self._peak is not None:
            self._peak += 1.0

    def wait(self, now: Instant, *, live: bool) -> float:
        used = self.used(now)
        if used < (self.limit if live else self.lent(now)):
            return 0.0
        room = self.limit if live or not self._reserve else int(self.limit - self.limit * FLOOR)
        owed = [0.0] * len(self._parts) if room == self.limit else self._worst()[1]
        begins = now
        for part, worst in zip(self._parts, owed, strict=True):
            # When what is left for live changes until this part leaves is enough again.
            enough = (worst + self.others + 1 - self.limit) / self._rate if worst else now
            leaves = self._leaves(part)
            if used < max(1, room) and enough < leaves:
                return self._sooner(max(begins, enough)) - now
            used -= int(part[1])
            begins = leaves
        if used >= max(1, room):
            return self.until - now
        return self._sooner(begins) - now

    def learn(self, told: Learned, now: Instant) -> None:
        # Systems count by calendar windows, most in UTC: what others did is forgotten then.
        self.used(now)
        self._correct(told, self._own, (floor(now / self.seconds) + 1) * self.seconds)
        self._peak = None

    def shift(self, by: float) -> None:
        for part in self._parts:
            part[0] += by
        self._begins += by
        self.until += by
        self._peak = None

    def load(self, kept: Iterable[Counted], now: Instant) -> None:
        for each in sorted(kept, key=lambda one: one.part):
            # A part of the future, from a clock that was set back, counts as one of now.
            self._parts.append([min(each.part, now), float(max(0, each.calls))])
            self._own += max(0, each.calls)
        self._begins = 0.0
        self._peak = None

    @property
    def _rate(self) -> float:
        """Calls a second that live changes may make of their reserve."""
        return self.limit * self._reserve / self.seconds

    def _leaves(self, part: list[float]) -> Instant:
        return part[0] + self._part + self._span

    def _open(self, now: Instant) -> None:
        begins = floor(now / self._part) * self._part
        self._begins = begins + self._part
        self._parts.append([begins, 0])
        self._peak = None

    def _worst(self) -> tuple[float, list[float]]:
        """The most that is in the window at any time if live changes use their reserve.

        Just before a part leaves, it and all after it are in the window, and live changes may
        have used their rate until then. Comes as calls + rate * moment, so that it stays true as
        time passes; then, for each part, the same when all before it have left.
        """
        out: list[float] = []
        calls, worst, rate = 0.0, 0.0, self._rate
        others, gone = (self.until, self.others) if self.others else (0.0, 0)
        for part in reversed(self._parts):
            leaves = self._leaves(part)
            if leaves <= others:
                worst, others, gone = max(worst, calls + rate * others), 0.0, 0
            calls += part[1]
            worst = max(worst, calls - gone + rate * leaves)
            out.append(worst)
        if others:
            worst = max(worst, calls + rate * others)
        return worst, out[::-1]
