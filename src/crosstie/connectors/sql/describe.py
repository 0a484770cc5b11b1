"""A table's columns as the fields of a collection."""

from __future__ import annotations

from typing import Final

from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.connectors.sql.statements import Rows
from crosstie.ports.collection import RemoteField, Schema

_KINDS: Final = {
    Kind.TEXT: "text",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.DECIMAL: "number",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TIME: "text",
    Kind.BOOLEAN: "boolean",
    Kind.JSON: "json",
    Kind.UUID: "text",
    Kind.CHOICE: "choice",
    Kind.LIST: "choices",
    Kind.ANY: "text",
    Kind.OPAQUE: "text",
}


def described(rows: Rows, count: int, notes: tuple[str, ...]) -> Schema:
    """All columns that a record can carry, mapped or not."""
    shape = rows.shape
    keys = {column.name for column in rows.key}
    automatic = keys if shape.automatic_key and keys == set(shape.primary_key) else set()
    fields = {
        name: _field(column, key=name in keys, automatic=name in automatic)
        for name, column in shape.columns.items()
        if column.kind is not Kind.BLOB
    }
    return Schema(fields, count, notes)


def _field(column: ColumnShape, *, key: bool, automatic: bool) -> RemoteField:
    return RemoteField(
        name=column.name,
        kind="id" if automatic else _KINDS[column.kind],
        writable=not column.generated,
        create_only=key,
        options=column.options,
        required=not automatic and not column.has_default and (key or not column.nullable),
    )
