"""A wrong declaration is answered with what is there; one database has one engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from crosstie.connectors.sql import Database
from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.engine import Sql
from crosstie.core.errors import Halt, Misconfigured, Rejected
from crosstie.core.values import Cursor

from .conftest import App, run


def test_a_missing_table_is_answered_with_the_nearest_names(app: App) -> None:
    app.sql("CREATE TABLE trips (id INTEGER PRIMARY KEY)")
    with pytest.raises(Misconfigured, match="no table 'tripps'") as wrong:
        app.opened("tripps")
    assert wrong.value.fix == "did you mean 'trips'?"


def test_a_missing_column_is_answered_with_the_nearest_names(app: App) -> None:
    app.sql("CREATE TABLE trips (id INTEGER PRIMARY KEY, destination TEXT)")
    with pytest.raises(Misconfigured, match="no column 'destinaton'") as wrong:
        app.opened("trips", ["destinaton"])
    assert wrong.value.fix == "did you mean 'destination'?"


def test_a_table_without_primary_key_needs_a_named_key(app: App) -> None:
    app.sql("CREATE TABLE notes (code TEXT, body TEXT)")
    with pytest.raises(Misconfigured, match="no primary key") as wrong:
        app.opened("notes")
    assert "key=" in str(wrong.value.fix)
    app.sql("INSERT INTO notes VALUES ('a', 'x'), ('b', 'y')")
    notes = app.opened("notes", key="code")
    assert set(run(notes.read(["a", "b"])).records) == {"a", "b"}
    app.sql("INSERT INTO notes VALUES ('a', 'z')")
    with pytest.raises(Misconfigured, match="two rows"):
        app.opened("notes", key="code")


@pytest.mark.parametrize("kind", ["BLOB", "REAL", ""])
def test_a_key_that_does_not_tell_rows_apart_exactly_is_refused(app: App, kind: str) -> None:
    app.sql(f"CREATE TABLE t (k {kind} PRIMARY KEY)")
    with pytest.raises(Misconfigured, match="cannot be a key"):
        app.opened("t")


def test_a_binary_column_is_refused_only_when_it_is_mapped(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, photo BLOB, name TEXT)")
    app.sql("INSERT INTO t VALUES (1, x'00ff', 'a')")
    table = app.opened("t")
    assert run(table.read(["1"])).records["1"].fields == {"id": 1, "name": "a"}
    with pytest.raises(Misconfigured, match="binary"):
        app.opened("t", ["photo"])


def test_only_mapped_columns_and_the_key_are_read(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT)")
    app.sql("INSERT INTO t VALUES (1, 'a', 'b', 'c')")
    collection = app.database.table("t", columns=["c"]).bind(None, ["a"])  # type: ignore[arg-type]
    run(collection.open())
    assert run(collection.read(["1"])).records["1"].fields == {"id": 1, "a": "a", "c": "c"}


def test_a_column_of_changes_tells_when_a_record_last_changed(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, changed DATETIME)")
    app.sql("INSERT INTO t VALUES (1, 'a', '1970-01-01 00:01:00'), (2, 'b', NULL), (3, 'c', 'x')")
    records = run(app.opened("t", ["a"], updated="changed").read(["1", "2", "3"])).records
    assert [records[i].updated for i in "123"] == [60.0, None, None]
    assert run(app.opened("t").read(["1"])).records["1"].updated is None
    with pytest.raises(Misconfigured, match="no column"):
        app.opened("t", ["a"], updated="when")


def test_a_missing_database_file_is_told_and_never_made(tmp_path: Path) -> None:
    path = tmp_path / "typo.db"
    source = Database(f"sqlite:///{path}").table("trips")
    with pytest.raises(Misconfigured, match="cannot be opened"):
        run(TableCollection(source, ()).open())
    assert not path.exists()


def test_a_relative_address_is_told_with_the_whole_path_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for address in ("sqlite:///typo.db", "sqlite:///file:typo.db?uri=true"):
        with pytest.raises(Misconfigured) as wrong:
            run(TableCollection(Database(address).table("trips"), ()).open())
        assert f"looked at {tmp_path / 'typo.db'}" in str(wrong.value)
        assert "folder from which the command runs" in str(wrong.value.fix)


def test_an_address_may_ask_for_reading_only(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    address = f"sqlite:///file:{app.path}?mode=ro&uri=true"
    table = TableCollection(Database(address).table("t"), ())
    run(table.open())
    with pytest.raises(Halt, match="read-only"):
        run(table.create({}, "k"))


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Ada, " * 1_000)
    source = Database(f"sqlite:///{path}").table("trips")
    with pytest.raises(Misconfigured, match="cannot be read"):
        run(TableCollection(source, ()).open())


@pytest.mark.parametrize("url", ["oracle://u:secret@h/d", "mssql+pyodbc://u:secret@h/d"])
def test_another_kind_of_database_is_answered_with_the_supported_ones(url: str) -> None:
    source = Database(url).table("trips")
    with pytest.raises(Misconfigured, match="not supported") as wrong:
        run(TableCollection(source, ()).open())
    assert "sqlite" in str(wrong.value.fix)


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(Misconfigured, match="memory"):
        run(TableCollection(Database("sqlite://").table("t"), ()).open())


def test_no_text_of_a_database_shows_its_password() -> None:
    database = Database("postgresql://ann:secret@host/app")
    assert database.label == "postgresql://ann:***@host/app"
    assert "secret" not in f"{database!r} {database.table('t')!r}"
    with pytest.raises(Misconfigured) as wrong:
        Database("no address secret")
    assert "secret" not in str(wrong.value)


def test_tables_of_one_database_share_one_engine(app: App) -> None:
    app.sql("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    app.sql("CREATE TABLE b (id INTEGER PRIMARY KEY)")
    one, two = app.opened("a"), app.opened("b")
    assert one._at.sql is two._at.sql is Sql.of(Database(app.database.url))


def test_the_schema_tells_kinds_requirements_and_dangers(app: App) -> None:
    app.sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, n INT DEFAULT 1,"
        " price DECIMAL(8,2), day DATE, at TIMESTAMP, ok BOOLEAN, j JSON, x DOUBLE PRECISION,"
        " who UUID, photo BLOB)"
    )
    app.sql("INSERT INTO t (name) VALUES ('a')")
    schema = run(app.opened("t").schema())
    kinds = {name: field.kind for name, field in schema.fields.items()}
    assert kinds == {
        "id": "id",
        "name": "text",
        "n": "integer",
        "price": "number",
        "day": "date",
        "at": "datetime",
        "ok": "boolean",
        "j": "json",
        "x": "number",
        "who": "text",
    }
    assert [name for name, field in schema.fields.items() if field.required] == ["name"]
    assert schema.fields["id"].create_only
    assert schema.count == 1
    assert any("AUTOINCREMENT" in note for note in schema.notes)
    assert any("capture install" in note for note in schema.notes)


def test_a_key_with_autoincrement_is_no_danger(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    assert run(app.captured("t").schema()).notes == ()


def test_a_table_name_in_other_capitals_is_the_same_table(app: App) -> None:
    app.sql("CREATE TABLE Trips (id INTEGER PRIMARY KEY)")
    app.sql("INSERT INTO trips VALUES (1)")
    trips = app.captured("TRIPS")
    app.sql("UPDATE trips SET id = 2")
    assert [entry.id for entry in run(trips.changes(None)).entries] == ["1", "2"]


def test_rows_without_key_are_left_out(app: App) -> None:
    app.sql("CREATE TABLE t (code TEXT PRIMARY KEY, name TEXT)")
    app.sql("INSERT INTO t VALUES (NULL, 'a'), ('x', 'b'), (NULL, 'c')")
    table = app.captured("t")
    app.sql("INSERT INTO t VALUES (NULL, 'd')")
    assert [entry.id for entry in run(table.scan(None)).entries] == ["x"]
    assert not run(table.changes(None)).entries


@pytest.mark.parametrize("cursor", ["", "x", "[1,2,3]", "{}", "7"])
def test_a_foreign_cursor_is_refused(app: App, cursor: str) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    table = app.captured("t")
    with pytest.raises(Rejected, match="cursor"):
        run(table.scan(Cursor(cursor)))
    with pytest.raises(Rejected, match="cursor"):
        run(table.changes(Cursor(cursor)))
