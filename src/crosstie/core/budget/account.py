"""All windows of an account at once: may a call be made now, and if not, when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crosstie.core.budget.meters import Count, Log, Meter
from crosstie.core.budget.values import (
    COSTLY,
    LONG,
    RESERVE,
    SLACK,
    Counted,
    Learned,
    Level,
    State,
    Urgency,
    Window,
)
from crosstie.core.values import Instant

_SHORTEST_WAIT = 0.001
"""Below the resolution of a clock a waiter would never see that time has passed."""
_STEP_BACK = 1.0


class Budget:
    """Books calls. Pure: the time is passed in, and goes forward (a step back is followed)."""

    __slots__ = ("_calm", "_latest", "_meters", "_next", "_paused")

    def __init__(
        self, windows: Sequence[Window], *, reserve: float = RESERVE, slack: float = SLACK
    ) -> None:
        quota = min((w.calls / w.seconds for w in windows), default=0.0)
        self._meters: tuple[Meter, ...] = tuple(
            (Count if window.seconds >= LONG else Log)(
                window, _slack(window, quota, slack), reserve
            )
            for window in windows
        )
        self._paused = 0.0
        self._calm = 0.0
        """Until then calls are spread evenly."""
        self._next = 0.0
        """When the next of them may go."""
        self._latest = 0.0

    def ask(self, now: Instant, urgency: Urgency = Urgency.LIVE) -> float:
        """0.0, and the call is booked; or the seconds to wait before asking again."""
        if now < self._latest - _STEP_BACK:
            self._follow(now)
        if now < self._calm and now < self._next:
            return max(self._next - now, _SHORTEST_WAIT)
        self._latest = now
        live = urgency is Urgency.LIVE
        meters = self._meters
        for meter in meters:
            if meter.used(now) >= (meter.limit if live else meter.lent(now)):
                return max(*(m.wait(now, live=live) for m in meters), _SHORTEST_WAIT)
        for meter in meters:
            meter.book(now)
        if now < self._calm:
            self._next = now + self._gap()
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
        """Let nothing through until then, and then one by one over the shortest window.

        What waited would otherwise come all at once. An earlier moment than known changes nothing.
        """
        if until > self._paused:
            self._paused = self._next = until
            shortest = self._shortest()
            self._calm = until + (shortest.seconds if shortest is not None else 0.0)

    def state(self, now: Instant) -> State:
        """How it stands now."""
        levels = tuple(Level(m.seconds, m.limit, m.used(now)) for m in self._meters)
        return State(levels, self._paused if self._paused > now else None)

    def load(self, kept: Iterable[Counted], now: Instant) -> None:
        """Take account of the calls of earlier processes. To be done before the first call."""
        known = list(kept)
        for meter in self._meters:
            meter.load([each for each in known if each.seconds == meter.seconds], now)

    def _shortest(self) -> Meter | None:
        return min(self._meters, key=lambda meter: meter.seconds, default=None)

    def _gap(self) -> float:
        shortest = self._shortest()
        return 0.0 if shortest is None else shortest.seconds / shortest.limit

    def _follow(self, now: Instant) -> None:
        """The clock was set back: what was booked is as long ago as before."""
        for meter in self._meters:
            meter.shift(now - self._latest)
        self._paused = self._calm = 0.0
        self._latest = now


def _slack(window: Window, quota: float, most: float) -> float:
    """Slack that costs little: it is free where another window allows fewer calls in the long run.

    quota: calls a second that all windows together allow.
    """
    free = window.calls / quota - window.seconds if quota else 0.0
    return min(most, max(window.seconds * COSTLY, free))
