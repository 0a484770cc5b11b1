"""The nouns: sides, digests, marks, links."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.values import MISSING, Link, Record, Side, Version, canonical_json, digest

json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = st.dictionaries(st.sampled_from("abc"), json, max_size=3)


def test_each_side_is_across_from_the_other() -> None:
    assert [side.other for side in Side] == [Side.RIGHT, Side.LEFT]


@given(fields)
def test_the_order_of_fields_changes_neither_bytes_nor_digest(row: dict[str, object]) -> None:
    turned = dict(reversed(row.items()))
    assert canonical_json(row) == canonical_json(turned)
    assert digest(row) == digest(turned)
    assert len(digest(row)) == 24


@given(fields, fields)
def test_the_digest_tells_records_apart(one: dict[str, object], other: dict[str, object]) -> None:
    assert (digest(one) == digest(other)) is (canonical_json(one) == canonical_json(other))


def test_the_mark_of_a_record_is_its_version_or_else_its_digest() -> None:
    assert Record("1", {"a": 1}, version=Version("7")).mark == "7"
    assert Record("1", {"a": 1}).mark == digest({"a": 1})


def test_a_link_tells_each_side_its_own() -> None:
    link = Link("s", "l", "r", base_left={"a": 1}, base_right={"a": 2})
    assert [link.id_of(side) for side in Side] == ["l", "r"]
    assert [link.base_of(side) for side in Side] == [{"a": 1}, {"a": 2}]


def test_a_link_has_agreed_once_there_is_a_base() -> None:
    assert not Link("s", "l", "r").agreed
    assert Link("s", "l", "r", base_right={"a": None}).agreed
    assert MISSING is not None
