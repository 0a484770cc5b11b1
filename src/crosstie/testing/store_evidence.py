"""The part of the store contract about records that are missing, and systems that are doubted."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.values import Link, LinkState
from crosstie.ports import Entry, Sighting, Step, Store
from crosstie.ports.proof import Origin, Scan
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, link_at, noticed_link, run

LAG, PAUSE = 10.0, 60.0


def pair(store: Store, number: str) -> Link:
    """A quiet link of the records `l` and `r` with that number."""
    link = noticed_link(store, f"l{number}")
    whole = replace(link, right_id=f"r{number}", left_mark="m", right_mark="m", settled=1)
    run(store.keep([Step(whole)]))
    return kept(store, link)


def scanned(store: Store, began: float, *ids: str, early: bool = False) -> list[str]:
    """What a scan of the right that did not show these proves."""
    return list(run(store.absent(SYNC, RIGHT, ids, Scan(began, LAG, PAUSE, early))))


class EvidenceContract:
    """Promises of `ProofStore`, and of `LinkStore.notice` about records that were missing."""

    def test_two_scans_prove_it_once_the_first_can_be_late_no_more(self, store: Store) -> None:
        link = pair(store, "1")
        assert scanned(store, 100.0, "r1") == []
        assert run(store.suspected(SYNC)) == {link.id}
        assert scanned(store, 109.9, "r1") == []
        assert run(store.proven([link.id], RIGHT)) == frozenset()
        assert scanned(store, 110.0, "r1") == ["r1"]
        assert run(store.proven([link.id], RIGHT)) == {link.id}
        assert run(store.proven([link.id], LEFT)) == frozenset()
        assert scanned(store, 111.0, "r1", "nobody") == ["r1"], "what is proven stays so"
        assert not is_due(store, link)

    def test_what_a_scan_would_prove_can_be_asked_without_keeping_it(self, store: Store) -> None:
        link = pair(store, "1")
        scan = Scan(100.0, LAG, PAUSE)
        assert run(store.absent(SYNC, RIGHT, ["r1"], scan, keep=False)) == []
        assert run(store.suspected(SYNC)) == frozenset()
        scanned(store, 100.0, "r1")
        later = scan._replace(began=110.0)
        assert run(store.absent(SYNC, RIGHT, ["r1"], later, keep=False)) == ["r1"]
        assert run(store.proven([link.id], RIGHT)) == frozenset()

    def test_a_first_scan_of_the_future_counts_as_none(self, store: Store) -> None:
        pair(store, "1")
        scanned(store, 1_000.0, "r1")
        assert scanned(store, 100.0, "r1") == []
        assert run(store.wanted(SYNC)) == {RIGHT: 160.0}
        assert scanned(store, 110.0, "r1") == ["r1"]

    def test_a_tombstone_proves_it_at_once(self, store: Store) -> None:
        link = pair(store, "1")
        run(store.notice(SYNC, RIGHT, [Sighting("r1", gone=True)], 5.0))
        assert run(store.proven([link.id], RIGHT)) == {link.id}
        assert run(store.wanted(SYNC)) == {}

    def test_who_is_shown_is_there_and_its_link_is_due(self, store: Store) -> None:
        link, other = pair(store, "1"), pair(store, "2")
        scanned(store, 100.0, "r1", "r2")
        told = run(store.notice(SYNC, RIGHT, [Sighting("r1", "m")], 200.0))
        assert (told.marked, is_due(store, link), is_due(store, other)) == (1, True, False)
        assert run(store.suspected(SYNC)) == {other.id}
        run(store.found(other.id, RIGHT))
        assert run(store.suspected(SYNC)) == frozenset()
        run(store.notice(SYNC, RIGHT, [Sighting("r2", "m")], 200.0))
        assert not is_due(store, other), "an equal mark is no news again"

    def test_a_first_suspicion_wants_one_early_scan(self, store: Store) -> None:
        pair(store, "1"), pair(store, "2")
        assert run(store.wanted(SYNC)) == {}
        scanned(store, 100.0, "r1")
        assert (run(store.wanted(SYNC)), run(store.wanted("other"))) == ({RIGHT: 160.0}, {})
        assert scanned(store, 160.0, "r1", "r2", early=True) == ["r1"]
        assert run(store.wanted(SYNC)) == {}, "the next scan of all comes by itself"
        assert scanned(store, 3_600.0, "r1", "r2") == ["r1", "r2"]

    def test_a_read_that_finds_nothing_wants_two_scans(self, store: Store) -> None:
        link = pair(store, "1")
        run(store.suspect(link.id, RIGHT, 70.0))
        run(store.suspect(link.id, RIGHT, 99.0))
        run(store.suspect(link.id + 7, RIGHT, 99.0))
        assert run(store.wanted(SYNC)) == {RIGHT: 70.0}
        assert scanned(store, 70.0, "r1", early=True) == []
        assert run(store.wanted(SYNC)) == {RIGHT: 130.0}
        assert scanned(store, 130.0, "r1", early=True) == ["r1"]

    def test_proof_of_one_record_is_none_of_the_next_one(self, store: Store) -> None:
        link = pair(store, "1")
        run(store.notice(SYNC, RIGHT, [Sighting("r1", gone=True)], 5.0))
        run(store.keep([Step(replace(kept(store, link), right_id="r9"))]))
        assert run(store.proven([link.id], RIGHT)) == frozenset()
        assert scanned(store, 100.0, "r9") == []

    def test_suspicions_of_links_that_are_done_with_go(self, store: Store) -> None:
        dropped, closed = pair(store, "1"), pair(store, "2")
        scanned(store, 100.0, "r1", "r2")
        run(store.keep([Step(dropped, drops=True)]))
        run(store.keep([Step(replace(closed, state=LinkState.CLOSED))]))
        assert run(store.suspected(SYNC)) <= {closed.id}
        assert scanned(store, 200.0) == []
        assert (run(store.suspected(SYNC)), run(store.wanted(SYNC))) == (frozenset(), {})

    def test_what_is_not_found_is_told_by_side_with_when_it_is_looked_at_again(
        self, store: Store
    ) -> None:
        links = [pair(store, str(number)) for number in range(5)]
        assert run(store.unproven(SYNC)) == []
        run(store.suspect(links[0].id, LEFT, 70.0))
        scanned(store, 100.0, "r1", "r3")
        scanned(store, 101.0, "r2", early=True)
        assert run(store.unproven(SYNC)) == [(LEFT, 1, 70.0), (RIGHT, 3, 160.0)]
        assert run(store.unproven("other")) == []
        run(store.notice(SYNC, RIGHT, [Sighting("r1", gone=True)], 150.0))
        run(store.keep([Step(replace(links[3], state=LinkState.CLOSED))]))
        run(store.found(links[0].id, LEFT))
        assert run(store.unproven(SYNC)) == [(RIGHT, 1, None)], "proven, closed and found are not"

    def test_what_is_known_of_a_past_is_kept_by_sync_and_side(self, store: Store) -> None:
        assert run(store.origin(SYNC, LEFT)) == Origin()
        known = Origin(3, 2, 17, 5.0, beyond=9)
        run(store.keep_origin(SYNC, LEFT, known))
        assert run(store.origin(SYNC, LEFT)) == known
        assert run(store.origin(SYNC, RIGHT)) == run(store.origin("other", LEFT)) == Origin()

    def test_a_doubt_holds_the_sync_and_asks_for_a_complete_scan(self, store: Store) -> None:
        run(store.scanned(SYNC, 5.0))
        run(store.keep_origin(SYNC, LEFT, Origin(3, 3)))
        run(store.doubt(SYNC, LEFT, "it is older"))
        assert run(store.origin(SYNC, LEFT)) == Origin(3, 3, doubt="it is older")
        assert (run(store.held(SYNC)), run(store.last_scan(SYNC)).at) == ("it is older", None)
        assert run(store.held("other")) is None

    def test_link_numbers_given_out_are_remembered_when_links_are_gone(self, store: Store) -> None:
        assert run(store.given_out()) == 0
        link = pair(store, "1")
        assert run(store.given_out()) == link.id
        told = Entry(RIGHT, "r1", "delete", "deleted on the left")
        run(store.keep([Step(link, history=(told,), drops=True)]))
        assert run(store.given_out()) == link.id
        run(store.keep_origin(SYNC, LEFT, Origin(beyond=link.id + 5)))
        assert run(store.given_out()) == link.id + 5
        assert link_at(store, pair(store, "2").left_id or "").id > link.id
