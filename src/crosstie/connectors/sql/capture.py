"""Capture: triggers in the application's database that note every change, whoever makes it.

They write the outbox in the writer's own transaction, so a change is noted exactly when it is
committed. Installing and removing are idempotent; both leave the application's rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from crosstie.connectors.sql import memory, outbox
from crosstie.connectors.sql.database import TableSource
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.faults import LackingError, Verb, Where
from crosstie.connectors.sql.opening import capture_state, identified
from crosstie.connectors.sql.shape import TableShape
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
    statements: tuple[str, ...] = ()
    """What the call ran, or, where nothing was to be changed yet, what `install` would run."""


def capture_install(sources: Iterable[TableSource]) -> list[CaptureReport]:
    """Make each table's triggers what they should be. Asked twice, it changes nothing more.

    Raises Misconfigured (no such table, no key, a view, no right to do it), Retry (locked), Halt
    (read-only).
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
            shape, key = identified(sql.dialect, connection, source)
            script = _script(sql, connection, shape, key)
            reports.append(_report(sql, connection, shape, key, script, changed=False))
    return reports


def capture_waiting(source: TableSource, most: int) -> int | None:
    """How many changes of that table wait to be noticed, our own left out; at most `most`.

    None where the table is not captured. Raises what `capture_status` raises.
    """
    sql, where = Sql.of(source.account), Where(Verb.READ, source.table, source.account.label)
    with sql.reading(where) as connection:
        shape, _ = identified(sql.dialect, connection, source)
        if not (sql.dialect.has_outbox(connection) and sql.dialect.installed(connection, shape)):
            return None
        return outbox.some(connection, sql.dialect.box, shape.name, most)


def run_plain(connection: Connection, statement: str) -> None:
    """Run a statement as it stands: a percent sign in it is one."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _install(source: TableSource) -> CaptureReport:
    sql, where = Sql.of(source.account), _where(source)
    script: Sequence[str] = ()
    grants: Sequence[str] = ()
    try:
        with sql.writing(where) as connection:
            shape, key = identified(sql.dialect, connection, source)
            if shape.is_view:
                raise Misconfigured(
                    f"{shape.name!r} is a view, which cannot be captured",
                    fix="sync the table behind it, or leave it to complete scans",
                )
            script = _script(sql, connection, shape, key)
            grants = sql.dialect.grants(shape, sql.dialect.user(connection))
            for statement in script:
                run_plain(connection, statement)
            return _report(sql, connection, shape, key, script, changed=bool(script))
    except LackingError as error:
        listed = ";\n".join((*script, *grants))
        raise Misconfigured(str(error), fix=f"let an administrator run:\n{listed};") from error


def _script(
    sql: Sql, connection: Connection, shape: TableShape, key: Sequence[str]
) -> Sequence[str]:
    """What has to be run for the capture of that table to be what it should be."""
    dialect = sql.dialect
    wanted, there = dialect.triggers(shape, key), dialect.installed(connection, shape)
    script = [] if dialect.has_outbox(connection) else list(dialect.outbox())
    if not memory.is_there(connection, dialect.box.name):
        script.append(memory.make(dialect.box.name))
    kept: Mapping[str, str] = there
    if any(there.get(name, made) != made for name, made in wanted.items()):
        # Of one name and not the same: the old ones have to go first.
        script += [dialect.drop_trigger(name) for name in reversed([*there])]
        kept = {}
    script += [made for name, made in wanted.items() if name not in kept]
    return [
        *script,
        *(dialect.drop_trigger(name) for name in reversed([*kept]) if name not in wanted),
    ]


def _uninstall(source: TableSource) -> CaptureReport:
    sql = Sql.of(source.account)
    dialect = sql.dialect
    with sql.writing(_where(source)) as connection:
        # By the name declared, not by the table found: it may have been dropped already.
        shape = dialect.shape(connection, source.table)
        asked = shape or TableShape(source.table, {}, (), bare=source.table)
        script = [
            dialect.drop_trigger(n) for n in reversed([*dialect.installed(connection, asked)])
        ]
        for statement in script:
            run_plain(connection, statement)
        there = dialect.has_outbox(connection)
        if there:
            outbox.clear(connection, dialect.box, asked.name)
        if there and not dialect.installed(connection, None):
            for statement in (memory.drop(dialect.box.name), *dialect.drop_outbox()):
                run_plain(connection, statement)
                script.append(statement)
        changed = bool(script) or there
        return CaptureReport(source.table, sql.label, "missing", changed, 0, tuple(script))


def _report(
    sql: Sql,
    connection: Connection,
    shape: TableShape,
    key: Sequence[str],
    script: Sequence[str],
    *,
    changed: bool,
) -> CaptureReport:
    state = capture_state(sql.dialect, connection, shape, key)
    waiting = 0
    if sql.dialect.has_outbox(connection):
        waiting = outbox.pending(connection, sql.dialect.box, shape.name)
    return CaptureReport(shape.name, sql.label, state, changed, waiting, tuple(script))


def _where(source: TableSource) -> Where:
    return Where(Verb.CAPTURE, source.table, source.account.label)
