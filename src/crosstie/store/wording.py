"""What databases say differently, as parts of statements that are written once.

Each part is compiled by the file of the database: `sqlite.py`, or `postgres.py` where one is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    Insert,
    Integer,
    Table,
    Text,
    bindparam,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

Whole = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere. SQLite's own whole numbers are, and it counts up only what is INTEGER."""


class Among(FunctionElement[Any]):
    """`column` is one of the values packed in a parameter. Has no type: it is a condition."""

    name = "among"
    inherit_cache = True


class DrawnIdentity(FunctionElement[str]):
    """16 hex characters of chance, drawn by the database."""

    name = "drawn_identity"
    type = Text()
    inherit_cache = True


class DatabaseClock(FunctionElement[float]):
    """Seconds since 1970 by the database's clock."""

    name = "database_clock"
    type = Float()
    inherit_cache = True


class TransactionNumber(FunctionElement[str]):
    """By what the database knows this transaction later on; null where nobody needs to ask."""

    name = "transaction_number"
    type = Text()
    inherit_cache = True


class Taken(FunctionElement[int]):
    """The first of as many new ids of a table, by its name, as are wanted."""

    name = "taken"
    type = Whole
    inherit_cache = True


def worded(dialect: str, words: Mapping[type[FunctionElement[Any]], str]) -> None:
    """Of that dialect: what it says for parts that are the same in every statement."""
    for element, said in words.items():

        def same(_element: object, _compiler: object, *, said: str = said, **_: object) -> str:
            return said

        compiles(element, dialect)(same)


def packed(values: Iterable[str | int]) -> str:
    """Values as the one parameter that `among` takes."""
    return msgspec.json.encode(list(values)).decode()


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """`column` is one of the values packed in parameter `name`.

    One parameter instead of a thousand: the statement stays the same for any number of values.
    """
    return Among(column, bindparam(name, type_=Text))


def upsert(table: Table, keys: Sequence[str], changes: Sequence[str]) -> Insert:
    """Insert rows, or change those columns where a row with these keys exists."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in changes}
    )


def insert_new(table: Table) -> Insert:
    """Insert rows, leaving out those that break a unique key."""
    return insert(table).on_conflict_do_nothing()
