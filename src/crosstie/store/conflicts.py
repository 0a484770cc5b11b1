"""Statements on conflicts: at most one is open per link."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import Connection, Integer, Text, bindparam, insert, null, or_, select, update

from crosstie.core.values import Instant, Link
from crosstie.ports.state import Answer, Conflict
from crosstie.store.driven import Driven, Numbers
from crosstie.store.links import wake
from crosstie.store.rows import Values, conflict_of, conflict_values, encode
from crosstie.store.tables import conflict, link
from crosstie.store.wording import Whole, among, packed

_one = select(conflict).where(conflict.c.id == bindparam("id"))
_open = (
    select(conflict)
    .where(
        conflict.c.closed_at.is_(None),
        or_(bindparam("s", type_=Text).is_(None), conflict.c.sync == bindparam("s")),
    )
    .order_by(conflict.c.opened_at, conflict.c.id)
    .limit(bindparam("n", type_=Integer))
)
_NEW = tuple(column.name for column in conflict.c if column.name not in ("id", "closed_at"))
_insert = Driven(insert(conflict), ("id", *_NEW))
_in_order = itemgetter(*_NEW)
_numbers = Numbers(conflict)
_rewrite = update(conflict).where(conflict.c.id == bindparam("which"))
_close = (
    update(conflict)
    .where(among(conflict.c.id, "ids"), conflict.c.closed_at.is_(None))
    .values(closed_at=bindparam("at"))
)
_point = Driven(
    update(link)
    .where(link.c.id == bindparam("which"))
    .values(conflict_id=bindparam("conflict", type_=Whole)),
    ("which", "conflict"),
)
_asked = select(conflict.c.link_id).where(among(conflict.c.id, "ids"))
_unpoint = update(link).where(link.c.id.in_(_asked)).values(conflict_id=null())
_answer = (
    update(conflict)
    .where(conflict.c.id == bindparam("which"), conflict.c.closed_at.is_(None))
    .values(answer=bindparam("given"))
    .returning(conflict.c.link_id)
)
_question = ("kind", "fields", "candidates", "deleted")


def conflict_by_id(connection: Connection, conflict_id: int) -> Conflict | None:
    """`JournalStore.conflict`."""
    row = connection.execute(_one, {"id": conflict_id}).one_or_none()
    return None if row is None else conflict_of(row)


def open_conflicts(connection: Connection, sync: str | None, limit: int) -> list[Conflict]:
    """`DeskStore.conflicts`."""
    return [conflict_of(row) for row in connection.execute(_open, {"s": sync, "n": limit})]


def answer(connection: Connection, conflict_id: int, answer: Answer, now: Instant) -> None:
    """`DeskStore.answer`. A conflict that is closed, or was never there, stays as it is."""
    given = {"which": conflict_id, "given": encode(answer)}
    wake(connection, connection.execute(_answer, given).scalars().all(), now)


def raise_conflict(
    connection: Connection, link_: Link, conflict_id: int | None, asked: Conflict
) -> int:
    """Open a conflict of a link, or rewrite the one that is open in place. Its id.

    An answer given meanwhile is kept as long as the question is the same.
    """
    if conflict_id is not None:
        values = conflict_values(asked)
        kept = connection.execute(_one, {"id": conflict_id}).one()._mapping
        if kept["answer"] is not None and all(kept[name] == values[name] for name in _question):
            values["answer"] = kept["answer"]
        connection.execute(_rewrite, {"which": conflict_id, **values})
        return conflict_id
    [opened] = raise_conflicts(connection, [link_.id], [(link_, asked)])
    return opened


def raise_conflicts(
    connection: Connection, link_ids: Sequence[int], asked: Sequence[tuple[Link, Conflict]]
) -> Sequence[int]:
    """Open one conflict for each of many links that have none; their ids, in order."""
    opened = _numbers.take(connection, len(asked))
    rows = [
        {**conflict_values(conflict_), **_belonging(link_id, link_.sync, conflict_)}
        for link_id, (link_, conflict_) in zip(link_ids, asked, strict=True)
    ]
    _insert.each(
        connection, [(id_, *_in_order(row)) for id_, row in zip(opened, rows, strict=True)]
    )
    _point.each(connection, list(zip(link_ids, opened, strict=True)))
    return opened


def close_conflicts(connection: Connection, conflict_ids: Sequence[int], at: Instant) -> None:
    """Close conflicts; their links have none then."""
    connection.execute(_close, {"ids": packed(conflict_ids), "at": at})
    connection.execute(_unpoint, {"ids": packed(conflict_ids)})


def _belonging(link_id: int, sync: str, asked: Conflict) -> Values:
    return {"link_id": link_id, "sync": sync, "opened_at": asked.opened_at}
