"""Every type of a server's column has one form in a record, both ways, and nothing is rounded."""

from __future__ import annotations

from typing import Any

import pytest
from sql_app import App, run

from crosstie.connectors.sql import capture_uninstall
from crosstie.connectors.sql.collection import TableCollection
from crosstie.core.errors import Misconfigured, Rejected
from crosstie.ports.collection import Lookup

ID = "8658bdd6-ddb8-4c8e-9603-da80e693f403"
POSTGRESQL: dict[str, tuple[str, str, Any, Any]] = {
    # column: type, what the application writes, what is shown, what we write then
    "n": ("BIGINT", "-7", -7, 2**62),
    "d": ("NUMERIC(10, 2)", "12.5", "12.50", "0.10"),
    "e": ("NUMERIC", "1e30", "1000000000000000000000000000000", "12345678901234567890.123"),
    "f": ("DOUBLE PRECISION", "0.1", 0.1, 1e300),
    "t": ("TEXT", "'ä'", "ä", "O'Brien \\ %s"),
    "v": ("VARCHAR(4)", "'abcd'", "abcd", "ÄÖÜ€"),
    "c": ("CHAR(4)", "'ab'", "ab", "cd"),
    "b": ("BOOLEAN", "true", True, False),
    "day": ("DATE", "'2026-01-31'", "2026-01-31", "0044-03-15"),
    "at": ("TIMESTAMP", "'2026-01-31 10:00'", "2026-01-31T10:00:00", "2026-02-01T09:30:00.250000"),
    "z": (
        "TIMESTAMPTZ",
        "'2026-01-31 10:00+02'",
        "2026-01-31T08:00:00+00:00",
        "2026-02-01T09:30:00+00:00",
    ),
    "h": ("TIME", "'10:00'", "10:00:00", "11:30:00"),
    "j": ("JSON", """'{"a": [1, null]}'""", {"a": [1, None]}, [1, "x"]),
    "jb": ("JSONB", """'{"a": 1.5}'""", {"a": 1.5}, {"b": None}),
    "u": ("UUID", f"'{ID}'", ID, ID.replace("8", "9")),
    "m": ("mood", "'sad'", "sad", "very, glad"),
    "tags": ("TEXT[]", "'{a,\"b c\"}'", ["a", "b c"], ['q"\\', "", "ü,{}", "NULL"]),
    "ns": ("INT[]", "'{1,2}'", [1, 2], []),
    "net": ("INET", "'10.0.0.1'", "10.0.0.1", "10.0.0.2"),
    "short": ("positive", "5", 5, 6),
}
MARIADB: dict[str, tuple[str, str, Any, Any]] = {
    "n": ("BIGINT", "-7", -7, 2**62),
    "un": ("INT UNSIGNED", "4000000000", 4_000_000_000, 0),
    "d": ("DECIMAL(10, 2)", "12.5", "12.50", "0.10"),
    "f": ("DOUBLE", "0.1", 0.1, 1e300),
    "t": ("TEXT", "'ä'", "ä", "O'Brien \\ %s \0 👩"),
    "v": ("VARCHAR(4)", "'abcd'", "abcd", "ÄÖÜ€"),
    "c": ("CHAR(4)", "'ab'", "ab", "cd"),
    "b": ("TINYINT(1)", "1", True, False),
    "bit": ("BIT(1)", "1", True, False),
    "day": ("DATE", "'2026-01-31'", "2026-01-31", "1044-03-15"),
    "at": (
        "DATETIME(6)",
        "'2026-01-31 10:00'",
        "2026-01-31T10:00:00",
        "2026-02-01T09:30:00.250000",
    ),
    "z": (
        "TIMESTAMP NULL",
        "'2026-01-31 10:00'",
        "2026-01-31T08:00:00+00:00",
        "2026-02-01T09:30:00+00:00",
    ),
    "h": ("TIME", "'10:00'", "10:00:00", "11:30:00"),
    "j": ("JSON", """'{"a": [1, null]}'""", {"a": [1, None]}, [1, "x"]),
    "u": ("UUID", f"'{ID}'", ID, ID.replace("8", "9")),
    "m": ("ENUM('sad', 'very, glad')", "'sad'", "sad", "very, glad"),
    "y": ("YEAR", "2026", 2026, 2027),
}
COLUMNS = {"postgresql": POSTGRESQL, "mariadb": MARIADB}


