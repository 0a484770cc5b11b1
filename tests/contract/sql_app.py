"""An application on a server, and the collections of its tables."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from typing import Any, TypeVar

from sql_servers import Server

from crosstie.connectors.sql import Database, capture_install
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.values import Record

Answer = TypeVar("Answer")
SERVERS = ("postgresql", "mariadb")
TRIPS = "CREATE TABLE trips (id INTEGER PRIMARY KEY, name VARCHAR(40), size INTEGER)"
BOXES = {"postgresql": "crosstie_capture.outbox", "mariadb": "crosstie_outbox"}


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


class App:
    """The application: one connection of its own, and the collections of its tables."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.kind = server.kind
        self.connection = server.connect()

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return asked(self.connection, statement, *values)

    def opened(self, table: str, **options: Any) -> TableCollection:
        collection = TableCollection(self.server.database.table(table, **options), ())
        run(collection.open())
        return collection

    def captured(self, table: str, **options: Any) -> TableCollection:
        capture_install([self.server.database.table(table, **options)])
        return self.opened(table, **options)

    def notes(self) -> list[tuple[Any, ...]]:
        return self.sql(f"SELECT tbl, pk, op, origin FROM {BOXES[self.kind]} ORDER BY seq")


def asked(connection: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def told(collection: TableCollection) -> dict[str, str]:
    """What the feed tells, acknowledged: id -> `live` or `gone`."""
    page = run(collection.changes(None))
    assert page.cursor is not None
    run(collection.acknowledge(page.cursor))
    return {e.id: "live" if isinstance(e, Record) else "gone" for e in page.entries}


def cut(app: App) -> None:
    """End every other connection to this database."""
    if app.kind == "postgresql":
        app.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return
    for (number,) in app.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE()"
        " AND ID <> CONNECTION_ID()"
    ):
        app.sql(f"KILL {number}")


def at(app: App, **changed: Any) -> TableCollection:
    url = app.server.url.set(**changed)
    source = Database(url.render_as_string(hide_password=False)).table("trips")
    return TableCollection(source, ())
