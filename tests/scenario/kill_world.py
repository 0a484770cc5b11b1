"""One world of the kills: TripBuilder's database, a CRM in a process of its own, people on both.

People edit the database over SQL and the CRM over HTTP, each field by itself, so that no form of
theirs writes back what it showed before. The engine is forked from this process, which has
everything imported and holds no connection, thread or event loop at that moment.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crosstie import Brake, Crosstie
from crosstie.connectors.ghl.limits import WINDOWS
from crosstie.connectors.sql import capture_install
from crosstie.connectors.sql.database import TableSource
from crosstie.demo.books import Books
from crosstie.demo.crm import Crm, Row
from crosstie.demo.example import folder as example_folder
from crosstie.demo.processes import Processes
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID

sys.path.insert(0, str(example_folder("tripbuilder")))

from tripbuilder import create_app
from tripbuilder.crosstie_app import declared
from tripbuilder.models import db
from tripbuilder.settings import Settings

INDEX_LAG = 0.2
"""Seconds after which the search of the CRM shows what was stored."""
SEARCH_LAG = 4.0
"""Seconds that the engine is told to wait for it: a busy machine may hold up a call that long."""
LATENCY = 0.004
"""Seconds that the CRM takes for a call before it carries it out."""
LEFT_EVERY, RIGHT_EVERY = 0.05, 0.1
PIPELINES = {"trips": "TripBooking", "passengers": "Passenger"}
_NEVER = Brake(share=1.0, records=10**9, empty_side=False)
"""People here delete so much in so little time that the brake would rightly stop the play."""


@dataclass(frozen=True, slots=True)
class Far:
    """The CRM's address, and its control calls."""

    url: str

    def control(self, path: str, method: str | None = None, **body: Any) -> Row:
        """Call `/_sandbox/<path>`."""
        verb = method or ("POST" if body else "GET")
        return self.call(verb, f"/_sandbox/{path}", body if verb == "POST" else None)

    def call(self, method: str, path: str, body: Row | None = None) -> Row:
        """One call, as the program of somebody else makes it. Raises LookupError for a 404."""
        address = urlsplit(self.url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        headers = {
            "Authorization": f"Bearer {DEFAULT_TOKEN}",
            "Version": "2021-07-28",
            "Content-Type": "application/json",
        }
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, headers)
            reply = connection.getresponse()
            raw = reply.read()
        finally:
            connection.close()
        if reply.status == 404:
            raise LookupError(path)
        if reply.status >= 300:
            raise ValueError(f"{method} {path} answered {reply.status}: {raw[:200]!r}")
        answer: Row = json.loads(raw)
        return answer


class World:
    """Both systems, empty at first, and the declaration between them."""

    def __init__(self, folder: Path, far: Far, template: Path) -> None:
        self.folder, self.far = folder, far
        far.call("POST", "/_sandbox/reset", {"preset": "tripbuilder"})
        for name in ("trips.db", "state.db"):
            for ending in ("", "-wal", "-shm", "-journal", ".lock", ".engine"):
                (folder / f"{name}{ending}").unlink(missing_ok=True)
        shutil.copyfile(template, folder / "trips.db")
        self.app = declare(folder, far.url)
        self.books = Books(folder / "trips.db")
        self.crm = Crm(far)  # type: ignore[arg-type]
        self._fields = {key: number for number, key in self.crm._keys.items()}

    @contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """A transaction of the application that nobody writes beside."""
        connection = sqlite3.connect(self.folder / "trips.db", timeout=20, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def insert(self, table: str, **values: Any) -> int:
        """A new row of the application; its id."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        with self.sql() as connection:
            made = connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values())
            )
            return int(made.lastrowid or 0)

    def set_far(self, table: str, remote: str, field: str, value: str) -> None:
        """Somebody changes one field of a record of the CRM."""
        if table == "contacts":
            self.far.call("PUT", f"/contacts/{remote}", {field: value})
            return
        custom = [{"id": self._fields[field], "field_value": value}]
        self.far.call("PUT", f"/opportunities/{remote}", {"customFields": custom})

    def far_row(self, table: str, remote: str) -> Row:
        """A record of the CRM as it is now. Raises LookupError."""
        if table == "contacts":
            row: Row = self.far.call("GET", f"/contacts/{remote}")["contact"]
            return row
        row = self.far.call("GET", f"/opportunities/{remote}")["opportunity"]
        custom = {self.crm._keys[f["id"]]: f["fieldValue"] for f in row.get("customFields", ())}
        return {**row, **custom}

    def far_rows(self, table: str) -> list[Row]:
        """All records of that kind in the CRM."""
        return (
            self.crm.contacts() if table == "contacts" else self.crm.opportunities(PIPELINES[table])
        )

    def fork(self, engine: Callable[[Crosstie, Path], int]) -> int:
        """Start the engine in a process of its own; its number. It never comes back from there."""
        log = self.folder / "engine.log"
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(out, 1)
            os.dup2(out, 2)
            random.seed()
            code = engine(self.app, self.folder)
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def warmed(world: World, engine: Callable[[Crosstie, Path], int]) -> None:
    """Import here what a run of the engine imports, so that no start of it takes that time."""
    names = world.folder / "modules"

    def look(app: Crosstie, folder: Path) -> int:
        code = engine(app, folder)
        names.write_text("\n".join(sys.modules))
        return code

    os.waitpid(world.fork(look), 0)
    for name in names.read_text().splitlines():
        if name not in sys.modules and name != "kill_app":
            importlib.import_module(name)


def declare(folder: Path, url: str) -> Crosstie:
    """TripBuilder's own declaration, without the brake and for a CRM that limits nobody."""
    settings = Settings(
        database=f"sqlite:///{folder / 'trips.db'}",
        state=f"sqlite:///{folder / 'state.db'}",
        secret_key="key",
        base_url=url,
        left_every=LEFT_EVERY,
        right_every=RIGHT_EVERY,
        search_lag=SEARCH_LAG,
    )
    braked = declared(settings)
    windows = tuple(replace(window, calls=10**6) for window in WINDOWS)
    account = replace(braked.syncs[0].right.account, windows=windows)  # type: ignore[type-var]
    syncs = [
        replace(sync, brake=_NEVER, right=replace(sync.right, account=account))  # type: ignore[type-var]
        for sync in braked.syncs
    ]
    return Crosstie(syncs, state=braked.state)


def template(folder: Path) -> Path:
    """An empty database of TripBuilder with the capture installed."""
    path = folder / "template.db"
    settings = Settings(f"sqlite:///{path}", "sqlite://", "key", search_lag=SEARCH_LAG)
    application = create_app(settings)
    with application.app_context():
        db.engine.dispose()
    capture_install(s.left for s in declared(settings).syncs if isinstance(s.left, TableSource))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@contextmanager
def far_system(folder: Path) -> Iterator[Far]:
    """The CRM, in a process of its own that ends with this one."""
    os.environ.update(GHL_TOKEN=DEFAULT_TOKEN, GHL_LOCATION=LOCATION_ID)
    with Processes(folder, {**os.environ, "PYTHONUNBUFFERED": "1"}) as processes:
        words = ("sandbox", "ghl", "--port", "0", "--preset", "tripbuilder", "--json")
        processes.start("crm", "crosstie", *words)
        far = Far(processes.told("crm", '"url":').strip('", '))
        settings = {"index_lag": INDEX_LAG, "rate_limit": False, "latency": LATENCY}
        far.control("settings", "POST", **settings)
        yield far
