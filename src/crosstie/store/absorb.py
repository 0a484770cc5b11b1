"""A link that gains a record id takes it over from a bare link that was noticed alone."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, select

from crosstie.core.errors import Duplicate
from crosstie.core.values import Instant, LinkState, Side
from crosstie.store.conflicts import close_conflicts
from crosstie.store.links import ID_COLUMN
from crosstie.store.rows import Kept
from crosstie.store.tables import intent, link
from crosstie.store.wording import among, packed

_held = {
    side: select(
        link.c.id,
        ID_COLUMN[side].label("record_id"),
        ID_COLUMN[side.other].label("other_id"),
        link.c.base_left,
        link.c.base_right,
        link.c.noticed,
        link.c.settled,
        link.c.conflict_id,
        link.c.state,
        link.c.id.in_(select(intent.c.link_id)).label("busy"),
    ).where(link.c.sync == bindparam("s"), among(ID_COLUMN[side], "ids"))
    for side in Side
}
_delete = delete(link).where(among(link.c.id, "ids"))


def absorb(
    connection: Connection, sync: str, side: Side, gained: Mapping[str, bool], at: Instant
) -> dict[str, int]:
    """Delete the bare links that hold these record ids, with their open conflicts.

    gained: record id -> whether it may be taken over.  Answers record id -> how much news of it
    was not settled yet, which the link that gains it goes on with.
    Raises Duplicate where the holder is more than bare: it has a counterpart or an open intent, or
    a base and was not closed for good.
    """
    rows = connection.execute(_held[side], {"s": sync, "ids": packed(gained)}).all()
    for row in rows:
        if not gained[row.record_id] or not _bare(row):
            raise Duplicate(
                f"sync {sync!r}: {side} record {row.record_id!r} belongs to link {row.id} already",
                existing=row.record_id,
                fix="look at both links and decide which pair is right",
            )
    if rows:
        conflicts = [row.conflict_id for row in rows if row.conflict_id is not None]
        if conflicts:
            close_conflicts(connection, conflicts, at)
        connection.execute(_delete, {"ids": packed([row.id for row in rows])})
    return {row.record_id: row.noticed - row.settled for row in rows}


def _bare(row: Kept) -> bool:
    based = row.base_left != "{}" or row.base_right != "{}"
    over = row.state == LinkState.CLOSED.value
    return row.other_id is None and not row.busy and (over or not based)
