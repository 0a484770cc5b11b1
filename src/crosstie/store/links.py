"""Statements on links: what was noticed, what is due, which records are one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from crosstie.core.values import Cursor, Instant, Link, LinkState, Side
from crosstie.ports.state import Noticed, Sighting
from crosstie.store.rows import LINK_COLUMNS, link_of
from crosstie.store.runs import set_cursor
from crosstie.store.tables import ACTIVE, WAITING, intent, link
from crosstie.store.wording import Whole, among, insert_new, packed

ID_COLUMN = {Side.LEFT: link.c.left_id, Side.RIGHT: link.c.right_id}
_mark_column = {Side.LEFT: link.c.left_mark, Side.RIGHT: link.c.right_mark}
_columns = tuple(link.c[name] for name in LINK_COLUMNS)
_active = LinkState.ACTIVE.value
_closed = LinkState.CLOSED.value


def _at(side: Side, *columns: Any) -> Select[Any]:
    """Those columns of the links of many records, after the record's id."""
    record = ID_COLUMN[side]
    return select(record, *columns).where(link.c.sync == bindparam("s"), among(record, "ids"))


_sight = {side: _at(side, link.c.id, _mark_column[side], link.c.state) for side in Side}
_links_at = {side: _at(side, *_columns) for side in Side}
# The condition that the other id is there would draw SQLite to the index of the wrong side.
_across = {side: _at(side, ID_COLUMN[side.other]) for side in Side}
_one = select(*_columns).where(link.c.id == bindparam("id"))
_newest = select(func.coalesce(func.max(link.c.id), 0)).where(link.c.sync == bindparam("s"))
_ids_of = {
    side: select(link.c.id, ID_COLUMN[side])
    .where(
        link.c.sync == bindparam("s"),
        link.c.id > bindparam("after"),
        link.c.state != _closed,
        ID_COLUMN[side].is_not(None),
    )
    .order_by(link.c.id)
    .limit(bindparam("n", type_=Integer))
    for side in Side
}
# The inner queries read an index alone; the rows themselves are wide.
_in_state = (
    select(*_columns)
    .where(
        link.c.id.in_(
            select(link.c.id).where(
                link.c.state == bindparam("state"),
                or_(bindparam("s", type_=Text).is_(None), link.c.sync == bindparam("s")),
            )
        )
    )
    .order_by(func.coalesce(link.c.told_at, 0.0).desc(), link.c.id.desc())
    .limit(bindparam("n", type_=Integer))
)
_find = (
    select(*_columns)
    .where(
        link.c.id.in_(
            union_all(
                select(link.c.id).where(link.c.left_id == bindparam("text")),
                select(link.c.id).where(link.c.right_id == bindparam("text")),
                select(bindparam("id", type_=Whole)),
            )
        )
    )
    .order_by(link.c.id)
    .limit(bindparam("n", type_=Integer))
)

_now: Any = bindparam("now")
_untroubled: Mapping[str, Any] = {
    "state": LinkState.ACTIVE.value,
    "attempts": 0,
    "error": null(),
    "detail": null(),
    "waits_sync": null(),
    "waits_side": null(),
    "waits_id": null(),
    "cause": null(),
}


# Two statements: one that leaves `state` alone need not touch the indices that hold it.
_news = (
    update(link)
    .where(among(link.c.id, "ids"))
    .values(
        noticed=link.c.noticed + 1,
        due_at=case((link.c.due_at < _now, link.c.due_at), else_=_now),
    )
)
_recover = update(link).where(among(link.c.id, "ids"), link.c.state != ACTIVE).values(_untroubled)
_wake = (
    update(link)
    .where(among(link.c.id, "ids"))
    .values({**_untroubled, "noticed": link.c.noticed + 1, "due_at": _now})
)
_rest = (
    update(link)
    .where(among(link.c.id, "ids"))
    .values({**_untroubled, "settled": link.c.noticed, "due_at": null()})
)
_wake_intents = (
    update(link)
    .where(link.c.state == ACTIVE, link.c.id.in_(select(intent.c.link_id)))
    .values(due_at=case((link.c.due_at < _now, link.c.due_at), else_=_now))
)
_woken = {**_untroubled, "due_at": literal(0.0)}
_wake_waiting: Update = (
    update(link)
    .where(
        link.c.waits_sync == bindparam("s"),
        link.c.waits_side == bindparam("side"),
        among(link.c.waits_id, "ids"),
        link.c.state == WAITING,
    )
    .values(_woken)
)
_reopen = (
    update(link)
    .where(
        among(link.c.id, "ids"),
        link.c.noticed > link.c.settled,
        link.c.state.not_in((LinkState.ACTIVE.value, _closed)),
    )
    .values({**_untroubled, "due_at": func.coalesce(link.c.due_at, 0.0)})
)
_add = {
    side: insert_new(link)
    .values({"sync": bindparam("s"), ID_COLUMN[side].name: bindparam("r"), "noticed": 1})
    .returning(link.c.id)
    for side in Side
}


