"""Room for calls under way: more step by step, half at once."""

from __future__ import annotations

from crosstie.core.flight import FEW, MOST, START, WINDOW, Flight

NOON = 1_767_268_800.0


def window(
    flight: Flight, now: float, took: float, *, inside: int = 10**6, calls: int = FEW
) -> float:
    """Calls that end within one window, and one that ends it; the moment after it."""
    for _ in range(calls):
        flight.landed(took, inside, now + 1.0)
    flight.landed(took, inside, now + WINDOW)
    return now + WINDOW


def begun() -> Flight:
    flight = Flight()
    flight.landed(0.1, 1, NOON)
    return flight


def test_a_window_in_which_all_room_was_used_makes_room_for_one_more() -> None:
    flight, now = begun(), NOON
    for _ in range(100):
        now = window(flight, now, 0.2)
    assert flight.limit == MOST


def test_room_that_nobody_needs_does_not_grow() -> None:
    flight = begun()
    window(flight, NOON, 0.2, inside=3)
    assert flight.limit == START


def test_a_refusal_halves_it_once_for_all_that_were_under_way() -> None:
    flight = begun()
    for _ in range(30):
        flight.refused(NOON)
    assert flight.limit == START // 2
    flight.refused(NOON + WINDOW)
    assert flight.limit == START // 4
    for n in range(9):
        flight.refused(NOON + WINDOW * (2 + n))
    assert flight.limit == 1


def test_answers_that_take_twice_as_long_halve_it() -> None:
    flight = begun()
    now = window(flight, NOON, 0.6)
    assert flight.limit == START + 1
    now = window(flight, now, 1.1)
    assert flight.limit == START + 2
    window(flight, now, 1.9)
    assert flight.limit == (START + 2) // 2


def test_what_is_quick_or_seldom_says_nothing() -> None:
    flight = begun()
    now = window(flight, NOON, 0.01)
    now = window(flight, now, 0.4, inside=1)
    window(flight, now, 9.0, calls=2)
    assert flight.limit == START + 1


def test_a_system_that_became_slower_for_good_gets_its_room_back() -> None:
    flight, now = begun(), NOON
    now = window(flight, now, 0.3)
    for _ in range(60):
        now = window(flight, now, 0.9)
    assert flight.limit > 10


def test_a_clock_set_back_begins_a_new_window() -> None:
    flight = begun()
    flight.refused(NOON)
    flight.landed(0.1, 1, NOON - 3_600.0)
    window(flight, NOON - 3_600.0, 0.1)
    assert flight.limit == START // 2 + 1
    flight.refused(NOON - 3_500.0)
    assert flight.limit == (START // 2 + 1) // 2
