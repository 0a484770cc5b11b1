"""Capture on PostgreSQL: the outbox, a function and two triggers for each table, as SQL text.

The triggers run in the transaction of whoever writes, row by row, cascades and partitions
included; what is rolled back leaves nothing. TRUNCATE notes every row that there was. The function
has the rights of whoever installed it, so writers need none on the outbox. It tells listeners once
a transaction, on commit, but for our own writes.

What PostgreSQL does not tell (postgresql.org/docs/current/sql-createtrigger.html, sql-notify.html):
writes of a session with `session_replication_role = replica` and of logical replication, TRUNCATE
of one partition alone, and what is written while triggers are disabled. A full reconcile finds
these. A transaction that is prepared for two phases may not notify: where the server permits such
transactions nobody is told, and changes are noticed at the next look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2s
from typing import Any, Final

from sqlalchemy import Connection, text

from crosstie.connectors.sql.shape import ColumnShape, Kind, TableShape

SCHEMA: Final = "crosstie_capture"
CHANNEL: Final = "crosstie"
OWN: Final = "crosstie.own"
"""A setting of the transaction: `on` while we write ourselves."""
OUTBOX: Final = (
    f"CREATE SCHEMA {SCHEMA}",
    f"CREATE TABLE {SCHEMA}.outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " tbl text NOT NULL, pk text NOT NULL, op text NOT NULL,"
    " at timestamptz NOT NULL DEFAULT clock_timestamp(), origin text,"
    " tx bigint NOT NULL DEFAULT txid_current())",
    f"CREATE INDEX outbox_tbl ON {SCHEMA}.outbox (tbl, seq)",
)
DROP_OUTBOX: Final = (f"DROP SCHEMA {SCHEMA} CASCADE",)
"""With it go functions of tables that were dropped."""
OUTBOX_THERE: Final = f"SELECT 1 WHERE to_regclass('{SCHEMA}.outbox') IS NOT NULL"
_ROWS: Final = 1 + 4 + 8 + 16
_TRUNCATES: Final = 2 + 32
"""pg_trigger.tgtype: row 1, before 2, insert 4, delete 8, update 16, truncate 32."""
_WHEN: Final = {
    _ROWS: "AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW",
    _TRUNCATES: "BEFORE TRUNCATE ON {} FOR EACH STATEMENT",
}
_FOUND: Final = text(
    "SELECT t.tgname, t.tgtype, t.tgenabled, n.nspname, c.relname, p.proname, p.prosrc,"
    " p.prosecdef, p.proconfig FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"
    " JOIN pg_namespace f ON f.oid = p.pronamespace"
    " WHERE f.nspname = :ours AND NOT t.tgisinternal AND t.tgparentid = 0"
    " AND (CAST(:bare AS text) IS NULL OR (n.nspname = :schema AND c.relname = :bare))"
    " ORDER BY t.tgtype"
)
VERSION: Final = text(
    "SELECT COALESCE(SUM(hashtext(CONCAT(t.oid, t.tgenabled, t.xmin, p.xmin))), 0)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_trigger t ON t.tgrelid = c.oid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE c.relname = :bare AND n.nspname = :schema AND NOT t.tgisinternal"
)


def quoted(name: str) -> str:
    """An identifier, however odd."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text, however odd."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'" if "\\" in value else f"'{escaped}'"


def qualified(table: TableShape) -> str:
    """The table with its schema."""
    return f"{quoted(table.schema)}.{quoted(table.bare)}"


