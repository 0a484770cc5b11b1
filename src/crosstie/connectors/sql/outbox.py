"""The change feed: rows of the outbox, shown until they are acknowledged.

A cursor is JSON: the outbox numbers it has shown, as ranges, and a signature of their rows:
`[[[3,7],[9,9]],"5f0a..."]`; `[]` where it has shown none. Exactly these are deleted when it is
acknowledged, never "all up to": in some databases a lower number commits later, and would be thrown
away unseen. Numbers begin again when the database comes back from a backup or capture is installed
anew; the signature tells rows that were shown from others that got their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any, Final
from weakref import WeakSet

import msgspec
from sqlalchemy import Connection, Row, bindparam, text

from crosstie.core.errors import Rejected
from crosstie.core.values import Cursor

OURS: Final = "crosstie"
"""Origin of the rows that our own writes left."""

NUMBERS = 500
"""How many rows one statement forgets."""

NOTHING: Final = Cursor("[]")
"""The cursor that has shown no row."""

_Ranges = list[tuple[int, int]]
_decoder = msgspec.json.Decoder(tuple[_Ranges, str])


@dataclass(frozen=True, slots=True)
class News:
    """A piece of the outbox: which rows changed, in the order of their first change."""

    ids: Sequence[str]
    cursor: Cursor
    more: bool


def news(connection: Connection, box: Outbox, table: str, cursor: Cursor | None, size: int) -> News:
    """Up to `size` outbox rows that the cursor has not shown. Our own writes are no news."""
    ranges, signature = _told(cursor)
    shown = {number for first, last in ranges for number in range(first, last + 1)}
    rows = connection.execute(box.show, {"tbl": table, "most": size + 1 + len(shown)}).all()
    before = [row for row in rows if row.seq in shown]
    if _signature(before) != signature:
        before = []
    fresh = rows if not before else [row for row in rows if row.seq not in shown]
    told = fresh[:size]
    ids = dict.fromkeys(row.pk for row in told if row.origin != OURS)
    return News(
        tuple(ids), _cursor(sorted([*before, *told], key=lambda row: row.seq)), len(fresh) > size
    )


class Reader:
    """Somebody who hears of a table's changes. A row is kept until all of them have seen it."""

    def __init__(self, database: str, table: str) -> None:
        self._seen: set[int] = set()
        self._all = _readers.setdefault((database, table.lower()), WeakSet())
        self._all.add(self)

    @property
    def alone(self) -> bool:
        """Nobody else in this process hears of that table."""
        return len(self._all) == 1

    def saw(self, cursor: Cursor) -> Sequence[int]:
        """This one has seen what the cursor has shown. Gives what all have seen by now."""
        self._seen = {n for first, last in _told(cursor)[0] for n in range(first, last + 1)}
        return sorted(set.intersection(*(reader._seen for reader in self._all)))

    def forgot(self, numbers: Iterable[int]) -> None:
        """These rows are deleted, and committed to be."""
        gone = set(numbers)
        for reader in self._all:
            reader._seen -= gone


_readers: dict[tuple[str, str], WeakSet[Reader]] = {}


