"""The merge: nobody's value is lost, none is made up, and both sides are treated alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from crosstie.core.mapping import Direction, Field, Policy, field
from crosstie.core.merge import (
    NO_RULINGS,
    Clash,
    Merged,
    Rulings,
    Settled,
    Stamps,
    Verdict,
    merge,
    verdict,
)
from crosstie.core.values import MISSING, Fields, Json, Side

PLAIN = field("f", "f")
NO_STAMPS = Stamps()
values = st.sampled_from([None, "a", "b", "c"])
maybe = st.one_of(st.just(MISSING), values)
tags = st.lists(st.sampled_from("abcd"), unique=True).map(sorted) | st.none()
stamps = st.builds(Stamps, st.sampled_from([None, 1.0, 2.0]), st.sampled_from([None, 1.0, 2.0]))
policies = st.sampled_from([p for p in Policy if p is not Policy.UNION])
kinds = st.builds(
    lambda direction, policy, owner, once: field(
        "f", "f", direction=direction, policy=policy, owner=owner, create_only=once
    ),
    st.sampled_from(Direction),
    st.none() | policies,
    st.none() | st.sampled_from(Side),
    st.booleans(),
)
rulings = st.one_of(
    st.just(Rulings()),
    st.builds(lambda side: Rulings(take={"f": side}), st.sampled_from(Side)),
    st.builds(lambda value: Rulings(values={"f": value}), values),
)


def once(
    base: tuple[Any, Any],
    now: tuple[Json, Json],
    f: Field = PLAIN,
    policy: Policy = Policy.ASK,
    stamps: Stamps = NO_STAMPS,
    rulings: Rulings = NO_RULINGS,
) -> Merged:
    """The merge of one field."""
    bases: list[Fields] = [{} if b is MISSING else {"f": b} for b in base]
    views = ({"f": now[0]}, {"f": now[1]})
    return merge((f,), policy, (bases[0], bases[1]), views, stamps, rulings)


def told(merged: Merged) -> list[Any]:
    """Everything a merge says."""
    return [merged.to_left, merged.to_right, merged.agreed, merged.clashes, merged.decided]


def nothing_written(merged: Merged) -> bool:
    return not merged.to_left and not merged.to_right


def other_way(direction: Direction) -> Direction:
    return {
        Direction.BOTH: Direction.BOTH,
        Direction.TO_LEFT: Direction.TO_RIGHT,
        Direction.TO_RIGHT: Direction.TO_LEFT,
    }[direction]


def swapped(policy: Policy | None) -> Policy | None:
    return {Policy.LEFT: Policy.RIGHT, Policy.RIGHT: Policy.LEFT}.get(policy, policy)  # type: ignore[arg-type]


def mirrored(merged: Merged) -> list[Any]:
    """What the merge of the mirrored sides must say."""

    def why(text: str) -> str:
        names = {"policy left": "policy right", "policy right": "policy left"}
        return names.get(text, text)

    return [
        merged.to_right,
        merged.to_left,
        {name: (right, left) for name, (left, right) in merged.agreed.items()},
        {
            name: Clash(c.base_right, c.base_left, c.right, c.left)
            for name, c in merged.clashes.items()
        },
        {name: Settled(d.loser.other, why(d.why)) for name, d in merged.decided.items()},
    ]


@given(kinds, policies, maybe, maybe, values, values, stamps, rulings)
def test_mirroring_the_sides_mirrors_the_result(
    f: Field, policy: Policy, bl: Any, br: Any, left: Json, right: Json, at: Stamps, said: Rulings
) -> None:
    image = replace(
        f,
        direction=other_way(f.direction),
        policy=swapped(f.policy),
        owner=f.owner.other if f.owner else None,
    )
    turned = structs.replace(said, take={name: side.other for name, side in said.take.items()})
    straight = once((bl, br), (left, right), f, policy, at, said)
    across = once(
        (br, bl), (right, left), image, swapped(policy) or policy, Stamps(at.right, at.left), turned
    )
    assert mirrored(straight) == told(across)


@given(maybe, maybe, values, values)
def test_mirroring_the_sides_mirrors_the_verdict(bl: Any, br: Any, left: Json, right: Json) -> None:
    image = {Verdict.LEFTWARD: Verdict.RIGHTWARD, Verdict.RIGHTWARD: Verdict.LEFTWARD}
    straight = verdict(bl, br, left, right)
    assert verdict(br, bl, right, left) is image.get(straight, straight)


@given(policies, values, values)
def test_an_edit_on_one_side_travels_under_every_policy(
    policy: Policy, base: Json, edit: Json
) -> None:
    rightward = once((base, base), (edit, base), policy=policy)
    assert rightward.to_right == ({} if edit == base else {"f": edit})
    assert rightward.to_left == {}
    leftward = once((base, base), (base, edit), policy=policy)
    assert leftward.to_left == ({} if edit == base else {"f": edit})
    assert leftward.to_right == {}


@given(kinds, policies, maybe, maybe, values, stamps)
def test_the_same_edit_on_both_sides_is_agreed_without_a_write(
    f: Field, policy: Policy, bl: Any, br: Any, value: Json, at: Stamps
) -> None:
    merged = once((bl, br), (value, value), f, policy, at)
    assert nothing_written(merged)
    assert not merged.clashes


@given(kinds, policies, maybe, maybe, values, values, stamps, rulings)
def test_no_value_is_made_up(
    f: Field, policy: Policy, bl: Any, br: Any, left: Json, right: Json, at: Stamps, said: Rulings
) -> None:
    merged = once((bl, br), (left, right), f, policy, at, said)
    known = [left, right, *said.values.values()]
    for value in (*merged.to_left.values(), *merged.to_right.values()):
        assert value in known


@given(kinds, policies, maybe, maybe, values, values, stamps)
def test_a_merge_that_was_carried_out_has_nothing_more_to_write(
    f: Field, policy: Policy, bl: Any, br: Any, left: Json, right: Json, at: Stamps
) -> None:
    merged = once((bl, br), (left, right), f, policy, at)
    left, right = merged.to_left.get("f", left), merged.to_right.get("f", right)
    written = merged.to_left or merged.to_right or merged.agreed
    base = (left, right) if written else (bl, br)
    assert nothing_written(once(base, (left, right), f, policy, at))


@given(policies, values, values, values, stamps)
def test_a_clash_is_asked_about_or_has_one_loser(
    policy: Policy, base: Json, left: Json, right: Json, at: Stamps
) -> None:
    merged = once((base, base), (left, right), policy=policy, stamps=at)
    if len({base, left, right}) < 3:
        assert not merged.clashes
        return
    assert bool(merged.clashes) is not bool(merged.decided)
    assert nothing_written(merged) is bool(merged.clashes)


@pytest.mark.parametrize("policy", list(Policy))
def test_a_ruling_beats_every_policy(policy: Policy) -> None:
    taken = once(("a", "a"), ("b", "c"), policy=policy, rulings=Rulings(take={"f": Side.RIGHT}))
    assert taken.to_left == {"f": "c"}
    assert taken.decided["f"] == Settled(Side.LEFT, "a person decided")
    third = once(("a", "a"), ("b", "c"), policy=policy, rulings=Rulings(values={"f": "d"}))
    assert (third.to_left, third.to_right) == ({"f": "d"}, {"f": "d"})
    same = once(("a", "a"), ("b", "b"), policy=policy, rulings=Rulings(values={"f": "b"}))
    assert same.agreed == {"f": ("b", "b")}
    half = once(("a", "a"), ("b", "c"), policy=policy, rulings=Rulings(values={"f": "b"}))
    assert (half.to_left, half.to_right) == ({}, {"f": "b"})


def test_newest_takes_the_later_clock_and_asks_where_there_is_none() -> None:
    cases = {
        Stamps(2.0, 1.0): Side.LEFT,
        Stamps(1.0, 2.0): Side.RIGHT,
        Stamps(1.0, 1.0): None,
        Stamps(None, 1.0): None,
        Stamps(1.0, None): None,
    }
    for at, winner in cases.items():
        merged = once(("a", "a"), ("b", "c"), policy=Policy.NEWEST, stamps=at)
        assert bool(merged.clashes) is (winner is None)
        if winner is not None:
            assert merged.write_to(winner.other) == {"f": "b" if winner is Side.LEFT else "c"}


def test_the_policy_of_a_field_goes_before_that_of_the_sync() -> None:
    merged = once(("a", "a"), ("b", "c"), field("f", "f", policy="right"), Policy.LEFT)
    assert merged.to_left == {"f": "c"}
    assert merged.decided["f"] == Settled(Side.LEFT, "policy right")


@given(values, values, values)
def test_an_owned_field_is_put_back(base: Json, left: Json, right: Json) -> None:
    owned = once((base, base), (left, right), field("f", "f", owner="left"), Policy.RIGHT)
    assert owned.to_left == {}
    assert owned.to_right == ({} if left == right else {"f": left})


@given(maybe, maybe, values, values, stamps)
def test_a_one_way_field_never_comes_back(
    bl: Any, br: Any, left: Json, right: Json, at: Stamps
) -> None:
    merged = once((bl, br), (left, right), field("f", "f", direction="to_right"), stamps=at)
    assert merged.to_left == {}
    assert merged.clashes == {}


def test_a_one_way_field_that_both_edited_goes_its_way() -> None:
    right = once(("a", "a"), ("b", "c"), field("f", "f", direction="to_right"))
    assert (right.to_right, right.decided["f"].loser) == ({"f": "b"}, Side.RIGHT)
    left = once(("a", "a"), ("b", "c"), field("f", "f", direction="to_left"))
    assert (left.to_left, left.decided["f"].loser) == ({"f": "c"}, Side.LEFT)


def test_a_create_only_field_that_was_edited_is_asked_about() -> None:
    fixed = field("f", "f", create_only=True)
    assert once(("a", "a"), ("b", "a"), fixed).clashes == {"f": Clash("a", "a", "b", "a")}
    assert once((MISSING, MISSING), ("b", None), fixed).to_right == {"f": "b"}


def test_a_person_ends_the_question_about_a_create_only_field() -> None:
    fixed = field("f", "f", create_only=True)
    back = once(("a", "a"), ("b", "a"), fixed, rulings=Rulings(take={"f": Side.RIGHT}))
    assert (back.to_left, back.to_right, back.clashes) == ({"f": "a"}, {}, {})
    on = once(("a", "a"), ("b", "a"), fixed, rulings=Rulings(take={"f": Side.LEFT}))
    assert (on.to_left, on.to_right, on.clashes) == ({}, {"f": "b"}, {})
    one_way = field("f", "f", create_only=True, direction="to_right")
    left = once(("a", "a"), ("b", "a"), one_way, rulings=Rulings(take={"f": Side.RIGHT}))
    assert (left.to_left, list(left.clashes)) == ({}, ["f"]), "nothing is ever written there"


@pytest.mark.parametrize(
    ("left", "right", "way"),
    [
        ("a", "a", Verdict.SAME),
        (None, None, Verdict.SAME),
        (None, "a", Verdict.LEFTWARD),
        ("a", None, Verdict.RIGHTWARD),
        ("a", "b", Verdict.CLASH),
    ],
)
def test_without_a_base_the_empty_side_takes_the_value(
    left: Json, right: Json, way: Verdict
) -> None:
    assert verdict(MISSING, MISSING, left, right) is way


@pytest.mark.parametrize(
    ("left", "right", "way"),
    [
        ("a", "a", Verdict.SAME),
        ("a", "b", Verdict.LEFTWARD),
        ("a", None, Verdict.LEFTWARD),
        ("b", "b", Verdict.SAME),
        ("c", "b", Verdict.CLASH),
        (None, "b", Verdict.CLASH),
    ],
)
def test_with_one_base_alone_the_other_side_was_given_something(
    left: Json, right: Json, way: Verdict
) -> None:
    assert verdict("a", MISSING, left, right) is way


def test_a_remote_that_rewrites_values_is_compared_with_its_own_base() -> None:
    assert told(once(("Ann", "ANN"), ("Ann", "ANN"))) == [{}, {}, {}, {}, {}]
    assert once(("Ann", "ANN"), ("Anna", "ANN")).to_right == {"f": "Anna"}
    assert verdict("Ann", "ANN", "Ann", "ANN") is Verdict.STILL
    healed = once(("Ann", "ANN"), ("Ann", "Ann"))
    assert (nothing_written(healed), healed.agreed) == (True, {"f": ("Ann", "Ann")})


@given(tags, tags, tags)
def test_a_union_keeps_what_either_added_and_drops_what_either_removed(
    base: Json, left: Json, right: Json
) -> None:
    merged = once((base, base), (left, right), policy=Policy.UNION)
    got = merged.to_left.get("f", left), merged.to_right.get("f", right)
    was, one, two = (set(side or ()) for side in (base, left, right))
    if len({str(x) for x in (base, left, right)}) == 3:
        assert merged.clashes == {}
        assert set(got[0] or ()) == set(got[1] or ()) == (one & two) | (one ^ two) - was
    else:
        assert got[0] == got[1]


@given(tags, tags)
def test_a_union_without_a_base_keeps_everything(left: Json, right: Json) -> None:
    merged = once((MISSING, MISSING), (left, right), policy=Policy.UNION)
    assert set(merged.to_left.get("f", left) or ()) == {*(left or ()), *(right or ())}


@pytest.mark.parametrize(
    ("base", "left", "right"),
    [
        ("Ann", "Anna", "Anne"),
        ([], [{"id": 1}], [{"id": 2}]),
        ([1], [1, 2], ["a"]),
        (None, ["a"], "b"),
        (7, ["a"], ["b"]),
    ],
)
def test_a_union_of_what_is_no_set_of_texts_is_asked_about(
    base: Json, left: Json, right: Json
) -> None:
    merged = once((base, base), (left, right), policy=Policy.UNION)
    assert list(merged.clashes) == ["f"]
    assert nothing_written(merged)
