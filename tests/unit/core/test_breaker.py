"""The breaker: who does not answer is left alone, tried rarely, and used again once it answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.breaker import CALLS, GOOD, PROBE, SILENT, Breaker, Opened, Outcome

NOON = 1_767_268_800.0
OK, BAD, DUMB = Outcome.GOOD, Outcome.BAD, Outcome.SILENT


def half() -> float:
    return 0.5


def call(breaker: Breaker, now: float, outcome: Outcome) -> bool:
    """A call that takes no time; whether there was something new to tell."""
    breaker.begin(now)
    return breaker.told(outcome, now, now, half, "no answer")


def opened(now: float = NOON) -> Breaker:
    breaker = Breaker()
    for _ in range(SILENT):
        call(breaker, now, DUMB)
    return breaker


def test_five_calls_in_a_row_without_an_answer_open_it() -> None:
    breaker = Breaker()
    assert [call(breaker, NOON + n, DUMB) for n in range(SILENT)] == [False] * 4 + [True]
    assert not breaker.closed
    assert breaker.opened == Opened("no answer", NOON + 4, NOON + 4 + PROBE * 1.5)
    assert breaker.wait(NOON + 4) == PROBE * 1.5


@pytest.mark.parametrize("between", [OK, BAD])
def test_an_answer_between_begins_the_row_anew(between: Outcome) -> None:
    breaker = Breaker()
    for n, outcome in enumerate([DUMB] * 4 + [between] + [DUMB] * 4):
        call(breaker, NOON + 20.0 * n, outcome)
    assert breaker.closed and breaker.wait(NOON) == 0.0


def test_half_of_twenty_calls_within_half_a_minute_open_it() -> None:
    breaker = Breaker()
    told = [call(breaker, NOON + n, BAD if n % 2 else OK) for n in range(CALLS)]
    assert told == [False] * 19 + [True]


def test_fewer_failures_or_fewer_calls_or_a_longer_time_do_not() -> None:
    seldom, few, slow = Breaker(), Breaker(), Breaker()
    for n in range(200):
        call(seldom, NOON + n / 10, BAD if n % 3 == 0 else OK)
        call(slow, NOON + 3.0 * n, BAD)
    for n in range(CALLS - 1):
        call(few, NOON + n / 10, BAD)
    assert seldom.closed and few.closed and slow.closed


def test_one_probe_at_a_time_and_the_next_after_fifteen_to_thirty_seconds() -> None:
    breaker, now = opened(), NOON + PROBE * 1.5
    assert breaker.wait(now) == 0.0 and not breaker.probing
    breaker.begin(now)
    assert breaker.probing and 0.0 < breaker.wait(now + 1.0) < 60.0
    assert breaker.told(BAD, now, now + 2.0, half, "answered 503")
    assert breaker.opened == Opened("answered 503", NOON, now + 2.0 + PROBE * 1.5)
    assert not breaker.probing and not breaker.half


def test_three_good_probes_one_after_the_other_close_it() -> None:
    breaker, now = opened(), NOON + PROBE * 2
    for n in range(GOOD):
        assert breaker.half is (n > 0)
        assert breaker.wait(now) == 0.0
        assert call(breaker, now, OK) is (n == GOOD - 1)
        now += 0.2
    assert breaker.closed and breaker.opened is None and not breaker.half
    assert [call(breaker, now, DUMB) for _ in range(4)] == [False] * 4


def test_a_bad_probe_after_good_ones_opens_it_again() -> None:
    breaker, now = opened(), NOON + PROBE * 2
    call(breaker, now, OK)
    assert breaker.half
    assert call(breaker, now, DUMB)
    assert not breaker.half and breaker.wait(now) == PROBE * 1.5


def test_a_call_that_left_before_it_opened_says_nothing() -> None:
    breaker = opened()
    assert not breaker.told(OK, NOON - 1.0, NOON + 1.0, half)
    assert not breaker.half
    breaker.begin(NOON + 30.0)
    breaker.forget(NOON - 1.0)
    assert breaker.probing
    breaker.forget(NOON + 30.0)
    assert not breaker.probing
    Breaker().forget(NOON)


def test_a_probe_whose_end_nobody_told_is_given_up() -> None:
    breaker = opened()
    breaker.begin(NOON + 30.0)
    assert breaker.wait(NOON + 90.0) == 0.0


def test_a_clock_set_back_neither_freezes_it_nor_keeps_old_failures() -> None:
    breaker = opened()
    assert breaker.wait(NOON - 3_600.0) == 0.0
    counting = Breaker()
    for n in range(CALLS - 1):
        call(counting, NOON + n, BAD)
    assert not call(counting, NOON - 3_600.0, BAD)
    assert not call(counting, NOON - 7_200.0, OK)


def test_what_an_earlier_process_left_open_stays_open() -> None:
    breaker = Breaker(Opened("no answer", NOON, NOON + 10.0))
    assert not breaker.closed
    assert (breaker.wait(NOON + 4.0), breaker.wait(NOON + 11.0)) == (6.0, 0.0)


@given(st.integers(0, 999), st.sampled_from([BAD, DUMB]), st.floats(0.2, 1.0))
def test_an_outage_of_ten_minutes_costs_few_calls(
    seed: int, outcome: Outcome, every: float
) -> None:
    """Calls are wanted all the time; those that are not let through cost nothing."""
    dice, breaker, now, made = random.Random(seed), Breaker(), NOON, list[float]()
    over = NOON + 600.0
    while now < over:
        if breaker.wait(now) == 0.0:
            breaker.begin(now)
            breaker.told(outcome, now, now, dice.random, "down")
            made.append(now)
        now += every
    probes = [at for at in made if breaker.opened and at > breaker.opened.since]
    assert len(made) <= 0.10 * 600.0 / every
    assert max((sum(p <= q < p + 60.0 for q in probes) for p in probes), default=0) <= 4
    while not breaker.closed:
        if breaker.wait(now) == 0.0:
            call(breaker, now, OK)
        now += every
    assert now - over <= 60.0
