"""A running engine settles what an application commits at once, not when its next look is due."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sql_servers import served

from crosstie import Crosstie, Rhythm, Sync, Text, field
from crosstie.connectors.sql import Database, capture_install
from crosstie.engine.run import Report
from crosstie.service.wiring import opened
from crosstie.service.worker import work_until
from crosstie.testing.memory import MemoryCollection, MemorySource

NEVER = 1e9
Write = Callable[[str], None]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Write]]:
    """The application's database, and its own way to write there."""
    if request.param == "sqlite":
        path = tmp_path / "app.db"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as file:
            file.execute("PRAGMA journal_mode = WAL")
            yield Database(f"sqlite:///{path}"), file.execute  # type: ignore[misc]
        return
    with served(request.param) as server, closing(server.connect()) as connection:
        yield server.database, connection.cursor().execute


def declared(database: Database, folder: Path) -> Crosstie:
    """A sync that is looked at once, when the engine starts."""
    crm = MemoryCollection(fields=("name",))
    sync = Sync(
        "people",
        left=database.table("people"),
        right=MemorySource(crm),
        fields=[field("name", "name", Text())],
        match=["name"],
        rhythm=Rhythm(left=NEVER, right=NEVER, reconcile=NEVER),
    )
    return Crosstie(state=f"sqlite:///{folder / 'state.db'}", syncs=[sync])


@pytest.mark.parametrize("captured", [True, False])
def test_a_commit_is_settled_long_before_the_next_look_where_it_is_captured(
    place: tuple[Database, Write], tmp_path: Path, captured: bool
) -> None:
    database, write = place
    write("CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40))")
    write("INSERT INTO people VALUES (1, 'Ann')")
    if captured:
        capture_install([database.table("people")])
    app = declared(database, tmp_path)
    looks: list[int] = []

    async def play() -> None:
        stop = asyncio.Event()

        def told(report: Report, syncs: Sequence[str]) -> None:
            looks.append(report.writes)
            if len(looks) == 1:
                write("INSERT INTO people VALUES (2, 'Bea')")
            if sum(looks) == 2:
                stop.set()

        async with opened(app) as ready:
            working = asyncio.ensure_future(work_until(ready, ready.works, stop, told))
            if captured:
                await asyncio.wait_for(working, 60)
                return
            while not looks:
                await asyncio.sleep(0)
            assert not await ready.store.due_count("people", NEVER, 1)
            stop.set()
            await working

    asyncio.run(play())
    assert sum(looks) == (2 if captured else 1)
