"""Values that are made: constant, computed, composed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lens_cases import CLEAN, JUNK

from crosstie.core.lens import (
    Composed,
    Computed,
    Constant,
    Date,
    Derived,
    Email,
    JsonValue,
    Tags,
    Text,
    Unmappable,
    law_get_put,
    law_put_get,
)

FULL_NAME = Composed("{first_name} {last_name}")


def length(fields: Any) -> Any:
    return len(fields["name"])


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("{first_name} {last_name}", {"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ("{first_name} {last_name}", {"last_name": " Lee "}, "Lee"),
        ("{first_name} {last_name}", {"first_name": "Ann", "last_name": ""}, "Ann"),
        ("{a} {b} {c}", {"a": "x", "c": "z"}, "x z"),
        ("Trip to {city} in {year}", {"city": "Rome", "year": 2026}, "Trip to Rome in 2026"),
        ("Dr. {a} {b}", {"b": "Lee"}, "Dr. Lee"),
        ("{a}\n{b}", {"a": "x  y", "b": "z"}, "x  y\nz"),
        ("{a}{a}", {"a": "x"}, "xx"),
        ("{a b} ({c.d})", {"a b": "x", "c.d": "y"}, "x (y)"),
        ("To {a}", {}, None),
        ("{a}", {"a": "{b}", "b": "no"}, "{b}"),
    ],
)
def test_a_template_composes_what_is_there(template: str, fields: Any, text: Any) -> None:
    assert Composed(template).value_of(fields) == text


@pytest.mark.parametrize("template", ["", "plain", "{}", "{a", "a}", "{{a}}", "{ a }", "{a}}"])
def test_a_bad_template_is_refused_with_a_way_out(template: str) -> None:
    with pytest.raises(ValueError, match="; fix: "):
        Composed(template)


def test_a_template_reaches_no_attributes() -> None:
    assert Composed("{a.__class__}").value_of({"a": "x"}) is None
    assert Composed("{a!r:>10}").value_of({"a": "x"}) is None


def test_a_part_that_is_no_text_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(Unmappable, match="in the field first_name") as refusal:
        FULL_NAME.value_of({"first_name": ["zebra"]})
    assert "zebra" not in str(refusal.value)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(("first_name", "last_name")), st.one_of(CLEAN, st.none())))
def test_a_composed_text_is_canonical(fields: dict[str, Any]) -> None:
    value = FULL_NAME.value_of(fields)
    assert Text().get(value) == value


def test_a_computed_value_sees_the_fields_it_declares_and_no_others() -> None:
    lens = Computed(lambda fields: sorted(fields), reads=("b", "a"))
    assert lens.value_of({"a": 1, "secret": 2}) == ["a", "b"]


def test_a_computed_value_is_made_canonical_by_the_written_lens() -> None:
    lens = Computed(lambda fields: fields["on"], reads=("on",), to=Date("%d.%m.%Y"))
    assert lens.value_of({"on": "31.01.2026"}) == "2026-01-31"
    assert lens.put("2026-01-31", None) == "31.01.2026"


def test_a_function_that_fails_on_a_value_is_named_and_the_value_is_not() -> None:
    with pytest.raises(Unmappable, match="length can work with; it raised TypeError"):
        Computed(length, reads=("name",)).value_of({"name": 5})
    with pytest.raises(Unmappable, match="it raised ValueError") as refusal:
        Computed(lambda fields: int(fields["name"]), reads=("name",)).value_of({"name": "zebra"})
    assert "zebra" not in str(refusal.value)


def test_a_function_may_refuse_by_itself() -> None:
    def refuse(fields: Any) -> Any:
        raise Unmappable("expected a customer")

    with pytest.raises(Unmappable, match="expected a customer"):
        Computed(refuse, reads=("name",)).value_of({})


@pytest.mark.parametrize(
    "build",
    [
        lambda: Computed(length, reads="name"),
        lambda: Computed(length, reads=()),
        lambda: Computed(None, reads=("name",)),
        lambda: Constant("nobody", to=Email()),
        lambda: Constant(float("nan")),
    ],
)
def test_wrong_options_are_refused_with_a_way_out(build: Any) -> None:
    with pytest.raises(ValueError, match="; fix: "):
        build()


def test_a_constant_is_the_same_for_every_record() -> None:
    assert Constant("App").value_of({}) == Constant("App").value_of({"a": 1}) == "App"
    assert Constant(["VIP", "new"], to=Tags()).value_of({}) == ["new", "vip"]
    assert Constant(3).value_of({}) == 3


@pytest.mark.parametrize(
    ("lens", "reads", "kind", "text"),
    [
        (Constant("App"), (), "constant", True),
        (Constant({"a": 1}), (), "constant", False),
        (Computed(length, reads=("name",)), ("name",), "computed", False),
        (FULL_NAME, ("first_name", "last_name"), "composed", True),
    ],
)
def test_derived_lenses_tell_what_they_are(
    lens: Derived, reads: tuple[str, ...], kind: str, text: bool
) -> None:
    assert (lens.reads, lens.kind, lens.text, lens.one_way) == (reads, kind, text, True)
    assert lens.sides() == (lens, lens)
    assert isinstance(hash(lens), int)


@settings(max_examples=50, deadline=None)
@given(raw=JUNK)
def test_derived_lenses_are_never_read_back(raw: Any) -> None:
    for lens in (Constant("App"), Computed(length, reads=("name",)), FULL_NAME):
        with pytest.raises(Unmappable, match="one way only"):
            lens.get(raw)
        assert law_get_put(lens, raw) is None
        assert law_put_get(lens, raw, None) is None


def test_writing_a_derived_value_over_itself_changes_nothing() -> None:
    assert FULL_NAME.put("Ann Lee", " Ann Lee ") == " Ann Lee "
    assert Constant({"a": 1}, to=JsonValue(text=True)).put({"a": 1}, '{"a":1}') == '{"a":1}'
