"""What a database remembers of a state, and how a copy of it is known."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crosstie.connectors.sql import Database, capture_install, capture_uninstall
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.errors import Retry
from crosstie.ports.proof import Remembering
from crosstie.testing.fakes import drive


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "app.db"
    sql(path, "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)")
    return path


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        found: list[tuple[object, ...]] = []
        for statement in statements:
            found = connection.execute(statement).fetchall()
        return found


def table(path: Path, *, install: bool = True) -> TableCollection:
    source = Database(f"sqlite:///{path}").table("people")
    if install:
        capture_install([source])
    collection = TableCollection(source, ["name"])
    drive(collection.open())
    return collection


def test_without_capture_nothing_of_ours_is_put_into_a_database(path: Path) -> None:
    assert not table(path, install=False).can.remembers
    assert table(path).can.remembers


def test_a_number_is_kept_by_name_and_the_last_one_stays(path: Path) -> None:
    people = table(path)
    assert isinstance(people, Remembering)
    assert drive(people.remembered("a")) == (None, 0)
    drive(people.remember("a", 1, 5.0))
    drive(people.remember("b", 7, 5.0))
    drive(people.remember("a", 2, 6.5))
    assert drive(people.remembered("a")).generation == 2
    assert drive(people.remembered("b")).generation == 7
    assert sql(path, "SELECT * FROM crosstie_state ORDER BY 1") == [("a", 2, 6.5), ("b", 7, 5.0)]


def test_the_height_is_the_highest_number_ever_even_when_its_row_is_gone(path: Path) -> None:
    people = table(path)
    sql(path, *["INSERT INTO people (name) VALUES ('x')"] * 3, "DELETE FROM crosstie_outbox")
    assert drive(people.remembered("a")).height == 3


def test_a_copy_knows_what_was_known_on_its_day(path: Path) -> None:
    people = table(path)
    drive(people.remember("a", 1, 5.0))
    shutil.copy(path, path.with_suffix(".old"))
    drive(people.remember("a", 2, 5.0))
    sql(path, "INSERT INTO people (name) VALUES ('x')")
    assert drive(people.remembered("a")) == (2, 1)
    assert drive(table(path.with_suffix(".old")).remembered("a")) == (1, 0)


def test_the_last_table_takes_it_along(path: Path) -> None:
    people = table(path)
    drive(people.remember("a", 1, 5.0))
    capture_uninstall([Database(f"sqlite:///{path}").table("people")])
    kept = sql(path, "SELECT name FROM sqlite_master WHERE name LIKE 'crosstie%'")
    assert kept == []


def test_a_locked_database_is_tried_again(path: Path) -> None:
    people = table(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retry):
            drive(people.remember("a", 1, 5.0))
        other.execute("ROLLBACK")
    drive(people.remember("a", 1, 5.0))
    assert drive(people.remembered("a")).generation == 1
