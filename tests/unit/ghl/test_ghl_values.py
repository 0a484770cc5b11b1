"""Custom field values, times, numbers, headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.connectors.ghl import values
from crosstie.connectors.ghl.limits import learn
from crosstie.connectors.ghl.wire import instant_of, iso_of, millis_of, number_of, version_of
from crosstie.core.budget import Learned
from crosstie.core.values import Json

MIDNIGHT = 1_772_323_200_000


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ({"id": "f", "value": "a"}, "a"),
        ({"id": "f", "fieldValue": "a"}, "a"),
        ({"id": "f", "type": "string", "fieldValueString": "a"}, "a"),
        ({"id": "f", "type": "number", "fieldValueNumber": 0}, 0),
        ({"id": "f", "type": "date", "fieldValueDate": MIDNIGHT}, MIDNIGHT),
        ({"id": "f", "type": "array", "fieldValueArray": ["a"]}, ["a"]),
        ({"id": "f", "value": None, "fieldValue": "other"}, None),
        ({"id": "f"}, None),
    ],
)
def test_a_value_is_found_under_each_of_its_names(entry: dict[str, Json], value: Json):
    assert values.entry_value(entry) == value


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("DATE", MIDNIGHT, "2026-03-01"),
        ("DATE", str(MIDNIGHT), "2026-03-01"),
        ("DATE", "2026-03-01", "2026-03-01"),
        ("DATE", "2026-03-01T00:00:00.000Z", "2026-03-01"),
        ("DATE", -86_400_000, "1969-12-31"),
        ("DATE", 99_999_999_999_999_9, 999_999_999_999_999),
        ("DATE", "next week", "next week"),
        ("NUMERICAL", "12", 12),
        ("NUMERICAL", 12.0, 12),
        ("FLOAT", "1.50", 1.5),
        ("MONETORY", "a lot", "a lot"),
        ("NUMERICAL", 0, 0),
        ("CHECKBOX", "Sea", ["Sea"]),
        ("CHECKBOX", ["Sea"], ["Sea"]),
        ("CHECKBOX", [], None),
        ("TEXT", "", None),
        ("TEXT", "007", "007"),
        ("TEXTBOX_LIST", {"o": "x"}, {"o": "x"}),
        ("TEXTBOX_LIST", {}, None),
    ],
)
def test_a_value_is_read_by_its_type(kind: str, raw: Json, value: Json):
    found = values.read(kind, raw)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("TEXT", None, ""),
        ("CHECKBOX", [], ""),
        ("DATE", None, ""),
        ("NUMERICAL", "12.50", 12.5),
        ("NUMERICAL", 0, 0),
        ("MONETORY", "7.00", 7),
        ("DATE", "2026-03-01", "2026-03-01"),
        ("TEXT", "007", "007"),
    ],
)
def test_a_value_is_written_by_its_type_and_cleared_by_an_empty_text(
    kind: str, value: Json, sent: Json
):
    assert values.write(kind, value) == sent


@given(st.integers() | st.floats() | st.text(max_size=20) | st.none() | st.booleans())
def test_no_date_of_any_looks_breaks_the_reading(raw: Json):
    values.read("DATE", raw)
    values.read("NUMERICAL", raw)


@given(st.integers(0, 4_000_000_000_000))
def test_times_survive_to_the_millisecond(millis: int):
    assert millis_of(iso_of(millis)) == millis


@pytest.mark.parametrize("text", [None, "", "yesterday", 12, ["x"]])
def test_what_is_no_time_is_none(text: Json):
    assert instant_of(text) is None


def test_numbers_that_are_none_stay_texts():
    assert number_of("1e999") == "1e999"
    assert number_of("nan") == "nan"
    assert number_of("1_000") == "1_000"
    assert number_of(None) is None


@pytest.mark.parametrize(
    ("path", "chosen", "version"),
    [
        ("/contacts/a", "2021-07-28", "2021-07-28"),
        ("/calendars/events", "2021-07-28", "2021-04-15"),
        ("/calendars/events", "v3", "v3"),
        ("/opportunities/search", "2023-02-21", "2023-02-21"),
        ("/users/search", "2021-07-28", "2021-07-28"),
    ],
)
def test_each_family_gets_the_version_it_needs(path: str, chosen: str, version: str):
    assert version_of(path, chosen) == version


def test_headers_tell_both_windows():
    headers = {
        "x-ratelimit-limit-daily": "10000",
        "x-ratelimit-daily-remaining": "9000",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-max": "25",
        "x-ratelimit-remaining": "0",
    }
    assert learn(headers, 200) == (Learned(10.0, 25, 0), Learned(86_400.0, 10_000, 9_000))


def test_absent_or_odd_headers_tell_nothing():
    assert learn({}, 200) == ()
    assert learn({"x-ratelimit-max": "many", "x-ratelimit-remaining": "-1"}, 200) == ()
