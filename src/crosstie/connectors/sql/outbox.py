"""The change feed: rows of the outbox, shown until they are acknowledged.

A cursor is the JSON list of the outbox numbers it has shown, as ranges: `[[3,7],[9,9]]`. Exactly
these are deleted when it is acknowledged, never "all up to": in some databases a lower number
commits later, and would be thrown away unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from crosstie.core.errors import Rejected
from crosstie.core.values import Cursor

OURS: Final = "crosstie"
"""Origin of the rows that our own writes left."""

_SHOW = text(
    "SELECT seq, pk, origin FROM crosstie_outbox WHERE tbl = :tbl ORDER BY seq LIMIT :most"
)
_FORGET = text("DELETE FROM crosstie_outbox WHERE tbl = :tbl AND seq BETWEEN :first AND :last")
_LAST = text("SELECT COALESCE(MAX(seq), 0) FROM crosstie_outbox")
_MARK = text(
    "UPDATE crosstie_outbox SET origin = :origin WHERE seq > :start AND tbl = :tbl AND pk = :pk"
)
_PENDING = text(
    "SELECT COUNT(*) FROM crosstie_outbox WHERE tbl = :tbl AND COALESCE(origin, '') <> :ours"
)
_CLEAR = text("DELETE FROM crosstie_outbox WHERE tbl = :tbl")

_decoder = msgspec.json.Decoder(list[tuple[int, int]])


@dataclass(frozen=True, slots=True)
class News:
    """A piece of the outbox: which rows changed, in the order of their first change."""

    ids: Sequence[str]
    cursor: Cursor
    more: bool


def news(connection: Connection, table: str, cursor: Cursor | None, size: int) -> News:
    """Up to `size` outbox rows that the cursor has not shown. Our own writes are no news."""
    shown = {number for first, last in _ranges(cursor) for number in range(first, last + 1)}
    rows = connection.execute(_SHOW, {"tbl": table, "most": size + 1 + len(shown)}).all()
    before = [row.seq for row in rows if row.seq in shown]
    fresh = [row for row in rows if row.seq not in shown]
    told = fresh[:size]
    ids = dict.fromkeys(row.pk for row in told if row.origin != OURS)
    return News(tuple(ids), _cursor([*before, *(row.seq for row in told)]), len(fresh) > size)


def forget(connection: Connection, table: str, cursor: Cursor) -> None:
    """Delete exactly the rows that the cursor has shown."""
    ranges = [{"tbl": table, "first": first, "last": last} for first, last in _ranges(cursor)]
    if ranges:
        connection.execute(_FORGET, ranges)


def start(connection: Connection) -> int:
    """The newest number before our own write. Nobody else can add one until we commit."""
    return int(connection.execute(_LAST).scalar_one())


def mark_own(connection: Connection, table: str, record_id: str, since: int) -> None:
    """Sign what our own write of one record left in the outbox.

    Only that record: rows that cascades and the application's triggers changed on the way are
    news to everyone. Signed before the commit, so nobody ever sees it unsigned, and an earlier
    change of the same record by somebody else stays news.
    """
    values: dict[str, Any] = {"origin": OURS, "start": since, "tbl": table, "pk": record_id}
    connection.execute(_MARK, values)


def pending(connection: Connection, table: str) -> int:
    """How many rows of that table wait, but for our own."""
    return int(connection.execute(_PENDING, {"tbl": table, "ours": OURS}).scalar_one())


def clear(connection: Connection, table: str) -> None:
    """Forget all that waits for that table."""
    connection.execute(_CLEAR, {"tbl": table})


def _ranges(cursor: Cursor | None) -> list[tuple[int, int]]:
    if cursor is None:
        return []
    try:
        return _decoder.decode(cursor)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Rejected("this cursor is none of ours", fix="start the feed anew") from None


def _cursor(numbers: Sequence[int]) -> Cursor:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] + 1 == number:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return Cursor(msgspec.json.encode(ranges).decode())
