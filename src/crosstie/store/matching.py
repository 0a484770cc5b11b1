"""What a first match leaves in the state: links of pairs, of who stayed alone, of who is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, insert

from crosstie.core.values import SIDES, Instant, Link, LinkState, Side
from crosstie.ports.state import Conflict, Match
from crosstie.store.absorb import absorb
from crosstie.store.conflicts import raise_conflicts
from crosstie.store.driven import Driven
from crosstie.store.links import wake_waiting
from crosstie.store.rows import NEW_LINK, matched_link, new_link
from crosstie.store.tables import link

_insert = Driven(insert(link), NEW_LINK)
_insert_many = insert(link).returning(link.c.id, sort_by_parameter_order=True)


def pair_strangers(
    connection: Connection, sync: str, matches: Sequence[Match], now: Instant
) -> None:
    """`MatchStore.pair_strangers`. Links that wait for one of these records become due."""
    ids = {
        Side.LEFT: [match.left_id for match in matches],
        Side.RIGHT: [match.right_id for match in matches],
    }
    news = _absorbed(connection, sync, ids, now)
    left, right = news[Side.LEFT], news[Side.RIGHT]
    rows = []
    for match in matches:
        extra = left.get(match.left_id, 0) + right.get(match.right_id, 0)
        rows.append(matched_link(sync, match, extra, now))
    _insert.each(connection, rows)
    _wake(connection, sync, ids)


def link_strangers(connection: Connection, sync: str, links: Sequence[Link], now: Instant) -> None:
    """`MatchStore.link_strangers`. Links that wait for one of these records become due."""
    ids = _ids(links)
    news = _absorbed(connection, sync, ids, now)
    rows = []
    for each in links:
        extra = _unsettled(news, each)
        quiet = each.settled == each.noticed + extra
        rows.append(new_link(each, None if quiet else now, extra))
    _insert.each(connection, rows)
    _wake(connection, sync, ids)


def ask_strangers(
    connection: Connection, sync: str, asked: Sequence[tuple[Link, Conflict]], now: Instant
) -> None:
    """`MatchStore.ask_strangers`."""
    if not asked:
        return
    news = _absorbed(connection, sync, _ids([each for each, _ in asked]), now)
    rows = []
    for each, _ in asked:
        asking = replace(each, state=LinkState.ASKING)
        values = new_link(asking, None, _unsettled(news, each))
        rows.append(dict(zip(NEW_LINK, values, strict=True)))
    link_ids = connection.execute(_insert_many, rows).scalars().all()
    raise_conflicts(connection, link_ids, asked)


def _absorbed(
    connection: Connection, sync: str, ids: Mapping[Side, Sequence[str]], now: Instant
) -> dict[Side, dict[str, int]]:
    """These records lose the bare links that they were noticed with; the news of those."""
    return {
        side: absorb(connection, sync, side, dict.fromkeys(own, True), now) if own else {}
        for side, own in ids.items()
    }


def _unsettled(news: Mapping[Side, Mapping[str, int]], link_: Link) -> int:
    return sum(news[side].get(link_.id_of(side) or "", 0) for side in SIDES)


def _ids(links: Sequence[Link]) -> dict[Side, list[str]]:
    return {side: [i for each in links if (i := each.id_of(side)) is not None] for side in SIDES}


def _wake(connection: Connection, sync: str, ids: Mapping[Side, Sequence[str]]) -> None:
    for side, own in ids.items():
        if own:
            wake_waiting(connection, sync, side, own)
