"""The words of a rate budget: windows, what answers say of them, how they stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from crosstie.core.values import Instant

MINUTE = 60.0
HOUR = 3_600.0
DAY = 86_400.0
MONTH = 31 * DAY
"""The longest month: what keeps within this keeps within every calendar month."""

RESERVE = 0.2
"""The part of every window that only live changes may use."""
FLOOR = 0.01
"""The part of a long window that is never lent to backfill, however little is left of it."""
SLACK = 0.25
"""Seconds by which windows are longer here than at the system: calls take unequal time on their
way, so two that leave ten seconds apart may arrive a little closer together."""
COSTLY = 0.05
"""The part of the quota that slack may cost at most."""
LONG = HOUR
"""Windows of at least this many seconds are counted instead of logged, and outlive the process."""


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
    """Complete listings: they leave the reserve alone."""


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


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls of one stretch of time, as the state keeps them for one window."""

    seconds: float
    """Length of the window."""
    part: Instant
    """When the stretch began."""
    calls: int
    """How many; less than none takes back what was counted too much."""
    most: int
    """The limit of the window, as last known."""