@pytest.fixture
def typed(app: App) -> App:
    if app.kind == "postgresql":
        app.sql("CREATE TYPE mood AS ENUM ('sad', 'very, glad')")
        app.sql("CREATE DOMAIN positive AS smallint CHECK (VALUE > 0)")
    else:
        app.sql("SET time_zone = '+02:00'")
    columns = COLUMNS[app.kind]
    listed = ", ".join(f"{name} {kind}" for name, (kind, *_) in columns.items())
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {listed})")
    values = ", ".join(given for _, given, *_ in columns.values())
    app.sql(f"INSERT INTO t VALUES (1, {values})")
    return app


def test_every_type_goes_both_ways(typed: App) -> None:
    columns = COLUMNS[typed.kind]
    table = typed.captured("t")
    record = run(table.read(["1"])).records["1"]
    assert record.fields == {"id": 1} | {name: shown for name, (*_, shown, _) in columns.items()}
    patch = {name: ours for name, (*_, ours) in columns.items()}
    done = run(table.update("1", patch, record.fields, None))
    assert done.fields == {"id": 1} | patch
    nothing = dict.fromkeys(columns)
    assert run(table.update("1", nothing, done.fields, None)).fields == {"id": 1} | nothing
    assert run(table.create({"id": 2, **patch}, "k")).fields == {"id": 2} | patch


def test_what_is_searchable_is_found_by_its_value(typed: App) -> None:
    table = typed.opened("t")
    fields = run(table.read(["1"])).records["1"].fields
    for name in table.can.searchable:
        found = run(table.find(Lookup(equal={name: fields[name]})))
        assert [record.id for record in found] == ["1"], name
        assert not run(table.find(Lookup(equal={name: "no such value"})))
    assert {"j", "jb", "tags", "net"}.isdisjoint(table.can.searchable)


def test_the_schema_tells_the_kinds(typed: App) -> None:
    kinds = {n: f.kind for n, f in run(typed.opened("t").schema()).fields.items()}
    assert (
        kinds.items()
        >= {
            "id": "integer",
            "n": "integer",
            "d": "number",
            "t": "text",
            "b": "boolean",
            "day": "date",
            "at": "datetime",
            "z": "datetime",
            "j": "json",
            "u": "text",
            "m": "choice",
        }.items()
    )
    assert run(typed.opened("t").schema()).fields["m"].options == ("sad", "very, glad")


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("n", 2**63),
        ("n", 1.5),
        ("d", "1.234"),
        ("d", "123456789.00"),
        ("v", "12345"),
        ("b", "yes"),
        ("day", "31.01.2026"),
        ("at", "2026-01-31T10:00:00Z"),
        ("z", "2026-01-31T10:00:00"),
        ("u", "not a uuid"),
        ("m", "glad"),
        ("j", "half \ud800"),
        ("t", 5),
        ("f", float("inf")),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_written(
    typed: App, column: str, wrong: object
) -> None:
    with pytest.raises(Rejected, match=f"column '{column}' takes") as refused:
        run(typed.opened("t").update("1", {column: wrong}, {}, None))
    assert refused.value.field == column


def test_an_instant_is_one_in_every_zone(typed: App) -> None:
    done = run(typed.opened("t").update("1", {"z": "2026-01-31T10:00:00+01:00"}, {}, None))
    assert done.fields["z"] == "2026-01-31T09:00:00+00:00"


def test_seconds_are_not_rounded(app: App) -> None:
    kind = "TIMESTAMP(0)" if app.kind == "postgresql" else "DATETIME"
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, at {kind})")
    table = app.opened("t")
    with pytest.raises(Rejected, match="at most 0 digits of a second"):
        run(table.create({"id": 1, "at": "2026-01-31T10:00:00.5"}, "k"))
    assert run(table.create({"id": 1, "at": "2026-01-31T10:00:00"}, "k"))


def test_computed_and_counted_columns_are_shown_and_not_written(app: App) -> None:
    counted = (
        "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        if app.kind == "postgresql"
        else "INTEGER AUTO_INCREMENT PRIMARY KEY"
    )
    app.sql(
        f"CREATE TABLE t (id {counted}, a VARCHAR(9),"
        " b VARCHAR(9) GENERATED ALWAYS AS (upper(a)) STORED)"
    )
    table = app.captured("t")
    made = run(table.create({"a": "x"}, "k"))
    assert (made.id, made.fields["b"]) == ("1", "X")
    schema = run(table.schema()).fields
    assert (schema["b"].writable, schema["id"].kind) == (False, "id")
    with pytest.raises(Rejected, match="computed"):
        run(table.update("1", {"b": "y"}, {}, None))


