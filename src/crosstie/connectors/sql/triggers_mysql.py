"""Capture on MySQL and MariaDB: the outbox and the triggers that fill it, as SQL text.

The triggers run in the transaction of whoever writes, row by row; what is rolled back leaves
nothing. They have the rights of whoever installed them, so writers need none on the outbox.

What InnoDB does not tell (dev.mysql.com/doc/refman/8.4/en/create-trigger.html,
mariadb.com/kb/en/trigger-limitations): rows that a foreign key deletes or changes by cascade,
TRUNCATE, and ALTER TABLE ... EXCHANGE PARTITION. A full reconcile finds these; such foreign keys
are named by `crosstie check`.

Definitions are not part of a transaction there. What differs in any way has another name, so that
new triggers are there before the old ones go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import Final

from sqlalchemy import Connection, text

from crosstie.connectors.sql.shape import ColumnShape, Kind, TableShape

NAME: Final = "crosstie_outbox"
_LONGEST: Final = 40
"""Characters of the table's name in that of a trigger, which may have 64."""
_FOUND: Final = text(
    "SELECT TRIGGER_NAME AS name, EVENT_OBJECT_SCHEMA AS db, EVENT_OBJECT_TABLE AS tbl,"
    " EVENT_MANIPULATION AS event, ACTION_TIMING AS timing, ACTION_STATEMENT AS body"
    " FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = :db"
    " AND TRIGGER_NAME LIKE 'crosstie~_%' ESCAPE '~' AND (:tbl IS NULL OR"
    " EVENT_OBJECT_TABLE = :tbl) ORDER BY TRIGGER_NAME"
)
VERSION: Final = text(
    "SELECT COALESCE(SUM(CRC32(CONCAT(TRIGGER_NAME, EVENT_OBJECT_TABLE, COALESCE(CREATED, '')))),"
    " 0) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = :db"
    " AND EVENT_OBJECT_TABLE = :tbl"
)


def quoted(name: str) -> str:
    """An identifier, however odd."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: str) -> str:
    """A text, however odd."""
    if "\\" in value:
        # The server shows a definition with its escapes and introducers taken away.
        return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"
    return "'" + value.replace("'", "''") + "'"


def outbox(database: str) -> Sequence[str]:
    """Statements that make it. Numbers are found by the table's part of the key alone."""
    texts = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(database)}.{NAME} ("
        f"seq BIGINT NOT NULL AUTO_INCREMENT, tbl VARCHAR(160) {texts} NOT NULL,"
        f" pk LONGTEXT {texts} NOT NULL, op CHAR(1) NOT NULL, at DATETIME(6) NOT NULL,"
        f" origin VARCHAR(20) {texts}, tx BIGINT UNSIGNED NOT NULL,"
        " PRIMARY KEY (tbl, seq), UNIQUE KEY (seq)) ENGINE = InnoDB",
    )


def triggers(table: TableShape, key: Sequence[str], database: str) -> Mapping[str, str]:
    """Name -> statement. A changed key is the old row's end and a new row's beginning."""
    columns = [table.columns[name] for name in key]
    old, new = _id("OLD", columns), _id("NEW", columns)
    old_there, new_there = _there("OLD", columns), _there("NEW", columns)
    same = f"CAST({old} AS BINARY) <=> CAST({new} AS BINARY)"

    def note(record_id: str, op: str) -> str:
        return (
            f"INSERT INTO {quoted(database)}.{NAME} (tbl, pk, op, at, tx) VALUES"
            f" ({literal(table.name)}, {record_id}, {op}, UTC_TIMESTAMP(6), CONNECTION_ID());"
        )

    insert, delete = "'I'", "'D'"
    kind = f"IF({same}, 'U', 'I')"
    bodies = {
        "INSERT": f"BEGIN IF {new_there} THEN {note(new, insert)} END IF; END",
        "UPDATE": (
            f"BEGIN IF {old_there} AND NOT ({same}) THEN {note(old, delete)} END IF;"
            f" IF {new_there} THEN {note(new, kind)}"
            " END IF; END"
        ),
        "DELETE": f"BEGIN IF {old_there} THEN {note(old, delete)} END IF; END",
    }
    out = {}
    for event, body in sorted(bodies.items()):
        digest = blake2s(f"{table.schema}.{body}".encode(), digest_size=4).hexdigest()
        trigger = f"crosstie_{table.bare[:_LONGEST]}_{event.lower()}_{digest}"
        name = f"{quoted(table.schema)}.{quoted(trigger)}"
        out[name] = _made(
            name, "AFTER", event, f"{quoted(table.schema)}.{quoted(table.bare)}", body
        )
    return out


def installed(connection: Connection, table: TableShape | None, database: str) -> Mapping[str, str]:
    """Name -> statement of our triggers on that table, or on any of the database."""
    asked = {"db": database, "tbl": None}
    if table is not None:
        asked = {"db": table.schema or database, "tbl": table.bare}
    return {
        name: _made(name, row.timing, row.event, f"{quoted(row.db)}.{quoted(row.tbl)}", row.body)
        for row in connection.execute(_FOUND, asked)
        for name in (f"{quoted(row.db)}.{quoted(row.name)}",)
    }


def _made(name: str, timing: str, event: str, on: str, body: str) -> str:
    return f"CREATE TRIGGER {name} {timing} {event} ON {on} FOR EACH ROW {body}"


def _id(row: str, columns: Sequence[ColumnShape]) -> str:
    """The record id in SQL, as `keys.id_of` makes it."""
    texts = [
        value if column.kind is Kind.INTEGER and len(columns) > 1 else _text(value)
        for column in columns
        for value in (f"{row}.{quoted(column.name)}",)
    ]
    return texts[0] if len(texts) == 1 else f"JSON_ARRAY({', '.join(texts)})"


def _text(value: str) -> str:
    return f"CAST({value} AS CHAR CHARACTER SET utf8mb4)"


def _there(row: str, columns: Sequence[ColumnShape]) -> str:
    return " AND ".join(f"{row}.{quoted(column.name)} IS NOT NULL" for column in columns)
