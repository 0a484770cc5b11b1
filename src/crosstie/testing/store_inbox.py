"""The part of the store contract about the inbox: webhooks that were received."""

from __future__ import annotations

import pytest

from crosstie.core.errors import Fenced
from crosstie.core.values import Side
from crosstie.ports import TENANT, ArrivalState, Event, InboxFigures, Sighting, Store
from crosstie.testing.driving import LEFT, SYNC, is_due, kept, noticed_link, run


def event(number: int = 1, **more: float) -> Event:
    """An event of a system that gives its deliveries numbers."""
    return Event(f"d{number}", "ContactUpdate", b'{"id":"c%d"}' % number, **more)


def received(store: Store, *events: Event, endpoint: str = "ghl", now: float = 10.0) -> list[bool]:
    """Keep these; for each whether it was new."""
    return list(run(store.receive([(endpoint, each) for each in events], now)))


class InboxContract:
    """Promises of `InboxStore`."""

    def test_an_event_is_kept_as_it_is_and_once_for_an_endpoint(self, store: Store) -> None:
        assert received(store, event(sent=3.5), event(2), event()) == [True, True, False]
        assert received(store, event(2), now=20.0) == [False]
        assert received(store, event(), endpoint="other", now=30.0) == [True]
        first, second, other = run(store.waiting_arrivals(None, 10))
        assert (first.event, first.received, first.endpoint) == (event(sent=3.5), 10.0, "ghl")
        assert (second.event, second.received) == (event(2), 10.0)
        assert (other.endpoint, other.received) == ("other", 30.0)
        assert first.state is ArrivalState.PENDING
        assert received(store) == []

    def test_any_bytes_are_kept(self, store: Store) -> None:
        strange = Event("d\N{PILE OF POO}\n", "Type\N{SNOWMAN}", bytes(range(256)))
        received(store, strange)
        [kept_] = run(store.waiting_arrivals(None, 10))
        assert kept_.event == strange

    def test_what_waits_comes_in_its_order_and_by_endpoint(self, store: Store) -> None:
        received(store, event(3), event(1))
        received(store, event(2), endpoint="other")
        assert [each.event.id for each in run(store.waiting_arrivals(None, 2))] == ["d3", "d1"]
        assert [each.event.id for each in run(store.waiting_arrivals(["other", "none"], 2))] == [
            "d2"
        ]
        assert run(store.waiting_arrivals([], 2)) == []

    def test_what_was_worked_on_waits_no_more_and_comes_in_no_second_time(
        self, store: Store
    ) -> None:
        received(store, event(1), event(2), event(3))
        first, second, _ = run(store.waiting_arrivals(None, 10))
        run(store.worked_off([first.id], 11.0))
        run(store.worked_off([second.id], 12.0, "nobody can read it"))
        run(store.worked_off([], 13.0))
        assert [each.event.id for each in run(store.waiting_arrivals(None, 10))] == ["d3"]
        assert received(store, event(1), event(2)) == [False, False]
        done, failed = (run(store.arrival(each.id)) for each in (first, second))
        assert done is not None
        assert (done.state, done.worked, done.detail) == (ArrivalState.DONE, 11.0, None)
        assert failed is not None
        assert (failed.state, failed.detail) == (ArrivalState.FAILED, "nobody can read it")
        assert run(store.arrival(99)) is None

    def test_replaying_makes_them_wait_again(self, store: Store) -> None:
        for number in (1, 2, 3):
            received(store, event(number), now=float(number))
        received(store, event(4), endpoint="other", now=4.0)
        ids = [each.id for each in run(store.waiting_arrivals(None, 10))]
        run(store.worked_off(ids[1:], 11.0))
        run(store.worked_off([ids[2]], 12.0, "unreadable"))
        waiting = [ids[0]]
        for said, more in (
            ({"ids": [ids[0], ids[1], 99]}, [ids[1]]),
            ({"ids": None, "failed": True}, [ids[2]]),
            ({"ids": None, "since": 3.0, "endpoint": "ghl"}, []),
            ({"ids": None, "since": 4.0}, [ids[3]]),
        ):
            assert run(store.replay(**said)) == len(more)
            waiting += more
            assert {each.id for each in run(store.waiting_arrivals(None, 10))} == set(waiting)
        again = run(store.arrival(ids[2]))
        assert again is not None
        assert (again.worked, again.detail) == (None, None)

    def test_deliveries_are_listed_from_the_newest_on(self, store: Store) -> None:
        received(store, event(1), event(2))
        received(store, event(3), endpoint="other")
        run(store.worked_off([run(store.waiting_arrivals(None, 1))[0].id], 11.0))

        def listed(endpoint: str | None, state: ArrivalState | None) -> list[str]:
            return [each.event.id for each in run(store.arrivals(endpoint, state, 2))]

        assert listed(None, None) == ["d3", "d2"]
        assert listed("ghl", None) == ["d2", "d1"]
        assert listed(None, ArrivalState.DONE) == ["d1"]
        assert listed("other", ArrivalState.DONE) == []

    def test_what_is_old_is_forgotten_unless_it_waits(self, store: Store) -> None:
        for number in (1, 2, 3, 4):
            received(store, event(number), now=float(number))
        ids = [each.id for each in run(store.waiting_arrivals(None, 10))]
        run(store.worked_off([ids[0], ids[3]], 5.0))
        run(store.worked_off([ids[2]], 5.0, "unreadable"))
        assert run(store.forget_arrivals(4.0)) == 2
        assert [each.event.id for each in run(store.arrivals(None, None, 9))] == ["d4", "d2"]
        assert run(store.forget_arrivals(4.0)) == 0
        # What is forgotten is new again, under a number of its own.
        assert received(store, event(1)) == [True]
        assert run(store.arrivals(None, None, 1))[0].id > max(ids)

    def test_figures_tell_how_each_endpoint_stands(self, store: Store) -> None:
        assert run(store.inbox()) == []
        for number in (1, 2, 3):
            received(store, event(number), now=float(number))
        received(store, event(1), endpoint="a", now=9.0)
        one, two, _, other = (each.id for each in run(store.waiting_arrivals(None, 10)))
        run(store.worked_off([one], 10.0, "unreadable"))
        run(store.worked_off([other], 10.0))
        assert run(store.inbox()) == [
            InboxFigures("a", 0, None, 0, 9.0),
            InboxFigures("ghl", 2, 2.0, 1, 3.0),
        ]
        run(store.worked_off([two], 11.0))
        assert run(store.inbox())[1].oldest == 3.0

    def test_times_are_of_the_newest(self, store: Store) -> None:
        for number in (4, 1, 3):
            received(store, event(number), now=float(number))
        assert run(store.received_at("ghl", 2)) == [3.0, 4.0]
        assert run(store.received_at("other", 2)) == []

    def test_who_lost_the_lease_still_receives_and_works_nothing_off(self, store: Store) -> None:
        lease = run(store.take(TENANT, "one", 1.0, 10.0))
        assert lease is not None
        store.work_under(lease)
        run(store.release(lease))
        assert run(store.take(TENANT, "two", 2.0, 10.0)) is not None
        assert received(store, event()) == [True]
        [waiting] = run(store.waiting_arrivals(None, 10))
        with pytest.raises(Fenced):
            run(store.worked_off([waiting.id], 3.0))
        assert run(store.waiting_arrivals(None, 10)) == [waiting]

    def test_what_is_heard_proves_nothing(self, store: Store) -> None:
        link = noticed_link(store)
        heard = Sighting("l1", gone=True, heard=True)
        assert run(store.notice(SYNC, LEFT, [heard], 2.0)).marked == 1
        assert kept(store, link).noticed == 2
        assert is_due(store, link)
        assert run(store.proven([link.id], LEFT)) == frozenset()
        run(store.notice(SYNC, LEFT, [Sighting("l1", gone=True)], 3.0))
        run(store.notice(SYNC, LEFT, [Sighting("l1", heard=True)], 4.0))
        assert run(store.proven([link.id], LEFT)) == {link.id}
        told = run(store.notice(SYNC, Side.RIGHT, [Sighting("r", gone=True, heard=True)], 5.0))
        assert (told.marked, told.new) == (0, 0)
