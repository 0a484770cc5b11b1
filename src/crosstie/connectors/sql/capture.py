"""Capture: triggers in the application's database that note every change, whoever makes it.

They write the outbox in the writer's own transaction, so a change is noted exactly when it is
committed. Installing and removing are idempotent; both leave the application's rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from crosstie.connectors.sql import outbox
from crosstie.connectors.sql.database import TableSource
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.connectors.sql.opening import capture_state, identified
from crosstie.core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """One table after the call."""

    table: str
    database: str
    state: str
    """`installed`, `missing`, or `outdated`: there, but not what would be installed now."""
    changed: bool
    """The call altered the database."""
    pending: int
    """Changes that wait to be noticed."""


def capture_install(sources: Iterable[TableSource]) -> list[CaptureReport]:
    """Make each table's triggers what they should be. Asked twice, it changes nothing more.

    Raises Misconfigured (no such table, no key, a view), Retry (locked), Halt (read-only).
    """
    return [_install(source) for source in sources]


def capture_uninstall(sources: Iterable[TableSource]) -> list[CaptureReport]:
    """Remove the triggers of each table and what waits for it; with the last, the outbox too."""
    return [_uninstall(source) for source in sources]


def capture_status(sources: Iterable[TableSource]) -> list[CaptureReport]:
    """How each table is captured now."""
    reports = []
    for source in sources:
        sql, where = Sql.of(source.account), _where(source)
        with sql.reading(where) as connection:
            reports.append(_report(sql, connection, source, changed=False))
    return reports


def _install(source: TableSource) -> CaptureReport:
    sql = Sql.of(source.account)
    with sql.writing(_where(source)) as connection:
        shape, key = identified(sql.dialect, connection, source)
        if shape.is_view:
            raise Misconfigured(
                f"{shape.name!r} is a view, which cannot be captured",
                fix="sync the table behind it, or leave it to complete scans",
            )
        changed = capture_state(sql.dialect, connection, shape, key) != "installed"
        if changed:
            for statement in sql.dialect.outbox():
                connection.exec_driver_sql(statement)
            for name in sql.dialect.installed(connection, shape.name):
                connection.exec_driver_sql(sql.dialect.drop_trigger(name))
            for statement in sql.dialect.triggers(shape, key).values():
                connection.exec_driver_sql(statement)
        return _report(sql, connection, source, changed=changed)


def _uninstall(source: TableSource) -> CaptureReport:
    sql = Sql.of(source.account)
    dialect = sql.dialect
    with sql.writing(_where(source)) as connection:
        # By the name declared, not by the table found: it may have been dropped already.
        ours = dialect.installed(connection, source.table)
        for name in ours:
            connection.exec_driver_sql(dialect.drop_trigger(name))
        there = dialect.has_outbox(connection)
        if there:
            shape = dialect.shape(connection, source.table)
            outbox.clear(connection, source.table if shape is None else shape.name)
        if there and not dialect.installed(connection, None):
            for statement in dialect.drop_outbox():
                connection.exec_driver_sql(statement)
        return CaptureReport(source.table, sql.label, "missing", bool(ours) or there, 0)


def _report(
    sql: Sql, connection: Connection, source: TableSource, *, changed: bool
) -> CaptureReport:
    shape, key = identified(sql.dialect, connection, source)
    state = capture_state(sql.dialect, connection, shape, key)
    waiting = 0
    if sql.dialect.has_outbox(connection):
        waiting = outbox.pending(connection, shape.name)
    return CaptureReport(shape.name, sql.label, state, changed, waiting)


def _where(source: TableSource) -> Where:
    return Where(Verb.CAPTURE, source.table, source.account.label)
