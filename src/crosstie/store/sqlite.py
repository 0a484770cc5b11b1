"""Everything that is SQLite's own: connecting, transactions, and its words for what differs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.ext.compiler import compiles

from crosstie.ports.lease import Lease
from crosstie.store.leases import check, enter
from crosstie.store.wording import (
    Among,
    DatabaseClock,
    DrawnIdentity,
    Taken,
    TransactionNumber,
    worded,
)

T = TypeVar("T")

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


class Sqlite:
    """`Database` in a SQLite file, or in memory."""

    here = True

    def __init__(self, url: URL, busy: float) -> None:
        self.reader = make_engine(url, busy)
        self.writer = writing(self.reader)
        # What the first match keeps can be made again until the first intent, which flushes it.
        self._matcher = writing(self.reader, "NORMAL")

    def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database`."""
        with self.reader.begin() as connection:
            return work(connection)

    def ask(self, work: Callable[[Connection], T]) -> T:
        """See `Database`. A transaction costs next to nothing here."""
        return self.read(work)

    def write(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`."""
        with self.writer.begin() as connection:
            if lease is not None:
                check(enter(connection, lease), lease)
            return work(connection)

    def match(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`."""
        with self._matcher.begin() as connection:
            if lease is not None:
                check(enter(connection, lease), lease)
            return work(connection)

    def alone(self, connection: Connection) -> None:
        """See `Database`: it is, in a transaction that writes."""

    def writable(self, connection: Connection) -> None:
        """See `Database`."""
        connection.exec_driver_sql("PRAGMA user_version=0")

    def close(self) -> None:
        """See `Database`."""
        self.reader.dispose()


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


def connect_scratch() -> sqlite3.Connection:
    """A nameless database of its own that goes with its connection; transactions are the caller's.

    It lies in a file that has no name any more where it outgrows its cache, so a process that dies
    leaves nothing behind. What breaks off in the middle leaves it in pieces: close it then.
    """
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


@compiles(Among, "sqlite")
def _among(element: Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(each, **how) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


worded(
    "sqlite",
    {
        DrawnIdentity: "lower(hex(randomblob(8)))",
        DatabaseClock: "(julianday('now') - 2440587.5) * 86400.0",
        # A commit of SQLite has happened or has not: nobody is in doubt.
        TransactionNumber: "NULL",
    },
)


@compiles(Taken, "sqlite")
def _taken(element: Taken, compiler: Any, **how: Any) -> str:
    # Counted on from the highest id that a row was given; as many as are wanted follow it.
    table = compiler.process(element.clauses.clauses[0], **how)
    return f"coalesce((SELECT seq FROM sqlite_sequence WHERE name = {table}), 0) + 1"
