"""An application's table of contacts with capture, and the sync of it with the sandbox."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.data import FIELDS, Contact
from bench.remote import LOCATION, NAMES, TOKEN, Remote
from bench.world import LENSES, SYNC
from crosstie import Brake, Crosstie, Sync, Tags, Text, field
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database, TableSource, capture_install

_SECRET = "CROSSTIE_BENCH_TOKEN"
PAGE = 100
"""Records that one page of the remote's listing has."""


@dataclass(frozen=True, slots=True)
class Application:
    """A SQLite database with one table, `people`; the id of contact number n is n + 1."""

    path: Path

    @property
    def table(self) -> TableSource:
        """The table as a source."""
        return Database(f"sqlite:///{self.path}", label="application").table("people")

    def make(self, contacts: Iterable[Contact]) -> None:
        """Create and fill the table, and install the capture."""
        columns = ", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in FIELDS)
        places = ", ".join("?" for _ in FIELDS)
        rows = ([_stored(each[name]) for name in FIELDS] for each in contacts)
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(f"CREATE TABLE people (id INTEGER PRIMARY KEY, {columns})")
            names = ", ".join(FIELDS)
            database.executemany(f"INSERT INTO people ({names}) VALUES ({places})", rows)
        capture_install([self.table])

    def edit(self, column: str, value: str, where: str = "1 = 1") -> None:
        """An ordinary statement of the application; the row's id is added to the value."""
        with closing(sqlite3.connect(self.path)) as database, database:
            statement = f"UPDATE people SET {column} = ? || ' ' || id WHERE {where}"
            database.execute(statement, [value])

    def values(self, column: str) -> list[str]:
        """That column of all rows, by id."""
        with closing(sqlite3.connect(self.path)) as database:
            found = database.execute(f"SELECT {column} FROM people ORDER BY id")
            return [value for (value,) in found]


_TYPES = {"birthday": "DATE", "tags": "JSON", "score": "INTEGER"}


def _stored(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


def declared(application: Application, remote: Remote, state: Path | str) -> Crosstie:
    """The sync of the table with the sandbox's contacts, its brake off.

    state: a file, or the address of a database.
    """
    os.environ[_SECRET] = TOKEN
    ghl = GoHighLevel(LOCATION, token=f"env:{_SECRET}", base_url=remote.url)
    lenses = {**LENSES, "tags": Tags()}
    sync = Sync(
        SYNC,
        left=application.table,
        right=ghl.contacts(page_size=PAGE, search_lag=0.0),
        fields=[field(name, NAMES[name], lenses.get(name, Text())) for name in FIELDS],
        match=["email"],
        policy="left",
        brake=Brake(share=1.0, records=10**9),
    )
    return Crosstie([sync], state=state if isinstance(state, str) else f"sqlite:///{state}")
