"""Why each field of a write was written, told in one line and found again in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.causes import cause_of, told

NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
CAUSES = st.sampled_from(
    ["changed on the left", "policy right", "a person decided", "the field goes one way"]
)


def test_one_cause_needs_no_names() -> None:
    assert told({"a": "changed on the left", "b": "changed on the left"}) == "changed on the left"
    assert told({}) == ""


def test_several_name_their_fields() -> None:
    text = told({"a": "policy left", "b": "changed on the left", "c": "policy left"})
    assert text == "policy left (a, c); changed on the left (b)"


@given(st.dictionaries(NAMES, CAUSES, min_size=1))
def test_the_cause_of_each_field_is_found_again(causes: dict[str, str]) -> None:
    assert {name: cause_of(told(causes), name) for name in causes} == causes


def test_what_names_no_field_is_told_whole() -> None:
    assert cause_of("undo of run 3", "a") == "undo of run 3"
    assert cause_of("asked (twice)", "a") == "asked (twice)"
