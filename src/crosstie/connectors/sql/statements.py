"""The statements of one table, built once, and the records made of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Integer,
    MetaData,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import NullType

from crosstie.connectors.sql.codec import DoesNotFitError, Stored, instant, odd
from crosstie.connectors.sql.keys import Key, id_of
from crosstie.connectors.sql.shape import Kind, TableShape
from crosstie.connectors.sql.typed import shower, storer
from crosstie.core.errors import Rejected
from crosstie.core.lens.base import same
from crosstie.core.values import Fields, Json, Record

Statement: TypeAlias = Select[*tuple[Any, ...]]

PLAIN = frozenset(Kind) - {Kind.JSON, Kind.BLOB, Kind.LIST, Kind.OPAQUE}
"""Kinds whose values can be looked for."""


class Rows:
    """SQL of one table and its chosen columns.

    Columns have no SQLAlchemy type: a declared type does not bind SQLite, and a result processor
    would fail on the first value that contradicts it. `typed` does the conversion.
    """

    def __init__(
        self,
        shape: TableShape,
        key: Sequence[str],
        names: Sequence[str],
        updated: str | None = None,
    ) -> None:
        self.shape = shape
        self._updated = updated
        self.key = tuple(shape.columns[name] for name in key)
        self._listed = len(self.key) > 1
        self.names = tuple(dict.fromkeys((*key, *names)))
        """The columns that a record shows, and that every query reads: the key first."""
        # Keys `c0`, `c1`, ...: they name the bound parameters, where odd column names would not do.
        columns = {
            name: Column(quoted_name(name, True), NullType(), key=f"c{n}")
            for n, name in enumerate(shape.columns)
        }
        self._columns = columns
        schema = quoted_name(shape.schema, True) if shape.schema else None
        name = quoted_name(shape.bare or shape.name, True)
        self.table = Table(name, MetaData(), *columns.values(), schema=schema)
        self._keys = [columns[name] for name in key]
        wanted = [columns[name] for name in self.names]
        self._select = select(*wanted).where(*(column.is_not(None) for column in self._keys))
        limit = bindparam("limit", type_=Integer())
        self._first: Statement = self._select.order_by(*self._keys).limit(limit)
        self._after: Statement = self._first.where(self._is_after())
        self.by_key: Statement = self._select.where(self._is_key())
        """The row of one key; parameters as `key_values` gives them."""
        self.held: Statement = self.by_key.with_for_update(key_share=True)
        """The same, and nobody else changes it until our transaction ends."""
        self.by_keys: Statement = self._select.where(self._among())
        """The rows of the keys in parameter `keys`, as `key_list` gives them."""
        self.delete: Delete = delete(self.table).where(self._is_key())
        """Remove the row of one key."""
        self._updates: dict[tuple[str, ...], Update] = {}
        self._store = {name: storer(column) for name, column in shape.columns.items()}
        shown = [(name, shower(shape.columns[name])) for name in self.names]
        self._shown = [(name, show) for name, show in shown if show is not None]

    def page(self, after: Key | None) -> tuple[Statement, dict[str, Stored]]:
        """Rows in key order that come after a key, `limit` of them; and what names the key."""
        if after is None:
            return self._first, {}
        return self._after, {f"k{n}": value for n, value in enumerate(after)}

    def equal(self, wanted: Fields) -> Statement | None:
        """Rows that agree in one of the fields; text also in other capitals. None: none can."""
        terms = [term for name, value in wanted.items() for term in self._equal(name, value)]
        return self._select.where(or_(*terms)) if terms else None

    def same(self, stored: Mapping[str, Stored]) -> Statement:
        """Rows that hold all of these stored values."""
        return self._select.where(
            and_(*(self._columns[n] == bindparam(None, v, NullType()) for n, v in stored.items()))
        )

    def insert(self, names: Iterable[str]) -> Insert:
        """Put in one row; parameters as `values` gives them."""
        return insert(self.table).values(self._bound(names))

    def insert_told(self, names: Iterable[str]) -> ReturningInsert[*tuple[Any, ...]]:
        """The same; returns its key."""
        return self.insert(names).returning(*self._keys)

    def update(self, names: Iterable[str]) -> Update:
        """Change these columns of one row; parameters as `values` and `key_values` give them."""
        chosen = tuple(names)
        made = self._updates.get(chosen)
        if made is None:
            made = update(self.table).where(self._is_key()).values(self._bound(chosen))
            self._updates[chosen] = made
        return made

    def count(self) -> Statement:
        """How many rows have a key."""
        return (
            select(func.count())
            .select_from(self.table)
            .where(*(column.is_not(None) for column in self._keys))
        )

    def doubles(self) -> Statement:
        """A key that two rows share, if there is one."""
        return select(*self._keys).group_by(*self._keys).having(func.count() > 1).limit(1)

    def key_values(self, key: Key) -> dict[str, Stored]:
        """Parameters that name a row."""
        return {f"k{n}": value for n, value in enumerate(key)}

    def key_list(self, keys: Sequence[Key]) -> dict[str, Any]:
        """Parameters that name many rows."""
        return {"keys": [key[0] for key in keys] if len(self._keys) == 1 else list(keys)}

    def values(self, stored: Mapping[str, Stored]) -> dict[str, Stored]:
        """Parameters that hold a row's new values."""
        return {f"v_{self._columns[name].key}": value for name, value in stored.items()}

    def stored(self, fields: Fields) -> dict[str, Stored]:
        """Fields as the database takes them. Raises Rejected naming column and expected type."""
        out: dict[str, Stored] = {}
        for name, value in fields.items():
            column = self.shape.columns.get(name)
            if column is None or column.generated:
                what = "does not exist" if column is None else "is computed by the database"
                raise Rejected(
                    f"table {self.shape.name!r}: column {name!r} {what}",
                    field=name,
                    fix="take it out of the mapping, or map it one way",
                )
            try:
                out[name] = self._store[name](value)
            except DoesNotFitError as wrong:
                raise Rejected(
                    f"table {self.shape.name!r}: column {name!r} takes {wrong}",
                    field=name,
                    fix="choose a lens that fits the column, or correct the value",
                ) from None
        return out

    def is_shown(self, name: str, stored: Stored, record: Record) -> bool:
        """Whether that stored value is the one that the record shows."""
        show = dict(self._shown).get(name)
        return same(stored if show is None else show(stored), record.fields[name])

    def record(self, row: Sequence[Any]) -> Record:
        """A row as a record."""
        fields: dict[str, Json] = dict(zip(self.names, row, strict=True))
        for name, show in self._shown:
            fields[name] = show(fields[name])
        updated = None if self._updated is None else instant(fields[self._updated])
        if bytes in map(type, row):
            fields = {name: odd(value) for name, value in fields.items()}
            return Record(id_of(row[: len(self.key)]), fields, updated=updated)
        record_id = id_of(row[: len(self.key)]) if self._listed else str(row[0])
        return Record(record_id, fields, None, updated)

    def _is_after(self) -> ColumnElement[bool]:
        bound = [bindparam(f"k{n}", type_=NullType()) for n in range(len(self._keys))]
        if len(bound) == 1:
            return self._keys[0] > bound[0]
        if not self.shape.compares_rows:
            # What is said twice lets an index be used.
            later = [
                and_(*(self._keys[i] == bound[i] for i in range(n)), self._keys[n] > bound[n])
                for n in range(len(bound))
            ]
            return and_(self._keys[0] >= bound[0], or_(*later))
        return tuple_(*self._keys) > tuple_(*bound)

    def _among(self) -> ColumnElement[bool]:
        wanted: BindParameter[Any] = bindparam("keys", expanding=True)
        if len(self._keys) == 1:
            return self._keys[0].in_(wanted)
        return tuple_(*self._keys).in_(wanted)

    def _bound(self, names: Iterable[str]) -> dict[str, ColumnElement[Any]]:
        keys = (self._columns[name].key for name in names)
        return {key: bindparam(f"v_{key}", type_=NullType()) for key in keys}

    def _is_key(self) -> ColumnElement[bool]:
        return and_(
            *(column == bindparam(f"k{n}", type_=NullType()) for n, column in enumerate(self._keys))
        )

    def _equal(self, name: str, value: Json) -> Iterable[ColumnElement[bool]]:
        shape = self.shape.columns.get(name)
        if value is None or shape is None or shape.kind not in PLAIN:
            return
        try:
            stored = self._store[name](value)
        except DoesNotFitError:
            return
        column = self._columns[name]
        yield column == bindparam(None, stored, NullType())
        # Folding keeps the index from being used: only where it can make a difference.
        if shape.kind is Kind.TEXT and isinstance(stored, str) and stored.upper() != stored.lower():
            yield func.lower(column) == func.lower(bindparam(None, stored, NullType()))
