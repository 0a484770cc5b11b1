"""A small application with a SQLite table and a stand-in of GoHighLevel, driven by the command."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from crosstie.cli import main
from crosstie.sandbox.hosted import Hosted

TABLE = """
CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_name TEXT,
  last_name TEXT,
  email TEXT,
  phone TEXT,
  city TEXT
)
"""

FIELDS = """
    field("first_name", "firstName"),
    field("last_name", "lastName"),
    field("email", "email", Email()),
    field("city", "city"),
"""

APP = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

database = Database("sqlite:///{database}")
ghl = GoHighLevel(location="{location}", token="env:GHL_TOKEN", base_url="{url}")
contacts = Sync(
    name="contacts",
    left=database.table({table!r}),
    right={right},
    fields=[{fields}],
    match={match},
    {extra}
)
app = Crosstie(syncs=[contacts], state="sqlite:///state.db")
"""

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Said:
    """What one call of the command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The envelope on stderr: its last line."""
        return json.loads(self.err.strip().splitlines()[-1])["error"]


@dataclass(slots=True)
class World:
    """One application folder; calls run in this process."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    sandbox: Hosted | None = None
    module: str = field(default_factory=lambda: f"crosstie_app_{next(_numbers)}")

    @property
    def database(self) -> Path:
        return self.folder / "app.db"

    def declare(
        self,
        *,
        table: str = "people",
        right: str = "ghl.contacts(search_lag=0.0)",
        fields: str = FIELDS,
        match: str = '["email"]',
        extra: str = "",
        text: str | None = None,
    ) -> None:
        """Write the application under a new module name, and pyproject.toml to find it by."""
        self.module = f"crosstie_app_{next(_numbers)}"
        made = text or APP.format(
            database=self.database,
            location="" if self.sandbox is None else self.sandbox.sandbox.location.id,
            url="http://127.0.0.1:9" if self.sandbox is None else self.sandbox.url,
            table=table,
            right=right,
            fields=fields,
            match=match,
            extra=extra,
        )
        (self.folder / f"{self.module}.py").write_text(made)
        (self.folder / "pyproject.toml").write_text(f'[tool.crosstie]\napp = "{self.module}:app"\n')

    def crosstie(self, *args: str) -> Said:
        """Call the command as a shell would."""
        self.capture.readouterr()
        code = main(args)
        told = self.capture.readouterr()
        return Said(int(code), told.out, told.err)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on the application's database, as another program would."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def state(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement on the state, to bring about what only time or a crash does."""
        with closing(sqlite3.connect(self.folder / "state.db")) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def add_person(self, first: str, email: str | None, city: str = "Bern") -> int:
        statement = "INSERT INTO people (first_name, email, city) VALUES (?, ?, ?) RETURNING id"
        return int(self.sql(statement, first, email, city)[0][0])

    def people(self) -> list[tuple[Any, ...]]:
        return self.sql("SELECT first_name, email, city FROM people ORDER BY id")

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        assert self.sandbox is not None
        return self.sandbox.control(path, **body)

    def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        version: str = "2021-07-28",
    ) -> Any:
        """Call the stand-in as another user of it would."""
        assert self.sandbox is not None
        request = Request(
            self.sandbox.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {token or os.environ['GHL_TOKEN']}",
                "Version": version,
                "Content-Type": "application/json",
            },
        )
        with urlopen(request, timeout=10) as reply:
            return json.loads(reply.read())

    def add_contact(self, **fields: Any) -> str:
        assert self.sandbox is not None
        body = {"locationId": self.sandbox.sandbox.location.id, **fields}
        return str(self.api("POST", "/contacts/", body)["contact"]["id"])

    def contact(self, contact_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/contacts/{contact_id}")["contact"]
        return found

    def contacts(self) -> int:
        return int(self.control("state")["contacts"])

    def stored(self) -> int:
        """Writes that the stand-in has carried out, by whomever."""
        return int(self.control("state")["stored"])

    def ids(self) -> Sequence[str]:
        """Ids of the contacts that are linked, by the state."""
        with closing(sqlite3.connect(self.folder / "state.db")) as connection:
            return [row[0] for row in connection.execute("SELECT right_id FROM link ORDER BY id")]
