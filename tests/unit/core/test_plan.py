"""A plan is a file that says what would happen, and a brake reads it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.errors import Misconfigured
from crosstie.core.plan import FORMAT, Harm, Plan, Planned, dump_plan, load_plan, trips
from crosstie.core.values import Side

json = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4)
ids = st.none() | st.text("abc1", min_size=1, max_size=3)
operations = st.builds(
    Planned,
    sync=st.sampled_from(["people", "trips"]),
    kind=st.sampled_from(["create", "update", "delete", "archive", "close", "ask"]),
    side=st.none() | st.sampled_from(Side),
    left_id=ids,
    right_id=ids,
    changes=st.dictionaries(st.sampled_from("ab"), st.tuples(json, json).map(list), max_size=2),
    cause=st.text(max_size=5),
)
plans = st.builds(
    Plan,
    made_at=st.floats(0, 2e9),
    operations=st.lists(operations, max_size=3).map(tuple),
    matched=st.dictionaries(st.sampled_from(["people", "trips"]), st.integers(0, 9)),
    warnings=st.lists(st.text(max_size=5), max_size=2).map(tuple),
)


@given(plans)
def test_a_plan_comes_back_from_its_file_as_it_was(plan: Plan) -> None:
    assert load_plan(dump_plan(plan)) == plan


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"\xff\xfe", b'{"made_at": "x"}', b"{"])
def test_any_other_file_is_refused_with_the_way_to_make_one(document: bytes) -> None:
    with pytest.raises(Misconfigured, match="this is not a plan") as refused:
        load_plan(document)
    assert "crosstie plan -o" in (refused.value.fix or "")


def test_a_plan_of_another_format_is_refused() -> None:
    newer = dump_plan(Plan(0.0, (), format=FORMAT + 1))
    with pytest.raises(Misconfigured, match=f"format {FORMAT + 1}.*reads {FORMAT}"):
        load_plan(newer)


def test_the_summary_counts_what_would_happen() -> None:
    kinds = ["create", "update", "archive", "delete", "ask", "close"]
    lines = tuple(Planned(sync="s", kind=kind, side=None) for kind in kinds)
    assert Plan(0.0, ()).summary() == "Plan: 0 to create, 0 to change, 0 to delete."
    assert Plan(0.0, lines, {"a": 2, "b": 3}).summary() == (
        "Plan: 1 to create, 2 to change, 1 to delete, 5 to link unchanged, 1 to ask about."
    )


def test_only_what_overwrites_or_removes_is_harmful() -> None:
    harmful = [
        kind
        for kind in ("create", "update", "delete", "archive", "close", "ask")
        if Planned(sync="s", kind=kind, side=None).harmful
    ]
    assert harmful == ["update", "delete", "archive"]


def planned(**other: object) -> Planned:
    given = {"sync": "s", "kind": "update", "side": Side.RIGHT, "left_id": "l", "right_id": "r"}
    return Planned(**{**given, "changes": {"a": [1, 2]}, **other})  # type: ignore[arg-type]


def test_the_key_tells_what_is_done_to_which_record_and_not_why() -> None:
    assert planned().key == planned(cause="something else", changes={"a": [0, 2]}).key
    for other in (
        {"sync": "t"},
        {"kind": "delete"},
        {"side": Side.LEFT},
        {"left_id": "m"},
        {"right_id": "s"},
        {"changes": {"a": [1, 3]}},
        {"changes": {"b": [1, 2]}},
        {"changes": {"a": [1, "2"]}},
    ):
        assert planned().key != planned(**other).key, other


def test_the_key_of_a_create_is_that_of_its_source() -> None:
    create = planned(kind="create", right_id=None)
    assert create.key == planned(kind="create", right_id="made meanwhile").key
    assert create.key != planned(kind="create", left_id="m", right_id=None).key


def test_the_target_is_the_record_that_is_written() -> None:
    assert (planned().target, planned(side=Side.LEFT).target) == ("r", "l")


def stopped(linked: int, **harm: Any) -> bool:
    return bool(trips(Harm(linked, **harm), share=0.05, records=20, empty_side=True))


def test_exactly_five_percent_passes_and_one_more_does_not() -> None:
    assert not stopped(1_000, overwrites=50)
    assert stopped(1_000, overwrites=51)


def test_exactly_twenty_records_pass_and_one_more_does_not() -> None:
    assert not stopped(100, overwrites=20)
    assert stopped(100, overwrites=21)
    assert stopped(100, overwrites=11, deletes=10)


def test_five_of_ten_records_may_change() -> None:
    assert not stopped(10, overwrites=10)


@given(st.integers(0, 3_000), st.integers(0, 300), st.integers(0, 300))
def test_more_harm_never_lets_go_of_the_brake(linked: int, deletes: int, overwrites: int) -> None:
    if stopped(linked, deletes=deletes, overwrites=overwrites):
        assert stopped(linked, deletes=deletes + 1, overwrites=overwrites)
        assert stopped(linked, deletes=deletes, overwrites=overwrites + 1)


def test_an_empty_side_stops_a_run_unless_nothing_was_linked_or_it_is_allowed() -> None:
    harm = Harm(3, empty=(Side.RIGHT,))
    said = trips(harm, share=0.05, records=20, empty_side=True)
    assert said == "the right shows no records, and 3 were linked"
    assert trips(harm, share=0.05, records=20, empty_side=False) is None
    assert trips(Harm(0, empty=(Side.LEFT,)), share=0.05, records=20, empty_side=True) is None


def test_the_brake_says_what_would_have_happened_and_its_limits() -> None:
    def said(**harm: Any) -> str | None:
        return trips(Harm(100, **harm), share=0.05, records=20, empty_side=True)

    limits = "of 100 linked records (limits: 5% and 20)"
    assert said(deletes=30) == f"it would delete 30 {limits}"
    assert said(overwrites=30) == f"it would overwrite 30 {limits}"
    assert said(overwrites=20, deletes=30) == f"it would overwrite 20 and delete 30 {limits}"


def test_the_brake_says_at_least_where_the_counting_stopped_early() -> None:
    def said(**harm: Any) -> str | None:
        more = Harm(100, at_least=True, **harm)
        return trips(more, share=0.05, records=20, empty_side=True)

    limits = "of 100 linked records (limits: 5% and 20)"
    assert said(deletes=30) == f"it would delete at least 30 {limits}"
    assert said(overwrites=20, deletes=30) == (
        f"it would overwrite at least 20 and delete at least 30 {limits}"
    )
    assert said(deletes=100) == f"it would delete 100 {limits}", "there are no more"
