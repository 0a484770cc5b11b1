"""Claiming links: what is due, longest due first, however many there are."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import Connection, Float, Integer, bindparam, literal_column, select, tuple_

from crosstie.core.values import Instant, Link
from crosstie.store.driven import Driven
from crosstie.store.rows import LINK_COLUMNS, link_of
from crosstie.store.tables import ACTIVE, link

_claim = Driven(
    select(link.c.due_at, *(link.c[name] for name in LINK_COLUMNS))
    .where(
        link.c.sync == bindparam("s"),
        link.c.state == ACTIVE,
        link.c.due_at <= bindparam("now"),
        tuple_(link.c.due_at, link.c.id) > tuple_(bindparam("at", type_=Float), bindparam("id")),
    )
    .order_by(link.c.due_at, link.c.id)
    .limit(bindparam("n", type_=Integer))
    .offset(literal_column("0")),
    ("s", "now", "at", "id", "n"),
)
_LONG_AGO = -1e300
_newest = Driven(
    select(*(link.c[name] for name in LINK_COLUMNS))
    .where(
        link.c.sync == bindparam("s"),
        link.c.state == ACTIVE,
        link.c.due_at <= bindparam("now"),
    )
    .order_by(link.c.due_at.desc(), link.c.id.desc())
    .limit(bindparam("n", type_=Integer))
    .offset(literal_column("0")),
    ("s", "now", "n"),
)


def claim(
    connection: Connection, sync: str, now: Instant, limit: int, skip: Set[int]
) -> list[Link]:
    """`LinkStore.claim`.

    What is skipped is left out here: hardly any of it is due, and a list of all of it would be
    told to the database with every claim.
    """
    # By their numbers: a link that is put off between two looks is found by both.
    found: dict[int, Link] = {}
    at, last = _LONG_AGO, 0
    while len(found) < limit:
        rows = _claim.found(connection, sync, now, at, last, limit)
        found.update((row[1], link_of(row[1:])) for row in rows if row[1] not in skip)
        if len(rows) < limit:
            break
        at, last = rows[-1][:2]
    return list(found.values())[:limit]


def newest_due(
    connection: Connection, sync: str, now: Instant, limit: int, skip: Set[int]
) -> list[Link]:
    """`LinkStore.newest_due`."""
    rows = _newest.found(connection, sync, now, limit)
    return [link_of(row) for row in rows if row[0] not in skip]
