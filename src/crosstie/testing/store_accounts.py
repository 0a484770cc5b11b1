"""The part of the store contract about accounts: calls made, and accounts left alone."""

from __future__ import annotations

from crosstie.core.budget import DAY, HOUR, Counted
from crosstie.ports import AccountPause, Store
from crosstie.testing.driving import run

NOON = 1_767_268_800.0
BREAKER = AccountPause("one", "breaker", "no answer", NOON, NOON + 20.0)
LIMIT = AccountPause("one", "limit", "answered 429", NOON, NOON + 3_600.0)


class AccountContract:
    """Promises about calls counted and accounts left alone."""

    def test_counted_calls_add_up_and_never_fall_below_zero(self, store: Store) -> None:
        assert run(store.counted_calls(None, NOON)) == []
        for calls in (100, 100, -30, 0):
            run(store.count_calls("one", [Counted(DAY, NOON, calls, 5_000)], NOON))
        run(store.count_calls("one", [Counted(DAY, NOON + 900.0, -5, 4_000)], NOON))
        run(store.count_calls("one", [Counted(HOUR, NOON, 9, 50)], NOON))
        run(store.count_calls("other", [Counted(DAY, NOON, 1, 5_000)], NOON))
        one = [("one", Counted(HOUR, NOON, 9, 50)), ("one", Counted(DAY, NOON, 170, 5_000))]
        assert run(store.counted_calls("one", NOON)) == one
        assert run(store.counted_calls("nobody", NOON)) == []
        other = ("other", Counted(DAY, NOON, 1, 5_000))
        assert run(store.counted_calls(None, NOON)) == [*one, other]

    def test_calls_are_told_by_part_with_the_newest_limit(self, store: Store) -> None:
        run(store.count_calls("one", [Counted(DAY, NOON + 900.0, 2, 80)], NOON))
        run(store.count_calls("one", [Counted(DAY, NOON, 1, 90), Counted(DAY, NOON, 1, 70)], NOON))
        told = run(store.counted_calls("one", NOON))
        assert [(c.part, c.calls, c.most) for _, c in told] == [
            (NOON, 2, 70),
            (NOON + 900.0, 2, 80),
        ]

    def test_calls_that_left_their_window_are_forgotten(self, store: Store) -> None:
        run(store.count_calls("one", [Counted(HOUR, NOON, 9, 50)], NOON))
        assert run(store.counted_calls("one", NOON + HOUR))
        later = NOON + 1.1 * HOUR
        assert run(store.counted_calls("one", later)) == []
        run(store.count_calls("one", [], later))
        assert run(store.counted_calls("one", NOON)) == []

    def test_a_pause_is_kept_by_kind_until_it_is_ended(self, store: Store) -> None:
        assert run(store.pauses()) == []
        for pause in (LIMIT, BREAKER):
            run(store.keep_pause(pause))
        later = AccountPause("one", "breaker", "answered 503", NOON, NOON + 60.0)
        run(store.keep_pause(later))
        assert run(store.pauses()) == [later, LIMIT]
        for _ in range(2):
            run(store.end_pause("one", "breaker"))
        run(store.end_pause("nobody", "limit"))
        assert run(store.pauses()) == [LIMIT]
