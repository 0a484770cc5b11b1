"""Statements on cursors, scans, holds, runs and figures."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from crosstie.core.values import Cursor, Instant, LinkState, Side
from crosstie.ports.state import CUT_OFF, Figures, LastScan, RunRecord
from crosstie.store import tables
from crosstie.store.rows import encode, run_of
from crosstie.store.tables import ACTIVE, conflict, history, intent, link, run, sync_state
from crosstie.store.wording import upsert

NEVER = 1e18
"""When a link that is left alone is due. An index on what is due finds these at once."""

_VERBS = {"create": "created", "update": "updated", "delete": "deleted"}
"""Operation in the history -> what a run counts it as, with the side."""

_cursor = select(tables.cursor.c.cursor).where(
    tables.cursor.c.sync == bindparam("s"), tables.cursor.c.side == bindparam("side")
)
_set_cursor = upsert(tables.cursor, ("sync", "side"), ("cursor",))
_held = select(sync_state.c.held).where(sync_state.c.sync == bindparam("sync"))
_last_scan = select(
    sync_state.c.scanned_at, sync_state.c.scan_owed, sync_state.c.scan_declared
).where(sync_state.c.sync == bindparam("sync"))
_scanned = upsert(sync_state, ("sync",), ("scanned_at", "scan_owed", "scan_declared"))
_owe = upsert(sync_state, ("sync",), ("scan_owed",))
_forget_run = delete(run).where(run.c.id == bindparam("run"))
_hold = upsert(sync_state, ("sync",), ("held",))
_start = insert(run).returning(run.c.id)
_finish = (
    update(run)
    .where(run.c.id == bindparam("run"))
    .values(ended=bindparam("now"), counts=bindparam("figures"), error=bindparam("told"))
)
_open_runs = select(run.c.id).where(run.c.ended.is_(None))
_wrote = (
    select(history.c.sync, history.c.operation, history.c.side, func.count())
    .where(history.c.run_id == bindparam("run"), history.c.operation.in_(list(_VERBS)))
    .group_by(history.c.sync, history.c.operation, history.c.side)
)
_runs = select(run).order_by(run.c.id.desc()).limit(bindparam("n", type_=Integer))

_sync: BindParameter[str] = bindparam("s")
_states = select(link.c.state, func.count()).where(link.c.sync == _sync).group_by(link.c.state)
_complete = case((link.c.left_id.is_not(None) & link.c.right_id.is_not(None), 1))
_due = select(func.count(), func.count(_complete), func.min(link.c.due_at)).where(
    link.c.sync == _sync, link.c.state == ACTIVE, link.c.due_at <= bindparam("now")
)
_due_count = select(func.count()).select_from(
    select(link.c.id)
    .where(link.c.sync == _sync, link.c.state == ACTIVE, link.c.due_at <= bindparam("now"))
    .limit(bindparam("most", type_=Integer))
    .subquery()
)
_is_later = (
    link.c.sync == _sync,
    link.c.state == ACTIVE,
    link.c.due_at > bindparam("now"),
    link.c.due_at < NEVER,
)
# Counted as those that lack an id: few, and a partial index holds just them.
_alone = (
    select(func.count())
    .select_from(link)
    .where(
        link.c.sync == _sync,
        link.c.left_id.is_(None) | link.c.right_id.is_(None),
        link.c.state != literal_column("'closed'"),
    )
)
_figures = select(
    _alone.scalar_subquery().label("alone"),
    select(func.min(link.c.due_at)).where(*_is_later).scalar_subquery().label("next"),
    select(func.count())
    .select_from(conflict)
    .where(conflict.c.sync == _sync, conflict.c.closed_at.is_(None))
    .scalar_subquery()
    .label("conflicts"),
    select(func.count())
    .select_from(intent.join(link, link.c.id == intent.c.link_id))
    .where(link.c.sync == _sync)
    .scalar_subquery()
    .label("intents"),
    select(sync_state.c.scanned_at)
    .where(sync_state.c.sync == _sync)
    .scalar_subquery()
    .label("scanned_at"),
    select(sync_state.c.held).where(sync_state.c.sync == _sync).scalar_subquery().label("held"),
)


def cursor(connection: Connection, sync: str, side: Side) -> Cursor | None:
    """`JournalStore.cursor`."""
    kept = connection.execute(_cursor, {"s": sync, "side": side.value}).scalar_one_or_none()
    return None if kept is None else Cursor(kept)


def set_cursor(connection: Connection, sync: str, side: Side, cursor: Cursor) -> None:
    """Keep where the change feed of that side goes on."""
    connection.execute(_set_cursor, {"sync": sync, "side": side.value, "cursor": cursor})


def last_scan(connection: Connection, sync: str) -> LastScan:
    """`JournalStore.last_scan`."""
    row = connection.execute(_last_scan, {"sync": sync}).one_or_none()
    if row is None:
        return LastScan()
    return LastScan(row.scanned_at, bool(row.scan_owed), row.scan_declared)


def scanned(connection: Connection, sync: str, now: Instant, declared: str | None) -> None:
    """`JournalStore.scanned`."""
    kept = {"sync": sync, "scanned_at": now, "scan_owed": 0, "scan_declared": declared}
    connection.execute(_scanned, kept)


def owe_scan(connection: Connection, sync: str, *, owed: bool) -> None:
    """Keep that a complete scan has to come, or that none has to any more."""
    connection.execute(_owe, {"sync": sync, "scan_owed": int(owed)})


def due_count(connection: Connection, sync: str, now: Instant, most: int) -> int:
    """`DeskStore.due_count`."""
    asked = {"s": sync, "now": now, "most": most}
    count: int = connection.execute(_due_count, asked).scalar_one()
    return count


def held(connection: Connection, sync: str) -> str | None:
    """`DeskStore.held`."""
    reason: str | None = connection.execute(_held, {"sync": sync}).scalar_one_or_none()
    return reason


def hold(connection: Connection, sync: str, reason: str | None) -> None:
    """`DeskStore.hold`."""
    connection.execute(_hold, {"sync": sync, "held": reason})


def start_run(connection: Connection, kind: str, now: Instant) -> int:
    """`DeskStore.start_run`."""
    run_id: int = connection.execute(_start, {"kind": kind, "started": now}).scalar_one()
    return run_id


def finish_run(
    connection: Connection,
    run_id: int,
    now: Instant,
    counts: Mapping[str, int],
    error: str | None,
) -> None:
    """`DeskStore.finish_run`."""
    if not counts and error is None:
        connection.execute(_forget_run, {"run": run_id})
        return
    values = {"run": run_id, "now": now, "figures": encode(counts), "told": error}
    connection.execute(_finish, values)


def cut_off(connection: Connection, now: Instant) -> int:
    """`DeskStore.cut_off`."""
    cut = connection.execute(_open_runs).scalars().all()
    for run_id in cut:
        wrote = connection.execute(_wrote, {"run": run_id})
        counts = {f"{sync}.{_VERBS[verb]}_{side}": n for sync, verb, side, n in wrote}
        finish_run(connection, run_id, now, counts, CUT_OFF)
    return len(cut)


def runs(connection: Connection, limit: int) -> list[RunRecord]:
    """`DeskStore.runs`."""
    return [run_of(row) for row in connection.execute(_runs, {"n": limit})]


def figures(connection: Connection, sync: str, now: Instant) -> Figures:
    """`DeskStore.figures`, by three queries that indices answer."""
    counted = connection.execute(_states, {"s": sync})
    states = {LinkState(state): number for state, number in counted}
    due, due_linked, oldest_due = connection.execute(_due, {"s": sync, "now": now}).one()
    row = connection.execute(_figures, {"s": sync, "now": now}).one()
    live = sum(number for state, number in states.items() if state is not LinkState.CLOSED)
    return Figures(
        sync=sync,
        linked=live - row.alone,
        due=due,
        due_linked=due_linked,
        states=states,
        conflicts=row.conflicts,
        intents=row.intents,
        oldest_due=oldest_due,
        next_due=row.next,
        scanned_at=row.scanned_at,
        held=row.held,
    )
