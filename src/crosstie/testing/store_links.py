"""The part of the store contract about links."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.values import Cursor, Link, LinkState, Parent
from crosstie.ports import LEFT_ALONE, Intent, Sighting, Step, Store
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, link_at, noticed_link, run

QUIET = Link(SYNC, left_mark="m1", right_mark="n1", settled=1)
DEAD = replace(QUIET, state=LinkState.DEAD, attempts=8, error="rejected", detail="refused")
CLOSED = replace(QUIET, state=LinkState.CLOSED)
RESTING = (LinkState.WAITING, LinkState.ASKING, LinkState.DEAD)


def settled(store: Store, record_id: str = "l1", shape: Link = QUIET) -> int:
    """A complete link of that shape, quiet, at mark `m1`; its id."""
    link = noticed_link(store, record_id)
    whole = replace(shape, left_id=record_id, right_id=f"right of {record_id}", id=link.id)
    run(store.keep([Step(whole)]))
    return link.id


class LinkContract:
    """Promises of `LinkStore`, and of `DeskStore` about links."""

    def test_the_identity_is_a_name_that_stays(self, store: Store) -> None:
        assert store.identity
        assert store.identity == store.identity

    def test_what_is_due_is_counted_no_further_than_asked(self, store: Store) -> None:
        run(store.notice(SYNC, RIGHT, [Sighting(f"r{n}", "m1") for n in range(5)], 5.0))
        counts = [run(store.due_count(SYNC, 5.0, most)) for most in (3, 9)]
        assert (counts, run(store.due_count(SYNC, 4.0, 9))) == ([3, 5], 0)

    def test_a_record_without_a_link_gets_a_one_sided_one_that_is_due(self, store: Store) -> None:
        told = run(store.notice(SYNC, RIGHT, [Sighting("r1", "m1")], 5.0))
        link = link_at(store, "r1", RIGHT)
        assert (told.marked, told.new, told.unknown, told.links) == (1, 1, (), (link.id,))
        assert (link.left_id, link.right_id, link.state) == (None, "r1", LinkState.ACTIVE)
        assert (link.noticed, link.settled, link.base_left, link.base_right) == (1, 0, {}, {})
        assert not is_due(store, link, now=4.9)
        assert is_due(store, link, now=5.0)

    def test_a_record_without_a_link_is_only_named_when_it_shall_not_be_met(
        self, store: Store
    ) -> None:
        told = run(
            store.notice(SYNC, LEFT, [Sighting("a"), Sighting("b", gone=True)], 5.0, meet=False)
        )
        assert (told.marked, told.new, told.unknown, told.links) == (0, 0, ("a",), ())
        assert run(store.links_at(SYNC, LEFT, ["a", "b"])) == {}

    def test_a_tombstone_of_a_record_without_a_link_means_nothing(self, store: Store) -> None:
        told = run(store.notice(SYNC, LEFT, [Sighting("l1", gone=True)], 5.0))
        assert (told.marked, told.new, told.links) == (0, 0, ())
        assert run(store.links_at(SYNC, LEFT, ["l1"])) == {}

    def test_a_tombstone_of_a_linked_record_is_news_whatever_its_mark(self, store: Store) -> None:
        link_id = settled(store)
        told = run(store.notice(SYNC, LEFT, [Sighting("l1", "m1", gone=True)], 5.0))
        assert (told.marked, told.links) == (1, (link_id,))
        assert is_due(store, link_at(store, "l1"))

    def test_an_equal_mark_is_no_news(self, store: Store) -> None:
        link_id = settled(store)
        before = run(store.link(link_id))
        told = run(store.notice(SYNC, LEFT, [Sighting("l1", "m1")], 5.0))
        assert (told.marked, told.new, told.links) == (0, 0, (link_id,))
        told = run(store.notice(SYNC, RIGHT, [Sighting("right of l1", "n1")], 5.0))
        assert (told.marked, told.new, told.links) == (0, 0, (link_id,))
        assert run(store.link(link_id)) == before
        assert run(store.claim(SYNC, 9.0, 9, frozenset())) == []

    def test_another_mark_or_none_is_news(self, store: Store) -> None:
        link_id = settled(store)
        for number, mark in enumerate(("m2", None, "n1"), start=2):
            assert run(store.notice(SYNC, LEFT, [Sighting("l1", mark)], 5.0)).marked == 1
            link = link_at(store, "l1")
            assert (link.id, link.noticed, link.settled) == (link_id, number, 1)
            assert link.left_mark == "m1"
            assert is_due(store, link, now=5.0)

    def test_news_bring_a_later_try_forward_and_never_put_one_off(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.keep([Step(replace(link, settled=1, attempts=3), due_at=100.0)]))
        assert not is_due(store, link, now=99.0)
        run(store.notice(SYNC, LEFT, [Sighting("l1", "m2")], 10.0))
        assert is_due(store, link, now=10.0)
        assert kept(store, link).attempts == 3
        run(store.notice(SYNC, LEFT, [Sighting("l1", "m3")], 20.0))
        assert is_due(store, link, now=10.0)

    def test_news_wake_a_resting_link_with_its_attempts_at_zero(self, store: Store) -> None:
        for state in RESTING:
            waits = Parent("trips", LEFT, "p1") if state is LinkState.WAITING else None
            link_id = settled(store, state, replace(DEAD, state=state, waits_for=waits))
            assert run(store.notice(SYNC, LEFT, [Sighting(state, "m1")], 5.0)).marked == 0
            assert link_at(store, state).state is state
            assert run(store.notice(SYNC, LEFT, [Sighting(state, "m2")], 5.0)).marked == 1
            link = link_at(store, state)
            assert (link.id, link.state, link.attempts) == (link_id, LinkState.ACTIVE, 0)
            assert (link.error, link.detail, link.waits_for) == (None, None, None)
            assert is_due(store, link, now=5.0)

    def test_a_closed_link_stays_closed(self, store: Store) -> None:
        link_id = settled(store, shape=CLOSED)
        sightings = [Sighting("l1", "m2", gone=True)]
        told = run(store.notice(SYNC, LEFT, sightings, 5.0))
        assert (told.marked, told.links) == (0, (link_id,))
        assert link_at(store, "l1").state is LinkState.CLOSED
        assert not is_due(store, link_at(store, "l1"))

    def test_the_same_id_twice_in_a_batch_counts_once_and_the_last_wins(self, store: Store) -> None:
        told = run(store.notice(SYNC, LEFT, [Sighting("a"), Sighting("a", "m")], 5.0))
        assert (told.marked, told.new, len(told.links)) == (1, 1, 1)
        assert link_at(store, "a").noticed == 1
        settled(store)
        twice = [Sighting("l1", "m2"), Sighting("l1", "m1")]
        assert run(store.notice(SYNC, LEFT, twice, 5.0)).marked == 0

    def test_syncs_and_sides_do_not_meet(self, store: Store) -> None:
        first = noticed_link(store, "same", LEFT, "one")
        second = noticed_link(store, "same", RIGHT, "one")
        third = noticed_link(store, "same", LEFT, "two")
        assert len({first.id, second.id, third.id}) == 3
        assert [link.id for link in run(store.claim("two", 9.0, 9, frozenset()))] == [third.id]

    def test_the_cursor_is_kept_with_what_was_noticed(self, store: Store) -> None:
        run(store.notice(SYNC, LEFT, [], 5.0, Cursor("c1")))
        run(store.notice(SYNC, RIGHT, [Sighting("r")], 5.0, Cursor("d1")))
        run(store.notice(SYNC, LEFT, [Sighting("l")], 6.0))
        assert run(store.cursor(SYNC, LEFT)) == "c1"
        assert run(store.cursor(SYNC, RIGHT)) == "d1"

    def test_a_thousand_records_are_noticed_at_once(self, store: Store) -> None:
        sightings = [Sighting(f"é{number}\"'\\", str(number)) for number in range(1_000)]
        assert run(store.notice(SYNC, LEFT, sightings, 5.0)).new == 1_000
        told = run(store.notice(SYNC, LEFT, sightings, 6.0))
        assert (told.marked, told.new, len(set(told.links))) == (1_000, 0, 1_000)

    def test_claims_come_longest_due_first_and_not_more_than_asked_for(self, store: Store) -> None:
        ids = [
            noticed_link(store, name, now=now).id
            for name, now in zip("cab", (3, 1, 2), strict=True)
        ]
        claimed = run(store.claim(SYNC, 9.0, 9, frozenset()))
        assert [link.left_id for link in claimed] == ["a", "b", "c"]
        assert [link.left_id for link in run(store.claim(SYNC, 9.0, 2, {ids[1]}))] == ["b", "c"]
        assert [link.left_id for link in run(store.claim(SYNC, 2.0, 1, {ids[1]}))] == ["b"]
        assert run(store.claim(SYNC, 9.0, 9, set(ids))) == []

    def test_the_newest_due_come_newest_first_without_those_to_come(self, store: Store) -> None:
        ids = [noticed_link(store, name, now=float(now)).id for now, name in enumerate("abcd")]
        newest = run(store.newest_due(SYNC, 2.5, 2, frozenset()))
        assert [link.left_id for link in newest] == ["c", "b"]
        assert [link.left_id for link in run(store.newest_due(SYNC, 9.0, 2, {ids[3]}))] == ["c"]

    def test_equally_due_links_come_in_the_order_they_were_made(self, store: Store) -> None:
        run(store.notice(SYNC, LEFT, [Sighting(name) for name in "zyx"], 1.0))
        assert [link.left_id for link in run(store.claim(SYNC, 1.0, 9, frozenset()))] == [*"zyx"]

    def test_more_may_be_skipped_than_is_asked_for(self, store: Store) -> None:
        run(store.notice(SYNC, LEFT, [Sighting(f"{n}") for n in range(9)], 1.0))
        run(store.notice(SYNC, LEFT, [Sighting("later")], 2.0))
        first = run(store.claim(SYNC, 9.0, 7, frozenset()))
        taken = {link.id for link in first}
        assert [link.left_id for link in run(store.claim(SYNC, 9.0, 2, taken))] == ["7", "8"]
        found = run(store.claim(SYNC, 9.0, 9, taken - {first[2].id}))
        assert [link.left_id for link in found] == ["2", "7", "8", "later"]

    def test_only_active_links_are_claimed(self, store: Store) -> None:
        for state in (*RESTING, LinkState.CLOSED):
            link = noticed_link(store, state)
            run(store.keep([Step(replace(link, state=state, settled=1), due_at=2.0)]))
        assert run(store.claim(SYNC, 9.0, 9, frozenset())) == []

    def test_an_unknown_link_is_none(self, store: Store) -> None:
        assert run(store.link(404)) is None

    def test_links_are_found_by_record_and_unknown_ids_left_out(self, store: Store) -> None:
        link = noticed_link(store)
        assert run(store.links_at(SYNC, LEFT, ["l1", "l2"])) == {"l1": link}
        assert run(store.links_at(SYNC, RIGHT, ["l1"])) == {}
        assert run(store.links_at(SYNC, LEFT, [])) == {}

    def test_marks_are_those_the_links_remember(self, store: Store) -> None:
        link_id, new = settled(store), noticed_link(store, "l2")
        marks = run(store.marks_at(SYNC, LEFT, ["l1", "l2", "l3"]))
        assert marks == {"l1": (link_id, "m1"), "l2": (new.id, None)}
        assert run(store.marks_at(SYNC, RIGHT, ["right of l1"])) == {"right of l1": (link_id, "n1")}

    def test_the_newest_link_is_the_highest_id_of_the_sync(self, store: Store) -> None:
        assert run(store.newest_link(SYNC)) == 0
        noticed_link(store)
        last = noticed_link(store, "l2")
        noticed_link(store, sync="other")
        assert run(store.newest_link(SYNC)) == last.id

    def test_linked_ids_are_paged_by_link_without_closed_ones(self, store: Store) -> None:
        first, second = settled(store, "l1"), settled(store, "l2")
        settled(store, "l3", CLOSED)
        alone = noticed_link(store, "l4")
        noticed_link(store, sync="other")
        pages = run(store.linked_ids(SYNC, LEFT, 0, 2))
        assert pages == [(first, "l1"), (second, "l2")]
        assert run(store.linked_ids(SYNC, LEFT, second, 9)) == [(alone.id, "l4")]
        assert run(store.linked_ids(SYNC, RIGHT, first, 9)) == [(second, "right of l2")]

    def test_counterparts_are_those_of_complete_links(self, store: Store) -> None:
        settled(store)
        noticed_link(store, "l2")
        assert run(store.counterparts(SYNC, LEFT, ["l1", "l2", "l3"])) == {"l1": "right of l1"}
        assert run(store.counterparts(SYNC, RIGHT, ["right of l1"])) == {"right of l1": "l1"}

    def test_links_are_found_by_either_id_and_their_own(self, store: Store) -> None:
        first, second = settled(store, "l1"), settled(store, "l2")
        third = noticed_link(store, str(first), sync="other").id
        assert [link.id for link in run(store.find_links("l1", 9))] == [first]
        assert [link.id for link in run(store.find_links("right of l2", 9))] == [second]
        assert [link.id for link in run(store.find_links(str(first), 9))] == [first, third]
        assert [link.id for link in run(store.find_links(str(first), 1))] == [first]
        assert run(store.find_links("l", 9)) == []
        assert run(store.find_links("9" * 30, 9)) == []

    def test_waking_makes_links_due_and_active_with_attempts_at_zero(self, store: Store) -> None:
        dead = settled(store, "l1", DEAD)
        quiet = settled(store, "l2")
        assert run(store.wake([dead, quiet, 404], 7.0)) == 2
        link = link_at(store, "l1")
        assert (link.state, link.attempts, link.error) == (LinkState.ACTIVE, 0, None)
        assert [each.id for each in run(store.claim(SYNC, 7.0, 9, frozenset()))] == [dead, quiet]

    def test_a_step_that_began_before_the_waking_leaves_the_link_due(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.wake([link.id], 7.0))
        run(store.keep([Step(replace(link, settled=link.noticed))]))
        assert is_due(store, link)

    def test_resting_links_are_quiet_until_the_next_change(self, store: Store) -> None:
        dead = settled(store, "l1", DEAD)
        due = noticed_link(store, "l2")
        assert run(store.rest([dead, due.id, 404])) == 2
        assert run(store.claim(SYNC, 1e9, 9, frozenset())) == []
        link = link_at(store, "l1")
        assert (link.state, link.attempts, link.error) == (LinkState.ACTIVE, 0, LEFT_ALONE)
        assert run(store.left_alone(SYNC)) == 2
        assert run(store.left_alone("other")) == 0
        assert run(store.figures(SYNC, 1.0)).next_due is None
        run(store.notice(SYNC, LEFT, [Sighting("l1", "m2")], 9.0))
        assert is_due(store, link)
        assert run(store.left_alone(SYNC)) == 1

    def test_a_resting_link_keeps_what_was_said_of_it(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.keep([Step(replace(link, state=LinkState.DEAD, settled=1, detail="why"))]))
        run(store.rest([link.id]))
        assert link_at(store, "l1").detail == "why"
        run(store.wake([link.id], 7.0))
        assert run(store.left_alone(SYNC)) == 0

    def test_links_to_be_tried_again_are_told_by_what_delays_them(self, store: Store) -> None:
        for name, detail in (("l1", "down"), ("l2", "slow"), ("l3", "down")):
            link = replace(noticed_link(store, name), settled=1, error="retry", detail=detail)
            run(store.keep([Step(link, due_at=50.0)]))
        noticed_link(store, "l4")
        assert run(store.delayed(SYNC, 9)) == [("down", 2), ("slow", 1)]
        assert run(store.delayed(SYNC, 1)) == [("down", 2)]
        assert run(store.delayed("other", 9)) == []

    def test_links_with_an_open_intent_are_made_due_at_start(self, store: Store) -> None:
        active, dead = settled(store, "l1"), settled(store, "l2", DEAD)
        settled(store, "l3")
        for link_id in (active, dead):
            run(store.intend([Intent(link_id, RIGHT, "update", "r", {}, {}, {}, "", 1.0)]))
        assert run(store.wake_intents(7.0)) == 1
        assert [link.id for link in run(store.claim(SYNC, 7.0, 9, frozenset()))] == [active]
        assert run(store.wake_intents(9.0)) == 1
        assert [link.id for link in run(store.claim(SYNC, 7.0, 9, frozenset()))] == [active]
