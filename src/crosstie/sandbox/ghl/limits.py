"""The rate limit: a sliding window and a daily count, both announced in headers."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .settings import Settings

_DAY = 86_400_000
_FREE = {
    "X-RateLimit-Limit-Daily": "1000000000",
    "X-RateLimit-Daily-Remaining": "1000000000",
    "X-RateLimit-Interval-Milliseconds": "10000",
    "X-RateLimit-Max": "1000000",
    "X-RateLimit-Remaining": "1000000",
}


class Verdict(NamedTuple):
    """Whether the call may go on, the headers of its answer, seconds until the next chance."""

    allowed: bool
    headers: dict[str, str]
    wait: float


class RateLimit:
    """Counts the calls of one token's location. A refused call costs nothing.

    The window slides (a log of moments), which is the strictest reading of "100 in 10 s";
    the day is a UTC day of the sandbox clock.
    """

    __slots__ = ("_calls", "_day", "_today")

    def __init__(self) -> None:
        self._calls: deque[int] = deque()
        self._day = 0
        self._today = 0

    def take(self, settings: Settings, now: int) -> Verdict:
        """Spend one call if there is one left."""
        if not settings.rate_limit:
            return Verdict(True, _FREE, 0.0)
        calls = self._calls
        interval = int(settings.interval * 1000)
        while calls and calls[0] <= now - interval:
            calls.popleft()
        if now // _DAY != self._day:
            self._day, self._today = now // _DAY, 0
        if self._today >= settings.daily:
            return Verdict(False, self._headers(settings, interval), (_DAY - now % _DAY) / 1000)
        if len(calls) >= settings.burst:
            wait = (calls[0] + interval - now) / 1000
            return Verdict(False, self._headers(settings, interval), wait)
        calls.append(now)
        self._today += 1
        return Verdict(True, self._headers(settings, interval), 0.0)

    def _headers(self, settings: Settings, interval: int) -> dict[str, str]:
        return {
            "X-RateLimit-Limit-Daily": str(settings.daily),
            "X-RateLimit-Daily-Remaining": str(max(0, settings.daily - self._today)),
            "X-RateLimit-Interval-Milliseconds": str(interval),
            "X-RateLimit-Max": str(settings.burst),
            "X-RateLimit-Remaining": str(max(0, settings.burst - len(self._calls))),
        }


def free_headers() -> dict[str, str]:
    """The headers of a budget nobody can spend."""
    return _FREE
