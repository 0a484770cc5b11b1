"""One engine a database and process, its transactions, and its errors made ours."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Executable, RootTransaction, Row, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from crosstie.connectors.sql.database import Database
from crosstie.connectors.sql.dialect import Dialect, dialect_for
from crosstie.connectors.sql.faults import Where, error_of
from crosstie.connectors.sql.shape import Trouble
from crosstie.core.errors import Misconfigured, Retry

Answer = TypeVar("Answer")

_open: weakref.WeakValueDictionary[tuple[int, Database], Sql] = weakref.WeakValueDictionary()
_opening = threading.Lock()
THREADS = 8
"""Calls that one server is asked at the same time."""


class Sql:
    """An open database. Lives as long as somebody uses it; made by `Sql.of` alone."""

    def __init__(self, database: Database) -> None:
        try:
            self.url = make_url(database.url)
        except ArgumentError:  # pragma: no cover  `Database` has read the address
            raise Misconfigured(
                "the address of a database cannot be read",
                fix="write it like sqlite:///path/to/file.db",
            ) from None
        self.label = database.label
        self._file = _file_of(self.url)
        self.dialect: Dialect = dialect_for(self.url)
        self._engine = self.dialect.engine(
            self.url, busy_ms=database.busy_ms, foreign_keys=database.foreign_keys
        )
        self._writer = self._engine.execution_options(**self.dialect.writes)
        self._watch: Connection | None = None
        self._process = os.getpid()
        self._threads: ThreadPoolExecutor | None = None
        weakref.finalize(self, self._engine.dispose)

    @classmethod
    def of(cls, database: Database) -> Sql:
        """The open database of that declaration, the same one for all of its tables.

        A forked process gets its own: connections do not survive a fork.
        """
        place = (os.getpid(), database)
        with _opening:
            sql = _open.get(place)
            if sql is None:
                sql = _open[place] = cls(database)
        return sql

    def start(self, work: Callable[[], Answer]) -> Future[Answer] | None:
        """Begin a call that would keep the event loop waiting; None: it would not, just call it."""
        if not self.dialect.served:
            return None
        self._own()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="crosstie-sql")
            weakref.finalize(self, self._threads.shutdown, wait=False)
        return self._threads.submit(work)

    @contextmanager
    def reading(self, where: Where) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        self._own()
        with self._explained(where), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, where: Where) -> Iterator[Connection]:
        """A transaction that is committed unless an error leaves it.

        Raises Retry(unknown=True) when the connection was lost during the commit.
        """
        self._own()
        with self._explained(where), self._writer.connect() as connection:
            transaction = connection.begin()
            yield connection
            self._commit(transaction, where)

    def rows(
        self, connection: Connection, statement: Executable, values: dict[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a query, whatever text it meets."""
        try:
            return connection.execute(statement, values).all()
        except DBAPIError as error:
            if self.dialect.fault(error).trouble is not Trouble.UNREADABLE:
                raise
        self.dialect.lenient(connection)
        return connection.execute(statement, values).all()

    def pulse(self, where: Where) -> int:
        """A number that differs from the last one when anything was committed in between."""
        self._own()
        if self.dialect.served:
            with self.reading(where) as connection:
                return self.dialect.pulse(connection)
        with self._explained(where):
            if self._watch is None:
                self._watch = self._engine.connect()
                weakref.finalize(self, self._watch.close)
            with self._watch.begin():
                return self.dialect.pulse(self._watch)

    def listening(self) -> dict[str, Any]:
        """What the driver connects with, for a connection that is not one of the engine's."""
        arguments = self._engine.dialect.create_connect_args(self._engine.url)[1]
        return dict(arguments)

    def _commit(self, transaction: RootTransaction, where: Where) -> None:
        try:
            transaction.commit()
        except DBAPIError as error:
            if self.dialect.fault(error).trouble is not Trouble.AWAY:
                raise
            raise Retry(
                f"{where}: the connection was lost during the commit",
                unknown=True,
                counts=False,
                fix="nothing: what became of it is looked up",
            ) from None

    def _own(self) -> None:
        """After a fork: leave the connections to the process that made them, and make others."""
        if self._process != os.getpid():
            self._engine.dispose(close=False)
            self._process, self._threads, self._watch = os.getpid(), None, None

    @contextmanager
    def _explained(self, where: Where) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            fault = self.dialect.fault(error)
            told = error_of(fault, where, self._file)
            raise told from (None if fault.private else error)
        except NoConnectionLeft:
            raise Retry(f"{where}: all connections are in use", counts=False) from None
        except RuntimeError as error:
            if "cryptography" not in str(error):
                raise
            raise Misconfigured(
                f"{where}: the server's way of logging in needs another package",
                fix="pip install 'pymysql[rsa]'",
            ) from None


def _file_of(url: URL) -> str:
    """The whole path of a database that is a file; "" for one behind a server."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return ""
    return os.path.abspath(url.database.removeprefix("file:"))
