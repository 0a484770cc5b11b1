"""What the information schema of MySQL and MariaDB tells of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from crosstie.connectors.sql.shape import ColumnShape, Kind

NAMES: Final = text(
    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = :db"
    " AND TABLE_NAME NOT LIKE 'crosstie~_%' ESCAPE '~' ORDER BY TABLE_NAME"
)
HEAD: Final = text(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS tbl, TABLE_TYPE AS kind, ENGINE AS engine"
    " FROM information_schema.TABLES WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :tbl"
)
COLUMNS: Final = text(
    "SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS whole, IS_NULLABLE AS nullable,"
    " COLUMN_DEFAULT AS made, CHARACTER_MAXIMUM_LENGTH AS length, NUMERIC_PRECISION AS digits,"
    " NUMERIC_SCALE AS scale, DATETIME_PRECISION AS fraction, LOWER(EXTRA) AS extra"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :tbl"
    " ORDER BY ORDINAL_POSITION"
)
CHECKED: Final = text(
    "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS"
    " WHERE CONSTRAINT_SCHEMA = :db AND TABLE_NAME = :tbl AND CHECK_CLAUSE LIKE 'json~_valid(%'"
    " ESCAPE '~'"
)
"""On MariaDB, where JSON is long text that is checked."""
INDEXES: Final = text(
    "SELECT INDEX_NAME AS name, CASE WHEN SUB_PART IS NULL THEN COLUMN_NAME END AS col"
    " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :tbl"
    " AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX"
)
CASCADES: Final = text(
    "SELECT CONCAT('foreign key ', CONSTRAINT_NAME, ' to ', REFERENCED_TABLE_NAME)"
    " FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = :db"
    " AND TABLE_NAME = :tbl AND (DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')"
    " OR UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')) ORDER BY CONSTRAINT_NAME"
)
_KINDS: Final = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), Kind.INTEGER),
    **dict.fromkeys(("float", "double", "real"), Kind.NUMBER),
    **dict.fromkeys(("decimal", "numeric"), Kind.DECIMAL),
    **dict.fromkeys(
        ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "inet4", "inet6"),
        Kind.TEXT,
    ),
    **dict.fromkeys(("datetime", "timestamp"), Kind.DATETIME),
    **dict.fromkeys(
        ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point"),
        Kind.BLOB,
    ),
    "date": Kind.DATE,
    "time": Kind.TIME,
    "json": Kind.JSON,
    "uuid": Kind.UUID,
    "enum": Kind.CHOICE,
    "bit": Kind.INTEGER,
}
_BITS: Final = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_OPTION = re.compile(r"'((?:[^']|'')*)'")
_VALID = re.compile(r"json_valid\(`([^`]+)`\)", re.IGNORECASE)
_GENERATED = re.compile(r"\b(?:virtual|stored|persistent)\b")


def columns_of(connection: Connection, asked: Mapping[str, str]) -> Sequence[ColumnShape]:
    """The columns of one table, in their order."""
    rows = connection.execute(COLUMNS, asked).all()
    valid = set()
    if getattr(connection.dialect, "is_mariadb", False) and any(
        row.type == "longtext" for row in rows
    ):
        clauses = connection.scalars(CHECKED, asked).all()
        valid = {match.group(1) for c in clauses if (match := _VALID.match(c)) is not None}
    return [_column(row, json=row.name in valid) for row in rows]


def _column(row: Any, *, json: bool) -> ColumnShape:
    kind = _KINDS.get(row.type, Kind.OPAQUE)
    if row.whole.startswith("tinyint(1)") or row.whole == "bit(1)":
        kind = Kind.BOOLEAN
    if json:
        kind = Kind.JSON
    options = _OPTION.findall(row.whole) if kind is Kind.CHOICE else ()
    return ColumnShape(
        name=row.name,
        kind=kind,
        nullable=row.nullable == "YES",
        has_default=row.made not in (None, "NULL")
        or "auto_increment" in row.extra
        or "default_generated" in row.extra,
        generated=_GENERATED.search(row.extra) is not None,
        scale=row.scale if kind is Kind.DECIMAL else row.fraction,
        strict=True,
        zoned=row.type == "timestamp",
        size=_size(row, kind),
        bounds=_bounds(row) if kind is Kind.INTEGER else None,
        options=tuple(option.replace("''", "'") for option in options),
        automatic="auto_increment" in row.extra,
    )


def _size(row: Any, kind: Kind) -> int | None:
    if kind is Kind.TEXT and row.type in ("char", "varchar"):
        return int(row.length)
    return int(row.digits) if kind is Kind.DECIMAL else None


def _bounds(row: Any) -> tuple[int, int] | None:
    if row.type == "bit":
        return 0, 2 ** int(row.digits) - 1
    bits = _BITS.get(row.type)
    if bits is None:
        return None
    if "unsigned" in row.whole:
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
