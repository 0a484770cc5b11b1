"""The real store in memory, made once a process and emptied for every schedule."""

from __future__ import annotations

from typing import Any

from sqlalchemy import make_url

from crosstie.core.values import Instant
from crosstie.store.opening import prepare
from crosstie.store.sql_store import SqlStore
from crosstie.store.sqlite import Sqlite
from crosstie.store.tables import metadata
from crosstie.testing.simulator.quick import QuickSqlite

IDENTITY = "5e1ec7ed5e1ec7ed"
MADE = 1_700_000_000.0
_NAME = "in memory"
_ADDRESS = "sqlite://"


class State:
    """One database in memory, and the stores of the processes that share it."""

    def __init__(self, *, quick: bool = True, made_at: Instant = MADE) -> None:
        """quick: without SQLAlchemy between the statements and the driver; see `quick.py`."""
        address = make_url(_ADDRESS)
        self._database = QuickSqlite(address) if quick else Sqlite(address, 0.0)
        with self._database.writer.begin() as connection:
            prepare(self._database, connection, _NAME, IDENTITY, made_at)
            self._driver: Any = connection.connection.driver_connection
        self._empty = [
            f"DELETE FROM {table.name}"
            for table in reversed(metadata.sorted_tables)
            if table.name != "meta"
        ]
        self.stores: list[SqlStore] = []
        self.store = self.opened()
        """A store without a lease, for people and for the verdict."""

    def opened(self) -> SqlStore:
        """The store of a new process."""
        store = SqlStore(self._database, _NAME, IDENTITY)
        self.stores.append(store)
        return store

    def empty(self) -> None:
        """Back to how it was made; ids count from 1 again."""
        for store in self.stores:
            store.clear_all_strangers()
        del self.stores[1:]
        self._driver.execute("BEGIN IMMEDIATE")
        for statement in (*self._empty, "DELETE FROM sqlite_sequence"):
            self._driver.execute(statement)
        self._driver.execute("COMMIT")

    def changes(self) -> int:
        """Rows that were ever written."""
        changed: int = self._driver.total_changes
        return changed

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into it from outside, for an oracle."""
        found: list[tuple[Any, ...]] = self._driver.execute(statement, values).fetchall()
        return found


_made: list[State] = []


def borrowed() -> State:
    """The state of this process, emptied."""
    if not _made:
        _made.append(State())
    _made[0].empty()
    return _made[0]
