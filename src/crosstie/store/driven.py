"""Statements of the settling, straight to the driver: they run for every single link.

SQLAlchemy says them once, when they are made; its transaction is what they run in. What it does
for each execution costs more than SQLite takes for a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Delete, Insert, Select, Table, Update, bindparam, column, select
from sqlalchemy import table as named
from sqlalchemy.dialects.sqlite import dialect

Row: TypeAlias = tuple[Any, ...]


class Driven:
    """A statement whose parameters are those in `names`, given as tuples in that order.

    Raises `sqlite3.Error`, without values in it; the transaction is rolled back as usual.
    """

    def __init__(
        self, statement: Insert | Update | Delete | Select[Any], names: Sequence[str]
    ) -> None:
        keys = list(names) if isinstance(statement, Insert | Update) else None
        compiled = statement.compile(dialect=dialect(), column_keys=keys)
        order = [names.index(name) for name in compiled.positiontup or ()]
        self._text = str(compiled)
        self._order = None if order == list(range(len(names))) else itemgetter(*order)

    def each(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute it for each row of parameters; nothing for no rows."""
        if rows:
            ordered = rows if self._order is None else list(map(self._order, rows))
            _driver(connection).executemany(self._text, ordered)

    def found(self, connection: Connection, *values: Any) -> list[Row]:
        """Execute it once; the rows it answers with."""
        ordered = values if self._order is None else self._order(values)
        rows: list[Row] = _driver(connection).execute(self._text, ordered).fetchall()
        return rows


class Numbers:
    """The next ids of a table whose ids are never given out twice.

    Holds for the rest of a writing transaction: nobody else can insert meanwhile. SQLite counts on
    from the highest id that a row was given.
    """

    def __init__(self, table: Table) -> None:
        last: Select[Any] = select(column("seq")).select_from(named("sqlite_sequence"))
        self._last = Driven(last.where(column("name") == bindparam("table")), ("table",))
        self._name = table.name

    def take(self, connection: Connection, count: int) -> range:
        """That many ids in ascending order; the rows are to be inserted with them."""
        last = self._last.found(connection, self._name)
        start = last[0][0] + 1 if last else 1
        return range(start, start + count)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
