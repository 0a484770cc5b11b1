"""The SQL store keeps the store contract in PostgreSQL too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crosstie.store.sql_store import SqlStore
from crosstie.testing.store_contract import StoreContract
from crosstie.testing.store_postgres import empty, postgres_database


@pytest.fixture(scope="module")
def state() -> Iterator[str]:
    with postgres_database() as address:
        SqlStore.open(address).close()
        yield address


class TestInPostgres(StoreContract):
    @pytest.fixture
    def store(self, state: str) -> Iterator[SqlStore]:
        empty(state)
        store = SqlStore.open(state)
        yield store
        store.close()
