"""The part of a calendar that is listed: some days before and after now, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from crosstie.core.values import Cursor, Instant

HOUR = 3_600_000
DAY = 24 * HOUR
SLICE = 100 * DAY
"""Milliseconds that one call covers: a listing has no pages, so a long one is a long answer."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """What is still to be listed. Times in milliseconds since 1970."""

    since: int
    until: int
    last: tuple[int, str] = (-1, "")
    """Time and id of the last one shown, in the middle of a slice."""

    @property
    def end(self) -> int:
        """The end of the slice at hand."""
        return min(self.since + SLICE, self.until)

    def page(self, found: Iterable[tuple[int, str, T]], size: int) -> tuple[list[T], Span | None]:
        """At most `size` of those that begin in this slice, and what is to be listed then.

        found: (start, id, row), also of others: whether GoHighLevel lists by the start alone, and
        counts the end in, is not documented.
        """
        own = sorted((each for each in found if self._covers(each[0])), key=_place)
        left = [each for each in own if _place(each) > self.last]
        page = [row for _, _, row in left[:size]]
        if len(left) > size:
            return page, replace(self, last=_place(left[size - 1]))
        return page, None if self.end == self.until else Span(self.end, self.until)

    def _covers(self, start: int) -> bool:
        """The end of a slice belongs to the next one, that of the window to the window."""
        return self.since <= start < self.end or start == self.end == self.until


@dataclass(frozen=True, slots=True)
class Window:
    """So many days before and after now."""

    back: int
    ahead: int

    def span(self, now: Instant) -> Span:
        """All of it."""
        millis = round(now * 1000)
        return Span(millis - self.back * DAY, millis + self.ahead * DAY)

    def holds(self, start: int, now: Instant) -> bool:
        """A listing of the last hour certainly covered that moment."""
        span = self.span(now)
        return span.since + HOUR <= start <= span.until - HOUR


def span_of(cursor: Cursor) -> Span:
    """What is still to be listed, from its text."""
    return msgspec.json.decode(cursor, type=Span)


def _place(each: tuple[int, str, object]) -> tuple[int, str]:
    return each[0], each[1]
