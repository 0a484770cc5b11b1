"""Statements for a person's questions: what is left alone, what could not be reached."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Integer, bindparam, func, select, update

from crosstie.ports.state import LEFT_ALONE
from crosstie.store import links
from crosstie.store.runs import NEVER
from crosstie.store.tables import ACTIVE, link
from crosstie.store.wording import among, packed

_detail = select(link.c.id, link.c.detail).where(among(link.c.id, "ids"))
_mark = (
    update(link)
    .where(link.c.id == bindparam("which"))
    .values(error=LEFT_ALONE, detail=bindparam("told"), due_at=NEVER)
)
_mine = (link.c.sync == bindparam("s"), link.c.state == ACTIVE)
_left_alone = (
    select(func.count())
    .select_from(link)
    .where(*_mine, link.c.due_at >= NEVER, link.c.error == LEFT_ALONE)
)
_delayed = (
    select(link.c.detail, func.count())
    .where(*_mine, link.c.due_at < NEVER, link.c.error == "retry")
    .group_by(link.c.detail)
    .order_by(func.count().desc(), link.c.detail)
    .limit(bindparam("n", type_=Integer))
)


def rest(connection: Connection, link_ids: Sequence[int]) -> int:
    """`DeskStore.rest`."""
    told = list(connection.execute(_detail, {"ids": packed(link_ids)}))
    links.rest(connection, link_ids)
    if told:
        connection.execute(_mark, [{"which": id_, "told": detail} for id_, detail in told])
    return len(told)


def left_alone(connection: Connection, sync: str) -> int:
    """`DeskStore.left_alone`."""
    number: int = connection.execute(_left_alone, {"s": sync}).scalar_one()
    return number


def delayed(connection: Connection, sync: str, limit: int) -> list[tuple[str, int]]:
    """`DeskStore.delayed`."""
    rows = connection.execute(_delayed, {"s": sync, "n": limit})
    return [(detail or "", number) for detail, number in rows]
