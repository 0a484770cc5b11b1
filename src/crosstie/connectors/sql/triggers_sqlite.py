"""Capture on SQLite: the outbox and the triggers that fill it, as SQL text.

The triggers run in the transaction of whoever writes: ORM, bulk statement, shell or another
process; what is rolled back leaves nothing. Cascades fire them too. What SQLite does not tell
(sqlite.org/lang_createtrigger.html, lang_conflict.html): a row that `INSERT OR REPLACE` removes
because another unique column collides, unless the writer sets `PRAGMA recursive_triggers`; and
writes made while `PRAGMA writable_schema` or a dropped trigger is in play. A full reconcile finds
both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, text

OUTBOX: Final = (
    "CREATE TABLE IF NOT EXISTS crosstie_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " tbl TEXT NOT NULL, pk TEXT NOT NULL, op TEXT NOT NULL,"
    " at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), origin TEXT)",
    "CREATE INDEX IF NOT EXISTS crosstie_outbox_tbl ON crosstie_outbox (tbl)",
)
DROP_OUTBOX: Final = ("DROP TABLE IF EXISTS crosstie_outbox",)
OUTBOX_THERE: Final = (
    "SELECT 1 FROM sqlite_master WHERE name = 'crosstie_outbox' AND type = 'table'"
)


def quoted(name: str) -> str:
    """An identifier, however odd."""
    return '"' + name.replace('"', '""') + '"'


def triggers(table: str, key: Sequence[str]) -> Mapping[str, str]:
    """Name -> statement. A changed key is the old row's end and a new row's beginning."""
    old, new = _id("OLD", key), _id("NEW", key)
    old_there, new_there = _there("OLD", key), _there("NEW", key)
    literal = "'" + table.replace("'", "''") + "'"
    into = "INSERT INTO crosstie_outbox (tbl, pk, op)"
    bodies = {
        "insert": f"{into} SELECT {literal}, {new}, 'I' WHERE {new_there};",
        "update": (
            f"{into} SELECT {literal}, {old}, 'D' WHERE {old_there} AND {old} IS NOT {new};"
            f" {into} SELECT {literal}, {new}, CASE WHEN {old} IS {new} THEN 'U' ELSE 'I' END"
            f" WHERE {new_there};"
        ),
        "delete": f"{into} SELECT {literal}, {old}, 'D' WHERE {old_there};",
    }
    return {
        name: f"CREATE TRIGGER {quoted(name)} AFTER {verb.upper()} ON {quoted(table)}"
        f" BEGIN {body} END"
        for verb, body in bodies.items()
        for name in (f"crosstie_{table}_{verb}",)
    }


def installed(connection: Connection, table: str | None) -> Mapping[str, str]:
    """Name -> statement of our triggers on that table, or on any."""
    rows = connection.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            " AND name LIKE 'crosstie~_%' ESCAPE '~'"
            " AND (:tbl IS NULL OR tbl_name = :tbl COLLATE NOCASE)"
        ),
        {"tbl": table},
    )
    return {row.name: row.sql for row in rows}


def drop(name: str) -> str:
    """The statement that removes one trigger."""
    return f"DROP TRIGGER IF EXISTS {quoted(name)}"


def _id(row: str, key: Sequence[str]) -> str:
    """The record id in SQL, as `keys.id_of` makes it."""
    if len(key) == 1:
        return f"CAST({row}.{quoted(key[0])} AS TEXT)"
    return "json_array(" + ", ".join(f"{row}.{quoted(name)}" for name in key) + ")"


def _there(row: str, key: Sequence[str]) -> str:
    return " AND ".join(f"{row}.{quoted(name)} IS NOT NULL" for name in key)
