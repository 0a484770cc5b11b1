"""Statements on figures over time, and on what of a sync waits; the store's methods for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select

from crosstie.core.tally import Tally
from crosstie.core.values import Instant
from crosstie.ports.watch import KEPT, SECONDS, Rollup, Scale, Standing
from crosstie.store.rows import Kept
from crosstie.store.tables import ACTIVE, DEAD, conflict, link, sync_state
from crosstie.store.tables_watch import rollup
from crosstie.store.transacting import Transacting
from crosstie.store.wording import among, packed, upsert

_tally = msgspec.json.Decoder(Tally)
_KEYS = ("scale", "at", "kind", "name")
_known = select(rollup.c.tally).where(*(rollup.c[name] == bindparam(name) for name in _KEYS))
_keep = upsert(rollup, _KEYS, ("tally",))
_forget = delete(rollup).where(rollup.c.scale == bindparam("which"), rollup.c.at < bindparam("old"))
_since = (
    select(rollup)
    .where(rollup.c.scale == bindparam("which"), rollup.c.at >= bindparam("first"))
    .order_by(rollup.c.at, rollup.c.kind, rollup.c.name)
)

_is_due = (link.c.sync == bindparam("s"), link.c.state == ACTIVE, link.c.due_at <= bindparam("now"))
_is_asked = (
    conflict.c.sync == bindparam("s"),
    conflict.c.closed_at.is_(None),
    conflict.c.answer.is_(None),
)
# Of what each died is in the index of dead letters; without it SQLite walks through all links.
_dead = select(func.count(func.coalesce(link.c.cause, ""))).where(
    link.c.sync == bindparam("s"), link.c.state == DEAD
)
# Each part by an index of its own: a look at all links once a minute would be felt.
_standing = select(
    select(func.count()).where(*_is_due).scalar_subquery().label("due"),
    select(func.min(link.c.due_at)).where(*_is_due).scalar_subquery().label("oldest_due"),
    _dead.scalar_subquery().label("dead"),
    select(func.count()).where(*_is_asked).scalar_subquery().label("asked"),
    select(func.min(conflict.c.opened_at)).where(*_is_asked).scalar_subquery().label("asked_since"),
    select(sync_state.c.held)
    .where(sync_state.c.sync == bindparam("s"))
    .scalar_subquery()
    .label("held"),
)
_due_times = select(link.c.id, link.c.due_at).where(
    among(link.c.id, "ids"), link.c.due_at.is_not(None)
)


def keep_rollups(connection: Connection, rollups: Sequence[Rollup], now: Instant) -> None:
    """`RollupStore.keep_rollups`."""
    for each in rollups:
        for scale, seconds in SECONDS.items():
            _add(connection, scale, each, each.at - each.at % seconds)
    for scale, kept in KEPT.items():
        connection.execute(_forget, {"which": scale, "old": now - kept})


def _add(connection: Connection, scale: Scale, new: Rollup, at: Instant) -> None:
    place = {"scale": scale, "at": at, "kind": new.kind, "name": new.name}
    known = connection.execute(_known, place).scalar_one_or_none()
    tally = Tally() if known is None else _tally.decode(known)
    tally.take_in(new.tally)
    connection.execute(_keep, {**place, "tally": msgspec.json.encode(tally).decode()})


def rollups(connection: Connection, scale: Scale, since: Instant) -> list[Rollup]:
    """`RollupStore.rollups`."""
    rows = connection.execute(_since, {"which": scale, "first": since})
    return [_rollup(row) for row in rows]


def _rollup(row: Kept) -> Rollup:
    return Rollup(row.kind, row.name, row.at, _tally.decode(row.tally))


def standing(connection: Connection, sync: str, now: Instant) -> Standing:
    """`RollupStore.standing`."""
    row = connection.execute(_standing, {"s": sync, "now": now}).one()
    return Standing(**row._mapping)


def due_times(connection: Connection, link_ids: Sequence[int]) -> dict[int, Instant]:
    """`RollupStore.due_times`."""
    rows = connection.execute(_due_times, {"ids": packed(link_ids)})
    return {row.id: row.due_at for row in rows}


class RollupSide(Transacting):
    """`ports.watch.RollupStore` on a database."""

    async def keep_rollups(self, rollups: Sequence[Rollup], now: Instant) -> None:
        """See `RollupStore`."""
        await self._writing(keep_rollups, rollups, now)

    async def rollups(self, scale: Scale, since: Instant) -> Sequence[Rollup]:
        """See `RollupStore`."""
        return await self._asking(rollups, scale, since)

    async def standing(self, sync: str, now: Instant) -> Standing:
        """See `RollupStore`."""
        return await self._asking(standing, sync, now)

    async def due_times(self, link_ids: Sequence[int]) -> Mapping[int, Instant]:
        """See `RollupStore`."""
        return await self._asking(due_times, link_ids)
