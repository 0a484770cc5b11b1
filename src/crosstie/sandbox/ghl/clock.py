"""The sandbox clock: the real one, moved forward on request."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SandboxClock:
    """Milliseconds since 1970 UTC; never goes back by itself."""

    __slots__ = ("_offset", "_source")

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> int:
        """The sandbox time in milliseconds."""
        return int((self._source() + self._offset) * 1000)

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds


def sane(millis: int | None) -> bool:
    """A moment that calendars take: of the years 1970 to 9998."""
    return millis is not None and 0 <= millis < 253_370_000_000_000


@lru_cache(maxsize=8192)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def iso(millis: int) -> str:
    """ISO 8601 with milliseconds and Z, as every date of the API is written."""
    seconds, rest = divmod(millis, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


def millis_of(value: object) -> int | None:
    """Milliseconds of an ISO date, a date alone (UTC midnight) or a number; None if neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    if not isinstance(value, str):
        return None
    if value.lstrip("-").isdigit() and len(value) > 8:
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
