"""One engine a state, by a lease: it is kept, waited for, lost and given back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstie.core.errors import Fenced, Retry
from crosstie.core.values import Instant, Side
from crosstie.ports import TENANT, Lease, Sighting
from crosstie.service.leasing import LOOK, RENEW, Keeper, engaged, owner
from crosstie.service.lock import LEASE, Engaged, engine_lock
from crosstie.service.runtime import SystemDice
from crosstie.store.sql_store import SqlStore
from crosstie.sync import Crosstie
from crosstie.testing.fakes import FakeClock
from crosstie.testing.store_postgres import postgres_database


class Sleeps:
    """Sleep that takes no time: the clock goes on, and others have their turn."""

    def __init__(self, clock: FakeClock, most: int) -> None:
        self._clock = clock
        self._most = most
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        if len(self.slept) == self._most:
            await asyncio.Event().wait()
        self.slept.append(seconds)
        self._clock.advance(seconds)
        await asyncio.sleep(0)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state.db'}"
        return
    with postgres_database() as made:
        yield made


@pytest.fixture
def store(address: str) -> Iterator[SqlStore]:
    opened = SqlStore.open(address)
    yield opened
    opened.close()


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def holder(store: SqlStore) -> Lease:
    lease = await store.holder(TENANT)
    assert lease is not None
    return lease


def test_it_is_renewed_while_the_work_goes_on_and_given_back_at_the_end(store: SqlStore) -> None:
    clock = FakeClock()
    sleep = Sleeps(clock, 5)

    async def play() -> None:
        began = clock.now()
        async with Keeper(store, clock, sleep).held("me", "it", None) as lease:
            assert (lease.owner, lease.until) == ("me", began + LEASE)
            await turns(20)
            assert sleep.slept == [RENEW] * 5
            now = await holder(store)
            assert (now.since, now.until) == (began, began + 5 * RENEW + LEASE)
        assert await store.holder(TENANT) is None

    asyncio.run(play())


def test_it_is_given_back_when_the_work_fails(store: SqlStore) -> None:
    clock = FakeClock()

    async def play() -> None:
        with pytest.raises(ValueError, match="mine"):
            async with Keeper(store, clock, Sleeps(clock, 0)).held("me", "it", None):
                raise ValueError("mine")
        assert await store.holder(TENANT) is None

    asyncio.run(play())


def test_a_worker_that_wakes_after_its_lease_was_taken_is_stopped(
    store: SqlStore, address: str
) -> None:
    clock = FakeClock()
    other = SqlStore.open(address)

    async def play() -> None:
        with pytest.raises(Fenced, match="another worker's by now"):
            async with Keeper(store, clock, Sleeps(clock, 1)).held("me", "it", None):
                # It sleeps past the end of its lease, as a machine that was paused does.
                clock.advance(LEASE)
                assert await other.take(TENANT, "they", clock.now(), LEASE) is not None
                await asyncio.Event().wait()
        assert (await holder(other)).owner == "they"
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    asyncio.run(play())
    other.close()


def test_a_late_write_of_the_one_before_changes_nothing(store: SqlStore, address: str) -> None:
    clock = FakeClock()
    other = SqlStore.open(address)

    async def play() -> None:
        with pytest.raises(Fenced):
            async with Keeper(store, clock, Sleeps(clock, 0)).held("me", "it", None):
                await store.notice("s", Side.LEFT, [Sighting("a")], 1.0)
                clock.advance(LEASE)
                assert await other.take(TENANT, "they", clock.now(), LEASE) is not None
                await store.notice("s", Side.LEFT, [Sighting("b")], 1.0)
        assert set(await other.links_at("s", Side.LEFT, ["a", "b"])) == {"a"}

    asyncio.run(play())
    other.close()


def test_a_state_that_cannot_be_reached_for_a_while_is_renewed_afterwards(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    sleep = Sleeps(clock, 3)
    renew = store.renew
    asked: list[Instant] = []

    async def down(lease: Lease, now: Instant, seconds: float) -> Lease:
        asked.append(now)
        if len(asked) < 3:
            raise Retry("no answer", counts=False)
        return await renew(lease, now, seconds)

    async def play() -> None:
        monkeypatch.setattr(store, "renew", down)
        async with Keeper(store, clock, sleep).held("me", "it", None):
            await turns(20)
            assert len(asked) == 3
            assert (await holder(store)).until == clock.now() + LEASE

    asyncio.run(play())


def test_who_stands_by_waits_for_a_database_that_is_away(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    sleep = Sleeps(clock, 9)
    heard: list[str] = []
    take, away = store.take, [Retry("the state cannot be reached")] * 2

    async def cut_off(*args: object) -> Lease | None:
        if away:
            raise away.pop()
        return await take(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "take", cut_off)

    async def play() -> None:
        async with Keeper(store, clock, sleep).held("me", "it", heard.append) as lease:
            assert lease.owner == "me"

    asyncio.run(play())
    assert heard == ["the state cannot be reached; this one stands by"]
    assert sleep.slept[:2] == [LOOK, LOOK]
    away.append(Retry("the state cannot be reached"))

    async def impatient() -> None:
        async with Keeper(store, clock, sleep).held("me", "it", None):
            raise AssertionError("it does not wait")

    with pytest.raises(Retry):
        asyncio.run(impatient())


def test_a_second_worker_is_refused_and_told_who_the_first_one_is(store: SqlStore) -> None:
    clock = FakeClock(1_700_000_000.0)

    async def play() -> None:
        await store.take(TENANT, "process 7 on box, ab12", clock.now(), LEASE)
        with pytest.raises(Engaged) as refused:
            async with Keeper(store, clock, Sleeps(clock, 0)).held("me", "'db' on host", None):
                pytest.fail("two engines on one state")
        assert str(refused.value) == (
            "another engine works on 'db' on host: process 7 on box, ab12, "
            "since 2023-11-14 22:13:20, until 2023-11-14 22:14:20 or later"
        )
        assert refused.value.fix

    asyncio.run(play())


def test_a_second_worker_stands_by_and_goes_on_when_the_lease_ended(store: SqlStore) -> None:
    clock = FakeClock()
    sleep = Sleeps(clock, 1_000)
    told: list[str] = []

    async def play() -> None:
        first = await store.take(TENANT, "they", clock.now(), 2.5)
        assert first is not None
        keeper = Keeper(store, clock, sleep)
        async with keeper.held("me", "it", told.append) as lease:
            assert lease.epoch > first.epoch
            assert clock.now() == first.until
        assert sleep.slept[:3] == [LOOK, LOOK, 0.5]
        assert told == [text for text in told if "they" in text and "stands by" in text]
        assert len(told) == 1

    asyncio.run(play())


def test_owners_differ_even_in_one_process() -> None:
    assert owner(SystemDice()) != owner(SystemDice())


def test_what_a_killed_engine_left_in_a_file_is_taken_at_once(tmp_path: Path) -> None:
    app = Crosstie(syncs=[], state=f"sqlite:///{tmp_path / 'state.db'}")

    async def play() -> None:
        left = SqlStore.open(app.state)
        await left.take(TENANT, "killed", 4e9, LEASE)
        async with engaged(app, "noon") as opened:
            lease = await opened.store.holder(TENANT)
            assert lease is not None
            assert lease.owner != "killed"
            with pytest.raises(Engaged, match="since noon"):
                async with engaged(app, "later", pytest.fail):
                    pytest.fail("two engines on one state")
        assert await left.holder(TENANT) is None
        left.close()

    asyncio.run(play())


def test_the_run_of_a_killed_engine_is_ended_by_the_next_one(address: str) -> None:
    app = Crosstie(syncs=[], state=address)

    async def play() -> None:
        left = SqlStore.open(app.state)
        cut = await left.start_run("undo", 5.0)
        left.close()
        async with engaged(app, "noon") as opened:
            mine = await opened.store.start_run("run", 6.0)
            first, second = await opened.store.runs(9)
            assert (first.id, first.ended, first.error) == (mine, None, None)
            assert (second.id, second.kind, second.was_cut_off) == (cut, "undo", True)
            assert second.ended is not None

    asyncio.run(play())


def test_on_a_server_the_lease_is_what_refuses_the_second_engine() -> None:
    with postgres_database() as address:
        app = Crosstie(syncs=[], state=address)

        async def play() -> None:
            async with engaged(app, "noon"):
                with pytest.raises(Engaged, match="another engine works on 'crosstie_test_"):
                    async with engaged(app, "later"):
                        pytest.fail("two engines on one state")
            async with engaged(app, "after"):
                pass

        asyncio.run(play())


def test_a_state_on_a_server_is_locked_by_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = "postgresql://who@127.0.0.1:1/db"
    with engine_lock(address, "x"), engine_lock(address, "y"):
        assert list(tmp_path.iterdir()) == []
