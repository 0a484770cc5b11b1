"""SQLite: how to open it, what its tables look like, what its errors mean.

Facts (SQLite 3.40, sqlite.org/datatype3.html, lang_createtable.html, pragma.html):
* A declared type is a preference; any column may hold any type, save INTEGER PRIMARY KEY.
* `sqlite3.connect` creates a missing file, unless the address says `mode=rw`.
* The driver begins transactions by itself and only before some statements; ours are begun by hand.
* The id of the newest deleted row is given again unless the table says AUTOINCREMENT.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql import triggers_sqlite
from crosstie.connectors.sql.outbox import Outbox
from crosstie.connectors.sql.shape import ColumnShape, Fault, Kind, TableShape, Trouble
from crosstie.core.errors import Misconfigured

_DIGITS = re.compile(r"\s*\d+\s*(?:,\s*(\d+)\s*)?\)")
_WORDS: Final = (
    ("BOOL", Kind.BOOLEAN),
    ("DATETIME", Kind.DATETIME),
    ("TIMESTAMP", Kind.DATETIME),
    ("DATE", Kind.DATE),
    ("TIME", Kind.TIME),
    ("JSON", Kind.JSON),
    ("POINT", Kind.ANY),
    ("INT", Kind.INTEGER),
    ("CHAR", Kind.TEXT),
    ("CLOB", Kind.TEXT),
    ("TEXT", Kind.TEXT),
    ("STRING", Kind.TEXT),
    ("ENUM", Kind.TEXT),
    ("UUID", Kind.TEXT),
    ("BLOB", Kind.BLOB),
    ("BINARY", Kind.BLOB),
    ("REAL", Kind.NUMBER),
    ("FLOA", Kind.NUMBER),
    ("DOUB", Kind.NUMBER),
    ("DEC", Kind.DECIMAL),
    ("NUM", Kind.DECIMAL),
    ("MONEY", Kind.DECIMAL),
)
_BY_CODE: Final = (
    ("SQLITE_BUSY", Trouble.BUSY),
    ("SQLITE_LOCKED", Trouble.BUSY),
    ("SQLITE_INTERRUPT", Trouble.BUSY),
    ("SQLITE_FULL", Trouble.FULL),
    ("SQLITE_READONLY", Trouble.READ_ONLY),
    ("SQLITE_PERM", Trouble.READ_ONLY),
    ("SQLITE_CANTOPEN", Trouble.UNOPENED),
    ("SQLITE_IOERR", Trouble.BROKEN),
    ("SQLITE_CORRUPT", Trouble.BROKEN),
    ("SQLITE_NOTADB", Trouble.BROKEN),
    ("SQLITE_CONSTRAINT_UNIQUE", Trouble.UNIQUE),
    ("SQLITE_CONSTRAINT_PRIMARYKEY", Trouble.UNIQUE),
    ("SQLITE_CONSTRAINT_ROWID", Trouble.UNIQUE),
    ("SQLITE_CONSTRAINT_NOTNULL", Trouble.NOT_NULL),
    ("SQLITE_CONSTRAINT_FOREIGNKEY", Trouble.FOREIGN_KEY),
    ("SQLITE_CONSTRAINT_CHECK", Trouble.CHECK),
    ("SQLITE_CONSTRAINT_DATATYPE", Trouble.TYPE),
    ("SQLITE_CONSTRAINT", Trouble.OTHER),
    ("SQLITE_MISMATCH", Trouble.TYPE),
    ("SQLITE_TOOBIG", Trouble.TYPE),
)
_GONE = re.compile(r"no such (table|column)|has no column")
_QUIET = frozenset({Trouble.OTHER, Trouble.UNREADABLE})
_OLDEST = (3, 38, 0)
"""The first with RETURNING and with JSON functions always built in."""


class Sqlite:
    """The SQLite dialect. Capture's own text is in `triggers_sqlite`."""

    served = False
    channel = ""
    writes: Mapping[str, Any] = {"crosstie_writes": True}
    box = Outbox("crosstie_outbox")

    def engine(self, url: URL, *, busy_ms: int, foreign_keys: bool) -> Engine:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise Misconfigured(
                f"SQLite {sqlite3.sqlite_version} is too old",
                fix="use a Python whose sqlite3 module is at version 3.38 or later",
            )
        if url.database in (None, "", ":memory:"):
            raise Misconfigured(
                "an SQLite database in memory belongs to one connection alone",
                fix="give the address of a file: sqlite:///path/to/file.db",
            )
        engine = create_engine(url, creator=_opener(url, busy_ms), hide_parameters=True)
        _begin_by_hand(engine, foreign_keys=foreign_keys)
        return engine

    def tables(self, connection: Connection) -> Sequence[str]:
        found = connection.scalars(
            text(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND"
                " name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE 'crosstie~_%' ESCAPE '~'"
                " ORDER BY name"
            )
        )
        return list(found)

    def shape(self, connection: Connection, table: str) -> TableShape | None:
        head = connection.execute(
            text(
                "SELECT name, type, sql FROM sqlite_master"
                " WHERE name = :name COLLATE NOCASE AND type IN ('table', 'view')"
            ),
            {"name": table},
        ).one_or_none()
        if head is None:
            return None
        rows = connection.execute(
            text(
                'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(:t)'
            ),
            {"t": head.name},
        ).all()
        columns = {row.name: _column(connection, head.name, row) for row in rows}
        key = tuple(row.name for row in sorted(rows, key=lambda row: row.pk) if row.pk)
        made = str(head.sql).upper()
        rowid = len(key) == 1 and any(row.pk and row.type.upper() == "INTEGER" for row in rows)
        rowid = rowid and not re.search(r"WITHOUT\s+ROWID[\s,\w]*$", made)
        return TableShape(
            name=head.name,
            columns=columns,
            primary_key=key,
            unique=_unique(connection, head.name),
            reuses_ids=rowid and "AUTOINCREMENT" not in made,
            automatic_key=rowid,
            is_view=head.type == "view",
        )

    def fault(self, error: DBAPIError) -> Fault:
        original = error.orig
        code = str(getattr(original, "sqlite_errorname", ""))
        said = str(original)
        if "Could not decode to UTF-8" in said:
            return Fault(Trouble.UNREADABLE)
        if code == "SQLITE_ERROR" and _GONE.search(said):
            return Fault(Trouble.GONE, said=said)
        trouble = next((t for prefix, t in _BY_CODE if code.startswith(prefix)), Trouble.OTHER)
        columns: tuple[str, ...] = ()
        if trouble in (Trouble.UNIQUE, Trouble.NOT_NULL):
            listed = said.partition("constraint failed: ")[2]
            columns = tuple(part.partition(".")[2] for part in listed.split(", "))
        # A trigger of the application may have put a value into its own message.
        return Fault(trouble, tuple(filter(None, columns)), code if trouble in _QUIET else said)

    def lenient(self, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.text_factory = _decode

    def capture_version(self, connection: Connection, table: TableShape) -> int:
        return int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())

    def pulse(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def has_outbox(self, connection: Connection) -> bool:
        return connection.exec_driver_sql(triggers_sqlite.OUTBOX_THERE).first() is not None

    def outbox(self) -> Sequence[str]:
        return triggers_sqlite.OUTBOX

    def drop_outbox(self) -> Sequence[str]:
        return triggers_sqlite.DROP_OUTBOX

    def triggers(self, table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
        return triggers_sqlite.triggers(table.name, key)

    def installed(self, connection: Connection, table: TableShape | None) -> Mapping[str, str]:
        return triggers_sqlite.installed(connection, None if table is None else table.name)

    def drop_trigger(self, name: str) -> str:
        return triggers_sqlite.drop(name)

    def user(self, connection: Connection) -> str:
        return ""

    def grants(self, table: TableShape, user: str) -> Sequence[str]:
        return ()


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _opener(url: URL, busy_ms: int) -> Callable[[], sqlite3.Connection]:
    """Connect without ever creating a file: an empty database hides a wrong path for days."""
    path = str(url.database)
    if not path.startswith("file:"):
        path = f"file:{quote(str(Path(path).absolute()))}"
    given = {name: value for name, value in url.query.items() if name != "uri"}
    path = f"{path}?{urlencode({'mode': 'rw', **given}, doseq=True)}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, uri=True, timeout=busy_ms / 1000, check_same_thread=False)

    return connect


def _begin_by_hand(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        # Some builds open at NORMAL: a power cut could then take a write of ours that the state
        # remembers, and the row from before it would look like an edit by a person.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("crosstie_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _column(connection: Connection, table: str, row: Any) -> ColumnShape:
    kind, scale = _kind(row.type)
    sample = None
    if kind is Kind.DATETIME:
        sample = connection.exec_driver_sql(
            f"SELECT {triggers_sqlite.quoted(row.name)} FROM {triggers_sqlite.quoted(table)}"
            f" WHERE typeof({triggers_sqlite.quoted(row.name)}) = 'text' LIMIT 1"
        ).scalar()
    return ColumnShape(
        name=row.name,
        kind=kind,
        nullable=not row.notnull,
        has_default=row.dflt_value is not None,
        generated=row.hidden in (2, 3),
        scale=scale,
        sample=sample,
    )


def _kind(declared: str) -> tuple[Kind, int | None]:
    if not declared.strip():
        return Kind.ANY, None
    name, _, rest = declared.upper().partition("(")
    digits = _DIGITS.match(rest)
    kind = next((kind for word, kind in _WORDS if word in name), Kind.ANY)
    if kind is not Kind.DECIMAL or digits is None:
        return kind, None
    return kind, int(digits.group(1) or 0)


def _unique(connection: Connection, table: str) -> tuple[frozenset[str], ...]:
    """Column sets of the unique indexes, but for those over a part of the rows."""
    listed = connection.execute(
        text('SELECT name FROM pragma_index_list(:t) WHERE "unique" AND NOT partial'), {"t": table}
    ).scalars()
    sets = []
    for index in listed.all():
        names = connection.execute(
            text("SELECT name FROM pragma_index_info(:i)"), {"i": index}
        ).scalars()
        sets.append(frozenset(names.all()))
    return tuple(names for names in sets if None not in names)
