"""Where a listing goes on: cursors of the change feed and of complete listings.

The search index lags behind by seconds, so the feed looks back over an overlap. It looks back less
the longer nothing came: what the index had when we last looked, an overlap after the newest change
was seen, it will not come up with any more. All comparisons are between times of GoHighLevel; of
our own clock only durations count.

Opportunities hand out a cursor that ends in the contact's id and so can skip a row. The feed
therefore begins each page with the last time seen, and only where a whole page has one and the
same time does it count pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from crosstie.connectors.ghl.wire import DEEPEST
from crosstie.core.values import Cursor, Instant

OVERLAP = 120.0
"""Seconds that the search index may lag behind."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Feed:
    """Place in the change feed. Times of records in milliseconds."""

    top: int
    """Newest change seen."""
    at: Instant
    """When we first saw it, by our own clock."""
    seen: Instant
    """When the last complete look began."""
    begun: Instant | None = None
    """When this look began; None between looks."""
    anchor: int = 0
    page: int = 1

    def begin(self, now: Instant) -> Feed:
        """The start of the next look, or the same place in the middle of one."""
        if self.begun is not None:
            return self
        quiet = max(0.0, self.seen - self.at)
        back = round(max(0.0, OVERLAP - quiet) * 1000)
        return replace(self, begun=now, anchor=max(0, self.top - back), page=1)

    def after(self, times: Sequence[int], size: int, now: Instant) -> tuple[Feed, bool]:
        """The place after a page with these times, and whether there is more for now."""
        newest = max(times, default=0)
        top, at = (newest, now) if newest > self.top else (self.top, self.at)
        moved = replace(self, top=top, at=at)
        if len(times) < size:
            assert self.begun is not None
            return replace(moved, seen=self.begun, begun=None, anchor=0, page=1), False
        last = times[-1]
        if last > self.anchor:
            return replace(moved, anchor=last, page=1), True
        if (self.page + 1) * size > DEEPEST:
            return replace(moved, anchor=self.anchor + 1, page=1), True
        return replace(moved, page=self.page + 1), True


@dataclass(frozen=True, slots=True)
class Sweep:
    """Place in a complete listing by page number, oldest record first."""

    anchor: int = 0
    """Records older than this are done."""
    page: int = 1
    total: int = -1
    """How many there were when the last page came; -1 before the first one."""
    last: int = 0

    def resumed(self, total: int) -> Sweep:
        """The place to read again from if records vanished since: the rest has moved forward."""
        if self.page > 1 and 0 <= total < self.total:
            return Sweep(anchor=self.last)
        return self

    def after(self, times: Sequence[int], size: int, total: int) -> tuple[Sweep, bool]:
        """The place after a page with these times, and whether there is more."""
        if len(times) < size:
            return Sweep(), False
        last = times[-1]
        if (self.page + 1) * size <= DEEPEST:
            return replace(self, page=self.page + 1, total=total, last=last), True
        # Only a crowd of one and the same millisecond that fills all pages cannot be passed.
        anchor = last if last > self.anchor else last + 1
        return Sweep(anchor=anchor, last=last), True


def cursor_of(place: object) -> Cursor:
    """A place as text."""
    return Cursor(_encode(place).decode())


def feed_of(cursor: Cursor) -> Feed:
    """A place in the feed from its text."""
    return msgspec.json.decode(cursor, type=Feed)


def sweep_of(cursor: Cursor | None) -> Sweep:
    """A place in a listing from its text; the beginning without one."""
    return Sweep() if cursor is None else msgspec.json.decode(cursor, type=Sweep)
