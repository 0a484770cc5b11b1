"""One engine a database and process, its transactions, and its errors made ours."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Executable, Row, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from crosstie.connectors.sql.database import Database
from crosstie.connectors.sql.dialect import Dialect, dialect_for
from crosstie.connectors.sql.faults import Where, error_of
from crosstie.connectors.sql.shape import Trouble
from crosstie.core.errors import Misconfigured

_open: weakref.WeakValueDictionary[tuple[int, Database], Sql] = weakref.WeakValueDictionary()


class Sql:
    """An open database. Lives as long as somebody uses it; made by `Sql.of` alone."""

    def __init__(self, database: Database) -> None:
        try:
            url = make_url(database.url)
        except ArgumentError:
            raise Misconfigured(
                "the address of a database cannot be read",
                fix="write it like sqlite:///path/to/file.db",
            ) from None
        self.label = database.label
        self._file = _file_of(url)
        self.dialect: Dialect = dialect_for(url)
        self._engine = self.dialect.engine(
            url, busy_ms=database.busy_ms, foreign_keys=database.foreign_keys
        )
        self._writer = self._engine.execution_options(crosstie_writes=True)
        self._watch: Connection | None = None
        weakref.finalize(self, self._engine.dispose)

    @classmethod
    def of(cls, database: Database) -> Sql:
        """The open database of that declaration, the same one for all of its tables.

        A forked process gets its own: SQLite connections do not survive a fork.
        """
        place = (os.getpid(), database)
        sql = _open.get(place)
        if sql is None:
            sql = _open[place] = cls(database)
        return sql

    @contextmanager
    def reading(self, where: Where) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._explained(where), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, where: Where) -> Iterator[Connection]:
        """A transaction that nobody writes beside; committed unless an error leaves it."""
        with self._explained(where), self._writer.begin() as connection:
            yield connection

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
        with self._explained(where):
            if self._watch is None:
                self._watch = self._engine.connect()
                weakref.finalize(self, self._watch.close)
            with self._watch.begin():
                return self.dialect.pulse(self._watch)

    @contextmanager
    def _explained(self, where: Where) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise error_of(self.dialect.fault(error), where, self._file) from error


def _file_of(url: URL) -> str:
    """The whole path of a database that is a file; "" for one behind a server."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return ""
    return os.path.abspath(url.database.removeprefix("file:"))
