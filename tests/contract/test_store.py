"""The SQL store keeps the store contract, in memory and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstie.store.sql_store import SqlStore
from crosstie.testing.store_contract import StoreContract


class TestInMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[SqlStore]:
        store = SqlStore.open("sqlite://")
        yield store
        store.close()


class TestInAFile(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        store = SqlStore.open(f"sqlite:///{tmp_path / 'state.db'}")
        yield store
        store.close()
