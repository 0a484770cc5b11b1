"""A PostgreSQL state for the tests of the store, emptied for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crosstie.store.sql_store import SqlStore
from crosstie.testing.store_postgres import empty, postgres_database


@pytest.fixture(scope="session")
def made() -> Iterator[str]:
    with postgres_database() as address:
        SqlStore.open(address).close()
        yield address


@pytest.fixture
def address(made: str) -> str:
    """Of a state that is empty."""
    empty(made)
    return made
