"""Statements on the past that a system shares with the state, and the Store's methods for proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from crosstie.core.values import Instant, Side
from crosstie.ports.proof import Origin, Scan
from crosstie.store import evidence, tables
from crosstie.store.runs import NEVER
from crosstie.store.tables import sync_state
from crosstie.store.transacting import Transacting
from crosstie.store.wording import upsert

_columns = ("pending", "confirmed", "height", "checked_at", "doubt", "beyond")
_kept = select(*[tables.origin.c[name] for name in _columns]).where(
    tables.origin.c.sync == bindparam("s"), tables.origin.c.side == bindparam("where")
)
_keep = upsert(tables.origin, ("sync", "side"), _columns)
_doubt = upsert(tables.origin, ("sync", "side"), ("doubt",))
_hold = upsert(sync_state, ("sync",), ("held", "scanned_at"))
_hasten = (
    update(tables.link)
    .where(
        tables.link.c.sync == bindparam("s"),
        tables.link.c.state == tables.ACTIVE,
        tables.link.c.due_at > bindparam("now"),
        tables.link.c.due_at < NEVER,
    )
    .values(due_at=bindparam("now"))
)
# A link that is done with lives on in the history of what it made.
_given_out = select(
    select(func.max(tables.link.c.id)).scalar_subquery(),
    select(func.max(tables.history.c.link_id)).scalar_subquery(),
    select(func.max(tables.origin.c.beyond)).scalar_subquery(),
)


def origin(connection: Connection, sync: str, side: Side) -> Origin:
    """`ProofStore.origin`."""
    row = connection.execute(_kept, {"s": sync, "where": side.value}).one_or_none()
    return Origin() if row is None else Origin(*row)


def keep_origin(connection: Connection, sync: str, side: Side, kept: Origin) -> None:
    """`ProofStore.keep_origin`."""
    values = {name: getattr(kept, name) for name in _columns}
    connection.execute(_keep, {"sync": sync, "side": side.value, **values})


def doubt(connection: Connection, sync: str, side: Side, why: str) -> None:
    """`ProofStore.doubt`."""
    connection.execute(_doubt, {"sync": sync, "side": side.value, "doubt": why})
    connection.execute(_hold, {"sync": sync, "held": why, "scanned_at": None})


def hasten(connection: Connection, sync: str, now: Instant) -> None:
    """`ProofStore.hasten`."""
    connection.execute(_hasten, {"s": sync, "now": now})


def given_out(connection: Connection) -> int:
    """`ProofStore.given_out`."""
    return max(number or 0 for number in connection.execute(_given_out).one())


class ProofSide(Transacting):
    """`ports.proof.ProofStore` on a database."""

    async def absent(
        self, sync: str, side: Side, ids: Sequence[str], scan: Scan, *, keep: bool = True
    ) -> Sequence[str]:
        """See `ProofStore`."""
        if not keep:
            return await self._reading(evidence.would_prove, sync, side, ids, scan)
        return await self._writing(evidence.absent, sync, side, ids, scan)

    async def suspect(self, link_id: int, side: Side, again: Instant) -> None:
        """See `ProofStore`."""
        await self._writing(evidence.suspect, link_id, side, again)

    async def proven(self, link_ids: Sequence[int], side: Side) -> frozenset[int]:
        """See `ProofStore`."""
        return await self._asking(evidence.proven, link_ids, side)

    async def found(self, link_id: int, side: Side) -> None:
        """See `ProofStore`."""
        await self._writing(evidence.forget, link_id, side)

    async def suspected(self, sync: str) -> frozenset[int]:
        """See `ProofStore`."""
        return await self._asking(evidence.suspected, sync)

    async def wanted(self, sync: str) -> Mapping[Side, Instant]:
        """See `ProofStore`."""
        return await self._asking(evidence.wanted, sync)

    async def origin(self, sync: str, side: Side) -> Origin:
        """See `ProofStore`."""
        return await self._reading(origin, sync, side)

    async def keep_origin(self, sync: str, side: Side, origin: Origin) -> None:
        """See `ProofStore`."""
        await self._writing(keep_origin, sync, side, origin)

    async def doubt(self, sync: str, side: Side, why: str) -> None:
        """See `ProofStore`."""
        await self._writing(doubt, sync, side, why)

    async def hasten(self, sync: str, now: Instant) -> None:
        """See `ProofStore`."""
        await self._writing(hasten, sync, now)

    async def given_out(self) -> int:
        """See `ProofStore`."""
        return await self._reading(given_out)
