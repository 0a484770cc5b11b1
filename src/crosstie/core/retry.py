"""When to try again: a few times soon, then ever more rarely, then never.

What fails in the same way time after time, while others do not, is given up sooner: `alike`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits between the attempts for one record, in seconds.

    | tries made | wait before the next one                                    |
    |------------|-------------------------------------------------------------|
    | 1 .. soon  | full jitter: anything from 0 to `first` * 2 ** (tries - 1)  |
    | then       | the next of `later`, a quarter less or more                 |
    | after that | none: the link is a dead letter                             |

    Full jitter, because callers that failed together would otherwise come back together.
    """

    soon: int = 3
    first: float = 1.0
    most: float = 60.0
    """No soon wait is longer."""
    later: tuple[float, ...] = (5.0, 30.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0)

    alike: int = 5
    """Tries that may fail in the same way, while others do not, before a link is a dead letter."""

    @property
    def attempts(self) -> int:
        """Tries that are made before a link is a dead letter."""
        return self.soon + len(self.later) + 1

    def delay(self, attempt: int, dice: float, after: float | None = None) -> float | None:
        """Seconds to wait before try number `attempt` + 1, or None when it is time to give up.

        attempt: tries made so far, from 1.  dice: a draw from [0, 1).  after: what the other
        side asked for; never less is waited.
        """
        if attempt <= self.soon:
            wait = min(self.most, self.first * 2.0 ** (attempt - 1)) * dice
        elif attempt < self.attempts:
            wait = self.later[attempt - self.soon - 1] * (0.75 + dice / 2)
        else:
            return None
        return wait if after is None else max(after, wait)


SCHEDULE = Schedule()


def delay(attempt: int, dice: float, after: float | None = None) -> float | None:
    """`Schedule.delay` with the defaults."""
    return SCHEDULE.delay(attempt, dice, after)
