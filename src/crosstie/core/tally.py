"""Figures of a stretch of time: what was settled, what failed and why, and how long it took.

Two stretches add up to one, so a minute can become part of an hour, and hours part of a month.
"""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from crosstie.core.values import Instant

BOUNDS = tuple(round(10.0 ** (power / 6), 6) for power in range(-18, 31))
"""Seconds, from a millisecond to over a day; each is half as long again as the one before."""

MOST_CAUSES = 20
"""Causes that are told apart in one stretch; what fails of others counts as `OTHER`."""
OTHER = "other"


class Spread(msgspec.Struct, omit_defaults=True):
    """How lengths of time are spread, as counts between `BOUNDS`."""

    counts: dict[int, int] = msgspec.field(default_factory=dict)
    """Place in `BOUNDS` -> how many lasted no longer, and longer than the bound before."""
    most: float = 0.0
    """The longest, in seconds."""

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    def add(self, seconds: float) -> None:
        """One more. What a clock that was set back makes negative counts as no time."""
        seconds = max(0.0, seconds)
        place = min(bisect_left(BOUNDS, seconds), len(BOUNDS))
        self.counts[place] = self.counts.get(place, 0) + 1
        self.most = max(self.most, seconds)

    def take_in(self, other: Spread) -> None:
        """Add those of another stretch."""
        for place, number in other.counts.items():
            self.counts[place] = self.counts.get(place, 0) + number
        self.most = max(self.most, other.most)

    def at(self, share: float) -> float | None:
        """Seconds that this share of them (0..1) took at most; None where there are none.

        As exact as the bounds are: between two of them they are taken to be spread evenly.
        """
        wanted, before = share * self.total, 0
        for place, number in sorted(self.counts.items()):
            if before + number >= wanted:
                low, high = (0.0, *BOUNDS, max(self.most, BOUNDS[-1]))[place : place + 2]
                return float(min(low + (high - low) * (wanted - before) / number, self.most))
            before += number
        return None


class Tally(msgspec.Struct, omit_defaults=True):
    """What happened to a sync, or the calls of an account, in one stretch of time."""

    settled: int = 0
    """Links brought into step, or found to be; calls that were answered well."""
    failed: int = 0
    """Tries that came to nothing; calls that were not."""
    dead: int = 0
    """Those of them that were the last try."""
    took: Spread = msgspec.field(default_factory=Spread)
    """Seconds from when a link was due to when it was settled; of calls, until their answer."""
    causes: dict[str, int] = msgspec.field(default_factory=dict)
    """Fingerprint and error code of what failed -> how often."""
    due: int = 0
    """Links that were due at the end of it."""
    oldest: Instant | None = None
    """Since when the longest due of them had been, then."""

    def blame(self, cause: str, number: int = 1) -> None:
        """So many tries more failed of that."""
        known = cause in self.causes or len(self.causes) < MOST_CAUSES
        name = cause if known else OTHER
        self.causes[name] = self.causes.get(name, 0) + number

    def take_in(self, later: Tally) -> None:
        """Add a later stretch; what is due at the end is due at the end of that."""
        self.settled += later.settled
        self.failed += later.failed
        self.dead += later.dead
        self.took.take_in(later.took)
        for cause, number in later.causes.items():
            self.blame(cause, number)
        self.due, self.oldest = later.due, later.oldest

    @property
    def tries(self) -> int:
        """Settlings or calls, however they ended."""
        return self.settled + self.failed

    @property
    def success(self) -> float | None:
        """The share of tries that succeeded; None without any."""
        return self.settled / self.tries if self.tries else None


def total(tallies: list[Tally]) -> Tally:
    """Stretches, the oldest first, as one."""
    whole = Tally()
    for each in tallies:
        whole.take_in(each)
    return whole
