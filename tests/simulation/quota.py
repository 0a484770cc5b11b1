"""A day of five times the demand that a system allows, on virtual time: `python .../quota.py`.

A server counts strictly, in both ways in which systems count: in every stretch of a window's
length, and by the calendar. Calls take unequal time on their way to it, so they arrive in another
order and closer together than they left. Backfill wants more than there is, all day; live changes
come at random, alone and in bursts. Nothing is told in headers: the budget has to know by itself.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import floor

from crosstie.core.budget import DAY, HOUR, MINUTE, Budget, Urgency, Window

MIDNIGHT = 1_767_225_600.0
WORKERS = 8
"""Backfill calls that wait for their turn at the same time."""
DEMAND = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One system, and how its day goes."""

    name: str
    windows: tuple[Window, ...]
    live: float
    """The part of the quota that live changes come to."""
    travel: float = 0.2
    """Seconds that a call takes to arrive, at most."""
    seconds: float = DAY

    @property
    def quota(self) -> float:
        """Calls that the tightest window allows in all that time."""
        return min(w.calls * max(1.0, self.seconds / w.seconds) for w in self.windows)


GHL = Plan("GoHighLevel", (Window(10.0, 100), Window(DAY, 200_000)), live=0.10)
GUESTY = Plan("Guesty", (Window(1.0, 15), Window(MINUTE, 120), Window(HOUR, 5_000)), live=0.10)


class Server:
    """Counts arrivals in every window, sliding and by the calendar; refuses what is too much."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = [(w, deque[float](), [0.0, 0]) for w in windows]
        self.taken = 0
        self.refused = 0

    def take(self, at: float) -> None:
        """One call arrives. Arrivals are told in their order."""
        fits = True
        for window, log, calendar in self._windows:
            while log and log[0] <= at - window.seconds:
                log.popleft()
            turn = floor(at / window.seconds)
            if turn != calendar[0]:
                calendar[:] = turn, 0
            fits = fits and len(log) < window.calls and calendar[1] < window.calls
        if not fits:
            self.refused += 1
            return
        self.taken += 1
        for _, log, calendar in self._windows:
            log.append(at)
            calendar[1] += 1


@dataclass(slots=True)
class Day:
    """What came of it."""

    plan: Plan
    taken: int = 0
    refused: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds that each live change waited until it was sent."""

    @property
    def used(self) -> float:
        """The part of the quota that was used."""
        return self.taken / self.plan.quota

    @property
    def p99(self) -> float:
        """Ninety-nine of a hundred live changes were sent within so many seconds."""
        return sorted(self.waits)[int(len(self.waits) * 0.99)]

    @property
    def line(self) -> str:
        """All of it, to be read."""
        return (
            f"{self.plan.name:12} 429s {self.refused}, quota used {self.used:.2%} "
            f"({self.taken:,} of {self.plan.quota:,.0f}), live changes {len(self.waits):,}: "
            f"p99 {self.p99:.2f} s, worst {max(self.waits):.2f} s"
        )


def live_changes(plan: Plan, dice: random.Random) -> Iterator[float]:
    """When live changes want their call: half of them alone, half in bursts of ten."""
    at, events = MIDNIGHT, plan.quota * plan.live / 5.5
    while (at := at + dice.expovariate(events / plan.seconds)) < MIDNIGHT + plan.seconds:
        yield from [at] * (10 if dice.random() < 0.5 else 1)


def play(plan: Plan, seed: int = 1) -> Day:
    """Live through it."""
    dice = random.Random(seed)
    budget, server, day = Budget(plan.windows), Server(plan.windows), Day(plan)
    arrivals: list[float] = []
    end = MIDNIGHT + plan.seconds
    # (when, number, since when it waits; backfill has no such moment)
    asking: list[tuple[float, int, float | None]] = [
        (at, number, at) for number, at in enumerate(live_changes(plan, dice))
    ]
    want = plan.quota * (DEMAND - plan.live)
    asking += [(MIDNIGHT, -1 - number, None) for number in range(WORKERS)]
    heapq.heapify(asking)
    while asking:
        now, number, since = heapq.heappop(asking)
        if now >= end:
            break
        wait = budget.ask(now, Urgency.BACKFILL if since is None else Urgency.LIVE)
        if wait:
            heapq.heappush(asking, (now + wait, number, since))
            continue
        heapq.heappush(arrivals, now + dice.random() * plan.travel)
        while arrivals and arrivals[0] < now:
            server.take(heapq.heappop(arrivals))
        if since is not None:
            day.waits.append(now - since)
        elif (want := want - 1) > 0:
            heapq.heappush(asking, (now + dice.random() * plan.travel, number, None))
    while arrivals:
        server.take(heapq.heappop(arrivals))
    day.taken, day.refused = server.taken, server.refused
    return day


if __name__ == "__main__":
    for each in (GHL, GUESTY):
        sys.stdout.write(play(each).line + "\n")
