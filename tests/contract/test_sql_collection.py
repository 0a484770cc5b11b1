"""SQLite tables keep the connector contract: three kinds of key, with and without capture."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crosstie.connectors.sql import Database, TableSource, capture_install
from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.keys import id_of
from crosstie.core.values import Fields, Json
from crosstie.testing.connector_contract import ConnectorContract

COLUMNS = (
    "name TEXT, note TEXT, size INTEGER, price NUMERIC(10, 2), day DATE, meta JSON, ok BOOLEAN"
)
TABLES = {
    "text": f"CREATE TABLE trips (code TEXT PRIMARY KEY, {COLUMNS})",
    "integer": f"CREATE TABLE trips (id INTEGER PRIMARY KEY AUTOINCREMENT, {COLUMNS})",
    "composite": f"CREATE TABLE trips (place TEXT, nr INT, {COLUMNS}, PRIMARY KEY (place, nr))",
}
KEYS = {"text": ("code",), "integer": (), "composite": ("place", "nr")}
MISSING = {"text": "nobody", "integer": "999999", "composite": '["nowhere",999999]'}


class SqlPerson:
    """Another program that writes the table with its own connection."""

    text = "note"

    def __init__(self, path: Path, key: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute(TABLES[key])
        self._key = key

    def sample(self, number: int) -> dict[str, Json]:
        given = {"code": f"T-{number}", "place": "Köln", "nr": number}
        return {name: given[name] for name in KEYS[self._key]} | {
            "name": f"name {number}",
            "note": f"note {number}",
            "size": number,
            "price": f"{number}.50",
            "day": "2026-01-31",
            "meta": {"a": [1, None, "ä"]},
            "ok": True,
        }

    def kept(self, text: str) -> Json:
        return text

    def add(self, fields: Fields) -> str:
        row = {**fields, "meta": '{"a": [1, null, "ä"]}'}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        cursor = self.connection.execute(
            f"INSERT INTO trips ({names}) VALUES ({marks})", list(row.values())
        )
        keys = [row[name] for name in KEYS[self._key]] or [cursor.lastrowid]
        return id_of(keys)

    def edit(self, record_id: str, patch: Fields) -> None:
        sets = ", ".join(f"{name} = ?" for name in patch)
        self.connection.execute(
            f"UPDATE trips SET {sets} WHERE {self._where()}", [*patch.values(), record_id]
        )

    def remove(self, record_id: str) -> None:
        self.connection.execute(f"DELETE FROM trips WHERE {self._where()}", [record_id])

    def missing(self) -> str:
        return MISSING[self._key]

    def wait(self) -> None:
        """A database is never late."""

    def _where(self) -> str:
        return {
            "text": "code = ?",
            "integer": "id = ?",
            "composite": "json_array(place, nr) = ?",
        }[self._key]


@pytest.mark.parametrize("key", list(TABLES))
class SqlContract(ConnectorContract):
    captured: bool

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "app.db"

    @pytest.fixture
    def person(self, path: Path, key: str) -> Iterator[SqlPerson]:
        person = SqlPerson(path, key)
        yield person
        person.connection.close()

    @pytest.fixture
    def source(self, path: Path, person: SqlPerson) -> TableSource:
        source = replace(Database(f"sqlite:///{path}").table("trips"), page_size=20)
        if self.captured:
            capture_install([source])
        return source

    @pytest.fixture
    def collection(self, source: TableSource) -> TableCollection:
        return TableCollection(source, ())

    def test_it_can_tell_changes_exactly_when_it_is_captured(self, ready: TableCollection) -> None:
        assert ready.can.has_changes is ready.can.sees_deletes is self.captured


class TestCaptured(SqlContract):
    captured = True


class TestUncaptured(SqlContract):
    captured = False
