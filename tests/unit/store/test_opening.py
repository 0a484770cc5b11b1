"""Opening a state: made, migrated, or refused with a sentence that helps."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Side
from crosstie.ports import Sighting
from crosstie.store import opening, tables
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run


def address(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def schema(path: Path) -> set[tuple[str, str, str]]:
    """Columns, keys and index conditions of every table, whatever the layout of their SQL."""
    found = set()
    with sqlite3.connect(path) as connection:
        for kind, name, table, sql in connection.execute(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"
        ):
            if table == "alembic_version":
                continue
            found.add((kind, name, " ".join(sql.replace('"', "").split())))
    connection.close()
    return found


def test_migrations_make_the_tables_that_the_code_declares(state: Path, tmp_path: Path) -> None:
    SqlStore.open(address(state)).close()
    declared = tmp_path / "declared.db"
    engine = create_engine(address(declared))
    tables.metadata.create_all(engine)
    engine.dispose()
    assert schema(state) == schema(declared)


def test_the_newest_migration_is_the_one_that_opening_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [opening.HEAD]


def test_a_state_keeps_its_identity_and_content(state: Path) -> None:
    first = SqlStore.open(address(state))
    run(first.notice("s", Side.LEFT, [Sighting("a")], 1.0))
    first.close()
    first.close()
    second = SqlStore.open(address(state), identity="ignored")
    assert second.identity == first.identity
    assert len(first.identity) == 16
    assert run(second.newest_link("s")) == 1
    second.close()


def test_states_have_different_identities_unless_given_one(state: Path) -> None:
    one, two = SqlStore.open("sqlite://"), SqlStore.open("sqlite://")
    assert one.identity != two.identity
    named = SqlStore.open(address(state), identity="given", made_at=5.0)
    assert named.identity == "given"
    for store in (one, two, named):
        store.close()
    with sqlite3.connect(state) as connection:
        assert connection.execute("SELECT identity, made_at FROM meta").fetchall() == [("given", 5)]
    connection.close()


def test_the_file_flushes_every_commit_and_keeps_its_log_small(state: Path) -> None:
    store = SqlStore.open(address(state))
    with store._reader.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "page_size")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert found == ["wal", 2, 1, 8192]
    store.close()


def test_an_unfinished_first_start_is_finished_by_the_next(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(opening, "_migrate", stop)
        with pytest.raises(KeyboardInterrupt):
            SqlStore.open(address(state))
    assert schema(state) == set()
    SqlStore.open(address(state)).close()


def refusal(url: str) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        SqlStore.open(url, busy=0.0)
    assert caught.value.fix
    return caught.value


def test_a_state_of_a_newer_version_is_refused_and_left_alone(state: Path) -> None:
    SqlStore.open(address(state)).close()
    with sqlite3.connect(state) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = schema(state)
    error = refusal(address(state))
    assert "newer version of Crosstie" in str(error)
    assert error.fix == "upgrade crosstie, or use another state database"
    assert str(state) in str(error)
    assert schema(state) == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(state: Path) -> None:
    state.write_text("this is a letter, not a database. " * 50)
    before = state.read_bytes()
    assert "is not a database" in str(refusal(address(state)))
    assert state.read_bytes() == before


def test_a_database_of_something_else_is_refused_and_left_alone(state: Path) -> None:
    with sqlite3.connect(state) as connection:
        connection.execute("CREATE TABLE trips (id INTEGER PRIMARY KEY)")
    connection.close()
    before = schema(state)
    assert "tables of something else" in str(refusal(address(state)))
    assert schema(state) == before


def test_a_missing_directory_is_refused_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "state.db"
    error = refusal(address(path))
    assert "cannot be opened" in str(error)
    assert str(path) in str(error)
    assert not path.parent.exists()


def test_a_directory_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in str(refusal(address(tmp_path)))


def test_a_file_that_may_only_be_read_is_refused(state: Path) -> None:
    SqlStore.open(address(state)).close()
    error = refusal(f"sqlite:///file:{state}?mode=ro&uri=true")
    assert "cannot be written" in str(error)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://user:hunter2@host/db", "'mysql'"),
        ("sqlite+nodriver:///x.db", "'sqlite+nodriver'"),
        ("hunter2", "cannot be read"),
    ],
)
def test_another_address_is_refused_without_its_password(url: str, says: str) -> None:
    error = refusal(url)
    assert says in str(error)
    assert "hunter2" not in f"{error} {error.fix} {error.__cause__}"
