"""Statements on what was: the history of a run, of a link that is gone, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, Integer, bindparam, insert, or_, select

from crosstie.core.values import Instant, Link
from crosstie.ports.state import Entry, Intent, RunRecord
from crosstie.store.journal import intend
from crosstie.store.rows import NEW_LINK, entry_of, new_link, run_of
from crosstie.store.tables import history, link, run
from crosstie.store.wording import among, packed

_limit = bindparam("n", type_=Integer)
_past = (
    select(history.c.link_id)
    .where(or_(history.c.record_id == bindparam("text"), history.c.across == bindparam("text")))
    .group_by(history.c.link_id)
    .order_by(history.c.link_id)
    .limit(_limit)
)
_run = select(run).where(run.c.id == bindparam("run"))
_run_links = (
    select(history.c.link_id)
    .where(history.c.run_id == bindparam("run"), history.c.link_id > bindparam("after"))
    .group_by(history.c.link_id)
    .order_by(history.c.link_id)
    .limit(_limit)
)
_run_entries = (
    select(history)
    .where(history.c.run_id == bindparam("run"), among(history.c.link_id, "ids"))
    .order_by(history.c.link_id, history.c.id)
)
_begin = insert(link).returning(link.c.id)


def past_links(connection: Connection, record_id: str, limit: int) -> list[int]:
    """`PastStore.past_links`. Reads the whole history: it is asked for by a person, seldom."""
    return list(connection.execute(_past, {"text": record_id, "n": limit}).scalars())


def run_by_id(connection: Connection, run_id: int) -> RunRecord | None:
    """`PastStore.run`."""
    row = connection.execute(_run, {"run": run_id}).one_or_none()
    return None if row is None else run_of(row)


def run_links(connection: Connection, run_id: int, after: int, limit: int) -> list[int]:
    """`PastStore.run_links`. The index alone answers it."""
    asked = {"run": run_id, "after": after, "n": limit}
    return list(connection.execute(_run_links, asked).scalars())


def run_entries(connection: Connection, run_id: int, link_ids: Sequence[int]) -> list[Entry]:
    """`PastStore.run_entries`."""
    rows = connection.execute(_run_entries, {"run": run_id, "ids": packed(link_ids)})
    return [entry_of(row) for row in rows]


def begin_again(
    connection: Connection, link: Link, intent: Intent, now: Instant
) -> tuple[Link, Intent]:
    """`PastStore.begin_again`."""
    row = dict(zip(NEW_LINK, new_link(link, now, 0), strict=True))
    if link.id:
        row["id"] = link.id
    made = replace(link, id=connection.execute(_begin, row).scalar_one())
    intent = replace(intent, link_id=made.id)
    [intent_id] = intend(connection, [intent])
    return made, replace(intent, id=intent_id)
