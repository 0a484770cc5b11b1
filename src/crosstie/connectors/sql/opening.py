"""Opening a table: is all there that the declaration names, and can its rows be told apart?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from crosstie.connectors.sql.database import TableSource
from crosstie.connectors.sql.dialect import Dialect
from crosstie.connectors.sql.engine import Sql
from crosstie.connectors.sql.faults import Verb, Where
from crosstie.connectors.sql.keys import KEY_KINDS
from crosstie.connectors.sql.shape import Kind, TableShape, did_you_mean
from crosstie.connectors.sql.statements import Rows
from crosstie.core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Opened:
    """A table that was found to be as declared."""

    sql: Sql
    rows: Rows
    captured: bool
    notes: tuple[str, ...]


def opened(source: TableSource, fields: Sequence[str]) -> Opened:
    """Look at the table. Raises Misconfigured for what is missing, with the nearest names."""
    sql = Sql.of(source.account)
    with sql.reading(Where(Verb.OPEN, source.table, sql.label)) as connection:
        shape, key = identified(sql.dialect, connection, source)
        names = _chosen(shape, key, fields, source.updated)
        rows = Rows(shape, key, names, source.updated)
        notes = list(_notes(shape))
        if not _unique(shape, key) and sql.rows(connection, rows.doubles()):
            raise Misconfigured(
                f"table {shape.name!r}: two rows have the same key {', '.join(key)}",
                fix="name a key whose values are unique",
            )
        state = capture_state(sql.dialect, connection, shape, key)
    if state != "installed" and not shape.is_view:
        notes.append(
            f"capture of table {shape.name!r} is {state}: changes are found by complete scans "
            "only; fix: run `crosstie capture install`"
        )
    return Opened(sql, rows, state == "installed", tuple(notes))


def identified(
    dialect: Dialect, connection: Connection, source: TableSource
) -> tuple[TableShape, tuple[str, ...]]:
    """The table and its key columns. Raises Misconfigured."""
    shape = dialect.shape(connection, source.table)
    if shape is None:
        raise Misconfigured(
            f"{source.account.label} has no table {source.table!r}",
            fix=did_you_mean(source.table, dialect.tables(connection)),
        )
    key = tuple(source.key) or shape.primary_key
    if not key:
        raise Misconfigured(
            f"table {shape.name!r} has no primary key",
            fix="give it one, or name unique columns: `table(..., key='code')`",
        )
    for name in key:
        column = shape.columns[_known(shape, name)]
        if column.kind not in KEY_KINDS or column.zoned:
            raise Misconfigured(
                f"table {shape.name!r}: column {name!r} cannot be a key, its type does not tell "
                "values apart exactly",
                fix="use a key of text or whole numbers, with a declared type",
            )
    return shape, key


def capture_state(
    dialect: Dialect, connection: Connection, shape: TableShape, key: Sequence[str]
) -> str:
    """`installed`, `outdated` (triggers differ from what we would install) or `missing`."""
    there = dialect.installed(connection, shape)
    if not there or not dialect.has_outbox(connection):
        return "missing"
    return "installed" if there == dialect.triggers(shape, key) else "outdated"


def _known(shape: TableShape, name: str) -> str:
    if name not in shape.columns:
        raise Misconfigured(
            f"table {shape.name!r} has no column {name!r}",
            fix=did_you_mean(name, tuple(shape.columns)),
        )
    return name


def _chosen(
    shape: TableShape, key: Sequence[str], fields: Sequence[str], updated: str | None
) -> tuple[str, ...]:
    plain = [name for name, column in shape.columns.items() if column.kind is not Kind.BLOB]
    names = tuple(dict.fromkeys((*key, *(fields or plain), *([updated] if updated else ()))))
    for name in names:
        if shape.columns[_known(shape, name)].kind is Kind.BLOB:
            raise Misconfigured(
                f"table {shape.name!r}: column {name!r} holds binary data, which no record carries",
                fix="take it out of the mapping",
            )
    return names


def _unique(shape: TableShape, key: Sequence[str]) -> bool:
    sets = [*shape.unique, frozenset(shape.primary_key)]
    return any(columns and columns <= set(key) for columns in sets)


def _notes(shape: TableShape) -> list[str]:
    notes = []
    if shape.reuses_ids:
        notes.append(
            f"table {shape.name!r} may give the id of a deleted row to a new one: the new row is "
            "then taken for the old; fix: declare its key AUTOINCREMENT"
        )
    notes += [
        f"capture of table {shape.name!r} is not told of {what}: the complete scan finds it"
        for what in shape.silent
    ]
    if shape.is_view:
        notes.append(f"{shape.name!r} is a view: it can be read, not written or captured")
    return notes
