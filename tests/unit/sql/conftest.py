"""An application's database, and the collection of one of its tables."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crosstie.connectors.sql import Database, capture_install
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.values import Page, Record

Answer = TypeVar("Answer")


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


class App:
    """The application: its file, and a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(f"sqlite:///{path}")
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=0)
        self.sql("PRAGMA journal_mode = WAL")
        self.sql("PRAGMA synchronous = OFF")
        self.sql("PRAGMA foreign_keys = ON")

    def sql(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    def captured(self, table: str, fields: Sequence[str] = (), **options: Any) -> TableCollection:
        source = self.database.table(table, **options)
        capture_install([source])
        return self.opened(table, fields, **options)

    def opened(self, table: str, fields: Sequence[str] = (), **options: Any) -> TableCollection:
        collection = TableCollection(self.database.table(table, **options), fields)
        run(collection.open())
        return collection


def told(collection: TableCollection) -> dict[str, str]:
    """What the feed tells, acknowledged: id -> `live` or `gone`."""
    out: dict[str, str] = {}
    while True:
        page: Page = run(collection.changes(None))
        for entry in page.entries:
            out[entry.id] = "live" if isinstance(entry, Record) else "gone"
        assert page.cursor is not None
        run(collection.acknowledge(page.cursor))
        if not page.more:
            return out


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(tmp_path / "app.db")
    yield made
    made.connection.close()


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[[str], App]]:
    apps: list[App] = []

    def make(name: str) -> App:
        apps.append(App(tmp_path / name))
        return apps[-1]

    yield make
    for made in apps:
        made.connection.close()
