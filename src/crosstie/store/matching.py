"""Statements on strangers: the first match of two populations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, delete, insert, select

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Link, LinkState, Side
from crosstie.ports.state import Conflict, Group, Stranger
from crosstie.store.absorb import absorb
from crosstie.store.conflicts import raise_conflicts
from crosstie.store.links import wake_waiting
from crosstie.store.rows import NEW_LINK, STRANGER, new_link, stranger_of, stranger_values
from crosstie.store.sqlite import Batch, among, packed, upsert
from crosstie.store.tables import KEYS, MATCH_KEYS, link, stranger

_columns = (stranger.c.id, stranger.c.mark, stranger.c.fields, stranger.c.width, *KEYS)
_clear = delete(stranger).where(stranger.c.sync == bindparam("s"))
_add = Batch(upsert(stranger, STRANGER[:3], STRANGER[3:]), STRANGER)
_forget = delete(stranger).where(
    stranger.c.sync == bindparam("s"),
    stranger.c.side == bindparam("on"),
    among(stranger.c.id, "ids"),
)
_mine = stranger.c.sync == bindparam("s")
_here = _mine & (stranger.c.side == bindparam("on"))
_by_id = select(*_columns).where(_here).order_by(stranger.c.id).limit(bindparam("n", type_=Integer))
_by_id_after = _by_id.where(stranger.c.id > bindparam("after"))
_by_key = tuple(
    select(key, stranger.c.side, *_columns).where(_mine, key.is_not(None)).order_by(key)
    for key in KEYS
)
_by_key_after = tuple(
    by_key.where(key > bindparam("after")) for key, by_key in zip(KEYS, _by_key, strict=True)
)
_insert = Batch(insert(link), NEW_LINK)
_insert_many = insert(link).returning(link.c.id, sort_by_parameter_order=True)
_CHUNK = 500


def clear_strangers(connection: Connection, sync: str) -> None:
    """`MatchStore.clear_strangers`."""
    connection.execute(_clear, {"s": sync})


def add_strangers(
    connection: Connection, sync: str, side: Side, strangers: Sequence[Stranger]
) -> None:
    """`MatchStore.add_strangers`. Raises Misconfigured for more match keys than there is room."""
    if any(len(each.keys) > MATCH_KEYS for each in strangers):
        raise Misconfigured(
            f"sync {sync!r} has more than {MATCH_KEYS} match keys",
            fix=f"name the {MATCH_KEYS} that tell best whether two records are the same",
        )
    on = side.value
    _add.run(connection, [stranger_values(sync, on, each) for each in strangers])


def stranger_groups(
    connection: Connection, sync: str, key_number: int, after: str | None, limit: int
) -> list[Group]:
    """`MatchStore.stranger_groups`. Reads on only until it has `limit` groups."""
    statement = (_by_key if after is None else _by_key_after)[key_number]
    asked = {"s": sync, "after": after}
    options = {"yield_per": min(_CHUNK, 2 * limit)}
    with connection.execute(statement, asked, execution_options=options) as rows:
        return list(islice(_groups(rows), limit))


def strangers(
    connection: Connection, sync: str, side: Side, after: str | None, limit: int
) -> list[Stranger]:
    """`MatchStore.strangers`."""
    statement = _by_id if after is None else _by_id_after
    asked = {"s": sync, "on": side.value, "after": after, "n": limit}
    return [stranger_of(row) for row in connection.execute(statement, asked)]


def pair_strangers(connection: Connection, sync: str, links: Sequence[Link], now: Instant) -> None:
    """`MatchStore.pair_strangers`. Links that wait for one of these records become due."""
    news = _forget_strangers(connection, sync, links, now)
    rows = []
    for each in links:
        extra = _unsettled(news, each)
        quiet = each.settled == each.noticed + extra
        rows.append(new_link(each, None if quiet else now, extra))
    _insert.run(connection, rows)
    for side, ids in _ids(links):
        wake_waiting(connection, sync, side, ids)


def ask_strangers(
    connection: Connection, sync: str, asked: Sequence[tuple[Link, Conflict]], now: Instant
) -> None:
    """`MatchStore.ask_strangers`."""
    if not asked:
        return
    news = _forget_strangers(connection, sync, [each for each, _ in asked], now)
    rows = []
    for each, _ in asked:
        asking = replace(each, state=LinkState.ASKING)
        values = new_link(asking, None, _unsettled(news, each))
        rows.append(dict(zip(NEW_LINK, values, strict=True)))
    link_ids = connection.execute(_insert_many, rows).scalars().all()
    raise_conflicts(connection, link_ids, asked)


def drop_strangers(connection: Connection, sync: str, links: Sequence[Link]) -> None:
    """`MatchStore.drop_strangers`."""
    for side, ids in _ids(links):
        connection.execute(_forget, {"s": sync, "on": side.value, "ids": packed(ids)})


def _forget_strangers(
    connection: Connection, sync: str, links: Sequence[Link], now: Instant
) -> dict[tuple[Side, str | None], int]:
    """Records of these links are strangers no more and have no bare link; its unsettled news."""
    unsettled: dict[tuple[Side, str | None], int] = {}
    for side, ids in _ids(links):
        connection.execute(_forget, {"s": sync, "on": side.value, "ids": packed(ids)})
        news = absorb(connection, sync, side, dict.fromkeys(ids, True), now)
        unsettled.update({(side, record_id): number for record_id, number in news.items()})
    return unsettled


def _unsettled(news: dict[tuple[Side, str | None], int], link_: Link) -> int:
    return sum(news.get((side, link_.id_of(side)), 0) for side in Side) if news else 0


def _ids(links: Sequence[Link]) -> Iterator[tuple[Side, list[str]]]:
    for side in Side:
        ids = [record_id for each in links if (record_id := each.id_of(side)) is not None]
        if ids:
            yield side, ids


def _groups(rows: Iterable[Any]) -> Iterator[Group]:
    left = Side.LEFT.value
    for key, members in groupby(rows, itemgetter(0)):
        same = list(members)
        if len(same) > 1:
            yield Group(
                key,
                tuple(stranger_of(row[2:]) for row in same if row[1] == left),
                tuple(stranger_of(row[2:]) for row in same if row[1] != left),
            )
