"""The rate limits, and what the headers of an answer say of them.

Documented: 100 calls in 10 seconds and 200,000 a day for each location. Sandbox accounts have 25
and 10,000, and production tokens have been refused earlier, so the headers count.
"""

from __future__ import annotations

from collections.abc import Mapping

from crosstie.core.budget import Learned, Window

WINDOWS = (Window(10.0, 100), Window(86_400.0, 200_000))
_DAY = 86_400.0
_INTERVALS = ("x-ratelimit-interval-milliseconds", "x-ratelimit-interval-millis")


def learn(headers: Mapping[str, str], status: int) -> tuple[Learned, ...]:
    """What an answer says of the windows; nothing where it says nothing."""
    interval = next((_whole(headers[n]) for n in _INTERVALS if n in headers), None)
    burst = Learned(
        interval / 1000 if interval else WINDOWS[0].seconds,
        _whole(headers.get("x-ratelimit-max")),
        _whole(headers.get("x-ratelimit-remaining")),
    )
    day = Learned(
        _DAY,
        _whole(headers.get("x-ratelimit-limit-daily")),
        _whole(headers.get("x-ratelimit-daily-remaining")),
    )
    told = (burst, day)
    return tuple(t for t in told if t.limit is not None or t.remaining is not None)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
