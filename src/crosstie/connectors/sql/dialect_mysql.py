"""MySQL and MariaDB: how to open them, what their tables look like.

Facts (MySQL 8, MariaDB 10.6 and later; dev.mysql.com/doc/refman/8.4/en, mariadb.com/kb/en):
* Others write while we do: a row that is read to be changed is locked by its reader. Writers are
  at READ COMMITTED, where a lock is on that row alone and not on the gap beside it.
* Values are cut off silently unless the session is strict: ours are.
* Sessions of ours are in UTC: a TIMESTAMP is an instant, a DATETIME is what stands there.
* InnoDB only: other engines have no transactions, so a change and its note could part.
* Waiting for a lock is counted in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql import triggers_mysql as capture
from crosstie.connectors.sql.catalog_mysql import CASCADES, HEAD, INDEXES, NAMES, columns_of
from crosstie.connectors.sql.faults_mysql import fault_of
from crosstie.connectors.sql.memory import table_beside
from crosstie.connectors.sql.outbox import Outbox
from crosstie.connectors.sql.shape import Fault, TableShape
from crosstie.core.errors import Misconfigured

CONNECTIONS: Final = 8
_MODE: Final = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
_READ_COMMITTED: Final = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
_SOME: Final = 1_000
"""Outbox rows that a pulse looks at."""


class Mysql:
    """The dialect of MySQL and MariaDB. Capture's own text is in `triggers_mysql`."""

    served = True
    channel = ""
    writes: Mapping[str, Any] = {"crosstie_writes": True}

    def __init__(self, url: URL) -> None:
        if not url.database:
            raise Misconfigured(
                "the address names no database",
                fix="write it like mysql://user@host/database",
            )
        self._database = url.database
        self.box = Outbox(
            f"{capture.quoted(url.database)}.{capture.NAME}",
            "tx = CONNECTION_ID()",
            points=True,
            hint="FORCE INDEX (PRIMARY)",
        )
        self._pulse = text(
            "SELECT COALESCE(CRC32(CONCAT_WS(',', MIN(seq), MAX(seq), COUNT(*))), 0) FROM"
            f" (SELECT seq FROM {self.box.name} WHERE origin IS NULL ORDER BY seq LIMIT {_SOME}) w"
        )

    def engine(self, url: URL, *, busy_ms: int, foreign_keys: bool) -> Engine:
        try:
            conversions = dict(import_module("pymysql.converters").conversions)
            types = import_module("pymysql.constants.FIELD_TYPE")
        except ImportError:
            raise Misconfigured(
                "the driver of MySQL is not installed", fix="pip install 'crosstie[mysql]'"
            ) from None
        for kind in ("DECIMAL", "NEWDECIMAL", "DATE", "DATETIME", "TIMESTAMP", "TIME"):
            conversions[getattr(types, kind)] = str
        conversions[types.BIT] = lambda raw: int.from_bytes(raw, "big")
        seconds = max(1, round(busy_ms / 1000))
        session = (
            f"SET SESSION time_zone = '+00:00', sql_mode = '{_MODE}',"
            f" innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds},"
            f" foreign_key_checks = {int(foreign_keys)}"
        )
        engine = create_engine(
            url.set(drivername="mysql+pymysql"),
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_pre_ping=True,
            connect_args={
                "conv": conversions,
                "charset": "utf8mb4",
                "connect_timeout": 5,
                "read_timeout": 60,
                "write_timeout": 60,
                "init_command": session,
            },
        )
        _begin_to_write(engine)
        return engine

    def tables(self, connection: Connection) -> Sequence[str]:
        return connection.scalars(NAMES, {"db": self._database}).all()

    def shape(self, connection: Connection, table: str) -> TableShape | None:
        head = self._found(connection, table)
        if head is None:
            return None
        asked = {"db": head.db, "tbl": head.tbl}
        columns = {column.name: column for column in columns_of(connection, asked)}
        indexes: dict[str, list[str]] = {}
        for row in connection.execute(INDEXES, asked):
            indexes.setdefault(row.name, []).append(row.col)
        key = tuple(indexes.pop("PRIMARY", ()))
        unique = {name: cols for name, cols in indexes.items() if None not in cols}
        cascades = connection.scalars(CASCADES, asked).all()
        if head.engine is not None and head.engine.lower() != "innodb":
            raise Misconfigured(
                f"table {table!r} is kept by {head.engine}, which has no transactions",
                fix=f"ALTER TABLE {capture.quoted(head.tbl)} ENGINE = InnoDB",
            )
        return TableShape(
            name=head.tbl if head.db == self._database else f"{head.db}.{head.tbl}",
            columns=columns,
            primary_key=key,
            unique=tuple(frozenset(cols) for cols in unique.values()),
            automatic_key=len(key) == 1 and columns[key[0]].automatic,
            is_view=head.kind == "VIEW",
            schema=head.db,
            bare=head.tbl,
            constraints={"PRIMARY": key}
            | {name: tuple(cols) for name, cols in unique.items()}
            | {name: (name,) for name in columns if name not in unique},
            compares_rows=False,
            silent=(
                *(f"rows that {of} changes or deletes by cascade" for of in cascades),
                "TRUNCATE",
            )
            if cascades
            else (),
        )

    def fault(self, error: DBAPIError) -> Fault:
        return fault_of(error)

    def lenient(self, connection: Connection) -> None:
        """The server takes no text that is not valid."""

    def capture_version(self, connection: Connection, table: TableShape) -> int:
        asked = {"db": table.schema, "tbl": table.bare}
        return int(connection.execute(capture.VERSION, asked).scalar_one())

    def pulse(self, connection: Connection) -> int:
        return int(connection.execute(self._pulse).scalar_one())

    def has_outbox(self, connection: Connection) -> bool:
        return self._found(connection, capture.NAME) is not None

    def outbox(self) -> Sequence[str]:
        return capture.outbox(self._database)

    def drop_outbox(self) -> Sequence[str]:
        return (f"DROP TABLE {self.box.name}",)

    def triggers(self, table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
        return capture.triggers(table, key, self._database)

    def installed(self, connection: Connection, table: TableShape | None) -> Mapping[str, str]:
        return capture.installed(connection, table, self._database)

    def drop_trigger(self, name: str) -> str:
        return f"DROP TRIGGER IF EXISTS {name}"

    def user(self, connection: Connection) -> str:
        name, _, host = str(connection.scalar(text("SELECT CURRENT_USER()"))).rpartition("@")
        return f"{capture.literal(name)}@{capture.literal(host)}"

    def grants(self, table: TableShape, user: str) -> Sequence[str]:
        tables = (self.box.name, table_beside(self.box.name))
        return (
            *(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {user}" for name in tables),
            # Without this right the triggers cannot even be seen.
            f"GRANT TRIGGER ON {capture.quoted(table.schema)}.{capture.quoted(table.bare)}"
            f" TO {user}",
        )

    def _found(self, connection: Connection, name: str) -> Any:
        """The table or view, in this database or in another of the server (`other.table`)."""
        asked = [(self._database, name)]
        if "." in name:
            database, _, table = name.partition(".")
            asked.append((database, table))
        for database, table in asked:
            rows = connection.execute(HEAD, {"db": database, "tbl": table}).all()
            exact = [row for row in rows if row.tbl == table]
            if exact or len(rows) == 1:
                return (exact or rows)[0]
        return None


def _begin_to_write(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("crosstie_writes"):
            connection.exec_driver_sql(_READ_COMMITTED)
