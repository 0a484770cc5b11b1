"""The store's own statements on SQLite in memory, without what SQLAlchemy does for each execution.

A schedule makes a few hundred transactions, and SQLAlchemy takes ten times as long for one as
SQLite does. So each statement is compiled once and then handed to the driver. The statements, the
transactions and the errors are those of the store; a test plays seeds on both and compares.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Executable
from sqlalchemy.dialects import sqlite

from crosstie.ports.lease import Lease
from crosstie.store.leases import check, enter
from crosstie.store.sqlite import Sqlite

T = TypeVar("T")

_named: Any = namedtuple
_NOTHING: Mapping[str, Any] = {}


class QuickSqlite(Sqlite):
    """`Database` on one connection that is never given back. For one process and one thread."""

    def __init__(self, address: URL) -> None:
        super().__init__(address, 0.0)
        self._held = self.reader.connect()
        self.driver: sqlite3.Connection = cast(
            sqlite3.Connection, self._held.connection.driver_connection
        )
        self._quick = cast(Connection, Quick(self.driver))
        self._mark = self.driver.cursor().execute

    def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database`. Nobody else is there, so what it sees is of one moment."""
        return work(self._quick)

    def write(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`."""
        execute = self._mark
        execute("BEGIN IMMEDIATE")
        try:
            if lease is not None:
                check(enter(self._quick, lease), lease)
            answer = work(self._quick)
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")
        return answer

    def match(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`."""
        return self.write(work, lease)

    def close(self) -> None:
        """See `Database`."""
        self._held.close()
        super().close()


class Quick:
    """As much of a `Connection` as the store's statements use."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.driver_connection = driver
        self.connection = self
        self.dialect = sqlite.dialect()
        self._cursor = driver.cursor()
        self._said: dict[tuple[int | str, ...], _Said] = {}

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> Answer:
        """One execution, or one for each mapping of a list: then the rows of all, in order."""
        if type(parameters) is list:
            found = [self.execute(statement, each) for each in parameters]
            return Answer(
                [row for each in found for row in each], sum(each.rowcount for each in found)
            )
        given: Any = parameters or _NOTHING
        key = (id(statement), *given)
        said = self._said.get(key)
        if said is None:
            said = self._said[key] = _Said(statement, given, self.dialect)
        cursor = self._cursor.execute(said.text, said.values(given))
        rows = cursor.fetchall()
        if rows:
            rows = list(map(said.row or said.row_of(cursor), rows))
        return Answer(rows, cursor.rowcount)

    def exec_driver_sql(self, text: str, parameters: Any = None) -> Answer:
        """A statement in SQLite's words."""
        if isinstance(parameters, list):
            self.driver_connection.executemany(text, parameters)
            return Answer([], len(parameters))
        cursor = self.driver_connection.execute(text, parameters or ())
        return Answer(cursor.fetchall(), cursor.rowcount)


class _Said:
    """A statement in SQLite's words, for one set of parameters."""

    def __init__(self, statement: Executable, given: Mapping[str, Any], dialect: Any) -> None:
        self.statement = statement  # kept, so that no other one gets its id
        compiled: Any = cast(Any, statement).compile(dialect=dialect, column_keys=list(given))
        said = compiled.construct_expanded_state(dict(given))
        self.text = said.statement
        fixed = {n: v for n, v in said.parameters.items() if n not in given}
        self.values = _picking(list(said.positiontup or ()), list(given), fixed)
        """Gives the parameters in the order of the text."""
        self.row: Callable[[Any], Any] | None = None
        """Gives a row its columns by name; None before its first rows."""

    def row_of(self, cursor: sqlite3.Cursor) -> Callable[[Any], Any]:
        """What gives a row its columns by name."""
        names = [column[0] for column in cursor.description]
        base: Any = _named("Row", names, rename=True)
        kind = type("Row", (base,), {"__slots__": (), "_mapping": property(base._asdict)})
        self.row = partial(tuple.__new__, kind)
        return self.row


def _picking(
    order: Sequence[str], names: Sequence[str], fixed: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    if order == names:
        return lambda given: tuple(given.values())
    if len(order) < 2:
        return lambda given: [given[n] if n in given else fixed[n] for n in order]
    pick = itemgetter(*order)
    return (lambda given: pick({**fixed, **given})) if fixed else pick


class Answer:
    """As much of a `Result` as the store's statements use."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        return self._rows

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        if len(self._rows) > 1:
            raise sqlite3.IntegrityError("more than one row")
        return self.first()

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def scalars(self) -> Answer:
        return Answer([row[0] for row in self._rows], self.rowcount)

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalar(self) -> Any:
        row = self.first()
        return None if row is None else row[0]
