"""Capture tells of every write, whoever makes it, and of nothing that was not committed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import create_engine, delete, insert, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from crosstie.connectors.sql import (
    capture_install,
    capture_status,
    capture_uninstall,
    capture_waiting,
)
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.errors import Halt, Misconfigured

from .conftest import App, run, told

TRIPS = "CREATE TABLE trips (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER)"


class Base(DeclarativeBase):
    pass


class Trip(Base):
    __tablename__ = "trips"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    size: Mapped[int | None]


@pytest.fixture
def trips(app: App) -> TableCollection:
    app.sql(TRIPS)
    return app.captured("trips")


def test_orm_flush_merge_bulk_and_core_are_told(app: App, trips: TableCollection) -> None:
    engine = create_engine(app.database.url)
    with Session(engine) as session:
        session.add_all([Trip(id=1, name="a"), Trip(id=2, name="b")])
        session.commit()
        assert told(trips) == {"1": "live", "2": "live"}
        session.merge(Trip(id=1, name="merged"))
        session.commit()
        assert told(trips) == {"1": "live"}
        session.bulk_insert_mappings(Trip.__mapper__, [{"id": n} for n in (3, 4)])
        session.execute(insert(Trip), [{"id": 5}, {"id": 6}])
        session.execute(update(Trip).where(Trip.id <= 2).values(size=9))
        session.execute(delete(Trip).where(Trip.id == 4))
        session.commit()
    ids = {"1": "live", "2": "live", "3": "live", "4": "gone", "5": "live", "6": "live"}
    assert told(trips) == ids
    engine.dispose()


def test_raw_sql_upserts_and_many_rows_at_once_are_told(app: App, trips: TableCollection) -> None:
    app.connection.executemany("INSERT INTO trips (id, name) VALUES (?, ?)", [(1, "a"), (2, "b")])
    app.sql("INSERT INTO trips (id, name) SELECT id + 10, name || '!' FROM trips")
    assert set(told(trips)) == {"1", "2", "11", "12"}
    app.sql("INSERT INTO trips (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET size = 3")
    app.sql("INSERT OR REPLACE INTO trips (id, name) VALUES (2, 'c')")
    assert told(trips) == {"1": "live", "2": "live"}
    app.sql("DELETE FROM trips")
    assert set(told(trips).values()) == {"gone"}


def test_another_process_is_told(app: App, trips: TableCollection) -> None:
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute(\"INSERT INTO trips VALUES (7, 'x', 1)\"); c.commit(); c.close()"
    )
    before = trips.pulse()
    assert trips.pulse() == before
    subprocess.run([sys.executable, "-c", code, str(app.path)], check=True)
    assert trips.pulse() != before
    assert told(trips) == {"7": "live"}


def test_cascades_are_told_in_every_table(app: App, trips: TableCollection) -> None:
    app.sql(
        "CREATE TABLE seats (id INTEGER PRIMARY KEY,"
        " trip INTEGER REFERENCES trips ON DELETE CASCADE)"
    )
    seats = app.captured("seats")
    app.sql("INSERT INTO trips (id) VALUES (1)")
    app.sql("INSERT INTO seats VALUES (10, 1), (11, 1)")
    told(trips), told(seats)
    app.sql("DELETE FROM trips WHERE id = 1")
    assert told(trips) == {"1": "gone"}
    assert told(seats) == {"10": "gone", "11": "gone"}


def test_cascades_of_our_own_delete_are_news(app: App, trips: TableCollection) -> None:
    app.sql(
        "CREATE TABLE seats (id INTEGER PRIMARY KEY,"
        " trip INTEGER REFERENCES trips ON DELETE CASCADE)"
    )
    seats = app.captured("seats")
    app.sql("INSERT INTO trips (id) VALUES (1)")
    app.sql("INSERT INTO seats VALUES (10, 1)")
    told(trips), told(seats)
    run(trips.delete("1", {}, None))
    assert told(trips) == {}
    assert told(seats) == {"10": "gone"}


def test_a_rolled_back_transaction_leaves_nothing(app: App, trips: TableCollection) -> None:
    app.sql("BEGIN")
    app.sql("INSERT INTO trips (id) VALUES (1)")
    app.sql("ROLLBACK")
    assert told(trips) == {}
    assert app.sql("SELECT * FROM crosstie_outbox") == []


def test_our_own_writes_are_no_news_and_are_cleared_away(app: App, trips: TableCollection) -> None:
    made = run(trips.create({"name": "a"}, "k"))
    run(trips.update(made.id, {"size": 1}, {}, None))
    assert app.sql("SELECT DISTINCT origin FROM crosstie_outbox") == [("crosstie",)]
    assert told(trips) == {}
    assert app.sql("SELECT * FROM crosstie_outbox") == []


def test_an_edit_before_our_own_write_stays_news(app: App, trips: TableCollection) -> None:
    app.sql("INSERT INTO trips (id) VALUES (1)")
    run(trips.update("1", {"size": 1}, {}, None))
    assert told(trips) == {"1": "live"}


def test_an_edit_after_the_page_was_read_is_not_acknowledged_with_it(
    app: App, trips: TableCollection
) -> None:
    app.sql("INSERT INTO trips (id) VALUES (1)")
    page = run(trips.changes(None))
    app.sql("UPDATE trips SET size = 2")
    assert page.cursor is not None
    run(trips.acknowledge(page.cursor))
    assert told(trips) == {"1": "live"}


@pytest.mark.parametrize("begins_again", ["installed anew", "back from a backup"])
def test_numbers_that_begin_again_hide_no_change(
    app: App, trips: TableCollection, begins_again: str
) -> None:
    backup = sqlite3.connect(":memory:")
    app.connection.backup(backup)
    app.sql("INSERT INTO trips (id) VALUES (1)")
    page = run(trips.changes(None))
    assert page.cursor is not None
    run(trips.acknowledge(page.cursor))
    if begins_again == "installed anew":
        capture_uninstall([app.database.table("trips")])
        capture_install([app.database.table("trips")])
    else:
        backup.backup(app.connection)
    backup.close()
    app.sql("INSERT INTO trips (id) VALUES (2)")
    assert [entry.id for entry in run(trips.changes(page.cursor)).entries] == ["2"]


def test_a_page_that_was_not_acknowledged_is_not_told_twice(
    app: App, trips: TableCollection
) -> None:
    app.sql("INSERT INTO trips (id) VALUES (1)")
    page = run(trips.changes(None))
    app.sql("INSERT INTO trips (id) VALUES (2)")
    assert [entry.id for entry in run(trips.changes(page.cursor)).entries] == ["2"]


def test_two_who_hear_of_one_table_are_both_told_and_what_both_know_is_forgotten(
    app: App, trips: TableCollection
) -> None:
    other = app.opened("trips")
    app.sql("INSERT INTO trips (id) VALUES (1)")
    page = run(trips.changes(None))
    assert page.cursor is not None
    run(trips.acknowledge(page.cursor))
    assert run(trips.changes(page.cursor)).entries == []
    run(other.create({"name": "made by the other"}, ""))
    assert [entry.id for entry in run(trips.changes(page.cursor)).entries] == ["2"]
    assert told(other) == {"1": "live", "2": "live"}
    assert told(trips) == {"2": "live"}
    assert app.sql("SELECT * FROM crosstie_outbox") == []


def test_two_writers_at_once_are_both_told(app: App, trips: TableCollection) -> None:
    other = App(app.path)
    app.sql("BEGIN IMMEDIATE")
    app.sql("INSERT INTO trips (id) VALUES (1)")
    assert told(trips) == {}
    app.sql("COMMIT")
    other.sql("INSERT INTO trips (id) VALUES (2)")
    assert told(trips) == {"1": "live", "2": "live"}
    other.connection.close()


def test_a_changed_key_is_an_end_and_a_beginning(app: App, trips: TableCollection) -> None:
    app.sql("INSERT INTO trips (id) VALUES (1)")
    told(trips)
    app.sql("UPDATE trips SET id = 2")
    assert told(trips) == {"1": "gone", "2": "live"}


@pytest.mark.parametrize("table", ["order", "my trips", 'odd"name', "it's", "naïve-é", "100%"])
def test_odd_table_and_column_names_are_captured(app: App, table: str) -> None:
    quoted = '"' + table.replace('"', '""') + '"'
    app.sql(f'CREATE TABLE {quoted} ("the key:1" TEXT, "b%""c" TEXT, PRIMARY KEY ("the key:1"))')
    collection = app.captured(table)
    made = run(collection.create({"the key:1": "x", 'b%"c': "y"}, "k"))
    run(collection.update("x", {'b%"c': "z"}, made.fields, None))
    app.sql(f"INSERT INTO {quoted} VALUES ('ü \" \\ 1', 'v')")
    assert told(collection) == {'ü " \\ 1': "live"}
    assert run(collection.read(['ü " \\ 1'])).missing == frozenset()


def test_composite_keys_with_odd_values_have_the_id_that_records_have(app: App) -> None:
    app.sql("CREATE TABLE legs (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b))")
    legs = app.captured("legs")
    odd = 'q"\\/\n\t\x01é🏔 \x7f'
    app.sql("INSERT INTO legs VALUES (?, -5, 'v')", odd)
    [record] = run(legs.scan(None)).entries
    assert told(legs) == {record.id: "live"}
    assert set(run(legs.read([record.id])).records) == {record.id}


def test_installing_twice_is_the_same_as_once(app: App) -> None:
    app.sql(TRIPS)
    source = app.database.table("trips")
    assert [r.state for r in capture_status([source])] == ["missing"]
    assert [(r.state, r.changed) for r in capture_install([source])] == [("installed", True)]
    assert [(r.state, r.changed) for r in capture_install([source])] == [("installed", False)]
    app.sql("INSERT INTO trips (id) VALUES (1)")
    assert [(r.state, r.pending) for r in capture_status([source])] == [("installed", 1)]


def test_what_waits_is_counted_without_our_own_and_no_further_than_asked(app: App) -> None:
    app.sql(TRIPS)
    source = app.database.table("TRIPS")
    assert capture_waiting(source, 9) is None, "nobody captures it"
    trips = app.captured("trips")
    assert capture_waiting(source, 9) == 0
    run(trips.create({"name": "ours"}, ""))
    for number in range(4):
        app.sql("INSERT INTO trips (name) VALUES (?)", f"theirs {number}")
    assert (capture_waiting(source, 9), capture_waiting(source, 3)) == (4, 3)
    app.sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    assert capture_waiting(app.database.table("other"), 9) is None
    with pytest.raises(Misconfigured, match="no table 'nowhere'"):
        capture_waiting(app.database.table("nowhere"), 9)


def test_uninstalling_leaves_no_trace(app: App) -> None:
    app.sql(TRIPS)
    app.sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    before = app.sql("SELECT * FROM sqlite_master")
    sources = [app.database.table("trips"), app.database.table("other")]
    capture_install(sources)
    app.sql("INSERT INTO trips (id) VALUES (1)")
    assert [r.changed for r in capture_uninstall(sources[:1])] == [True]
    assert [r.state for r in capture_status(sources)] == ["missing", "installed"]
    assert app.sql("SELECT * FROM crosstie_outbox") == []
    capture_uninstall(sources)
    after = app.sql("SELECT * FROM sqlite_master WHERE name <> 'sqlite_sequence'")
    assert [row[:3] for row in after] == [row[:3] for row in before]
    assert [r.changed for r in capture_uninstall(sources)] == [False, False]
    app.sql("INSERT INTO trips (id) VALUES (2)")


def test_a_rebuilt_table_is_missing_and_the_feed_says_so(app: App, trips: TableCollection) -> None:
    assert told(trips) == {}
    app.sql("CREATE TABLE trips2 (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)")
    app.sql("DROP TABLE trips")
    app.sql("ALTER TABLE trips2 RENAME TO trips")
    source = app.database.table("trips")
    assert [r.state for r in capture_status([source])] == ["missing"]
    with pytest.raises(Halt, match="missing") as halt:
        run(trips.changes(None))
    assert "capture install" in str(halt.value.fix)
    capture_install([source])
    assert told(trips) == {}


def test_other_triggers_of_ours_are_outdated_and_mended(app: App, trips: TableCollection) -> None:
    app.sql("DROP TRIGGER crosstie_trips_delete")
    source = app.database.table("trips")
    assert [r.state for r in capture_status([source])] == ["outdated"]
    assert not app.opened("trips").can.has_changes
    assert [(r.state, r.changed) for r in capture_install([source])] == [("installed", True)]


def test_a_renamed_table_is_captured_under_its_new_name(app: App, trips: TableCollection) -> None:
    app.sql("ALTER TABLE trips RENAME TO voyages")
    source = app.database.table("voyages")
    assert [r.state for r in capture_status([source])] == ["outdated"]
    voyages = app.captured("voyages")
    app.sql("INSERT INTO voyages (id) VALUES (1)")
    assert told(voyages) == {"1": "live"}


def test_a_view_cannot_be_captured(app: App) -> None:
    app.sql(TRIPS)
    app.sql("CREATE VIEW big AS SELECT * FROM trips")
    with pytest.raises(Misconfigured, match="view"):
        capture_install([app.database.table("big", key="id")])


def test_triggers_of_the_application_beside_ours_do_not_hide_a_change(
    app: App, trips: TableCollection
) -> None:
    app.sql(
        "CREATE TRIGGER app_totals AFTER UPDATE OF name ON trips BEGIN"
        " UPDATE trips SET size = size + 1 WHERE id <> NEW.id; END"
    )
    app.sql("INSERT INTO trips VALUES (1, 'a', 0), (2, 'b', 0)")
    told(trips)
    run(trips.update("1", {"name": "new"}, {}, None))
    assert told(trips) == {"2": "live"}
