"""The schedule of attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.retry import SCHEDULE, Schedule, delay

dice = st.floats(0.0, 1.0, exclude_max=True)


@given(st.integers(1, 3), dice)
def test_the_first_waits_are_full_jitter(attempt: int, roll: float):
    wait = delay(attempt, roll)
    assert wait is not None
    assert 0.0 <= wait <= 2.0 ** (attempt - 1)


@given(dice)
def test_later_waits_follow_the_schedule_a_quarter_less_or_more(roll: float):
    for number, step in enumerate(SCHEDULE.later):
        wait = delay(4 + number, roll)
        assert wait is not None
        assert 0.75 * step <= wait <= 1.25 * step


@given(st.integers(1, 40), dice, st.floats(0.0, 1e6))
def test_never_less_is_waited_than_the_system_asked(attempt: int, roll: float, after: float):
    wait = delay(attempt, roll, after)
    assert wait is None or wait >= after


def test_after_the_last_attempt_there_is_none():
    assert SCHEDULE.attempts == 11
    assert delay(10, 0.5) == 36_000.0
    assert delay(11, 0.5) is None
    assert delay(11, 0.5, after=5.0) is None


def test_soon_waits_never_exceed_the_most():
    assert Schedule(soon=20).delay(20, 0.5) == 30.0
