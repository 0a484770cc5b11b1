"""What is too long a silence follows from what is usual."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.silence import BURST, FACTOR, silent_for, usual_pause

HOURLY = [3_600.0 * n for n in range(6)]
LAST = HOURLY[-1]


def test_three_usual_pauses_without_a_word_are_too_long() -> None:
    assert usual_pause(HOURLY) == 3_600.0
    assert silent_for(HOURLY, LAST + 3 * 3_600.0) is None
    assert silent_for(HOURLY, LAST + 3 * 3_600.0 + 1.0) == 3 * 3_600.0 + 1.0


def test_nothing_is_usual_before_five_are_known() -> None:
    assert usual_pause(HOURLY[:4]) is None
    assert usual_pause(HOURLY[:5]) == 3_600.0
    assert silent_for([], 1e9) is None


def test_a_burst_is_one() -> None:
    burst = [LAST + n / 10 for n in range(400)]
    assert usual_pause([*HOURLY, *burst[1:]]) == 3_600.0
    assert usual_pause(burst) is None


def test_one_night_in_many_hours_is_not_what_is_usual() -> None:
    day = [3_600.0 * n for n in range(12)]
    assert usual_pause([*day, day[-1] + 43_200.0]) == 3_600.0


@given(st.lists(st.floats(0, 1e9), max_size=40), st.floats(0, 1e9))
def test_silence_is_only_claimed_beyond_the_usual(times: list[float], ahead: float) -> None:
    times.sort()
    now = (times[-1] if times else 0.0) + ahead
    usual, silent = usual_pause(times), silent_for(times, now)
    assert usual is None or usual >= BURST
    if silent is not None:
        assert usual is not None
        assert silent > FACTOR * usual