def test_a_binary_column_is_refused_only_when_it_is_mapped(app: App) -> None:
    kind = "BYTEA" if app.kind == "postgresql" else "BLOB"
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, photo {kind}, name VARCHAR(9))")
    app.sql("INSERT INTO t VALUES (1, 'x', 'a')")
    assert run(app.opened("t").read(["1"])).records["1"].fields == {"id": 1, "name": "a"}
    with pytest.raises(Misconfigured, match="binary"):
        run(TableCollection(app.server.database.table("t"), ["photo"]).open())


@pytest.mark.parametrize(
    "key", ["UUID", "DATE", "NUMERIC(8, 2)", "TIMESTAMP", "CHAR(40)", "BIGINT"]
)
def test_keys_of_every_kind_have_the_id_that_capture_tells(app: App, key: str) -> None:
    values = {
        "UUID": f"'{ID}'",
        "DATE": "'2026-01-31'",
        "NUMERIC(8, 2)": "12.5",
        "TIMESTAMP": "'2026-01-31 10:00:00.25'",
        "CHAR(40)": "'x'",
        "BIGINT": "9007199254740993",
    }
    if app.kind == "mariadb":
        key = key.replace("TIMESTAMP", "DATETIME(6)")
    else:
        app.sql("SET DateStyle = 'German'")
    value = values.get(key, values["TIMESTAMP"])
    for columns in ("k", "k, n"):
        app.sql(f"CREATE TABLE t (k {key}, n VARCHAR(9), v VARCHAR(9), PRIMARY KEY ({columns}))")
        table = app.captured("t")
        app.sql(f"INSERT INTO t VALUES ({value}, 'ü\"', 'a')")
        [record] = run(table.scan(None)).entries
        assert [entry.id for entry in run(table.changes(None)).entries] == [record.id]
        done = run(table.update(record.id, {"v": "b"}, {"v": "a"}, None))
        assert (done.id, done.fields["v"]) == (record.id, "b")
        assert len(run(table.scan(run(table.scan(None)).cursor)).entries) == 0
        capture_uninstall([app.server.database.table("t")])
        app.sql("DROP TABLE t")


def test_tables_of_other_schemas_and_in_other_capitals(app: App) -> None:
    if app.kind == "mariadb":
        pytest.skip("a schema of MariaDB is another database")
    app.sql("CREATE SCHEMA crm")
    app.sql('CREATE TABLE crm."Contacts" (id INTEGER PRIMARY KEY, name TEXT)')
    app.sql("CREATE TABLE contacts (id INTEGER PRIMARY KEY)")
    contacts = app.captured("crm.contacts")
    made = run(contacts.create({"id": 1, "name": "a"}, "k"))
    assert app.sql('SELECT id FROM crm."Contacts"') == [(1,)]
    app.sql("UPDATE crm.\"Contacts\" SET name = 'b'")
    assert [e.id for e in run(contacts.changes(None)).entries] == [made.id]
    assert app.opened("Contacts")._at.rows.shape.schema == "public"
    with pytest.raises(Misconfigured, match="no table") as wrong:
        app.opened("crm.contact")
    assert "crm.Contacts" in str(wrong.value.fix)


def test_a_table_without_transactions_is_refused(app: App) -> None:
    if app.kind == "postgresql":
        pytest.skip("every table of PostgreSQL has transactions")
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY) ENGINE = MyISAM")
    with pytest.raises(Misconfigured, match="no transactions") as wrong:
        app.opened("t")
    assert "InnoDB" in str(wrong.value.fix)


def test_a_cascade_that_no_trigger_sees_is_told_when_the_table_is_opened(app: App) -> None:
    app.sql("CREATE TABLE guides (id INTEGER PRIMARY KEY)")
    app.sql(
        "CREATE TABLE trips (id INTEGER PRIMARY KEY, guide INTEGER, CONSTRAINT led FOREIGN KEY"
        " (guide) REFERENCES guides (id) ON DELETE CASCADE)"
    )
    trips = app.captured("trips")
    silent = app.kind == "mariadb"
    assert any("foreign key led" in n for n in run(trips.schema()).notes) is silent
    assert trips.can.sees_deletes is not silent
