"""Statements on records that a system did not show, until it is proven that they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    select,
)

from crosstie.core.values import Cursor, Instant, LinkState, Side
from crosstie.ports.proof import Scan
from crosstie.ports.state import Noticed, Sighting
from crosstie.store import links
from crosstie.store.links import ID_COLUMN
from crosstie.store.runs import owe_scan
from crosstie.store.tables import link, missing
from crosstie.store.wording import among, packed, upsert

_COLUMNS = ("first_at", "again_at", "proven")


class _Row(NamedTuple):
    """What is known of one missing record."""

    first_at: Instant | None = None
    """When the first scan began that did not show it; None: none was made yet."""
    again_at: Instant | None = None
    """When it wants another scan; None: when its time comes."""
    proven: bool = False


_any = select(missing.c.link_id).limit(1)
_keep = upsert(missing, ("link_id", "side"), ("sync", "record_id", *_COLUMNS))


def _still(side: Side) -> ColumnElement[bool]:
    """The link still has the record that is missing: an answered one may have got another."""
    return and_(
        link.c.id == missing.c.link_id,
        missing.c.side == side.value,
        missing.c.record_id == ID_COLUMN[side],
        link.c.state != LinkState.CLOSED.value,
    )


_joined = {side: link.outerjoin(missing, _still(side)) for side in Side}
_rows = tuple(missing.c[name] for name in _COLUMNS)
_of_records = {
    side: select(link.c.id, ID_COLUMN[side], missing.c.link_id, *_rows)
    .select_from(_joined[side])
    .where(
        link.c.sync == bindparam("s"),
        among(ID_COLUMN[side], "ids"),
        link.c.state != LinkState.CLOSED.value,
    )
    for side in Side
}
_of_links = {
    side: select(link.c.id, ID_COLUMN[side], link.c.sync, missing.c.link_id, *_rows)
    .select_from(_joined[side])
    .where(among(link.c.id, "ids"), ID_COLUMN[side].is_not(None))
    for side in Side
}
_forget = delete(missing).where(
    among(missing.c.link_id, "ids"), missing.c.side == bindparam("where")
)
_tidy = {
    side: delete(missing).where(
        missing.c.sync == bindparam("s"),
        missing.c.side == side.value,
        ~select(link.c.id).where(_still(side)).correlate(missing).exists(),
    )
    for side in Side
}
_suspected = (
    select(missing.c.link_id)
    .where(
        missing.c.sync == bindparam("s"),
        select(link.c.id).where(link.c.id == missing.c.link_id).correlate(missing).exists(),
    )
    .distinct()
)
_wanted = (
    select(missing.c.side, func.min(missing.c.again_at))
    .where(
        missing.c.sync == bindparam("s"),
        missing.c.proven == 0,
        missing.c.again_at.is_not(None),
    )
    .group_by(missing.c.side)
)

_unproven = {
    side: select(func.count(), func.min(missing.c.again_at))
    .select_from(missing.join(link, _still(side)))
    .where(missing.c.sync == bindparam("s"), missing.c.proven == 0)
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
    """`LinkStore.notice`: who is shown is there, and who is told as gone is proven to be."""
    shown = [s.id for s in sightings if not (s.gone or s.heard)]
    back = _returned(connection, sync, side, shown)
    if back:
        # Its link may have been put off meanwhile, with an edit of the other side waiting.
        sightings = [replace(s, mark=None) if s.id in back else s for s in sightings]
    done = links.notice(connection, sync, side, sightings, now, cursor, meet=meet)
    if done.unknown and cursor is not None:
        owe_scan(connection, sync, owed=True)
    gone = [s.id for s in sightings if s.gone and not s.heard]
    if gone:
        known = connection.execute(_of_records[side], {"s": sync, "ids": packed(gone)}).all()
        kept = {(row[0], row[1]): _row(row[2:])._replace(proven=True) for row in known}
        _write(connection, sync, side, kept)
    return done


def _returned(connection: Connection, sync: str, side: Side, ids: Sequence[str]) -> set[str]:
    """Those of these records that were missing; they are not any more."""
    if not ids or connection.execute(_any).first() is None:
        return set()
    found = connection.execute(_of_records[side], {"s": sync, "ids": packed(ids)}).all()
    back = {row[0]: row[1] for row in found if row[2] is not None}
    connection.execute(_forget, {"ids": packed(back), "where": side.value})
    return set(back.values())


def absent(
    connection: Connection, sync: str, side: Side, ids: Sequence[str], scan: Scan
) -> list[str]:
    """`ProofStore.absent`."""
    connection.execute(_tidy[side], {"s": sync})
    rows = _after(connection, sync, side, ids, scan)
    _write(connection, sync, side, rows)
    return [record_id for (_, record_id), row in rows.items() if row.proven]


def would_prove(
    connection: Connection, sync: str, side: Side, ids: Sequence[str], scan: Scan
) -> list[str]:
    """`ProofStore.absent` that keeps nothing."""
    rows = _after(connection, sync, side, ids, scan)
    return [record_id for (_, record_id), row in rows.items() if row.proven]


def _after(
    connection: Connection, sync: str, side: Side, ids: Sequence[str], scan: Scan
) -> dict[tuple[int, str], _Row]:
    found = connection.execute(_of_records[side], {"s": sync, "ids": packed(ids)}) if ids else ()
    return {
        (row[0], row[1]): _missed(None if row[2] is None else _row(row[2:]), scan) for row in found
    }


def _missed(row: _Row | None, scan: Scan) -> _Row:
    """What is known of a record after a scan that did not show it."""
    again = scan.began + scan.pause
    if row is None:
        return _Row(scan.began, None if scan.early else again)
    if row.proven:
        return row
    if row.first_at is None or row.first_at > scan.began:
        return _Row(scan.began, again)
    return row._replace(proven=row.first_at + scan.lag <= scan.began)


def suspect(connection: Connection, link_id: int, side: Side, again: Instant) -> None:
    """`ProofStore.suspect`."""
    for found in connection.execute(_of_links[side], {"ids": packed([link_id])}).all():
        row = _row(found[3:])
        if row.again_at is None and not row.proven:
            row = row._replace(again_at=again)
            _write(connection, found[2], side, {(found[0], found[1]): row})


def proven(connection: Connection, link_ids: Sequence[int], side: Side) -> frozenset[int]:
    """`ProofStore.proven`."""
    found = connection.execute(_of_links[side], {"ids": packed(link_ids)}).all()
    return frozenset(row[0] for row in found if _row(row[3:]).proven)


def forget(connection: Connection, link_id: int, side: Side) -> None:
    """`ProofStore.found`."""
    connection.execute(_forget, {"ids": packed([link_id]), "where": side.value})


def suspected(connection: Connection, sync: str) -> frozenset[int]:
    """`ProofStore.suspected`."""
    return frozenset(connection.execute(_suspected, {"s": sync}).scalars())


def wanted(connection: Connection, sync: str) -> dict[Side, Instant]:
    """`ProofStore.wanted`."""
    return {Side(side): at for side, at in connection.execute(_wanted, {"s": sync})}


def unproven(connection: Connection, sync: str) -> list[tuple[Side, int, Instant | None]]:
    """`DeskStore.unproven`."""
    rows = ((side, connection.execute(_unproven[side], {"s": sync}).one()) for side in Side)
    return [(side, number, again) for side, (number, again) in rows if number]


def _row(found: Sequence[Any]) -> _Row:
    """The row of a link, after its own `link_id`: None where there is none."""
    return _Row() if found[0] is None else _Row(found[1], found[2], bool(found[3]))


def _write(
    connection: Connection, sync: str, side: Side, rows: dict[tuple[int, str], _Row]
) -> None:
    values = [
        {
            "link_id": link_id,
            "side": side.value,
            "sync": sync,
            "record_id": record_id,
            "first_at": row.first_at,
            "again_at": row.again_at,
            "proven": int(row.proven),
        }
        for (link_id, record_id), row in rows.items()
    ]
    if values:
        connection.execute(_keep, values)
