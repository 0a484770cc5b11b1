"""When an account that does not answer is left alone, and when it is tried again.

| state  | calls                          | becomes                                                |
|--------|--------------------------------|--------------------------------------------------------|
| closed | all                            | open: half of 20 calls in 30 s failed, or 5 in a row   |
|        |                                | had no answer at all                                   |
| open   | one every 15 to 30 s, a probe  | half open after a good one                             |
| half   | one after the other            | closed after 3 good ones, open after a bad one         |

A failure is what says that the system is unwell: no answer, 5xx, nonsense. A refusal that the
record or the token is at fault for, and one for the rate, is an answer like any other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from crosstie.core.values import Instant

SHARE = 0.5
CALLS = 20
SPAN = 30.0
"""Open when that share of at least so many calls failed in so many seconds."""
SILENT = 5
"""Open when so many calls in a row had no answer at all."""
PROBE = 15.0
"""Seconds between two probes at least, and twice that at most."""
GOOD = 3
"""Good probes that close it again."""
LONGEST = 60.0
"""Seconds after which a probe that nobody told the end of is given up."""
_PART = SPAN / 6


class Outcome(Enum):
    """What a call says of the system."""

    GOOD = "good"
    """It answered, with whatever a system in good health may say."""
    BAD = "bad"
    """It answered that it is unwell, or with nonsense."""
    SILENT = "silent"
    """It did not answer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Why and since when an account is left alone, and when it is tried next."""

    reason: str
    since: Instant
    probe_at: Instant


class Breaker:
    """The breaker of one account. Pure: time and chance are passed in."""

    __slots__ = (
        "_bad",
        "_calls",
        "_ends",
        "_good",
        "_latest",
        "_opened",
        "_parts",
        "_probing",
        "_silent",
        "closed",
    )

    def __init__(self, opened: Opened | None = None) -> None:
        """opened: how an earlier process left it."""
        self.closed = opened is None
        """Nothing has to be asked."""
        self._opened = opened
        self._probing = 0.0
        """Until when a probe may be under way; 0.0 when none is."""
        self._good = 0
        self._silent = 0
        self._clear()

    @property
    def opened(self) -> Opened | None:
        """Why it is open; None when it is closed."""
        return self._opened

    @property
    def half(self) -> bool:
        """A probe was answered well: it is worth waiting for the next."""
        return self._good > 0

    @property
    def probing(self) -> bool:
        """A probe is under way, as far as anybody told."""
        return self._probing > 0.0

    def wait(self, now: Instant) -> float:
        """Seconds until a call may be made; 0.0: now. While a probe is under way, until it ends."""
        if self._opened is None:
            return 0.0
        if self._probing > now:
            return self._probing - now
        # A probe further away than any is from a clock that was set back.
        wait = self._opened.probe_at - now
        return wait if 0.0 < wait <= 2 * PROBE else 0.0

    def begin(self, now: Instant) -> None:
        """A call is made. While it is open this is a probe, and the next has to wait."""
        if self._opened is not None:
            self._probing = now + LONGEST

    def told(
        self,
        outcome: Outcome,
        begun: Instant,
        now: Instant,
        dice: Callable[[], float],
        reason: str = "",
    ) -> bool:
        """What became of a call that began then. True when it opened or closed, or stays open.

        dice: draws from [0, 1).  reason: what a person reads if it opens.
        """
        if self._opened is not None:
            # One that left before it opened says nothing about now.
            return begun >= self._opened.since and self._probed(outcome, now, dice, reason)
        if outcome is Outcome.GOOD:
            self._silent = 0
            if now >= self._ends or now < self._latest:
                self._roll(now)
            self._parts[-1][1] += 1
            self._calls += 1
            return False
        self._silent = self._silent + 1 if outcome is Outcome.SILENT else 0
        if now >= self._ends or now < self._latest:
            self._roll(now)
        self._parts[-1][1] += 1
        self._parts[-1][2] += 1
        self._calls += 1
        self._bad += 1
        many = self._calls >= CALLS and self._bad >= SHARE * self._calls
        if many or self._silent >= SILENT:
            self._open(now, now, dice, reason)
            return True
        return False

    def forget(self, begun: Instant) -> None:
        """A call ended without saying anything of the system: it was cancelled."""
        if self._opened is not None and begun >= self._opened.since:
            self._probing = 0.0

    def _probed(
        self, outcome: Outcome, now: Instant, dice: Callable[[], float], reason: str
    ) -> bool:
        assert self._opened is not None
        self._probing = 0.0
        if outcome is not Outcome.GOOD:
            self._open(self._opened.since, now, dice, reason)
            return True
        self._good += 1
        if self._good < GOOD:
            self._opened = Opened(self._opened.reason, self._opened.since, now)
            return False
        self.closed, self._opened = True, None
        self._good = self._silent = 0
        self._clear()
        return True

    def _open(self, since: Instant, now: Instant, dice: Callable[[], float], reason: str) -> None:
        self.closed = False
        self._good = 0
        self._opened = Opened(reason, since, now + PROBE * (1.0 + dice()))

    def _clear(self) -> None:
        self._parts: deque[list[float]] = deque()
        self._ends = 0.0
        self._latest = 0.0
        self._calls = self._bad = 0

    def _roll(self, now: Instant) -> None:
        """Begin a new part of the last half minute, and forget the parts before it."""
        if now < self._latest:
            self._clear()
        while self._parts and self._parts[0][0] + SPAN <= now:
            _, calls, bad = self._parts.popleft()
            self._calls -= int(calls)
            self._bad -= int(bad)
        self._parts.append([now, 0, 0])
        self._latest = now
        self._ends = now + _PART