class Outbox:
    """The statements of one kind of outbox.

    name: of the table, as it stands in SQL.  mine: a condition that only rows of the present
    transaction keep; empty where nobody else can write at the same time.  points: delete rows by
    their numbers alone, because a range would wait for rows that others have not committed.
    hint: which index to delete by.
    """

    def __init__(self, name: str, mine: str = "", *, points: bool = False, hint: str = "") -> None:
        self.name = name
        self.mine = mine
        self.points = points
        self.show = text(
            f"SELECT seq, pk, at, origin FROM {name} WHERE tbl = :tbl ORDER BY seq LIMIT :most"
        )
        self.forget = text(f"DELETE FROM {name} WHERE tbl = :tbl AND seq BETWEEN :first AND :last")
        self.forget_points = text(
            f"DELETE o FROM {name} o {hint} WHERE o.tbl = :tbl AND o.seq IN :numbers"
        ).bindparams(bindparam("numbers", expanding=True))
        self.last = text(f"SELECT COALESCE(MAX(seq), 0) FROM {name}")
        of_record = "seq > :start AND tbl = :tbl AND pk = :pk"
        self.mark = text(f"UPDATE {name} SET origin = :origin WHERE {of_record}")
        self.own = text(f"SELECT seq FROM {name} WHERE {of_record} AND {mine or '1 = 1'}")
        self.mark_one = text(f"UPDATE {name} SET origin = :origin WHERE tbl = :tbl AND seq = :seq")
        self.pending = text(
            f"SELECT COUNT(*) FROM {name} WHERE tbl = :tbl AND COALESCE(origin, '') <> :ours"
        )
        self.some = text(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM {name} WHERE tbl = :tbl"
            " AND COALESCE(origin, '') <> :ours LIMIT :most) AS waiting"
        )
        self.clear = text(f"DELETE FROM {name} WHERE tbl = :tbl")


def forget(connection: Connection, box: Outbox, table: str, numbers: Sequence[int]) -> None:
    """Delete exactly these rows."""
    if not box.points:
        spans = [{"tbl": table, "first": a, "last": b} for a, b in _ranged(numbers)]
        if spans:
            connection.execute(box.forget, spans)
        return
    for at in range(0, len(numbers), NUMBERS):
        values = {"tbl": table, "numbers": numbers[at : at + NUMBERS]}
        connection.execute(box.forget_points, values)


def start(connection: Connection, box: Outbox) -> int:
    """The newest number before our own write: all that we add comes after it."""
    return int(connection.execute(box.last).scalar_one())


def mark_own(connection: Connection, box: Outbox, table: str, record_id: str, since: int) -> None:
    """Sign what our own write of one record left in the outbox.

    Only that record: rows that cascades and the application's triggers changed on the way are
    news to everyone. Only rows of this transaction: where others write at the same time, theirs
    have numbers among ours. Signed before the commit, so nobody ever sees it unsigned, and an
    earlier change of the same record by somebody else stays news.
    """
    values: dict[str, Any] = {"origin": OURS, "start": since, "tbl": table, "pk": record_id}
    if not box.mine:
        connection.execute(box.mark, values)
        return
    for row in connection.execute(box.own, values).all():
        connection.execute(box.mark_one, {"origin": OURS, "tbl": table, "seq": row.seq})


def pending(connection: Connection, box: Outbox, table: str) -> int:
    """How many rows of that table wait, but for our own."""
    return int(connection.execute(box.pending, {"tbl": table, "ours": OURS}).scalar_one())


def some(connection: Connection, box: Outbox, table: str, most: int) -> int:
    """The same, counted no further than `most`."""
    asked = {"tbl": table, "ours": OURS, "most": most}
    return int(connection.execute(box.some, asked).scalar_one())


def clear(connection: Connection, box: Outbox, table: str) -> None:
    """Forget all that waits for that table."""
    connection.execute(box.clear, {"tbl": table})


def _told(cursor: Cursor | None) -> tuple[_Ranges, str]:
    """The ranges of a cursor, and the signature of their rows."""
    if cursor is None or cursor == NOTHING:
        return [], ""
    try:
        return _decoder.decode(cursor)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Rejected("this cursor is none of ours", fix="start the feed anew") from None


def _cursor(rows: Sequence[Row[Any]]) -> Cursor:
    if not rows:
        return NOTHING
    ranges = _ranged([row.seq for row in rows])
    return Cursor(msgspec.json.encode((ranges, _signature(rows))).decode())


def _ranged(numbers: Sequence[int]) -> list[list[int]]:
    """Ascending numbers as ranges."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] + 1 == number:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _signature(rows: Sequence[Row[Any]]) -> str:
    told = msgspec.json.encode([(row.seq, row.pk, row.at) for row in rows])
    return blake2s(told, digest_size=8).hexdigest()
