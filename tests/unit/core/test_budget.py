"""The rate budget: never too much into any window, and always what the system last said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.budget import Budget, Learned, Urgency, Window

BURST = Window(10.0, 5)
DAY = Window(86_400.0, 40)
NOON = 1_767_268_800.0

gaps = st.lists(st.floats(0.0, 4_000.0) | st.floats(0.0, 3.0), max_size=120)
urgencies = st.sampled_from(Urgency)


def spend(budget: Budget, now: float, calls: int, urgency: Urgency = Urgency.LIVE) -> int:
    """Calls let through at one moment."""
    return sum(budget.ask(now, urgency) == 0.0 for _ in range(calls))


def fullest(moments: list[float], seconds: float) -> int:
    """The most calls in any stretch of that length."""
    return max((sum(m <= o < m + seconds for o in moments) for m in moments), default=0)


@given(gaps, st.data())
def test_no_window_ever_holds_more_calls_than_its_limit(gaps: list[float], data: st.DataObject):
    budget, now, booked = Budget((BURST, DAY)), NOON, []
    for gap in gaps:
        now += gap
        if budget.ask(now, data.draw(urgencies)) == 0.0:
            booked.append(now)
        if data.draw(st.booleans()):
            remaining = data.draw(st.integers(0, 60))
            budget.learn([Learned(10.0, None, remaining), Learned(86_400.0, None, remaining)], now)
    assert fullest(booked, 10.0) <= 5
    assert fullest(booked, 86_400.0) <= 40


@given(gaps, urgencies)
def test_who_waits_as_long_as_told_gets_through_when_alone(gaps: list[float], urgency: Urgency):
    budget, now = Budget((BURST, DAY)), NOON
    for gap in gaps:
        now += gap
        wait = budget.ask(now, urgency)
        assert wait >= 0.0
        if wait:
            now += wait + 0.001
            assert budget.ask(now, urgency) == 0.0


@given(st.integers(0, 5), st.integers(0, 10))
def test_waiting_is_never_for_nothing(booked: int, remaining: int):
    """No endless loop: with time passing, some call always gets through."""
    budget, now = Budget((BURST,)), NOON
    spend(budget, now, booked)
    budget.learn([Learned(10.0, 5, remaining)], now)
    for _ in range(3):
        now += budget.ask(now)
    assert now > NOON or booked < 5


def test_a_full_window_says_when_its_first_call_leaves_it():
    budget = Budget((BURST,), slack=0.0)
    assert spend(budget, NOON, 9) == 5
    assert budget.ask(NOON + 4.0) == 6.0
    assert budget.ask(NOON + 10.0) == 0.0


def test_backfill_leaves_a_fifth_to_live_changes():
    budget = Budget((Window(10.0, 100),))
    assert spend(budget, NOON, 200, Urgency.BACKFILL) == 80
    assert spend(budget, NOON, 200) == 20


def test_backfill_gets_through_even_where_the_limit_is_one():
    assert Budget((Window(10.0, 1),)).ask(NOON, Urgency.BACKFILL) == 0.0


def test_a_limit_lower_than_documented_is_obeyed():
    budget = Budget((Window(10.0, 100),))
    budget.learn([Learned(10.0, 25, 25)], NOON)
    assert spend(budget, NOON, 200) == 25


def test_a_limit_higher_than_documented_is_used():
    budget = Budget((Window(10.0, 100),))
    budget.learn([Learned(10.0, 300, 300)], NOON)
    assert spend(budget, NOON, 500) == 300


def test_calls_that_others_made_count_until_their_window_has_passed():
    budget = Budget((Window(10.0, 100),))
    spend(budget, NOON, 10)
    budget.learn([Learned(10.0, 100, 30)], NOON)
    assert budget.state(NOON).windows[0].used == 70
    assert spend(budget, NOON, 100) == 30
    assert spend(budget, NOON + 10.3, 200) == 100


def test_a_day_that_others_used_up_begins_anew_at_midnight():
    budget = Budget((DAY,))
    budget.learn([Learned(86_400.0, 40, 0)], NOON)
    assert budget.ask(NOON) == 43_200.0
    assert budget.ask(NOON + 43_200.0) == 0.0


def test_our_own_calls_are_never_forgotten_whatever_the_system_says():
    budget = Budget((DAY,))
    spend(budget, NOON, 40)
    budget.learn([Learned(86_400.0, 40, 40)], NOON)
    assert budget.ask(NOON + 43_200.0) > 0.0


def test_a_window_nobody_knows_is_skipped():
    budget = Budget((BURST,))
    budget.learn([Learned(60.0, 1, 0)], NOON)
    assert spend(budget, NOON, 9) == 5


def test_a_pause_stops_everyone_and_shows():
    budget = Budget((BURST,))
    budget.pause(NOON + 10.0)
    budget.pause(NOON + 2.0)
    assert budget.ask(NOON + 3.0) == 7.0
    assert budget.state(NOON).paused_until == NOON + 10.0
    assert budget.ask(NOON + 10.0) == 0.0
    assert budget.state(NOON + 10.0).paused_until is None


def test_a_clock_set_back_does_not_freeze_the_account():
    budget = Budget((BURST, DAY))
    spend(budget, NOON, 5)
    assert 0.0 < budget.ask(NOON - 3_600.0) < 11.0
    assert budget.ask(NOON - 3_589.0) == 0.0


def test_no_windows_means_no_waiting():
    assert spend(Budget(()), NOON, 1_000) == 1_000
