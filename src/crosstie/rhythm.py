"""How often a running engine looks: every so many seconds, or when a cron line says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TypeAlias

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Side

When: TypeAlias = float | str
"""Seconds between two turns, or a cron line in UTC, e.g. `*/15 6-20 * * mon-fri`."""

JITTER = 30.0
"""Seconds by which a turn of a cron line may come later, so that not all come at the full hour."""
_WEEK, _TURNS = 8 * 86_400.0, 13
"""So long, and so many turns, are looked through for the longest pause between two."""
_MONDAY = 1_767_571_200.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a running engine looks: in seconds, or by cron lines, in UTC.

    An engine that starts looks at both sides at once. One turn of a sync never overlaps another: a
    turn that comes round while the engine is busy with the one before is made up for once, as soon
    as it is done, however many were missed. A complete scan that was missed while no engine ran is
    made up for once at the start. Turns of a cron line come up to half a minute late, by chance.
    """

    left: When = 1.0
    right: When = 30.0
    reconcile: When = 3_600.0
    """A complete scan of both sides: how deletions are found that no feed tells of.

    What it finds missing is looked for once more a minute later, and gone if it is missing still.
    """

    def __post_init__(self) -> None:
        for option in ("left", "right", "reconcile"):
            when = getattr(self, option)
            if isinstance(when, str):
                _check(option, when)

    def of(self, side: Side) -> When:
        """When that side is looked at."""
        return self.left if side is Side.LEFT else self.right

    @property
    def patience(self) -> float:
        """Seconds between two complete scans, at most, as a rule."""
        return _longest(self.reconcile) if isinstance(self.reconcile, str) else self.reconcile


def following(when: When, at: Instant) -> Instant:
    """The first turn after that moment."""
    if not isinstance(when, str):
        return at + when
    from cronsim import CronSim

    return next(CronSim(when, datetime.fromtimestamp(at, UTC))).timestamp()


@cache
def _longest(line: str) -> float:
    longest, at, turns = 0.0, _MONDAY, 0
    while at < _MONDAY + _WEEK or turns < _TURNS:
        at, before, turns = following(line, at), at, turns + 1
        longest = max(longest, at - before)
    return longest


def _check(option: str, line: str) -> None:
    # Imported where a line is used: most declarations have none.
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, datetime.fromtimestamp(_MONDAY, UTC)))
    except (CronSimError, StopIteration):
        raise Misconfigured(
            f"the rhythm {option}={line!r} is no cron line that ever comes round",
            fix="write minute, hour, day, month and weekday, e.g. `*/15 6-20 * * mon-fri`,"
            " or seconds",
        ) from None