def notice(
    connection: Connection,
    sync: str,
    side: Side,
    sightings: Sequence[Sighting],
    now: Instant,
    cursor: Cursor | None,
    *,
    meet: bool,
) -> Noticed:
    """`LinkStore.notice`."""
    latest = {sighting.id: sighting for sighting in sightings}
    known: list[int] = []
    news: list[int] = []
    troubled: list[int] = []
    found = connection.execute(_sight[side], {"s": sync, "ids": packed(latest)}).all()
    for record_id, link_id, mark, state in found:
        known.append(link_id)
        seen = latest.pop(record_id)
        if (seen.gone or seen.mark is None or seen.mark != mark) and state != _closed:
            news.append(link_id)
            if state != _active:
                troubled.append(link_id)
    if news:
        connection.execute(_news, {"ids": packed(news), "now": now})
    if troubled:
        connection.execute(_recover, {"ids": packed(troubled)})
    unknown = tuple(seen.id for seen in latest.values() if not seen.gone)
    added: Sequence[int] = ()
    if meet and unknown:
        fresh = [{"s": sync, "r": record_id, "due_at": now} for record_id in unknown]
        added = connection.execute(_add[side], fresh).scalars().all()
    if cursor is not None and (meet or not unknown):
        set_cursor(connection, sync, side, cursor)
    return Noticed(
        marked=len(news) + len(added),
        new=len(added),
        unknown=() if meet else unknown,
        links=(*known, *added),
    )


def link_by_id(connection: Connection, link_id: int) -> Link | None:
    """`LinkStore.link`."""
    row = connection.execute(_one, {"id": link_id}).one_or_none()
    return None if row is None else link_of(row)


def links_at(connection: Connection, sync: str, side: Side, ids: Sequence[str]) -> dict[str, Link]:
    """`LinkStore.links_at`."""
    rows = connection.execute(_links_at[side], {"s": sync, "ids": packed(ids)})
    return {row[0]: link_of(row[1:]) for row in rows}


def marks_at(
    connection: Connection, sync: str, side: Side, ids: Sequence[str]
) -> dict[str, tuple[int, str | None]]:
    """`LinkStore.marks_at`."""
    rows = connection.execute(_sight[side], {"s": sync, "ids": packed(ids)})
    return {record_id: (link_id, mark) for record_id, link_id, mark, _ in rows}


def newest_link(connection: Connection, sync: str) -> int:
    """`LinkStore.newest_link`."""
    newest: int = connection.execute(_newest, {"s": sync}).scalar_one()
    return newest


def linked_ids(
    connection: Connection, sync: str, side: Side, after: int, limit: int
) -> list[tuple[int, str]]:
    """`LinkStore.linked_ids`."""
    rows = connection.execute(_ids_of[side], {"s": sync, "after": after, "n": limit})
    return [(link_id, record_id) for link_id, record_id in rows]


def counterparts(
    connection: Connection, sync: str, side: Side, ids: Sequence[str]
) -> dict[str, str]:
    """`LinkStore.counterparts`."""
    rows = connection.execute(_across[side], {"s": sync, "ids": packed(ids)})
    return {record_id: other_id for record_id, other_id in rows if other_id is not None}


def links_in(connection: Connection, state: LinkState, sync: str | None, limit: int) -> list[Link]:
    """`DeskStore.links_in`."""
    rows = connection.execute(_in_state, {"state": state.value, "s": sync, "n": limit})
    return [link_of(row) for row in rows]


def find_links(connection: Connection, text: str, limit: int) -> list[Link]:
    """`DeskStore.find_links`."""
    own = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    rows = connection.execute(_find, {"text": text, "id": own, "n": limit})
    return [link_of(row) for row in rows]


def wake(connection: Connection, link_ids: Sequence[int], now: Instant) -> int:
    """`LinkStore.wake`."""
    return connection.execute(_wake, {"ids": packed(link_ids), "now": now}).rowcount


def rest(connection: Connection, link_ids: Sequence[int]) -> int:
    """`DeskStore.rest`."""
    return connection.execute(_rest, {"ids": packed(link_ids)}).rowcount


def wake_intents(connection: Connection, now: Instant) -> int:
    """`DeskStore.wake_intents`: how many active links have an open intent."""
    return connection.execute(_wake_intents, {"now": now}).rowcount


def wake_waiting(connection: Connection, sync: str, side: Side, ids: Sequence[str]) -> None:
    """Make links due at once that wait for one of these records."""
    connection.execute(_wake_waiting, {"s": sync, "side": side.value, "ids": packed(ids)})


def reopen(connection: Connection, link_ids: Sequence[int]) -> None:
    """Make those of these links active and due that were noticed again since they were settled."""
    connection.execute(_reopen, {"ids": packed(link_ids)})
