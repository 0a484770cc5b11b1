"""Who is whom, and what a system may show for what it was sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.match import (
    Ambiguous,
    Certainty,
    all_resemble,
    ambiguous,
    keys_agree,
    resembles,
)
from crosstie.core.values import Side


@pytest.mark.parametrize(
    ("one", "other", "certainty"),
    [
        ((), (), Certainty.CERTAIN),
        (("k", "1"), ("k", "1"), Certainty.CERTAIN),
        (("k", None), ("k", "1"), Certainty.CERTAIN),
        (("k", "1"), ("k", None), Certainty.CERTAIN),
        (("k", "1"), ("k", "2"), Certainty.LIKELY),
    ],
)
def test_an_absent_key_is_no_difference(one: Any, other: Any, certainty: Certainty) -> None:
    assert keys_agree(one, other) is certainty


def test_two_on_one_side_are_all_asked_about() -> None:
    assert ambiguous(["l1", "l2"], ["r"]) == (
        Ambiguous(Side.LEFT, "l1", ("r",), ("l2",)),
        Ambiguous(Side.LEFT, "l2", ("r",), ("l1",)),
        Ambiguous(Side.RIGHT, "r", ("l1", "l2"), ()),
    )


def test_two_on_one_side_and_none_on_the_other_are_asked_about() -> None:
    assert ambiguous(["l1", "l2"], []) == (
        Ambiguous(Side.LEFT, "l1", (), ("l2",)),
        Ambiguous(Side.LEFT, "l2", (), ("l1",)),
    )


counts = st.integers(0, 4)


@given(counts, counts)
def test_everybody_is_named_once(lefts: int, rights: int) -> None:
    left, right = [f"l{n}" for n in range(lefts)], [f"r{n}" for n in range(rights)]
    met = ambiguous(left, right)
    assert [case.id for case in met] == [*left, *right]
    assert not any(case.id in case.rivals for case in met)


@pytest.mark.parametrize(
    ("sent", "shown", "expected"),
    [
        ("Ann", "Ann", True),
        ("Ann  Lee", " ann lee ", True),
        ("Ann", "Anne", False),
        ("a@X.example", "A@x.example", True),
        (["b", "A"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a"], "a", False),
        (1, "1", False),
        (1, 1, True),
        (1, True, True),
        (None, "", False),
        (None, None, True),
    ],
)
def test_what_systems_rewrite_resembles_what_they_were_sent(
    sent: object, shown: object, expected: bool
) -> None:
    assert resembles(sent, shown) is expected


def test_all_fields_that_were_sent_have_to_resemble() -> None:
    assert all_resemble({"a": "X"}, {"a": "x", "b": "1"})
    assert not all_resemble({"a": "X", "b": "2"}, {"a": "x", "b": "1"})
    assert not all_resemble({"a": "X"}, {})
