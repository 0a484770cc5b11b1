"""The application's database, read with nothing but SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TABLES = ("contacts", "trips", "passengers")


class Books:
    """The three tables of TripBuilder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, table: str, **where: str | int) -> list[Row]:
        """The rows with these values, by id."""
        assert table in TABLES
        wanted = " AND ".join(f'"{name}" = ?' for name in where) or "1"
        with self._open() as connection:
            found = connection.execute(
                f"SELECT * FROM {table} WHERE {wanted} ORDER BY id", tuple(where.values())
            )
            return [dict(row) for row in found]

    def row(self, table: str, **where: str | int) -> Row | None:
        """The first such row, or None."""
        found = self.rows(table, **where)
        return found[0] if found else None

    def everything(self) -> dict[str, list[Row]]:
        """All rows of all tables."""
        return {table: self.rows(table) for table in TABLES}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection
