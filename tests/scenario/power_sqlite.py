"""The store's SQLite through APSW, which lets a test bring its own file system.

As much of a DB-API driver as SQLAlchemy and the store use; errors are those of `sqlite3`, so that
the store says the same of them. Every commit is noted in the log, before and after, with what the
database holds then.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import apsw
from power_disk import Log

CHECKPOINT = 40
"""Pages in the log of the database at which it is copied into the file: the store waits for 4,000,
which a short play never writes."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A commit is being made."""

    number: int


@dataclass(frozen=True, slots=True)
class Acked:
    """It was made, and whoever wanted it kept was told so."""

    number: int
    level: str
    """What the store asked the database to wait for: FULL or NORMAL."""
    held: str
    """Fingerprint of all that the database holds now."""


class Driver:
    """Stands in for the module `sqlite3`; all of its connections use the same files and log.

    level: what SQLite is told in place of FULL, to show that its loss is seen.
    moment: called before and after every commit of a writer; may raise.
    """

    paramstyle = "qmark"
    threadsafety = 1
    apilevel = "2.0"
    sqlite_version_info = sqlite3.sqlite_version_info
    Error, Warning = sqlite3.Error, sqlite3.Warning
    InterfaceError, DatabaseError = sqlite3.InterfaceError, sqlite3.DatabaseError
    DataError, OperationalError = sqlite3.DataError, sqlite3.OperationalError
    IntegrityError, InternalError = sqlite3.IntegrityError, sqlite3.InternalError
    ProgrammingError = sqlite3.ProgrammingError
    NotSupportedError = sqlite3.NotSupportedError
    Binary = bytes

    def __init__(self, vfs: str, log: Log, moment: Callable[[], None], level: str | None) -> None:
        self.vfs, self.log, self.moment, self.level = vfs, log, moment, level
        self.commits = 0
        self.open: list[Connection] = []

    def connect(self, path: str, **_: Any) -> Connection:
        """Open a connection; the other words of `sqlite3.connect` mean nothing here."""
        made = Connection(self, path)
        self.open.append(made)
        return made

    def close(self) -> None:
        """Let go of every connection, as the end of a process does."""
        for connection in self.open:
            connection.apsw.close(True)
        self.open.clear()


class Connection:
    """One connection, in autocommit: the store begins its transactions by itself."""

    isolation_level: str | None = None
    row_factory = None

    def __init__(self, driver: Driver, path: str) -> None:
        with _in_their_words():
            self.apsw = apsw.Connection(path, vfs=driver.vfs)
            self.apsw.set_busy_timeout(5_000)
        self._driver, self._path = driver, path
        self._level, self._writes = "FULL", False

    def cursor(self, *_: Any) -> Cursor:
        return Cursor(self)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        return Cursor(self).execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        return Cursor(self).executemany(statement, rows)

    def commit(self) -> None:
        if not self.apsw.in_transaction:
            return
        driver, writes = self._driver, self._writes
        if not writes:
            self.apsw.execute("COMMIT")
            return
        driver.commits += 1
        number = driver.commits
        driver.moment()
        driver.log.add(Begun(number))
        with _in_their_words():
            self.apsw.execute("COMMIT")
        driver.log.add(Acked(number, self._level, held(self.apsw)))
        driver.moment()

    def rollback(self) -> None:
        if self.apsw.in_transaction:
            self.apsw.execute("ROLLBACK")

    def close(self) -> None:
        self.apsw.close()
        if self in self._driver.open:
            self._driver.open.remove(self)

    def create_function(self, name: str, count: int, function: Any, **_: Any) -> None:
        self.apsw.create_scalar_function(name, function, count)

    def told(self, statement: str) -> str:
        """The statement as it is to be executed; notes what concerns commits."""
        if statement.startswith("BEGIN"):
            self._writes = "IMMEDIATE" in statement
        level = re.fullmatch(r"PRAGMA synchronous=(\w+)", statement)
        if level is not None:
            self._level = level[1]
            told = self._driver.level if level[1] == "FULL" else None
            return f"PRAGMA synchronous={told or level[1]}"
        if statement.startswith("PRAGMA wal_autocheckpoint"):
            return f"PRAGMA wal_autocheckpoint={CHECKPOINT}"
        return statement


class Cursor:
    """Runs a statement to its end at once."""

    arraysize = 1
    lastrowid: int | None = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self._rows: list[Any] = []

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        return self._run(lambda cursor, text: cursor.execute(text, tuple(values)), statement)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        return self._run(lambda cursor, text: cursor.executemany(text, map(tuple, rows)), statement)

    def _run(self, run: Callable[[apsw.Cursor, str], Any], statement: str) -> Cursor:
        connection = self._connection
        cursor = connection.apsw.cursor()
        shown: list[Any] = []

        def look(at: apsw.Cursor, *_: Any) -> bool:
            shown[:] = at.get_description()
            return True

        cursor.exec_trace = look
        before = connection.apsw.total_changes()
        with _in_their_words():
            self._rows = list(run(cursor, connection.told(statement)))
        self.description = [(*column[:1], *[None] * 6) for column in shown] or None
        changed = connection.apsw.total_changes() - before
        self.rowcount = changed if changed or self.description is None else -1
        self.lastrowid = connection.apsw.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        taken, self._rows = self._rows[: size or 1], self._rows[size or 1 :]
        return taken

    def fetchall(self) -> list[Any]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        self._rows = []


def held(database: Any) -> str:
    """Fingerprint of every row of every table; `database` has `execute`."""
    out = hashlib.blake2b(digest_size=16)
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    for (name,) in list(database.execute(names)):
        out.update(name.encode())
        for row in database.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):
            out.update(repr(tuple(row)).encode())
    return out.hexdigest()


@contextmanager
def _in_their_words() -> Any:
    """Errors of APSW as those of `sqlite3`."""
    try:
        yield
    except apsw.Error as error:
        kind = {
            apsw.ConstraintError: sqlite3.IntegrityError,
            apsw.BusyError: sqlite3.OperationalError,
            apsw.CorruptError: sqlite3.DatabaseError,
            apsw.NotADBError: sqlite3.DatabaseError,
        }.get(type(error), sqlite3.OperationalError)
        said = kind(str(error))
        said.sqlite_errorcode = getattr(error, "extendedresult", 1)
        raise said from error
