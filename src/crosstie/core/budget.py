"""The rate budget of one account: all its windows at once, corrected by what the system says.

A bucket that refills would let nearly twice the limit into one window, so short windows are logs
of the moments of calls. A log of a day would hold 200,000 moments, so long windows are counts of
quarter hours (of a hundredth of the window, to be exact). Both are strict: in no stretch of a
window's length, wherever it begins, are there more calls than the limit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import floor
from typing import Protocol

from crosstie.core.values import Instant

RESERVE = 0.2
"""The part of every window that only live changes may use."""
SLACK = 0.25
"""Seconds by which windows are longer here than at the system: calls take unequal time on their
way, so two that leave ten seconds apart may arrive a little closer together."""
LONG = 3_600.0
"""Windows of at least this many seconds are counted instead of logged."""
_PARTS = 96
_SHORTEST_WAIT = 0.001
"""Below the resolution of a clock a waiter would never see that time has passed."""
_STEP_BACK = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` calls in any `seconds` seconds."""

    seconds: float
    calls: int


@dataclass(frozen=True, slots=True)
class Learned:
    """What an answer said about one window of the budget."""

    seconds: float
    limit: int | None = None
    remaining: int | None = None


class Urgency(Enum):
    """Whether somebody waits for the call."""

    LIVE = "live"
    BACKFILL = "backfill"
    """Complete listings and first matches: they leave the reserve alone."""


@dataclass(frozen=True, slots=True)
class Level:
    """How one window stands."""

    seconds: float
    limit: int
    used: int
    """Our own calls and, where the system told of them, those of others."""

    @property
    def remaining(self) -> int:
        """Calls that are left."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class State:
    """How a budget stands, for display."""

    windows: tuple[Level, ...]
    paused_until: Instant | None


class Budget:
    """Books calls. Pure: the time is passed in, and goes forward (a step back is followed)."""

    __slots__ = ("_latest", "_meters", "_paused", "_share")

    def __init__(
        self, windows: Sequence[Window], *, reserve: float = RESERVE, slack: float = SLACK
    ) -> None:
        self._meters = tuple(
            (_Count if window.seconds >= LONG else _Log)(window, slack) for window in windows
        )
        self._share = 1.0 - reserve
        self._paused = 0.0
        self._latest = 0.0

    def ask(self, now: Instant, urgency: Urgency = Urgency.LIVE) -> float:
        """0.0, and the call is booked; or the seconds to wait before asking again."""
        if now < self._paused:
            return max(self._paused - now, _SHORTEST_WAIT)
        if now < self._latest - _STEP_BACK:
            self._follow(now)
        self._latest = now
        share = 1.0 if urgency is Urgency.LIVE else self._share
        meters = self._meters
        for meter in meters:
            if meter.used(now) >= (int(meter.limit * share) or 1):
                return max(*(m.wait(now, share) for m in meters), _SHORTEST_WAIT)
        for meter in meters:
            meter.book(now)
        return 0.0

    def learn(self, learned: Iterable[Learned], now: Instant) -> None:
        """Correct limits, and take account of calls that others made. Unknown windows are skipped.

        What a system says of the limit is obeyed, be it lower or higher than documented. What it
        says of the rest can only make us more careful: our own calls are never forgotten.
        """
        for told in learned:
            for meter in self._meters:
                if meter.seconds == told.seconds:
                    meter.learn(told, now)

    def pause(self, until: Instant) -> None:
        """Let nothing through until then. An earlier moment than known changes nothing."""
        self._paused = max(self._paused, until)

    def state(self, now: Instant) -> State:
        """How it stands now."""
        levels = tuple(Level(m.seconds, m.limit, m.used(now)) for m in self._meters)
        return State(levels, self._paused if self._paused > now else None)

    def _follow(self, now: Instant) -> None:
        """The clock was set back: what was booked is as long ago as before."""
        for meter in self._meters:
            meter.shift(now - self._latest)
        self._paused = 0.0


class _Meter(Protocol):
    """One window."""

    seconds: float
    limit: int

    def used(self, now: Instant) -> int: ...
    def book(self, now: Instant) -> None: ...
    def wait(self, now: Instant, share: float) -> float: ...
    def learn(self, told: Learned, now: Instant) -> None: ...
    def shift(self, by: float) -> None: ...


class _Others:
    """Calls that the system counted and we did not make, until they no longer matter."""

    __slots__ = ("limit", "others", "seconds", "until")

    def __init__(self, window: Window) -> None:
        self.seconds = window.seconds
        self.limit = max(1, window.calls)
        self.others = 0
        self.until = 0.0

    def correct(self, told: Learned, own: int, until: Instant) -> None:
        if told.limit is not None and told.limit > 0:
            self.limit = told.limit
        if told.remaining is not None:
            self.others = max(0, self.limit - told.remaining - own)
            self.until = until

    def room(self, share: float) -> int:
        """Calls of our own that may be in the window at once."""
        return (int(self.limit * share) or 1) - self.others


class _Log(_Others):
    __slots__ = ("_moments", "_span")

    def __init__(self, window: Window, slack: float) -> None:
        super().__init__(window)
        self._span = window.seconds + slack
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

    def book(self, now: Instant) -> None:
        self._moments.append(now)

    def wait(self, now: Instant, share: float) -> float:
        used, room = self.used(now) - self.others, self.room(share)
        if used < room:
            return 0.0
        if room <= 0:
            return self.until - now
        # As many have to leave the window as make room for one more.
        leave = self._moments[used - room] + self._span
        return (min(leave, self.until) if self.others else leave) - now

    def learn(self, told: Learned, now: Instant) -> None:
        own = self.used(now) - self.others
        self.correct(told, own, now + self._span)

    def shift(self, by: float) -> None:
        self._moments = deque(moment + by for moment in self._moments)
        self.until += by


class _Count(_Others):
    __slots__ = ("_newest", "_own", "_part", "_parts", "_span")

    def __init__(self, window: Window, slack: float) -> None:
        super().__init__(window)
        self._part = window.seconds / _PARTS
        self._span = window.seconds + slack
        self._parts: deque[list[float]] = deque()
        """[moment of its first call, calls], oldest first."""
        self._newest: list[float] | None = None
        self._own = 0

    def used(self, now: Instant) -> int:
        parts = self._parts
        # A part counts until its last possible call has left the window.
        while parts and parts[0][0] + self._part + self._span <= now:
            self._own -= int(parts.popleft()[1])
        if self.others and now >= self.until:
            self.others = 0
        return self._own + self.others

    def book(self, now: Instant) -> None:
        newest = self._newest
        if newest is None or now >= newest[0] + self._part:
            newest = self._newest = [now, 0]
            self._parts.append(newest)
        newest[1] += 1
        self._own += 1

    def wait(self, now: Instant, share: float) -> float:
        used, room = self.used(now) - self.others, self.room(share)
        if used < room:
            return 0.0
        if room <= 0:
            return self.until - now
        for first, calls in self._parts:
            used -= int(calls)
            if used < room:
                leave = first + self._part + self._span
                return (min(leave, self.until) if self.others else leave) - now
        return self.seconds

    def learn(self, told: Learned, now: Instant) -> None:
        # Systems count by calendar windows, most in UTC: what others did is forgotten then.
        self.used(now)
        self.correct(told, self._own, (floor(now / self.seconds) + 1) * self.seconds)

    def shift(self, by: float) -> None:
        for part in self._parts:
            part[0] += by
        self.until += by
