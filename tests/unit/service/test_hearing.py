"""When a worker looks into the inbox, and which lane listens to which endpoint."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from crosstie import Endpoint, Sync, field
from crosstie.core.errors import Misconfigured, Retry
from crosstie.engine.work import Ledger, Work
from crosstie.ports import ArrivalState, Doors, Event
from crosstie.ports.inbox import KEPT
from crosstie.service import worker
from crosstie.service.doors import ServiceDoors
from crosstie.service.hearing import LISTEN, TIDY, Pulse, listeners
from crosstie.service.worker import work_until
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.driving import run
from crosstie.testing.fakes import FakeClock, FakeDice, InTurn
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource
from crosstie.testing.signed import SignedSource, SignedWebhooks

from .opened import opened_of

CRM, OTHER = MemoryAccount("crm"), MemoryAccount("other")
QUIET = Behaviour(has_changes=False)


class Source(SignedSource):
    """Needs no environment."""

    def bind(self, doors: Doors) -> SignedWebhooks:
        return SignedWebhooks("secret")


class World:
    """Two syncs, each with a system of its own that tells by webhook alone."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), SqlStore.open("sqlite://")
        self.works = [self._work("people", CRM), self._work("firms", OTHER)]
        endpoints = [Endpoint("crm", Source(CRM, "none")), Endpoint("other", Source(OTHER, "none"))]
        self.opened = opened_of(self.works)
        self.opened.doors = ServiceDoors(self.clock)
        self.opened.app = Crosstie([w.sync for w in self.works], webhooks=endpoints)
        for work in self.works:
            run(self.store.scanned(work.name, self.clock.now()))

    def _work(self, name: str, account: MemoryAccount) -> Work:
        left, right = (
            MemoryCollection(f"{name} {side}", fields=["name"], behaviour=QUIET, clock=self.clock)
            for side in ("left", "right")
        )
        sync = Sync(
            name,
            MemorySource(left, MemoryAccount(f"app {name}")),
            MemorySource(right, account),
            [field("name", "name")],
        )
        parts: Any = {"store": self.store, "clock": self.clock, "dice": FakeDice()}
        return Work(sync, left, right, tasks=InTurn(), ledger=Ledger(), **parts)

    def told(self, endpoint: str, record: str, kind: str) -> None:
        """A delivery of that system is in the inbox."""
        number = len(run(self.store.arrivals(None, None, 1_000)))
        kept = b'{"kind":"%s","record":"%s"}' % (kind.encode(), record.encode())
        event = Event(f"d{number}", "changed", kept)
        run(self.store.receive([(endpoint, event)], self.clock.now()))

    def waiting(self) -> list[str]:
        return [each.endpoint for each in run(self.store.waiting_arrivals(None, 100))]

    def due(self, sync: str) -> int:
        return run(self.store.due_count(sync, self.clock.now(), 100))


def test_every_endpoint_is_listened_to_in_the_lane_of_its_account() -> None:
    world = World()
    people, firms = listeners(world.opened, [[work] for work in world.works])
    world.told("other", "1", "firms right")
    world.told("crm", "1", "people right")
    assert run(people.turn(rung=True))
    assert world.waiting() == ["other"]
    assert run(firms.turn(rung=True))
    assert world.waiting() == []
    assert (world.due("people"), world.due("firms")) == (1, 1)


def test_syncs_that_are_not_worked_on_are_told_as_well() -> None:
    world = World()
    [only] = listeners(world.opened, [[world.works[0]]])
    world.told("other", "1", "firms right")
    assert run(only.once()).marked == 1
    assert world.due("firms") == 1


def test_the_inbox_is_looked_into_once_a_second_or_when_it_rings() -> None:
    world = World()
    [one] = listeners(world.opened, [world.works])
    assert not run(one.turn(rung=False))
    world.told("crm", "1", "people right")
    assert not run(one.turn(rung=False))
    world.clock.advance(LISTEN)
    assert run(one.turn(rung=False))
    world.told("crm", "2", "people right")
    assert run(one.turn(rung=True))
    world.clock.advance(-3_600.0)
    world.told("crm", "3", "people right")
    assert run(one.turn(rung=False))


def test_while_the_state_is_away_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    [one] = listeners(world.opened, [world.works])
    world.told("crm", "1", "people right")

    async def away(*_: object) -> None:
        raise Retry("locked")

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "waiting_arrivals", away)
        assert not run(one.turn(rung=True))
    assert run(one.turn(rung=True))


def test_what_is_old_is_forgotten_and_what_is_nobodys_has_failed() -> None:
    world = World()
    world.told("crm", "1", "people right")
    world.told("gone", "1", "people right")
    people, last = listeners(world.opened, [[work] for work in world.works])
    run(people.turn(rung=True))
    assert world.waiting() == ["gone"]
    run(last.turn(rung=True))
    assert [each.endpoint for each in run(world.store.arrivals(None, ArrivalState.FAILED, 9))] == [
        "gone"
    ]
    world.clock.advance(KEPT)
    run(last.turn(rung=True))
    assert len(run(world.store.arrivals(None, None, 9))) == 2
    world.clock.advance(TIDY)
    run(people.turn(rung=True))
    assert len(run(world.store.arrivals(None, None, 9))) == 2
    run(last.turn(rung=True))
    assert run(world.store.arrivals(None, None, 9)) == []


def test_without_endpoints_there_is_nothing_to_listen_to() -> None:
    world = World()
    world.opened.app = replace(world.opened.app, webhooks=[])
    world.told("crm", "1", "people right")
    [one] = listeners(world.opened, [world.works])
    assert not run(one.turn(rung=True))
    assert world.waiting() == []


def test_a_pulse_tells_who_listens_and_when_the_slowest_came_round() -> None:
    world, pulse = World(), Pulse()
    assert pulse.turned is None
    rung: list[int] = []
    for number in (1, 2):
        pulse.listen(lambda number=number: rung.append(number))  # type: ignore[misc]
    pulse.ring()
    assert rung == [1, 2]
    start = world.clock.now()
    people, firms = listeners(world.opened, [[work] for work in world.works], pulse)
    run(people.turn(rung=False))
    run(firms.turn(rung=False))
    world.clock.advance(10.0)
    run(firms.turn(rung=False))
    assert pulse.turned == start


def test_a_running_engine_is_woken_by_the_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TICK", 3_600.0)

    async def play() -> None:
        world, pulse, stop = World(), Pulse(), asyncio.Event()
        people: Any = world.works[0]

        def told(*_: object) -> None:
            if people.left.rows():
                stop.set()

        engine = asyncio.ensure_future(
            work_until(world.opened, world.works, stop, told, pulse=pulse)
        )
        # Until it has looked at everything, and waits for an hour.
        while people.right.calls["scan"] == 0:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        world.told("crm", people.right.add({"name": "Bea"}), "people right")
        pulse.ring()
        await asyncio.wait_for(engine, 60.0)
        assert world.waiting() == []
        assert [row["name"] for row in people.left.rows().values()] == ["Bea"]

    asyncio.run(play())


def test_an_endpoint_has_a_name_for_an_address() -> None:
    for name in ("", "Crm", "a b", "a/b", "-a", "x" * 65, "é"):
        with pytest.raises(Misconfigured, match="cannot stand in an address"):
            Endpoint(name, Source(CRM, "none"))
    with pytest.raises(Misconfigured, match="two endpoints have the same name"):
        Crosstie([], webhooks=[Endpoint("a", Source(CRM, "")), Endpoint("a", Source(CRM, ""))])
    assert Endpoint("a-1_b", Source(CRM, "")).name == "a-1_b"
