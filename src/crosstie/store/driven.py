"""Statements that are compiled once for each kind of database, and run many rows at a time.

What SQLAlchemy does for each execution costs more than SQLite takes for a row, so there they go
straight to the driver, inside SQLAlchemy's transaction. PostgreSQL answers over a network; there
they go through SQLAlchemy, which then knows when a connection was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    literal_column,
    select,
)

from crosstie.store.wording import Taken, Whole

Row: TypeAlias = Sequence[Any]


class _Said(NamedTuple):
    """A statement in the words of one kind of database."""

    text: str
    order: Callable[[Row], Row] | None
    """Puts values into the order of the places in the text; None where they are in it."""
    direct: bool
    """To be handed to the driver."""


class Driven:
    """A statement whose parameters are those in `names`, given as tuples in that order.

    Raises errors of SQLAlchemy or `sqlite3.Error`, without values in them; the transaction is
    rolled back as usual.
    """

    def __init__(
        self, statement: Insert | Update | Delete | Select[Any], names: Sequence[str]
    ) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._said: dict[str, _Said] = {}

    def each(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute it for each row of parameters; nothing for no rows."""
        if rows:
            text, order, direct = self._for(connection)
            ordered = rows if order is None else list(map(order, rows))
            if direct:
                _driver(connection).executemany(text, ordered)
            else:
                connection.exec_driver_sql(text, [tuple(row) for row in ordered])

    def found(self, connection: Connection, *values: Any) -> Sequence[Row]:
        """Execute it once; the rows it answers with."""
        text, order, direct = self._for(connection)
        ordered = values if order is None else order(values)
        if direct:
            rows: list[Row] = _driver(connection).execute(text, ordered).fetchall()
            return rows
        return connection.exec_driver_sql(text, tuple(ordered)).all()

    def _for(self, connection: Connection) -> _Said:
        dialect = connection.dialect
        said = self._said.get(dialect.name)
        if said is None:
            said = self._said[dialect.name] = self._say(dialect)
        return said

    def _say(self, dialect: Dialect) -> _Said:
        writes = isinstance(self._statement, Insert | Update)
        keys = list(self._names) if writes else None
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=keys)
        places = [self._names.index(name) for name in compiled.positiontup or ()]
        straight = places == list(range(len(self._names)))
        order = None if straight else _picking(places)
        return _Said(str(compiled), order, dialect.name == "sqlite")


class Numbers:
    """New ids of a table; none is ever given out twice.

    Holds for the rest of a writing transaction: nobody else can insert meanwhile.
    """

    def __init__(self, table: Table) -> None:
        name: ColumnElement[str] = literal_column(f"'{table.name}'")
        self._first = Driven(select(Taken(name, bindparam("count", type_=Whole))), ("count",))

    def take(self, connection: Connection, count: int) -> range:
        """That many ids in ascending order; the rows are to be inserted with them."""
        [(start,)] = self._first.found(connection, count)
        return range(start, start + count)


def _picking(places: Sequence[int]) -> Callable[[Row], Row]:
    """Values at these places, as a tuple however many there are."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
