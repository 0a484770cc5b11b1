"""Raw records <-> canonical fields: what is read, what is written, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.errors import Misconfigured, Rejected, Unlinked
from crosstie.core.lens import Composed, Computed, Constant, Date, EnumMap, Integer, Reference, Text
from crosstie.core.mapping import Direction, Mapping, Policy, Refs, SideMap, field
from crosstie.core.values import Side

PARENTS = Refs(to_left={("parents", "r7"): "l7"}, to_right={("parents", "l7"): "r7"})
CHILD = Mapping([field("name", "title"), field("parent_id", "parentId", Reference("parents"))])


@pytest.mark.parametrize(
    ("made", "said", "fix"),
    [
        (
            lambda: field(None, None),
            "a field needs a name on at least one side",
            "name it",
        ),
        (
            lambda: Mapping([field("a", None)]),
            "field 'a' has no name on the right",
            "give it one",
        ),
        (
            lambda: Mapping([field(None, "a")]),
            "field 'a' has no name on the left",
            "give it one",
        ),
        (
            lambda: field("a", "b", Constant("x")),
            "field 'a' has a constant lens, which makes a value instead of reading one",
            "name only the side that it is written to and give None for the other",
        ),
        (
            lambda: field(None, "a", Constant("x"), direction="both"),
            "field 'a' is derived on the left and can only go to_right",
            "leave the direction out",
        ),
        (
            lambda: field("a", None, Constant("x"), direction="to_right"),
            "field 'a' is derived on the right and can only go to_left",
            "leave the direction out",
        ),
        (
            lambda: Mapping([field("a", "b"), field("c", "d", name="a")]),
            "the mapping names canonical name 'a' twice",
            "keep one of the fields, or give the other a direction that leaves it alone",
        ),
        (
            lambda: Mapping([field("a", "b"), field("a", "d", name="c")]),
            "the mapping names left field 'a' twice",
            "keep one of the fields, or give the other a direction that leaves it alone",
        ),
        (
            lambda: Mapping([field("a", "b"), field("c", "b")]),
            "the mapping names right field 'b' twice",
            "keep one of the fields, or give the other a direction that leaves it alone",
        ),
    ],
)
def test_a_contradiction_is_refused_with_a_fix(made: Any, said: str, fix: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        made()
    assert (str(refused.value), refused.value.fix) == (said, fix)


def test_one_source_may_feed_two_fields_of_the_other_side() -> None:
    twice = Mapping([field("a", "b"), field("a", "c", name="again", direction="to_right")])
    assert twice.right.write({"a": "x", "again": "x"}, {}) == {"b": "x", "c": "x"}


def test_a_field_is_called_by_its_name_else_the_left_else_the_right() -> None:
    names = [
        field("l", "r", name="n").name,
        field("l", "r").name,
        field(None, "r", Constant(1)).name,
    ]
    assert names == ["n", "l", "r"]


def test_a_field_holds_what_was_declared() -> None:
    made = field(
        "a", "b", left_lens=Integer(), policy="left", owner="right", direction="to_left",
        create_only=True,
    )  # fmt: skip
    assert (made.policy, made.owner, made.direction) == (Policy.LEFT, Side.RIGHT, Direction.TO_LEFT)
    assert made.create_only
    assert [made.raw_name(side) for side in Side] == ["a", "b"]
    assert [made.lens_of(side) for side in Side] == [Integer(), Text()]


def test_an_enum_map_serves_its_two_sides_with_two_halves() -> None:
    made = Mapping([field("s", "status", EnumMap({"1": "open"}))])
    assert made.left.read({"s": "1"}) == {"s": "1"}
    assert made.right.read({"status": "open"}) == {"s": "1"}


def test_directions_say_which_sides_they_reach() -> None:
    reached = {d: [d.reaches(side) for side in Side] for d in Direction}
    assert reached == {
        Direction.BOTH: [True, True],
        Direction.TO_RIGHT: [False, True],
        Direction.TO_LEFT: [True, False],
    }


def test_a_side_tells_what_it_reads() -> None:
    whole = Composed("{first} {last}")
    made = Mapping([field("a", "b"), field("p", "q", Reference("x")), field(None, "c", whole)])
    assert made.left.reads == ("a", "p", "first", "last")
    assert made.right.reads == ("b", "c", "q")
    assert made.writable(Side.LEFT) == ("a", "p")
    assert made.writable(Side.RIGHT) == ("a", "p", "c")
    assert made.side(Side.LEFT) is made.left
    assert made.side(Side.RIGHT) is made.right


@given(st.none() | st.text(max_size=5), st.none() | st.text(max_size=5))
def test_what_is_written_is_what_is_read_back(one: str | None, other: str | None) -> None:
    made = Mapping([field("a", "b"), field("c", "d")])
    canon = made.left.read({"a": one, "c": other})
    assert made.right.read(made.right.write(canon, {})) == canon


def test_a_value_that_cannot_be_read_names_its_field_and_not_its_value() -> None:
    made = Mapping([field("born", "birth", Date())])
    for half, raw in ((made.left, "born"), (made.right, "birth")):
        with pytest.raises(Rejected, match=f"field 'born' on the {half.side}") as refused:
            half.read({raw: "secret"})
        assert refused.value.field == "born"
        assert "secret" not in f"{refused.value} {refused.value.fix}"
        assert refused.value.fix == (
            f"correct the value of 'born' on the {half.side}, or give the field another lens"
        )


def test_a_derived_value_that_cannot_be_made_names_its_field() -> None:
    made = Mapping([field("a", "b"), field(None, "n", Computed(lambda row: row["x"] + 1, ("x",)))])
    with pytest.raises(Rejected) as refused:
        made.left.read({"a": "1", "x": None})
    assert refused.value.field == "n"


def test_a_value_that_cannot_be_written_names_its_field() -> None:
    made = Mapping([field("a", "b", right_lens=Integer())])
    with pytest.raises(Rejected, match="field 'a' on the right") as refused:
        made.right.write({"a": "many"}, {})
    assert refused.value.field == "a"


def test_nothing_is_written_to_the_side_on_which_a_value_is_derived() -> None:
    made = Mapping([field("a", "b"), field(None, "c", Constant("x"))])
    assert made.left.write({"a": "1", "c": "y"}, {}) == {"a": "1"}
    assert made.left.read({"a": "1"}) == {"a": "1", "c": "x"}


def test_a_match_key_that_cannot_be_read_is_no_key() -> None:
    made = Mapping([field("born", "birth", Date()), field(None, "c", Constant("x"))])
    assert made.left.read_one("born", {"born": "2001-02-03"}) == "2001-02-03"
    assert made.left.read_one("born", {"born": "nonsense"}) is None
    assert made.left.read_one("c", {}) is None


def test_a_reference_is_the_left_id_on_both_sides() -> None:
    assert CHILD.left.read({"name": "K", "parent_id": "l7"}) == {"name": "K", "parent_id": "l7"}
    seen = CHILD.right.read({"title": "K", "parentId": "r7"}, PARENTS)
    assert seen == {"name": "K", "parent_id": "l7"}
    assert CHILD.right.write({"parent_id": "l7"}, {}, PARENTS) == {"parentId": "r7"}
    assert CHILD.left.write({"parent_id": "l7"}, {}, PARENTS) == {"parent_id": "l7"}
    assert CHILD.right.references == [("parent_id", "parentId", "parents")]


def test_an_empty_reference_refers_to_nothing() -> None:
    assert CHILD.right.read({"title": "K", "parentId": None})["parent_id"] is None
    assert CHILD.right.write({"parent_id": None}, {"parentId": "r7"}) == {"parentId": None}


def test_a_reference_without_a_link_waits_for_its_parent() -> None:
    with pytest.raises(Unlinked) as missing:
        CHILD.right.read({"title": "K", "parentId": "r9"}, PARENTS)
    assert (missing.value.parent_side, missing.value.record_id) == (Side.RIGHT, "r9")
    with pytest.raises(Unlinked) as missing:
        CHILD.right.write({"parent_id": "l9"}, {}, PARENTS)
    assert (missing.value.parent_side, missing.value.record_id) == (Side.LEFT, "l9")


def test_a_reference_that_cannot_be_read_is_refused_and_names_its_field() -> None:
    for half, raw in ((CHILD.left, "parent_id"), (CHILD.right, "parentId")):
        with pytest.raises(Rejected) as refused:
            half.read({raw: ["no", "id"]}, PARENTS)
        assert refused.value.field == "parent_id"


def test_half_a_mapping_can_stand_alone() -> None:
    half = SideMap(Side.RIGHT, [field("a", "b")])
    assert half.read({"b": " x "}) == {"a": "x"}
