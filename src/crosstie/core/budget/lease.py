"""What of a budget outlives the process.

Calls are counted in the state before they are made, a handful at a time: a lease. So a process that
dies has counted too many calls and never too few, by one lease at most, and several processes may
count side by side. A process that ends in order gives back what it did not use.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from crosstie.core.budget.meters import PARTS
from crosstie.core.budget.values import LONG, Counted, State
from crosstie.core.values import Instant

MOST = 100
"""Calls of one lease at most."""
_PART = 100
"""A lease is at most one of so many parts of the tightest long window."""


class Lease:
    """Calls that the state counts already. An account without long windows needs none."""

    __slots__ = ("_given", "left", "made", "until")

    def __init__(self) -> None:
        self.left = 0
        """Calls that may still be made with it."""
        self.until = 0.0
        """When it ends: its calls were counted for the time before."""
        self.made = 0
        """Calls that this process made."""
        self._given: tuple[Counted, ...] = ()

    def renew(self, state: State, now: Instant) -> Sequence[Counted]:
        """What has to be counted in the state before the next call.

        state: of the budget, for its windows. Nothing, and a lease without end, where no window is
        long.
        """
        back = self.give_back()
        windows = [level for level in state.windows if level.seconds >= LONG]
        if not windows:
            self.left, self.until = 1 << 60, float("inf")
            return ()
        calls = max(1, min(MOST, min(level.limit for level in windows) // _PART))
        given = []
        ends = []
        for level in windows:
            part = level.seconds / PARTS
            begins = floor(now / part) * part
            given.append(Counted(level.seconds, begins, calls, level.limit))
            ends.append(begins + part)
        self.left, self.until, self._given = calls, min(ends), tuple(given)
        return _sum([*back, *given])

    def close(self, state: State, now: Instant) -> Sequence[Counted]:
        """What has to be counted at the end: the rest is given back, and short windows are told.

        A process that is started at once then knows what is in them. Told are calls of our own:
        those of others were told by them, or by the system. Nothing where no call was made.
        """
        if not self.until:
            return ()
        short = [
            Counted(level.seconds, now, min(level.used, self.made), level.limit)
            for level in state.windows
            if level.seconds < LONG and level.used and self.made
        ]
        return [*self.give_back(), *short]

    def forget(self) -> None:
        """What `renew` asked for could not be counted."""
        self.left, self._given = 0, ()

    def give_back(self) -> Sequence[Counted]:
        """Take back what was counted and not used."""
        unused, given = self.left, self._given
        self.left, self._given = 0, ()
        if not unused:
            return ()
        return [Counted(each.seconds, each.part, -unused, each.most) for each in given]


def _sum(counted: Sequence[Counted]) -> list[Counted]:
    """One entry for each part of a window; none where nothing is left to count."""
    calls: dict[tuple[float, Instant], int] = {}
    most: dict[tuple[float, Instant], int] = {}
    for each in counted:
        key = each.seconds, each.part
        calls[key] = calls.get(key, 0) + each.calls
        most[key] = each.most
    return [Counted(*key, number, most[key]) for key, number in calls.items() if number]
