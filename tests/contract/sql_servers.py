"""Databases behind servers, for tests: a database of their own each, empty for every test.

Addresses come from CROSSTIE_TEST_POSTGRESQL and CROSSTIE_TEST_MARIADB. Where no server answers the
tests are skipped and say so; with CROSSTIE_TEST_SERVERS=required they fail.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy import URL, make_url

from crosstie.connectors.sql import Database

ADDRESSES = {
    "postgresql": os.environ.get(
        "CROSSTIE_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("CROSSTIE_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/test"),
}
NAMES = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}


class Server:
    """A database of one's own on a server."""

    def __init__(self, kind: str, url: URL) -> None:
        self.kind = kind
        self.url = url
        self.address = url.render_as_string(hide_password=False)
        self.database = Database(self.address)

    def connect(self, *, autocommit: bool = True) -> Any:
        """A connection of another program, as the driver gives it."""
        return connected(self.kind, self.url, autocommit=autocommit)

    def empty(self) -> None:
        """Remove all there is."""
        connection = self.connect()
        try:
            cursor = connection.cursor()
            if self.kind == "postgresql":
                cursor.execute(
                    "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'"
                    " AND nspname <> 'information_schema'"
                )
                for (name,) in cursor.fetchall():
                    cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
                cursor.execute("CREATE SCHEMA public")
            else:
                cursor.execute("SET foreign_key_checks = 0")
                cursor.execute("SHOW FULL TABLES")
                for name, what in cursor.fetchall():
                    kind = "VIEW" if what == "VIEW" else "TABLE"
                    quoted = name.replace("`", "``")
                    cursor.execute(f"DROP {kind} `{quoted}`")
        finally:
            connection.close()


def connected(kind: str, url: URL, *, autocommit: bool = True) -> Any:
    """Connect with the driver alone."""
    if kind == "postgresql":
        return psycopg.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            dbname=url.database,
            autocommit=autocommit,
            connect_timeout=5,
        )
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        autocommit=autocommit,
        charset="utf8mb4",
        connect_timeout=5,
    )


@contextmanager
def served(kind: str) -> Iterator[Server]:
    """A new database on that server; dropped at the end."""
    url = make_url(ADDRESSES[kind])
    try:
        admin = connected(kind, url)
    except (psycopg.OperationalError, pymysql.err.OperationalError):
        reason = f"no {NAMES[kind]} at {url.host}:{url.port} (CROSSTIE_TEST_{kind.upper()})"
        if os.environ.get("CROSSTIE_TEST_SERVERS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    name = f"crosstie_test_{secrets.token_hex(6)}"
    collation = "" if kind == "postgresql" else " CHARACTER SET utf8mb4"
    try:
        admin.cursor().execute(f"CREATE DATABASE {name}{collation}")
        yield Server(kind, url.set(database=name))
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        admin.cursor().execute(f"DROP DATABASE IF EXISTS {name}{force}")
        admin.close()
