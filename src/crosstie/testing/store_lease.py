"""The part of the store contract about leases: who may settle, and who no longer may."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from crosstie.core.errors import Fenced
from crosstie.core.values import Cursor, Link
from crosstie.ports import (
    TENANT,
    Answer,
    Conflict,
    ConflictKind,
    Intent,
    Lease,
    Match,
    Sighting,
    Step,
    Store,
)
from crosstie.testing.driving import LEFT, RIGHT, SYNC, kept, noticed_link, run

ME, OTHER = "process 1 here", "process 2 there"


def taken(store: Store, owner: str = ME, now: float = 100.0, seconds: float = 60.0) -> Lease:
    """A lease that was free."""
    lease = run(store.take(TENANT, owner, now, seconds))
    assert lease is not None
    return lease


class LeaseContract:
    """Promises of `LeaseStore` about leases."""

    def test_a_free_tenant_is_taken_and_shows_its_holder(self, store: Store) -> None:
        assert run(store.holder(TENANT)) is None
        lease = taken(store)
        assert lease == Lease(TENANT, ME, lease.epoch, 100.0, 160.0)
        assert run(store.holder(TENANT)) == lease
        assert run(store.holder("another")) is None

    def test_a_lease_that_holds_is_given_to_nobody_else(self, store: Store) -> None:
        lease = taken(store)
        assert run(store.take(TENANT, OTHER, 159.9, 60.0)) is None
        assert run(store.holder(TENANT)) == lease

    def test_one_that_ended_is_taken_with_a_higher_epoch(self, store: Store) -> None:
        lease = taken(store)
        later = taken(store, OTHER, 160.0)
        assert later.epoch > lease.epoch
        assert (later.owner, later.since, later.until) == (OTHER, 160.0, 220.0)
        assert run(store.holder(TENANT)) == later

    def test_whoever_holds_it_is_given_it_again(self, store: Store) -> None:
        lease = taken(store)
        again = taken(store, now=130.0)
        assert again == replace(lease, until=190.0)

    def test_renewing_puts_the_end_off(self, store: Store) -> None:
        lease = taken(store)
        assert run(store.renew(lease, 150.0, 60.0)) == replace(lease, until=210.0)
        assert run(store.take(TENANT, OTHER, 200.0, 60.0)) is None

    def test_one_that_ended_is_renewed_while_nobody_took_it(self, store: Store) -> None:
        lease = taken(store)
        assert run(store.renew(lease, 500.0, 60.0)).until == 560.0

    def test_one_that_was_taken_over_or_given_back_is_not_renewed(self, store: Store) -> None:
        lease = taken(store)
        later = taken(store, OTHER, 160.0)
        with pytest.raises(Fenced) as caught:
            run(store.renew(lease, 161.0, 60.0))
        assert caught.value.fix
        assert run(store.holder(TENANT)) == later
        run(store.release(later))
        with pytest.raises(Fenced):
            run(store.renew(later, 162.0, 60.0))

    def test_one_that_is_given_back_is_free_at_once(self, store: Store) -> None:
        lease = taken(store)
        run(store.release(lease))
        assert run(store.holder(TENANT)) is None
        assert taken(store, OTHER, 101.0).epoch > lease.epoch

    def test_giving_back_what_is_somebody_elses_does_nothing(self, store: Store) -> None:
        lease = taken(store)
        later = taken(store, OTHER, 160.0)
        run(store.release(lease))
        run(store.release(lease))
        assert run(store.holder(TENANT)) == later

    def test_an_epoch_is_never_given_twice_not_even_to_the_same_owner(self, store: Store) -> None:
        lease = taken(store)
        run(store.release(lease))
        again = taken(store, now=102.0)
        assert again.epoch > lease.epoch
        with pytest.raises(Fenced):
            run(store.renew(lease, 103.0, 60.0))

    def test_the_lease_that_was_taken_last_is_told_after_it_was_given_back(
        self, store: Store
    ) -> None:
        assert run(store.last_lease(TENANT)) is None
        run(store.hold(SYNC, "whoever writes without one"))
        assert run(store.last_lease(TENANT)) is None
        lease = taken(store)
        assert run(store.last_lease(TENANT)) == lease
        run(store.release(lease))
        assert run(store.last_lease(TENANT)) == replace(lease, owner="")

    def test_tenants_have_leases_of_their_own(self, store: Store) -> None:
        taken(store)
        assert run(store.take("another", OTHER, 100.0, 60.0)) is not None


def writes(store: Store, link: Link, conflict_id: int) -> list[Coroutine[Any, Any, Any]]:
    """Every call by which flows and runs write; none of them has begun."""
    intent = Intent(link.id, RIGHT, "update", "x", {}, {}, {}, "", 1.0)
    match = Match(1, "a", "b", "", "", None, (), ())
    asked = (Link(SYNC, "q"), Conflict(ConflictKind.MATCH))
    return [
        store.notice(SYNC, LEFT, [Sighting("new")], 5.0, Cursor("late")),
        store.wake([link.id], 5.0),
        store.pair_strangers(SYNC, [match], 5.0),
        store.link_strangers(SYNC, [Link(SYNC, "c", "d")], 5.0),
        store.ask_strangers(SYNC, [asked], 5.0),
        store.intend([intent]),
        store.keep([Step(replace(link, settled=1))]),
        store.scanned(SYNC, 5.0),
        store.rest([link.id]),
        store.wake_intents(5.0),
        store.answer(conflict_id, Answer(), 5.0),
        store.hold(SYNC, "late"),
        store.start_run("late", 5.0),
        store.finish_run(1, 5.0, {"late": 1}, None),
        store.cut_off(5.0),
    ]


class FenceContract:
    """I10: a worker that lost its lease changes nothing."""

    def test_a_store_under_its_lease_writes(self, store: Store) -> None:
        store.work_under(taken(store))
        link = noticed_link(store)
        asked = Conflict(ConflictKind.EDIT, {"name": {}})
        run(store.keep([Step(link, conflict=asked)]))
        (conflict,) = run(store.conflicts(None, 9))
        for each in writes(store, kept(store, link), conflict.id):
            run(each)

    def test_a_store_whose_lease_was_taken_over_changes_nothing(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.keep([Step(link, conflict=Conflict(ConflictKind.EDIT, {"name": {}}))]))
        (conflict,) = run(store.conflicts(None, 9))
        before = self._seen(store, link)
        store.work_under(taken(store))
        later = taken(store, OTHER, 160.0)
        for each in writes(store, link, conflict.id):
            with pytest.raises(Fenced):
                run(each)
        assert self._seen(store, link) == before
        assert run(store.holder(TENANT)) == later

    def test_a_store_whose_lease_was_given_back_changes_nothing(self, store: Store) -> None:
        lease = taken(store)
        store.work_under(lease)
        run(store.release(lease))
        with pytest.raises(Fenced):
            run(store.hold(SYNC, "late"))
        assert run(store.held(SYNC)) is None

    def test_a_store_whose_lease_ended_writes_until_somebody_takes_it(self, store: Store) -> None:
        store.work_under(taken(store, now=100.0, seconds=0.0))
        run(store.hold(SYNC, "mine"))
        assert run(store.held(SYNC)) == "mine"

    def test_what_a_store_holds_ends_with_its_last_renewal(self, store: Store) -> None:
        assert store.holds(1e12), "it works under no lease"
        lease = taken(store, now=100.0, seconds=60.0)
        store.work_under(lease)
        assert (store.holds(160.0), store.holds(160.5)) == (True, False)
        run(store.renew(lease, 110.0, 60.0))
        assert (store.holds(170.0), store.holds(170.5)) == (True, False)
        store.work_under(None)
        assert store.holds(1e12)

    def test_a_person_answers_without_a_lease(self, store: Store) -> None:
        link = noticed_link(store)
        taken(store, OTHER)
        store.work_under(None)
        assert run(store.wake([link.id], 5.0)) == 1

    def test_looking_needs_no_lease(self, store: Store) -> None:
        link = noticed_link(store)
        store.work_under(taken(store))
        taken(store, OTHER, 160.0)
        assert kept(store, link) == link
        assert run(store.figures(SYNC, 9.0)).due == 1

    def _seen(self, store: Store, link: Link) -> tuple[Any, ...]:
        """What a late write would have changed."""
        return (
            kept(store, link),
            run(store.newest_link(SYNC)),
            run(store.open_intents([link.id])),
            run(store.cursor(SYNC, LEFT)),
            run(store.last_scan(SYNC)),
            run(store.held(SYNC)),
            run(store.runs(9)),
            run(store.conflicts(None, 9)),
            run(store.figures(SYNC, 9.0)),
        )
