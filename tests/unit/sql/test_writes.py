"""Writes never undo what somebody else wrote meanwhile, and refusals say what is wrong."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import replace

import pytest

from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.faults import Verb
from crosstie.core.errors import Duplicate, Halt, NotFound, Rejected, Retry, Stale

from .conftest import App, run

TRIPS = (
    "CREATE TABLE trips (id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT UNIQUE,"
    " size INTEGER CHECK (size < 100), price NUMERIC(10, 2), guide INTEGER REFERENCES guides)"
)


@pytest.fixture
def trips_app(app: App) -> App:
    app.sql("CREATE TABLE guides (id INTEGER PRIMARY KEY, name TEXT)")
    app.sql(TRIPS)
    app.sql("INSERT INTO guides VALUES (7, 'Ada')")
    app.sql("INSERT INTO trips VALUES (1, 'Rome', 'R', 5, 12.5, 7)")
    return app


def test_an_edit_made_meanwhile_is_not_overwritten(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    was = run(trips.read(["1"])).records["1"].fields
    trips_app.sql("UPDATE trips SET name = 'Paris' WHERE id = 1")
    with pytest.raises(Stale, match="name"):
        run(trips.update("1", {"name": "Oslo"}, was, None))
    with pytest.raises(Stale):
        run(trips.delete("1", was, None))
    assert trips_app.sql("SELECT name FROM trips") == [("Paris",)]


def test_an_edit_of_a_field_that_was_not_read_does_not_stop_the_write(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    trips_app.sql("UPDATE trips SET name = 'Paris' WHERE id = 1")
    done = run(trips.update("1", {"size": 6}, {"size": 5}, None))
    assert (done.fields["name"], done.fields["size"]) == ("Paris", 6)


def test_nobody_can_write_between_the_comparison_and_the_write(trips_app: App) -> None:
    """The other writer holds the lock: we give way; nothing is lost on either side."""
    trips = trips_app.opened("trips")
    trips_app.sql("BEGIN IMMEDIATE")
    trips_app.sql("UPDATE trips SET name = 'Paris' WHERE id = 1")
    with pytest.raises(Retry, match="locked") as busy:
        run(trips.update("1", {"name": "Oslo"}, {"name": "Rome"}, None))
    assert (busy.value.counts, busy.value.unknown) == (False, False)
    trips_app.sql("COMMIT")
    with pytest.raises(Stale):
        run(trips.update("1", {"name": "Oslo"}, {"name": "Rome"}, None))
    done = run(trips.update("1", {"name": "Oslo"}, {"name": "Paris"}, None))
    assert done.fields["name"] == "Oslo"


def test_two_writers_who_count_together_lose_no_count(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
    app.sql("INSERT INTO t VALUES (1, 0)")
    table = app.opened("t")

    def other() -> None:
        connection = sqlite3.connect(app.path, isolation_level=None, timeout=30)
        for _ in range(150):
            connection.execute("UPDATE t SET n = n + 1")
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    done = 0
    while done < 150:
        n = run(table.read(["1"])).records["1"].fields["n"]
        with contextlib.suppress(Stale, Retry):
            run(table.update("1", {"n": n + 1}, {"n": n}, None))
            done += 1
    thread.join()
    assert app.sql("SELECT n FROM t") == [(300,)]


def test_foreign_keys_can_be_left_to_the_application(trips_app: App) -> None:
    database = replace(trips_app.database, foreign_keys=False)
    guides = TableCollection(database.table("guides"), ())
    run(guides.open())
    run(guides.delete("7", {}, None))
    assert trips_app.sql("SELECT guide FROM trips") == [(7,)]


@pytest.mark.parametrize("value", [None, 0.1, 1e300, "x", 3, ""])
def test_comparison_is_safe_for_null_and_exact_for_floats(app: App, value: object) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, v, n REAL)")
    app.sql("INSERT INTO t VALUES (1, ?, 0.30000000000000004)", value)
    table = app.opened("t")
    was = run(table.read(["1"])).records["1"].fields
    run(table.update("1", {"n": 0.1}, was, None))
    with pytest.raises(Stale):
        run(table.update("1", {"n": 0.2}, was, None))


def test_one_moment_in_two_spellings_is_not_stale(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME)")
    app.sql("INSERT INTO t VALUES (1, '2026-01-31 10:00:00')")
    table = app.opened("t")
    was = run(table.read(["1"])).records["1"].fields
    app.sql("UPDATE t SET at = '2026-01-31T10:00:00.000000'")
    run(table.update("1", {"at": "2026-02-01T00:00:00"}, was, None))


def test_a_missing_row_is_not_found_and_deleting_it_is_success(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    for record_id in ("99", "01", "x", "", "1.0", "9" * 30):
        with pytest.raises(NotFound):
            run(trips.update(record_id, {"name": "x"}, {}, None))
        run(trips.delete(record_id, {}, None))
    assert trips_app.sql("SELECT COUNT(*) FROM trips") == [(1,)]


def test_a_duplicate_names_the_row_that_is_there(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    with pytest.raises(Duplicate, match="code") as duplicate:
        run(trips.create({"name": "Rimini", "code": "R"}, "k"))
    assert duplicate.value.existing == "1"
    with pytest.raises(Duplicate) as duplicate:
        run(trips.create({"id": 1, "name": "Rimini"}, "k"))
    assert duplicate.value.existing == "1"


def test_a_duplicate_by_update_is_refused_with_its_column(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    made = run(trips.create({"name": "Rimini", "code": "Q"}, "k"))
    with pytest.raises(Rejected, match="code") as refused:
        run(trips.update(made.id, {"code": "R"}, {}, None))
    assert refused.value.field == "code"
    assert not isinstance(refused.value, Duplicate)


@pytest.mark.parametrize(
    ("fields", "column", "words"),
    [
        ({"code": "X"}, "name", "must have a value"),
        ({"name": "x", "size": 100}, None, "CHECK"),
        ({"name": "x", "size": "many"}, "size", "whole number"),
        ({"name": "x", "price": "12.505"}, "price", "2 digits"),
        ({"name": "x", "guide": 99}, None, "refers to a row"),
        ({"name": "x", "colour": "red"}, "colour", "does not exist"),
        ({"name": "half \ud800 pair"}, "name", "valid Unicode"),
        ({"name": ["a"]}, "name", "takes text"),
    ],
)
def test_what_the_table_refuses_is_rejected_with_column_and_cure(
    trips_app: App, fields: dict[str, object], column: str | None, words: str
) -> None:
    trips = trips_app.opened("trips")
    with pytest.raises(Rejected, match=words) as refused:
        run(trips.create(fields, "k"))
    assert refused.value.field == column
    assert refused.value.fix
    assert trips_app.sql("SELECT COUNT(*) FROM trips") == [(1,)]


def test_a_column_without_a_value_is_to_be_filled_in_on_the_other_side_first(
    trips_app: App,
) -> None:
    with pytest.raises(Rejected) as refused:
        run(trips_app.opened("trips").create({"code": "X"}, "k"))
    assert str(refused.value.fix).startswith("fill in what is mapped to 'name' on the other side")


def test_no_error_text_holds_a_value(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    for fields in ({"name": "SECRET", "code": "R"}, {"name": "x", "size": "SECRET"}):
        with pytest.raises(Rejected) as refused:
            run(trips.create(fields, "k"))
        cause = refused.value.__cause__
        assert "SECRET" not in f"{refused.value} {refused.value.fix} {cause}"


def test_a_parent_with_children_waits_until_they_are_gone(trips_app: App) -> None:
    guides, trips = trips_app.opened("guides"), trips_app.opened("trips")
    with pytest.raises(Retry, match="other rows refer to it") as waits:
        run(guides.delete("7", {}, None))
    assert waits.value.counts
    run(trips.delete("1", {}, None))
    run(guides.delete("7", {}, None))


def test_a_reference_is_written_from_the_text_of_an_id(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    done = run(trips.update("1", {"guide": "7"}, {"guide": 7}, None))
    assert done.fields["guide"] == 7


def test_a_key_is_never_changed(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    run(trips.update("1", {"id": 1, "size": 8}, {}, None))
    with pytest.raises(Rejected, match="key"):
        run(trips.update("1", {"id": 2}, {}, None))


def test_a_row_that_gets_no_key_is_refused_and_not_left_behind(app: App) -> None:
    app.sql("CREATE TABLE t (code TEXT PRIMARY KEY, name TEXT)")
    with pytest.raises(Rejected, match="key"):
        run(app.opened("t").create({"name": "x"}, "k"))
    assert app.sql("SELECT * FROM t") == []


def test_a_key_given_by_the_database_is_told(app: App) -> None:
    app.sql("CREATE TABLE t (code TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(8)))), name TEXT)")
    made = run(app.captured("t").create({"name": "x"}, "k"))
    assert app.sql("SELECT code FROM t") == [(made.id,)]
    assert made.fields == {"code": made.id, "name": "x"}
    assert app.sql("SELECT origin FROM crosstie_outbox") == [("crosstie",)]


def test_what_the_applications_trigger_makes_of_a_write_is_shown(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, upper TEXT)")
    app.sql(
        "CREATE TRIGGER up AFTER UPDATE OF name ON t BEGIN"
        " UPDATE t SET upper = upper(NEW.name) WHERE id = NEW.id; END"
    )
    app.sql("INSERT INTO t VALUES (1, 'a', 'A')")
    done = run(app.opened("t").update("1", {"name": "b"}, {}, None))
    assert done.fields["upper"] == "B"


def test_a_generated_column_is_shown_and_not_written(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (upper(a)) STORED)")
    table = app.opened("t")
    assert run(table.create({"a": "x"}, "k")).fields["b"] == "X"
    assert not run(table.schema()).fields["b"].writable
    with pytest.raises(Rejected, match="computed"):
        run(table.update("1", {"b": "y"}, {}, None))


def test_a_message_that_the_applications_trigger_raises_is_not_repeated(app: App) -> None:
    """It may hold a value."""
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
    app.sql("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no SECRET here'); END")
    with pytest.raises(Rejected, match="SQLITE_CONSTRAINT_TRIGGER") as refused:
        run(app.opened("t").create({"a": "x"}, "k"))
    assert "SECRET" not in str(refused.value)


def test_a_full_disk_halts_and_leaves_the_row_as_it_was(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    sql = trips._at.sql
    with sql.reading(trips._where(Verb.READ)) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Halt, match="disk is full") as halt:
        run(trips.update("1", {"name": "x" * 100_000}, {}, None))
    assert halt.value.fix
    assert run(trips.read(["1"])).records["1"].fields["name"] == "Rome"


def test_a_read_only_database_halts(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    with trips._at.sql.reading(trips._where(Verb.READ)) as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(Halt, match="read-only"):
        run(trips.update("1", {"name": "x"}, {}, None))


def test_a_column_that_vanishes_while_running_halts_the_account(trips_app: App) -> None:
    trips = trips_app.opened("trips")
    trips_app.sql("ALTER TABLE trips DROP COLUMN price")
    with pytest.raises(Halt, match="price"):
        run(trips.read(["1"]))
