"""Everything that is SQLite's own: connecting, transactions, lists as one parameter, upserts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    StaticPool,
    Table,
    Text,
    Update,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import dialect, insert

WAL_LIMIT = 64 * 2**20
"""Bytes to which the write-ahead log is cut back after a checkpoint."""

CHECKPOINT_PAGES = 4_000
"""Pages in the log (32 MB) at which it is copied into the file."""

PAGE_SIZE = 8_192
"""Bytes; of a new file only."""

CACHE_KIB = 32 * 2**10

_pragmas = (
    f"PRAGMA page_size={PAGE_SIZE}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA journal_size_limit={WAL_LIMIT}",
    f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
    # Zeroes what is deleted where that costs no write of its own; some builds always do.
    "PRAGMA secure_delete=FAST",
    f"PRAGMA cache_size=-{CACHE_KIB}",
)

_scratch_pragmas = (
    f"PRAGMA page_size={PAGE_SIZE}",
    "PRAGMA journal_mode=OFF",
    f"PRAGMA cache_size=-{CACHE_KIB}",
)


def make_engine(url: URL, busy: float) -> Engine:
    """Engine on a SQLite address; `busy` is how many seconds a locked file is waited for.

    Connects at first use. Errors never show parameters: they hold personal values.
    """
    memory = url.database in (None, "", ":memory:")
    options: dict[str, Any] = {"poolclass": StaticPool} if memory else {}
    connect_args: dict[str, Any] = {"timeout": busy, "check_same_thread": not memory}
    engine = create_engine(url, hide_parameters=True, connect_args=connect_args, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def make_scratch() -> Engine:
    """Engine on a nameless database of its own that goes with it.

    It lies in a file that has no name any more where it outgrows its cache, so a process that dies
    leaves nothing behind. What breaks off in the middle leaves it in pieces: close it then.
    """
    engine = create_engine(
        "sqlite://", hide_parameters=True, poolclass=StaticPool, creator=_connect_scratch
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connect_scratch() -> sqlite3.Connection:
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for pragma in _scratch_pragmas:
        connection.execute(pragma).close()
    return connection


def writing(engine: Engine, sync: Literal["FULL", "NORMAL"] = "FULL") -> Engine:
    """The same engine, whose transactions hold the write lock from their first moment.

    A transaction that turned from reading to writing would fail at once where another one wrote
    meanwhile, without waiting.

    sync: NORMAL leaves the flush to the next transaction with FULL. After a power cut its work
    may be gone, together with all that came later; never in part.
    """
    return engine.execution_options(crosstie_writes=sync)


def _prepare(connection: Any, _record: object) -> None:
    # The driver would begin transactions only before writes, and not before DDL: we do it.
    connection.isolation_level = None
    for pragma in _pragmas:
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    sync = connection.get_execution_options().get("crosstie_writes")
    if sync is not None and connection.info.get("sync", "FULL") != sync:
        connection.exec_driver_sql(f"PRAGMA synchronous={sync}")
        connection.info["sync"] = sync
    connection.exec_driver_sql("BEGIN" if sync is None else "BEGIN IMMEDIATE")


def packed(values: Iterable[str | int]) -> str:
    """Values as the one parameter that `among` takes."""
    return msgspec.json.encode(list(values)).decode()


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """`column` is one of the values packed in parameter `name`.

    One parameter instead of a thousand: the statement stays the same for any number of values.
    """
    each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def upsert(table: Table, keys: Sequence[str], changes: Sequence[str]) -> Insert:
    """Insert rows, or change those columns where a row with these keys exists."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in changes}
    )


def insert_new(table: Table) -> Insert:
    """Insert rows, leaving out those that break a unique key."""
    return insert(table).on_conflict_do_nothing()


class Batch:
    """A statement for many rows at once, given as tuples in the order of `columns`.

    Two to three times as fast as rows given as mappings, whose every value SQLAlchemy looks up by
    name. The statement may have no parameters besides those named in `columns`.
    """

    def __init__(self, statement: Insert | Update, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect(), column_keys=list(columns))
        order = [columns.index(name) for name in compiled.positiontup or ()]
        self._text = str(compiled)
        self._order = None if order == list(range(len(columns))) else itemgetter(*order)

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute it for each row; nothing for no rows."""
        if rows:
            ordered = list(rows) if self._order is None else list(map(self._order, rows))
            connection.exec_driver_sql(self._text, ordered)


drawn_identity = func.lower(func.hex(func.randomblob(8)))
"""16 hex characters of chance, drawn by the database."""

database_clock = (func.julianday("now") - 2440587.5) * 86400.0
"""Seconds since 1970 by the database's clock."""
