"""Several processes receive the same delivery at the same moment: it is one row, and new once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crosstie.ports import Event
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.store_postgres import postgres_database

SENDERS, TIMES = 5, 50


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty state of that kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state.db'}"
        return
    with postgres_database() as address:
        yield address


def test_fifty_equal_deliveries_to_five_processes_are_one_row_each(state: str) -> None:
    SqlStore.open(state).close()

    def receive(turn: int) -> int:
        mine = SqlStore.open(state, busy=60.0)
        numbers = range(TIMES) if turn % 2 else reversed(range(TIMES))
        events = [Event(f"d{number}", "changed", b"{}") for number in numbers]
        # One by one, and then all of them again together.
        told = [run(mine.receive([("crm", event)], 1.0))[0] for event in events]
        told += run(mine.receive([("crm", event) for event in events], 2.0))
        mine.close()
        return sum(told)

    with ThreadPoolExecutor(SENDERS) as threads:
        assert sum(threads.map(receive, range(SENDERS))) == TIMES
    store = SqlStore.open(state)
    assert len(run(store.arrivals(None, None, 1_000))) == TIMES
    store.close()
