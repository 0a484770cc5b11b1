"""What a column holds is shown whatever it is; what does not fit is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosstie.connectors.sql.codec import DoesNotFitError, shower, storer
from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.core.errors import NotFound, Rejected
from crosstie.core.values import canonical_json
from crosstie.ports.collection import Lookup

from .conftest import App, run


@pytest.mark.parametrize("kind", ["INTEGER", "TEXT", "REAL", "NUMERIC(8,2)", "DATE", "DATETIME"])
@pytest.mark.parametrize("held", [None, 1, -7, 1.5, 9e999, "", "text", "12", b"\x00\xff", "1e5"])
def test_a_value_that_contradicts_its_column_is_shown_and_stays(
    app: App, kind: str, held: object
) -> None:
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind}, w TEXT)")
    app.sql("INSERT INTO t VALUES (1, ?, 'a')", held)
    before = app.sql("SELECT v, typeof(v) FROM t")
    table = app.opened("t")
    record = run(table.read(["1"])).records["1"]
    assert canonical_json(record.fields)
    done = run(table.update("1", {"w": "b"}, record.fields, None))
    assert done.fields["v"] == record.fields["v"]
    assert app.sql("SELECT v, typeof(v) FROM t") == before


def test_text_that_is_not_valid_utf8_does_not_stop_a_scan(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    app.sql("INSERT INTO t VALUES (1, 'good'), (2, CAST(x'4dfc6c6c6572' AS TEXT))")
    entries = run(app.opened("t").scan(None)).entries
    assert [entry.fields["v"] for entry in entries] == ["good", "M\ufffdller"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "held", "shown"),
    [
        ("NUMERIC(10,2)", 12.5, "12.50"),
        ("NUMERIC(10,2)", 12, "12.00"),
        ("NUMERIC(10,2)", 0.1 + 0.2, "0.30000000000000004"),
        ("DECIMAL(10,0)", 12, "12"),
        ("NUMERIC", 12.5, "12.5"),
        ("NUMERIC", 1e22, "10000000000000000000000"),
        ("DATE", "2026-01-31", "2026-01-31"),
        ("DATETIME", "2026-01-31 10:00:00.000000", "2026-01-31T10:00:00"),
        ("DATETIME", "2026-01-31T10:00:00.5Z", "2026-01-31T10:00:00.500000+00:00"),
        ("DATETIME", "soon, but when?", "soon, but when?"),
        ("BOOLEAN", 1, True),
        ("BOOLEAN", 0, False),
        ("BOOLEAN", 2, 2),
        ("JSON", '{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("JSON", "not json", "not json"),
        ("JSON", "[" * 5_000, "[" * 5_000),
        ("JSON", "null", None),
        ("VARCHAR(3)", "longer", "longer"),
        ("", 3, 3),
    ],
)
def test_each_type_is_shown_in_its_form(app: App, kind: str, held: object, shown: object) -> None:
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind})")
    app.sql("INSERT INTO t VALUES (1, ?)", held)
    value = run(app.opened("t").read(["1"])).records["1"].fields["v"]
    assert (value, type(value)) == (shown, type(shown))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("INTEGER", 1.5),
        ("INTEGER", True),
        ("INTEGER", 2**63),
        ("REAL", "x"),
        ("REAL", float("inf")),
        ("NUMERIC(10,2)", "1.234"),
        ("NUMERIC(10,2)", "twelve"),
        ("NUMERIC(10,2)", True),
        ("NUMERIC(30,2)", "12345678901234567.89"),
        ("DATE", "31.01.2026"),
        ("DATE", "2026-02-30"),
        ("DATE", "2026-01-31T00:00:00"),
        ("DATETIME", "2026-01-31"),
        ("DATETIME", "2026-01-31T10:00:00Z"),
        ("BOOLEAN", "yes"),
        ("BOOLEAN", 2),
        ("TEXT", 5),
        ("TEXT", {"a": 1}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_written(
    app: App, kind: str, wrong: object
) -> None:
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind})")
    with pytest.raises(Rejected, match="column 'v' takes") as refused:
        run(app.opened("t").create({"v": wrong}, "k"))
    assert refused.value.field == "v"
    assert app.sql("SELECT * FROM t") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cents=st.integers(-(10**14), 10**14))
def test_money_is_kept_to_the_cent(cents: int, app: App) -> None:
    app.sql("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v NUMERIC(17,2))")
    amount = format(Decimal(cents).scaleb(-2), "f")
    table = app.opened("t")
    made = run(table.create({"v": amount}, "k"))
    assert made.fields["v"] == amount
    run(table.update(made.id, {"v": "1.00"}, made.fields, None))


KINDS = {
    Kind.TEXT: st.text(),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.DATE: st.dates().map(date.isoformat),
    Kind.DATETIME: st.datetimes().map(datetime.isoformat),
    Kind.BOOLEAN: st.booleans(),
    Kind.JSON: st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
}


@pytest.mark.parametrize("kind", list(KINDS))
@given(data=st.data())
def test_what_is_written_is_what_is_shown(kind: Kind, data: st.DataObject) -> None:
    column = ColumnShape("v", kind)
    value = data.draw(KINDS[kind])
    stored = storer(column)(value)
    show = shower(column)
    assert (stored if show is None else show(stored)) == value


@pytest.mark.parametrize(
    ("sample", "written"),
    [
        (None, "2026-01-31 10:00:00.000000"),
        ("2020-02-02 01:02:03.000004", "2026-01-31 10:00:00.000000"),
        ("2020-02-02 01:02:03", "2026-01-31 10:00:00"),
        ("2020-02-02T01:02:03", "2026-01-31T10:00:00"),
    ],
)
def test_a_date_and_time_is_written_in_the_form_that_the_column_has(
    sample: str | None, written: str
) -> None:
    store = storer(ColumnShape("at", Kind.DATETIME, sample=sample))
    assert store("2026-01-31T10:00:00") == written


def test_a_column_that_holds_offsets_takes_only_offsets() -> None:
    store = storer(ColumnShape("at", Kind.DATETIME, sample="2020-02-02T01:02:03Z"))
    assert store("2026-01-31T10:00:00Z") == "2026-01-31T10:00:00Z"
    assert datetime.fromisoformat(str(store("2026-01-31T10:00:00+01:00"))) == datetime(
        2026, 1, 31, 9, tzinfo=UTC
    )
    with pytest.raises(DoesNotFitError):
        store("2026-01-31T10:00:00")


@pytest.mark.parametrize(("given", "held"), [("x", "x"), (True, 1), (7, 7), (1.5, 1.5)])
def test_a_column_without_type_takes_plain_values(app: App, given: object, held: object) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
    run(app.opened("t").create({"v": given}, "k"))
    assert app.sql("SELECT v FROM t") == [(held,)]


@pytest.mark.parametrize(("kind", "wrong"), [("", ["a"]), ("JSON", "half \ud800"), ("BLOB", "x")])
def test_what_no_column_of_that_type_can_hold_is_refused(
    app: App, kind: str, wrong: object
) -> None:
    app.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind})")
    with pytest.raises(Rejected, match="column 'v' takes"):
        run(app.opened("t", ["id"]).create({"v": wrong}, "k"))


@pytest.mark.parametrize("record_id", ["", "x", "[1]", "[1,2,3]", "{}", "[[],1]", "[null,1]", "7"])
def test_an_id_that_no_row_can_have_is_missing(app: App, record_id: str) -> None:
    app.sql("CREATE TABLE t (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b))")
    app.sql("INSERT INTO t VALUES ('x', 1, 'c')")
    table = app.opened("t")
    assert run(table.read([record_id])).missing == {record_id}
    with pytest.raises(NotFound):
        run(table.update(record_id, {"c": "d"}, {}, None))


def test_an_id_in_other_capitals_is_another_id(app: App) -> None:
    app.sql("CREATE TABLE t (code TEXT PRIMARY KEY COLLATE NOCASE, v TEXT)")
    app.sql("INSERT INTO t VALUES ('Ann', 'a')")
    table = app.opened("t")
    assert run(table.read(["ann"])).missing == {"ann"}
    with pytest.raises(NotFound):
        run(table.update("ann", {"v": "b"}, {}, None))


def test_find_agrees_in_any_field_and_in_any_capitals(app: App) -> None:
    app.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT, phone TEXT, p NUMERIC(8,2))")
    app.sql("INSERT INTO t VALUES (1, 'Ann@X.org', '1', 12.5), (2, 'b', '2', 3), (3, 'b', '3', 4)")
    table = app.opened("t")

    def found(**equal: object) -> set[str]:
        return {record.id for record in run(table.find(Lookup(equal=equal)))}

    assert found(mail="ann@x.ORG") == {"1"}
    assert found(mail="b", phone="1") == {"1", "2", "3"}
    assert found(p="12.50") == {"1"}
    assert found(p="many") == found(mail=None) == found(nothing="x") == found() == set()
