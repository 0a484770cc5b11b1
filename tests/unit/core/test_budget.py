"""The rate budget: never too much into any window, and always what the system last said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.core.budget import DAY as A_DAY
from crosstie.core.budget import HOUR, Budget, Counted, Learned, Lease, Urgency, Window

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


def test_slack_costs_a_twentieth_at_most_and_is_whole_where_it_costs_nothing():
    lone, guesty = Window(1.0, 15), (Window(1.0, 15), Window(HOUR, 5_000))
    assert (spend(Budget((lone,)), NOON, 99), spend(Budget(guesty), NOON, 99)) == (15, 15)
    for windows, wait in (((lone,), 1.05), (guesty, 1.25)):
        budget = Budget(windows)
        spend(budget, NOON, 15)
        assert round(budget.ask(NOON), 6) == wait


def test_after_a_pause_calls_go_one_by_one_until_the_shortest_window_is_over():
    budget = Budget((BURST,))
    budget.pause(NOON)
    assert spend(budget, NOON, 9) == 1
    assert budget.ask(NOON) == 2.0
    assert [spend(budget, NOON + 2.0 * n, 9) for n in range(1, 5)] == [1, 1, 1, 1]
    assert spend(budget, NOON + 10.3, 9) == 1, "as room comes back"
    lone = Budget(())
    lone.pause(NOON)
    assert spend(lone, NOON, 9) == 9


def test_the_reserve_of_a_day_is_lent_as_the_day_goes_by():
    budget = Budget((Window(A_DAY, 1_000),))
    lent = [spend(budget, NOON + 6 * HOUR * n, 999, Urgency.BACKFILL) for n in range(4)]
    assert lent == [797, 50, 50, 50]
    assert spend(budget, NOON + 23.99 * HOUR, 999, Urgency.BACKFILL) == 43
    assert budget.state(NOON + 23.99 * HOUR).windows[0].remaining == 10, "never all of it"
    assert spend(budget, NOON + 23.99 * HOUR, 999) == 10


def test_live_changes_at_the_pace_of_their_reserve_always_find_room():
    budget, waits = Budget((Window(A_DAY, 1_000),)), []
    for n in range(3 * 200):
        now = NOON + n * A_DAY / 200
        spend(budget, now, 50, Urgency.BACKFILL)
        waits.append(budget.ask(now))
    assert set(waits) == {0.0}


def test_backfill_is_told_when_enough_of_the_reserve_is_lent():
    budget = Budget((Window(A_DAY, 1_000),))
    spend(budget, NOON, 999, Urgency.BACKFILL)
    wait = budget.ask(NOON, Urgency.BACKFILL)
    assert 0.0 < wait < 500.0
    assert budget.ask(NOON + wait + 0.001, Urgency.BACKFILL) == 0.0
    spend(budget, NOON + wait + 1.0, 999)
    assert budget.ask(NOON + wait + 1.0, Urgency.BACKFILL) > 23 * HOUR, "live changes took it all"


def test_without_a_reserve_backfill_may_use_all_of_a_window():
    budget = Budget((Window(A_DAY, 100), BURST), reserve=0.0)
    assert spend(budget, NOON, 999, Urgency.BACKFILL) == 5
    day = Budget((Window(A_DAY, 100),), reserve=0.0)
    assert spend(day, NOON, 999, Urgency.BACKFILL) == 100
    assert day.ask(NOON, Urgency.BACKFILL) == day.ask(NOON) > 0.0


def test_calls_of_others_are_taken_from_what_is_lent():
    budget = Budget((Window(A_DAY, 1_000),))
    budget.learn([Learned(A_DAY, 1_000, 500)], NOON)
    assert spend(budget, NOON, 999, Urgency.BACKFILL) == 400
    assert 0.0 < budget.ask(NOON, Urgency.BACKFILL) < 500.0
    midnight = NOON + 12 * HOUR
    assert spend(budget, midnight, 999, Urgency.BACKFILL) > 490


def test_others_stay_until_midnight_while_our_own_calls_leave():
    budget = Budget((Window(A_DAY, 1_000),))
    spend(budget, NOON - 20 * HOUR, 400)
    budget.learn([Learned(A_DAY, 1_000, 400)], NOON)
    assert spend(budget, NOON, 999, Urgency.BACKFILL) == 364, "0.2 * 1,000 for 4.25 hours are left"
    assert spend(budget, NOON + 6 * HOUR, 999, Urgency.BACKFILL) > 350


def test_others_who_used_up_a_window_are_waited_for_by_backfill_too():
    budget = Budget((Window(A_DAY, 1_000), BURST))
    budget.learn([Learned(A_DAY, 1_000, 0), Learned(10.0, 5, 0)], NOON)
    assert budget.ask(NOON, Urgency.BACKFILL) == 12 * HOUR
    burst = Budget((BURST,))
    burst.learn([Learned(10.0, 5, 0)], NOON)
    assert burst.ask(NOON) == 10.25


def test_a_limit_of_nothing_and_one_that_is_not_told_change_nothing():
    budget = Budget((BURST,))
    budget.learn([Learned(10.0, 0, None), Learned(10.0, None, 5)], NOON)
    assert spend(budget, NOON, 9) == 5


def kept(lease: Lease, budget: Budget, now: float) -> dict[tuple[float, float], int]:
    return {(c.seconds, c.part): c.calls for c in lease.renew(budget.state(now), now)}


def test_calls_are_counted_a_hundred_at_a_time_and_the_rest_is_given_back():
    budget, lease = Budget((BURST, Window(HOUR, 5_000), Window(A_DAY, 200_000))), Lease()
    assert kept(lease, budget, NOON) == {(HOUR, NOON): 50, (A_DAY, NOON): 50}
    assert (lease.left, lease.until) == (50, NOON + 37.5)
    lease.left = 10
    later = kept(lease, budget, NOON + 40.0)
    assert later == {(HOUR, NOON): -10, (HOUR, NOON + 37.5): 50, (A_DAY, NOON): 40}
    lease.left = 50
    assert kept(lease, budget, NOON + 41.0) == {}, "nothing was used"
    spend(budget, NOON + 41.0, 3)
    lease.left, lease.made = 47, 3
    closed = {(c.seconds, c.part): c.calls for c in lease.close(budget.state(NOON + 42), NOON + 42)}
    assert closed == {(HOUR, NOON + 37.5): -47, (A_DAY, NOON): -47, (10.0, NOON + 42): 3}
    assert lease.left == 0


def test_a_small_window_is_counted_call_by_call():
    budget, lease = Budget((Window(A_DAY, 80),)), Lease()
    assert kept(lease, budget, NOON) == {(A_DAY, NOON): 1}


def test_a_lease_that_was_never_taken_leaves_no_trace():
    assert Lease().close(Budget((BURST,)).state(NOON), NOON) == ()


def test_what_could_not_be_counted_is_asked_for_again():
    budget, lease = Budget((Window(A_DAY, 80),)), Lease()
    kept(lease, budget, NOON)
    lease.forget()
    assert kept(lease, budget, NOON) == {(A_DAY, NOON): 1}


def test_without_a_long_window_nothing_has_to_be_counted():
    budget, lease = Budget((BURST,)), Lease()
    assert kept(lease, budget, NOON) == {}
    assert lease.left > 10**9 and lease.until == float("inf")
    spend(budget, NOON, 2)
    lease.made = 2
    assert lease.close(budget.state(NOON), NOON) == [Counted(10.0, NOON, 2, 5)]


def test_calls_of_earlier_processes_are_not_told_a_second_time():
    budget, lease = Budget((Window(10.0, 100), Window(A_DAY, 10_000))), Lease()
    budget.load([Counted(10.0, NOON, 16, 100)], NOON)
    kept(lease, budget, NOON)
    spend(budget, NOON, 3)
    lease.left, lease.made = lease.left - 3, 3
    told = {c.seconds: c.calls for c in lease.close(budget.state(NOON), NOON)}
    assert told[10.0] == 3


def test_calls_of_earlier_processes_count_as_long_as_ones_own():
    budget = Budget((BURST, Window(A_DAY, 100)))
    budget.load(
        [
            Counted(A_DAY, NOON - 12 * HOUR, 60, 100),
            Counted(A_DAY, NOON - 900.0, -3, 100),
            Counted(A_DAY, NOON + HOUR, 10, 100),
            Counted(10.0, NOON - 4.0, 3, 5),
            Counted(77.0, NOON, 9, 9),
        ],
        NOON,
    )
    assert [level.used for level in budget.state(NOON).windows] == [3, 70]
    assert spend(budget, NOON, 99) == 2
    assert spend(budget, NOON + 20.0, 99) == 5
    assert [level.used for level in budget.state(NOON + 13 * HOUR).windows] == [0, 17]


@given(gaps, st.integers(1, 30))
def test_processes_that_die_and_start_never_make_more_calls_than_one(gaps: list[float], life: int):
    """The state counts what was counted in advance, so no restart forgets a call."""
    state: dict[tuple[float, float], Counted] = {}
    budget, lease, now, booked = Budget((DAY,)), Lease(), NOON, []
    for number, gap in enumerate(gaps):
        now += gap * 10
        if number % life == 0:
            budget, lease = Budget((DAY,)), Lease()
            budget.load(state.values(), now)
        if budget.ask(now) == 0.0:
            if not lease.left or now >= lease.until:
                for each in lease.renew(budget.state(now), now):
                    known = state.get((each.seconds, each.part))
                    calls = each.calls + (known.calls if known else 0)
                    key = each.seconds, each.part
                    state[key] = Counted(each.seconds, each.part, calls, each.most)
            lease.left -= 1
            booked.append(now)
    assert fullest(booked, 86_400.0) <= 40
