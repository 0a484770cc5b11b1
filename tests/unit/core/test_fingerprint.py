"""Equal causes have one fingerprint, and it holds nothing of anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.fingerprint import essence, fingerprint

SAME = [
    ("contact 1718 is locked", "contact 99 is locked"),
    ("no 'Ann' here", "no 'Bo' here"),
    ('no "Ann" here', 'no "Bo" here'),
    ("ann@x.example is taken", "bo.smith+1@y.example is taken"),
    ("id 8f2kQx91 is gone", "id 7Zk2 is gone"),
    ("see https://a.example/1?x=2 now", "see http://b.example now"),
    ("call +41 44 668 18 00 failed", "call 079 1234567 failed"),
    ("not before 2026-01-31T10:00:00Z", "not before 2025-12-01T09:30:00Z"),
    (
        "4f0c2a1e-9b5d-4c7e-8a6f-1b2c3d4e5f60 is gone",
        "00000000-1111-2222-3333-444444444444 is gone",
    ),
    ("Too  Long", "too long"),
    ("costs 12.50, not 7", "costs 1,300.00, not 19"),
]
DIFFERENT = [
    ("field 'email' is empty", "field 'phone' is empty"),
    ("sync 'contacts' is held", "sync 'trips' is held"),
    ("contact 1 is locked", "contact 1 is gone"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_particular_to_a_record_does_not_count(one: str, other: str) -> None:
    assert fingerprint("rejected", one) == fingerprint("rejected", other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_was_said_counts(one: str, other: str) -> None:
    assert fingerprint("rejected", one) != fingerprint("rejected", other)


def test_the_code_and_its_field_count() -> None:
    marks = {fingerprint(code, "no") for code in ("rejected:a", "rejected:b", "retry")}
    assert len(marks) == 3


@given(st.emails(), st.integers(min_value=0), st.uuids())
def test_nothing_personal_is_left(email: str, number: int, uuid: object) -> None:
    left = essence(f"record {uuid} of {email!r} has {number}")
    assert left == "record * of * has *"


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    mark = fingerprint("rejected", text)
    assert len(mark) == 8
    assert int(mark, 16) >= 0
