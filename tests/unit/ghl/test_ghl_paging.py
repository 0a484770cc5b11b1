"""Listings and the change feed: nothing skipped, nothing endless, few calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crosstie.connectors.ghl.paging import (
    OVERLAP,
    Feed,
    Sweep,
    cursor_of,
    feed_of,
    sweep_of,
)

NOON = 1_767_268_800.0
TOP = 1_767_268_800_000


def look(feed: Feed, times: list[int], size: int, now: float) -> tuple[Feed, list[int], int]:
    """One complete look at records with these times; what it told, and its calls."""
    told: list[int] = []
    more, calls = True, 0
    while more:
        feed = feed_of(cursor_of(feed)).begin(now)
        found = sorted(n for n in range(len(times)) if times[n] >= feed.anchor)
        found.sort(key=lambda n: times[n])
        page = found[(feed.page - 1) * size : feed.page * size]
        told += page
        feed, more = feed.after([times[n] for n in page], size, now)
        calls += 1
        assert calls < 500
    return feed, told, calls


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 7))
def test_a_look_tells_everything_whatever_the_times(gaps: list[int], size: int):
    times = [TOP + gap for gap in gaps]
    feed, told, _ = look(Feed(TOP, NOON, NOON), times, size, NOON)
    assert set(told) == set(range(len(times)))
    assert feed.top == max(times, default=TOP)


def test_a_thousand_records_cost_a_page_each_hundred():
    times = [TOP + n for n in range(1_000)]
    _, _, calls = look(Feed(TOP, NOON, NOON), times, 100, NOON)
    assert calls == 11


def test_a_record_that_the_index_shows_late_is_told_within_the_overlap():
    times = [TOP + 50_000]
    feed, _, _ = look(Feed(TOP, NOON, NOON), times, 10, NOON + 50)
    late = [*times, TOP + 10_000]
    _, told, _ = look(feed, late, 10, NOON + 80)
    assert 1 in told


def test_a_feed_at_rest_stops_telling_the_same_again():
    times = [TOP + n for n in range(300)]
    feed, _, first = look(Feed(TOP, NOON, NOON), times, 100, NOON)
    feed, told, _ = look(feed, times, 100, NOON + 30)
    assert len(set(told)) == 300
    feed, _, _ = look(feed, times, 100, NOON + OVERLAP + 1)
    feed, told, calls = look(feed, times, 100, NOON + OVERLAP + 31)
    assert (told, calls) == ([299], 1) and first == 4


def test_after_a_long_sleep_the_whole_overlap_is_looked_at():
    """What was in nobody's index when we last looked must not be left out now."""
    feed, _, _ = look(Feed(TOP, NOON, NOON), [TOP + 5], 10, NOON + 1)
    _, told, _ = look(feed, [TOP + 5, TOP + 1], 10, NOON + 9_000)
    assert sorted(told) == [0, 1]


def test_a_crowd_of_one_millisecond_deeper_than_pages_reach_is_left_behind_at_last():
    feed = Feed(TOP, NOON, NOON, begun=NOON, anchor=TOP, page=20)
    following, more = feed.after([TOP] * 500, 500, NOON)
    assert (following.anchor, following.page, more) == (TOP + 1, 1, True)


def sweep(times: list[int], size: int, gone: dict[int, int]) -> tuple[list[int], int]:
    """A complete listing during which records vanish: call number -> record."""
    live = sorted(range(len(times)), key=lambda n: times[n])
    told: list[int] = []
    place, more, calls = sweep_of(None), True, 0

    def page() -> tuple[list[int], int]:
        nonlocal calls
        calls += 1
        if calls in gone and gone[calls] in live:
            live.remove(gone[calls])
        found = [n for n in live if times[n] >= place.anchor]
        return found[(place.page - 1) * size : place.page * size], len(found)

    while more:
        rows, total = page()
        again = place.resumed(total)
        if again is not place:
            place = again
            rows, total = page()
        told += rows
        place, more = place.after([times[n] for n in rows], size, total)
        place = sweep_of(cursor_of(place))
        assert calls < 500
    return told, calls


@given(
    st.integers(0, 40),
    st.integers(2, 7),
    st.dictionaries(st.integers(2, 12), st.integers(0, 39), max_size=3),
)
def test_a_listing_shows_all_that_stay_even_while_others_vanish(
    count: int, size: int, gone: dict[int, int]
):
    told, _ = sweep([TOP + n for n in range(count)], size, gone)
    assert set(range(count)) - set(gone.values()) <= set(told)


def test_a_quiet_listing_costs_a_page_each_hundred_and_repeats_nothing():
    told, calls = sweep([TOP + n // 7 for n in range(1_000)], 100, {})
    assert (len(told), len(set(told)), calls) == (1_000, 1_000, 11)


def test_a_listing_goes_beyond_what_pages_reach():
    told, _ = sweep([TOP + n for n in range(25_000)], 500, {})
    assert set(told) == set(range(25_000))


def test_a_place_survives_as_text():
    feed = Feed(TOP, NOON, NOON, begun=NOON, anchor=3, page=2)
    assert feed_of(cursor_of(feed)) == feed
    assert sweep_of(cursor_of(Sweep(1, 2, 3, 4))) == Sweep(1, 2, 3, 4)
