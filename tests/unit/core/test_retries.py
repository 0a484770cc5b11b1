"""What failed is tried again, as a small part of all that is tried."""

from __future__ import annotations

from crosstie.core.retries import LEAST, SHARE, SPAN, Retries

NOON = 1_767_268_800.0


def repeated(budget: Retries, now: float, wanted: int) -> int:
    return sum(budget.again(now) for _ in range(wanted))


def test_one_a_second_is_always_free() -> None:
    budget = Retries()
    assert sum(repeated(budget, NOON + n, 100) for n in range(120)) == LEAST * SPAN


def test_a_tenth_of_what_is_tried_may_be_repeated() -> None:
    budget = Retries()
    for n in range(120):
        for _ in range(90):
            budget.first(NOON + n)
    tried = repeated(budget, NOON + 119.5, 10_000)
    assert tried == (120 * 90 + tried) * SHARE == 1_200


def test_what_was_tried_long_ago_no_longer_counts() -> None:
    budget = Retries()
    for _ in range(1_000):
        budget.first(NOON)
    assert repeated(budget, NOON, 1_000) > 100
    assert repeated(budget, NOON + SPAN, 1_000) == 5


def test_a_clock_set_back_begins_anew() -> None:
    budget = Retries()
    repeated(budget, NOON, 100)
    assert repeated(budget, NOON - 3_600.0, 100) == 5
