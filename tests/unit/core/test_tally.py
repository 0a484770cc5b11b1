"""Figures of two stretches add up to those of one, and percentiles stay within their bounds."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.tally import BOUNDS, MOST_CAUSES, OTHER, Spread, Tally, total

SECONDS = st.floats(min_value=0.0, max_value=200_000.0)
TIMES = st.lists(SECONDS, max_size=40)


def spread(times: list[float]) -> Spread:
    made = Spread()
    for each in times:
        made.add(each)
    return made


@given(TIMES, TIMES)
def test_two_spreads_taken_together_are_the_spread_of_all(
    one: list[float], two: list[float]
) -> None:
    together = spread(one)
    together.take_in(spread(two))
    assert together == spread(one + two)
    assert together.total == len(one) + len(two)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_off_by_one_bound_at_most(times: list[float], share: float) -> None:
    told = spread(times).at(share)
    place = max(0, -(-len(times) * share // 1) - 1)
    true = sorted(times)[int(place)]
    assert told is not None
    lower = max((bound for bound in (0.0, *BOUNDS) if bound < true), default=0.0)
    upper = min((bound for bound in BOUNDS if bound >= true), default=max(times))
    assert lower <= told <= max(upper, true) + 1e-9
    assert told <= max(times)


def test_nothing_has_no_percentile_and_no_success() -> None:
    assert Spread().at(0.5) is None
    assert Tally().success is None
    assert total([]) == Tally()


def test_what_a_clock_set_back_makes_negative_counts_as_no_time() -> None:
    made = spread([-5.0])
    assert made.at(0.5) == 0.0
    assert made.total == 1


def test_stretches_add_up_and_the_last_says_what_is_due() -> None:
    early = Tally(settled=3, failed=1, dead=1, causes={"a": 1}, due=9, oldest=5.0)
    late = Tally(settled=1, failed=2, causes={"a": 1, "b": 1}, due=2, oldest=7.0)
    whole = total([early, late])
    assert (whole.settled, whole.failed, whole.dead, whole.tries) == (4, 3, 1, 7)
    assert whole.causes == {"a": 2, "b": 1}
    assert (whole.due, whole.oldest) == (2, 7.0)
    assert whole.success == pytest.approx(4 / 7)
    assert early.settled == 3, "what was added stays as it was"


def test_causes_beyond_the_most_are_told_apart_no_more() -> None:
    tally = Tally()
    for number in range(MOST_CAUSES + 5):
        tally.blame(f"cause {number}")
    tally.blame("cause 0", 2)
    assert len(tally.causes) == MOST_CAUSES + 1
    assert tally.causes[OTHER] == 5
    assert tally.causes["cause 0"] == 3


@given(TIMES)
def test_what_is_kept_as_json_comes_back(times: list[float]) -> None:
    tally = Tally(settled=len(times), took=spread(times), causes={"3f9c01ab rejected:phone": 2})
    assert msgspec.json.decode(msgspec.json.encode(tally), type=Tally) == tally
