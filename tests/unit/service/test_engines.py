"""Whether an engine holds the state: by its lock in a file, by its lease on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstie.ports import TENANT
from crosstie.service.engines import EngineStatus, engine
from crosstie.service.lock import LEASE, engine_lock
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.fakes import drive
from crosstie.testing.store_postgres import postgres_database

NOON = 1_767_268_800.0
AWAY = Crosstie([], state="postgresql://who@127.0.0.1:1/db")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        store = SqlStore.open("sqlite://")
        yield store
        store.close()
        return
    with postgres_database() as address:
        store = SqlStore.open(address)
        yield store
        store.close()


def seen(store: SqlStore, now: float, app: Crosstie = AWAY) -> EngineStatus:
    return drive(engine(app, store, now))


def test_a_state_that_no_engine_ever_held(store: SqlStore) -> None:
    assert seen(store, NOON) == EngineStatus(False)


def test_on_a_server_the_lease_tells_until_it_ends_or_is_given_back(store: SqlStore) -> None:
    lease = drive(store.take(TENANT, "process 7 on box", NOON, LEASE))
    assert lease is not None
    runs = EngineStatus(True, "process 7 on box", NOON)
    assert seen(store, NOON + LEASE - 0.1) == runs
    assert seen(store, NOON + LEASE) == EngineStatus(False, ended_ago=LEASE)
    drive(store.renew(lease, NOON + 45.0, LEASE))
    assert seen(store, NOON + LEASE) == runs
    drive(store.release(lease))
    assert seen(store, NOON + LEASE) == EngineStatus(False, ended_ago=15.0)
    assert seen(store, NOON) == EngineStatus(False, ended_ago=0.0), "a clock that was set back"


def test_in_a_file_the_lock_tells_whatever_lease_a_killed_engine_left(tmp_path: Path) -> None:
    app = Crosstie([], state=f"sqlite:///{tmp_path / 'state.db'}")
    store = SqlStore.open(app.state)
    drive(store.take(TENANT, "killed", NOON, LEASE))
    assert seen(store, NOON + 5.0, app) == EngineStatus(False, ended_ago=5.0)
    with engine_lock(app.state, "noon"):
        assert seen(store, NOON + 5.0, app) == EngineStatus(True, "killed", NOON)
        assert seen(store, NOON + LEASE, app) == EngineStatus(True), "it has not said yet who it is"
    store.close()
