"""What a database remembers of a state: one small table, made and removed with the outbox.

A copy of the database keeps what it held on the day it was made, so a database put back from a
backup, or another copy of it, is known by it.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, TextClause, inspect, text

from crosstie.core.values import Instant
from crosstie.ports.proof import Remembered

_HEIGHTS: Final = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = '{outbox}'",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence('{outbox}', 'seq'))",
}
"""The highest number that the outbox has ever given out, even where all rows are gone."""

_LISTED: Final = text(
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = :schema AND TABLE_NAME = :name"
)


class _Statements(NamedTuple):
    kept: TextClause
    change: TextClause
    add: TextClause


def table_beside(outbox: str) -> str:
    """Name of the table beside that outbox."""
    return outbox.removesuffix("outbox") + "state"


def make(outbox: str) -> str:
    """The statement that makes the table."""
    return (
        f"CREATE TABLE IF NOT EXISTS {table_beside(outbox)} (identity VARCHAR(200) NOT NULL"
        " PRIMARY KEY, generation BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL)"
    )


def drop(outbox: str) -> str:
    """The statement that leaves no trace of it."""
    return f"DROP TABLE IF EXISTS {table_beside(outbox)}"


def is_there(connection: Connection, outbox: str) -> bool:
    """Whether this database can remember anything for us."""
    schema, _, name = table_beside(outbox).rpartition(".")
    schema = schema.strip("`")
    if connection.dialect.name in ("mysql", "mariadb"):
        # Asked for the table itself, the server refuses those who may not read it.
        return connection.execute(_LISTED, {"schema": schema, "name": name}).first() is not None
    return inspect(connection).has_table(name, schema=schema or None)


def remembered(connection: Connection, outbox: str, name: str) -> Remembered:
    """What this database keeps under that name."""
    kept = None
    if is_there(connection, outbox):
        kept = connection.execute(_said(outbox).kept, {"name": name}).scalar_one_or_none()
    asked = _HEIGHTS.get(connection.dialect.name)
    height = None
    if asked is not None:
        found = connection.execute(text(asked.format(outbox=outbox))).scalar_one_or_none()
        height = int(found or 0)
    return Remembered(None if kept is None else int(kept), height)


def remember(connection: Connection, outbox: str, name: str, generation: int, now: Instant) -> None:
    """Keep that number in place of the one before."""
    said, values = _said(outbox), {"name": name, "number": generation, "now": now}
    if not connection.execute(said.change, values).rowcount:
        connection.execute(said.add, values)


@cache
def _said(outbox: str) -> _Statements:
    table = table_beside(outbox)
    return _Statements(
        text(f"SELECT generation FROM {table} WHERE identity = :name"),
        text(f"UPDATE {table} SET generation = :number, at = :now WHERE identity = :name"),
        text(f"INSERT INTO {table} (identity, generation, at) VALUES (:name, :number, :now)"),
    )