def triggers(table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
    """Name -> statement, the function first. What differs in any way has another name."""
    columns = [table.columns[name] for name in key]
    settings = ["search_path=pg_catalog, pg_temp"]
    if any(column.kind in (Kind.DATE, Kind.DATETIME) for column in columns):
        # The text of a date is as the writer's session likes it.
        settings.append("DateStyle=iso, mdy")
    body = _body(table, columns)
    digest = blake2s(f"{table.schema}.{body}{settings}".encode(), digest_size=5).hexdigest()
    name = f"capture_{digest}"
    out = {_function(name): _function_made(name, body, secure=True, settings=settings)}
    for kind in (_ROWS, _TRUNCATES):
        called = f"crosstie_{digest}" if kind == _ROWS else f"crosstie_{digest}_truncate"
        on = qualified(table)
        out[f"TRIGGER {quoted(called)} ON {on}"] = _trigger_made(called, kind, on, name)
    return out


def installed(connection: Connection, table: TableShape | None) -> Mapping[str, str]:
    """Name -> statement of what of ours is there on that table, or on any."""
    asked = {"ours": SCHEMA, "schema": "", "bare": None}
    if table is not None:
        asked |= {"schema": table.schema, "bare": table.bare}
    rows = connection.execute(_FOUND, asked).all()
    functions = {
        _function(row.proname): _function_made(
            row.proname, row.prosrc, secure=row.prosecdef, settings=row.proconfig or ()
        )
        for row in rows
    }
    return functions | {_named(row): _trigger_found(row) for row in rows}


def _body(table: TableShape, columns: Sequence[ColumnShape]) -> str:
    old, new, this = (_id(row, columns) for row in ("OLD", "NEW", "r"))
    tbl = literal(table.name)
    into = f"INSERT INTO {SCHEMA}.outbox (tbl, pk, op)"
    return (
        "\nBEGIN\n"
        f"  IF COALESCE(current_setting('{OWN}', true), '') <> 'on'"
        " AND current_setting('max_prepared_transactions') = '0' THEN\n"
        f"    PERFORM pg_notify('{CHANNEL}', {tbl});\n"
        "  END IF;\n"
        "  IF TG_OP = 'TRUNCATE' THEN\n"
        f"    {into} SELECT {tbl}, {this}, 'D' FROM {qualified(table)} r"
        f" WHERE {_there('r', columns)};\n"
        "    RETURN NULL;\n"
        "  END IF;\n"
        "  IF TG_OP = 'INSERT' THEN\n"
        f"    {into} SELECT {tbl}, {new}, 'I' WHERE {_there('NEW', columns)};\n"
        "  ELSIF TG_OP = 'DELETE' THEN\n"
        f"    {into} SELECT {tbl}, {old}, 'D' WHERE {_there('OLD', columns)};\n"
        f"  ELSIF {old} IS NOT DISTINCT FROM {new} THEN\n"
        f"    {into} SELECT {tbl}, {new}, 'U' WHERE {_there('NEW', columns)};\n"
        "  ELSE\n"
        f"    {into} SELECT {tbl}, {old}, 'D' WHERE {_there('OLD', columns)};\n"
        f"    {into} SELECT {tbl}, {new}, 'I' WHERE {_there('NEW', columns)};\n"
        "  END IF;\n"
        "  RETURN NULL;\n"
        "END\n"
    )


def _id(row: str, columns: Sequence[ColumnShape]) -> str:
    """The record id in SQL, as `keys.id_of` makes it."""
    texts = [f"{row}.{quoted(column.name)}" for column in columns]
    if len(columns) == 1:
        return f"{texts[0]}::text"
    listed = [
        value if column.kind is Kind.INTEGER else f"{value}::text"
        for value, column in zip(texts, columns, strict=True)
    ]
    return f"json_build_array({', '.join(listed)})::text"


def _there(row: str, columns: Sequence[ColumnShape]) -> str:
    return " AND ".join(f"{row}.{quoted(column.name)} IS NOT NULL" for column in columns)


def _function(name: str) -> str:
    return f"FUNCTION {SCHEMA}.{quoted(name)}()"


def _function_made(name: str, body: str, *, secure: bool, settings: Sequence[str]) -> str:
    listed = "".join(f" SET {s.partition('=')[0]} TO {s.partition('=')[2]}" for s in settings)
    rights = " SECURITY DEFINER" if secure else ""
    return (
        f"CREATE OR REPLACE {_function(name)} RETURNS trigger LANGUAGE plpgsql{rights}{listed}"
        f" AS $crosstie${body}$crosstie$"
    )


def _trigger_made(name: str, kind: int, on: str, function: str) -> str:
    when = _WHEN.get(kind, f"of type {kind} ON {{}}").format(on)
    return f"CREATE TRIGGER {quoted(name)} {when} EXECUTE {_function(function)}"


def _named(row: Any) -> str:
    return f"TRIGGER {quoted(row.tgname)} ON {quoted(row.nspname)}.{quoted(row.relname)}"


def _trigger_found(row: Any) -> str:
    on = f"{quoted(row.nspname)}.{quoted(row.relname)}"
    made = _trigger_made(row.tgname, row.tgtype, on, row.proname)
    return made if row.tgenabled in ("O", "A") else f"{made}; disabled"
