"""Statements on dead letters: grouped by what they died of, and listed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Text, bindparam, func, or_, select

from crosstie.ports.state import DeadGroup, DeadLetter
from crosstie.store.rows import Kept
from crosstie.store.tables import DEAD, link

_s: Any = bindparam("s", type_=Text)
_c: Any = bindparam("c", type_=Text)
_of_sync = (link.c.state == DEAD, or_(_s.is_(None), link.c.sync == _s))
_groups = (
    select(
        link.c.sync,
        link.c.cause,
        func.count().label("number"),
        func.min(link.c.told_at).label("oldest"),
        func.max(link.c.told_at).label("newest"),
    )
    .where(*_of_sync)
    .group_by(link.c.sync, link.c.cause)
    .order_by(func.count().desc(), link.c.sync, link.c.cause)
)
_letters = (
    select(
        link.c.id,
        link.c.sync,
        link.c.left_id,
        link.c.right_id,
        link.c.error,
        link.c.detail,
        link.c.cause,
        link.c.told_at,
    )
    .where(*_of_sync, or_(_c.is_(None), link.c.cause == _c), link.c.id > bindparam("after"))
    .order_by(link.c.id)
    .limit(bindparam("n", type_=Integer))
)


def dead_groups(connection: Connection, sync: str | None, sample: int) -> list[DeadGroup]:
    """`PastStore.dead_groups`: one grouping, and a look at the first few of each group."""
    return [
        DeadGroup(
            sync=row.sync,
            cause=row.cause or "",
            count=row.number,
            oldest=row.oldest,
            newest=row.newest,
            sample=dead_letters(connection, row.sync, row.cause, 0, sample),
        )
        for row in connection.execute(_groups, {"s": sync}).all()
    ]


def dead_letters(
    connection: Connection, sync: str | None, cause: str | None, after: int, limit: int
) -> list[DeadLetter]:
    """`PastStore.dead_letters`."""
    asked = {"s": sync, "c": cause, "after": after, "n": limit}
    return [_letter(row) for row in connection.execute(_letters, asked)]


def _letter(row: Kept) -> DeadLetter:
    return DeadLetter(
        link_id=row.id,
        sync=row.sync,
        left_id=row.left_id,
        right_id=row.right_id,
        error=row.error or "",
        detail=row.detail or "",
        cause=row.cause or "",
        at=row.told_at,
    )
