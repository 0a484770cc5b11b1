"""Every way to change a row, on every database: how capture tells of it, and how soon.

Run it to have the table of docs/connectors/sql.md: `python tests/contract/capture_matrix.py`. The
delay is from the return of the writer's commit to the moment at which a running engine would look.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from capture_writers import WAYS, Place
from sql_servers import served

from crosstie.connectors.sql import Database, capture_install
from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.waking import tell_commits
from crosstie.core.values import Record

DATABASES = ("sqlite", "postgresql", "mariadb")
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
ROUNDS = 5
PATIENCE = 1.0
BEGIN, END = "<!-- capture matrix: begin -->", "<!-- capture matrix: end -->"
CREATE = {
    "sqlite": (
        "CREATE TABLE guides (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        "CREATE TABLE trips (id INTEGER PRIMARY KEY, name VARCHAR(40), size INTEGER,"
        " guide INTEGER REFERENCES guides ON DELETE CASCADE)",
    ),
    "postgresql": (
        "CREATE TABLE guides (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        "CREATE TABLE trips (id INTEGER PRIMARY KEY, name VARCHAR(40), size INTEGER,"
        " guide INTEGER REFERENCES guides ON DELETE CASCADE)",
    ),
    "mariadb": (
        "CREATE TABLE guides (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        "CREATE TABLE trips (id INTEGER PRIMARY KEY, name VARCHAR(40), size INTEGER,"
        " guide INTEGER, FOREIGN KEY (guide) REFERENCES guides (id) ON DELETE CASCADE)",
    ),
}


@dataclass(frozen=True)
class Cell:
    """How one way of changing a row is caught on one database."""

    how: str
    """`trigger`, `reconcile`, `never`, or `-` where the database has no such way."""
    delay: float | None = None
    """Seconds until an engine would look; None where it is the next complete scan."""


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """A database with two tables and some rows, of which `trips` is captured."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "app.db"
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            yield made(Place(kind, f"sqlite:///{path}"))
        return
    with served(kind) as server:
        driver = "psycopg" if kind == "postgresql" else "pymysql"
        name = f"{kind}+{driver}"
        url = server.url.set(drivername=name).render_as_string(hide_password=False)
        yield made(Place(kind, url))


def made(place: Place) -> Place:
    """Make the tables and install capture."""
    place.run(*CREATE[place.kind])
    capture_install([Database(place.url).table("trips")])
    return place


class Watcher:
    """What a running engine does: hears of a commit, then asks what changed."""

    def __init__(self, place: Place) -> None:
        self.database = Database(place.url)
        self.trips = TableCollection(self.database.table("trips"), ())

    async def cell(self, place: Place, way: Callable[[Place], None], rounds: int) -> Cell:
        """Let somebody change rows that way, and see how that is told; 0 rounds: not how soon."""
        delays = []
        for _ in range(rounds or 1):
            await asyncio.to_thread(place.reset)
            await self.told()
            before = await self.listing()
            if rounds:
                delay, changed = await self.heard(place, way)
                delays.append(delay)
            else:
                await asyncio.to_thread(way, place)
                changed = await self.told()
            after = await self.listing()
            moved = {i for i in before.keys() | after.keys() if before.get(i) != after.get(i)}
            if not moved:
                return Cell("never")
            if not moved <= changed:
                return Cell("reconcile")
        return Cell("trigger", statistics.median(delays) if delays else None)

    async def heard(self, place: Place, way: Callable[[Place], None]) -> tuple[float, set[str]]:
        """Seconds until the change was told, and the ids that were told."""
        bell = asyncio.Event()
        listening = asyncio.ensure_future(tell_commits(self.database, bell.set))
        try:
            await settled(bell)
            await asyncio.to_thread(way, place)
            start, changed = time.perf_counter(), set[str]()
            while not changed and time.perf_counter() - start < PATIENCE:
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), PATIENCE)
                bell.clear()
                changed = await self.told()
            return time.perf_counter() - start, changed
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def told(self) -> set[str]:
        """What the feed tells, acknowledged."""
        ids: set[str] = set()
        while True:
            page = await self.trips.changes(None)
            ids |= {entry.id for entry in page.entries}
            if page.cursor is not None:
                await self.trips.acknowledge(page.cursor)
            if not page.more:
                return ids

    async def listing(self) -> Mapping[str, str]:
        """What a complete scan shows."""
        page = await self.trips.scan(None)
        return {entry.id: entry.mark for entry in page.entries if isinstance(entry, Record)}


async def settled(bell: asyncio.Event) -> None:
    """Until it listens: whoever begins to listen is told once, or sees the same number twice."""
    await asyncio.sleep(0.15)
    bell.clear()


def cells(kind: str, rounds: int = 0) -> dict[str, Cell]:
    """One column of the table. rounds: how often each delay is measured."""
    out = {}
    with place(kind) as there:
        watcher = Watcher(there)

        async def play() -> None:
            await watcher.trips.open()
            for name, way in WAYS.items():
                way_there = way.get(kind)
                out[name] = Cell("-")
                if way_there is not None:
                    out[name] = await watcher.cell(there, way_there, rounds)

        asyncio.run(play())
        there.close()
    return out


def markdown(columns: Mapping[str, Mapping[str, Cell]]) -> str:
    """The table, in milliseconds."""
    lines = [
        "| change made by | " + " | ".join(TITLES[kind] for kind in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name in WAYS:
        shown = [text_of(column[name]) for column in columns.values()]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def text_of(cell: Cell) -> str:
    if cell.delay is None:
        return cell.how
    return f"{cell.how}, {1000 * cell.delay:.0f} ms"


def main(page: Path) -> None:
    table = markdown({kind: cells(kind, ROUNDS) for kind in DATABASES})
    sys.stdout.write(table + "\n")
    text = page.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[2] / "docs" / "connectors" / "sql.md")
