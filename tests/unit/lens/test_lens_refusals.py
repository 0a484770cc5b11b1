"""What each lens reads, what it refuses, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstie.core.lens import (
    Boolean,
    Date,
    DateTime,
    Email,
    EnumMap,
    Integer,
    JsonValue,
    Lens,
    Money,
    Phone,
    Reference,
    StringList,
    Tags,
    Text,
    Unmappable,
)

BERLIN = DateTime("Europe/Berlin", render="naive")
EURO = Money("EUR")
STATUS = EnumMap({"draft": "New", "open": "New", "done": "Won"}, back={"New": "open"})


@pytest.mark.parametrize(
    ("lens", "raw", "value"),
    [
        (Text(), " e\u0301 ", "é"),
        (Text(), "  ", None),
        (Text(), 12345, "12345"),
        (Text(trim=False), " a ", " a "),
        (Reference("trips"), 7, "7"),
        (Integer(), "12", 12),
        (Integer(), 12.0, 12),
        (Integer(), " +12.0 ", 12),
        (Integer(), "", None),
        (EURO, "12.5", "12.50"),
        (EURO, 12.1, "12.10"),
        (EURO, -3, "-3.00"),
        (EURO, "-0.00", "0.00"),
        (EURO, "12.500", "12.50"),
        (Money("EUR", wire="minor"), 1250, "12.50"),
        (Money("EUR", wire="minor"), -5, "-0.05"),
        (Money("JPY"), "1200", "1200"),
        (Money("KWD"), 1.5, "1.500"),
        (Date(), "2026-01-31T00:00:00.000Z", "2026-01-31"),
        (Date(), "2026-01-31 00:00:00", "2026-01-31"),
        (Date(), 1769817600000, "2026-01-31"),
        (Date("%m/%d/%Y"), "1/31/2026", "2026-01-31"),
        (Date("%m/%d/%Y"), "2026-01-31", "2026-01-31"),
        (DateTime(), "2026-01-31T12:00:00.193Z", "2026-01-31T12:00:00.193000Z"),
        (DateTime(), 1769860800000, "2026-01-31T12:00:00Z"),
        (DateTime(), "", None),
        (BERLIN, "2026-01-31 12:00:00", "2026-01-31T11:00:00Z"),
        (BERLIN, "2026-01-31T12:00:00-05:00", "2026-01-31T17:00:00Z"),
        (BERLIN, "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
        (BERLIN, "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        (Boolean(), "Yes", True),
        (Boolean(), 0, False),
        (Boolean("Ja", "Nein"), "JA", True),
        (Boolean(0, 1), 0, True),
        (Phone(), "(555) 123-4567", "+15551234567"),
        (Phone(), 15551234567, "+15551234567"),
        (Phone("DE"), "0171 1234567", "+491711234567"),
        (Phone("GB"), "+1 212 555 0123", "+12125550123"),
        (Phone("DE"), "", None),
        (Email(), " Ann@Example.ORG ", "ann@example.org"),
        (Email(), "JÜRGEN@example.org", "jürgen@example.org"),
        (STATUS, "New", "open"),
        (STATUS.sides()[0], "draft", "open"),
        (Tags(), ["VIP", " new ", "vip", None, ""], ["new", "vip"]),
        (Tags(), [], None),
        (Tags(","), "b, A,,b", ["a", "b"]),
        (Tags(text=True), '["B", "a"]', ["a", "b"]),
        (StringList(","), "b, a,b", ["b", "a", "b"]),
        (JsonValue(), {"b": 1.0, "a": [True]}, {"a": [True], "b": 1}),
        (JsonValue(text=True), '{"b": 2, "a": 1}', {"a": 1, "b": 2}),
        (JsonValue(text=True), "null", None),
    ],
)
def test_raw_values_are_read_as(lens: Lens, raw: Any, value: Any) -> None:
    read = lens.get(raw)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("lens", "raw"),
    [
        (Text(), True),
        (Text(), 1.5),
        (Text(), "\ud800"),
        (Integer(), 12.5),
        (Integer(), True),
        (Integer(), 1e300),
        (Integer(), 2**63),
        (Integer(), "9" * 5000),
        (Integer(), "1,200"),
        (Integer(), "१२"),
        (EURO, "12.505"),
        (EURO, 0.1 + 0.2),
        (EURO, "$12"),
        (EURO, "1e5"),
        (EURO, float("nan")),
        (EURO, float("inf")),
        (EURO, True),
        (Money("JPY"), "12.5"),
        (Money("EUR", wire="minor"), 12.5),
        (Date(), "31.01.2026"),
        (Date(), "2026-02-30"),
        (Date(), "2026-W05-6"),
        (Date(), "2026-01-31T12:00:00Z"),
        (Date(), 1769817600001),
        (Date(), 576_000_000_000_000),
        (Date(), 10**400),
        (Date(), float("inf")),
        (Date("%Y-%d-%m"), "2026-01-31"),
        (DateTime(), "2026-01-31"),
        (DateTime(), "tomorrow noon"),
        (DateTime(), 10**20),
        (BERLIN, "0001-01-01T00:00:00"),
        (Boolean(), "perhaps"),
        (Boolean(), 2),
        (Phone(), "hello"),
        (Phone(), "123"),
        (Phone(), "555-4567"),
        (Phone(), 1.5),
        (Phone(), "5" * 1000),
        (Email(), "nobody"),
        (Email(), "a@b, c@d"),
        (Email(), 5),
        (STATUS, "Lost"),
        (STATUS.sides()[0], "Won"),
        (Tags(), "a,b"),
        (Tags(), [["a"]]),
        (Tags(text=True), "{"),
        (StringList(","), 5),
        (JsonValue(), float("nan")),
        (JsonValue(), 2**64),
        (JsonValue(), {1: 2}),
        (JsonValue(), {"a": "\udc00"}),
        (JsonValue(text=True), "[" * 100_000),
        (JsonValue(text=True), "[" * 100 + "]" * 100),
    ],
)
def test_raw_values_without_a_counterpart_are_refused(lens: Lens, raw: Any) -> None:
    with pytest.raises(Unmappable, match="expected"):
        lens.get(raw)


@pytest.mark.parametrize(
    ("lens", "value", "was", "raw"),
    [
        (Text(), None, "a", None),
        (Text(empty=""), None, "a", ""),
        (Text(), "a", " a ", " a "),
        (Integer(wire="text"), 5, "4", "5"),
        (Money("EUR", wire="number"), "12.50", None, 12.5),
        (Money("EUR", wire="minor"), "-12.50", None, -1250),
        (Date("%d.%m.%Y"), "0987-01-02", None, "02.01.0987"),
        (DateTime("Europe/Berlin", render="offset"), "2026-10-25T01:30:00Z", None,
         "2026-10-25T02:30:00+01:00"),
        (BERLIN, "2026-03-29T01:30:00Z", "2026-03-29T02:30:00", "2026-03-29T02:30:00"),
        (BERLIN, "2026-03-29T01:30:00Z", None, "2026-03-29T03:30:00"),
        (Boolean("yes", "no"), True, 1, 1),
        (Boolean("yes", "no"), True, 0, "yes"),
        (Phone(), "+15551234567", "555 123 4567 ext. 9", "555 123 4567 ext. 9"),
        (Email(), "ann@example.org", "Ann@Example.org", "Ann@Example.org"),
        (STATUS, "open", None, "New"),
        (STATUS.sides()[0], "open", "draft", "draft"),
        (STATUS.sides()[0], "open", "done", "open"),
        (Tags(), None, ["a"], []),
        (Tags(","), None, "a,b", None),
        (Tags("; "), ["a", "b"], None, "a; b"),
        (JsonValue(), {"a": True}, {"a": 1}, {"a": True}),
        (JsonValue(text=True), {"b": 1, "a": "é"}, None, '{"a": "é", "b": 1}'),
        (Reference("trips", wire="number"), "12", None, 12),
    ],
)  # fmt: skip
def test_canonical_values_are_written_as(lens: Lens, value: Any, was: Any, raw: Any) -> None:
    written = lens.put(value, was)
    assert written == raw
    assert type(written) is type(raw)


@pytest.mark.parametrize(
    ("lens", "value"),
    [
        (Text(), 5),
        (Integer(), "5"),
        (Integer(), True),
        (EURO, "12.5"),
        (EURO, 12),
        (Money("EUR", wire="number"), "90071992547409.93"),
        (Date(), "2026-1-31"),
        (Date(), 5),
        (DateTime(), "2026-01-31T12:00:00+00:00"),
        (DateTime(), "2026-01-31T12:00:00.100Z"),
        (DateTime("Europe/Berlin", render="offset"), "9999-12-31T23:30:00Z"),
        (BERLIN, "2026-10-25T01:30:00Z"),
        (Boolean(), 1),
        (Phone(), "555"),
        (Email(), "Ann@example.org"),
        (STATUS, "draft"),
        (STATUS, "New"),
        (STATUS.sides()[0], "draft"),
        (Tags(), ["b", "a"]),
        (Tags(), []),
        (Tags(","), ["a,b"]),
        (StringList("||"), ["a|", "b"]),
        (Reference("trips", wire="number"), "007"),
        (Reference("trips", wire="number"), "x7"),
    ],
)
def test_values_outside_the_range_are_not_written(lens: Lens, value: Any) -> None:
    with pytest.raises(Unmappable, match="expected"):
        lens.put(value, None)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Text(empty="-"),
        lambda: Reference(" "),
        lambda: Reference("trips", wire="int"),
        lambda: Integer(wire="float"),
        lambda: Money("EURO"),
        lambda: Money("eur"),
        lambda: Money("EUR", wire="cents"),
        lambda: Date("%d/%m/%y"),
        lambda: Date("%d %B %Y"),
        lambda: Date("%Y-%m-%d %"),
        lambda: Date("%Y-%m-%d "),
        lambda: DateTime("Europe/Bonn"),
        lambda: DateTime("Europe"),
        lambda: DateTime("../etc"),
        lambda: DateTime(render="local"),
        lambda: Boolean("yes", "YES"),
        lambda: Boolean("", "no"),
        lambda: Phone("XX"),
        lambda: Phone("us"),
        lambda: Phone(empty="none"),
        lambda: Tags("and"),
        lambda: Tags(""),
        lambda: StringList(",", text=True),
        lambda: EnumMap({}),
        lambda: EnumMap({"a": "A", "b": "A"}),
        lambda: EnumMap({"a": "A"}, back={"B": "a"}),
        lambda: EnumMap({"a": ""}),
        lambda: EnumMap({" a": "A"}),
        lambda: EnumMap({"a": "A"}, default="b"),
    ],
)
def test_wrong_options_are_refused_with_a_way_out(build: Any) -> None:
    with pytest.raises(ValueError, match="; fix: "):
        build()


def test_two_to_one_names_both_and_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"'a' and 'b' both map to 'A'.*back=\{'A': 'a'\}"):
        EnumMap({"a": "A", "b": "A"})


def test_an_unknown_name_is_answered_with_the_allowed_ones() -> None:
    with pytest.raises(Unmappable, match="expected one of 'New', 'Won'"):
        STATUS.get("Lost")
    with pytest.raises(Unmappable, match="expected one of 'draft', 'open', 'done'"):
        STATUS.sides()[0].get("Lost")


def test_an_unknown_name_reads_as_the_default_and_stays() -> None:
    lens = EnumMap({"draft": "New", "done": "Won"}, default="draft")
    assert lens.get("Lost") == "draft"
    assert lens.put("draft", "Lost") == "Lost"
    assert lens.put("done", "Lost") == "Won"


def test_changing_the_pairs_later_does_not_change_the_lens() -> None:
    pairs = {"a": "A"}
    lens = EnumMap(pairs)
    pairs["b"] = "A"
    assert lens.pairs == {"a": "A"}


@settings(max_examples=150, deadline=None)
@given(
    region=st.sampled_from(("US", "CA", "PR", "BS", "JM")),
    number=st.from_regex(
        r"(\+?1[-. ]?)?(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ]?)[0-9]{3}[-. ]?[0-9]{4}",
        fullmatch=True,
    ),
)
def test_the_short_way_for_north_american_numbers_agrees_with_the_parser(
    region: str, number: str
) -> None:
    lens = Phone(region)
    assert lens.get(number) == lens._parsed(number)
