"""Group commit and cancellation where the database is elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from crosstie.core.errors import Fenced, Stale
from crosstie.core.values import Link, Side
from crosstie.ports import TENANT, Intent, Sighting, Step
from crosstie.service.grouped import GroupedStore
from crosstie.service.threads import Threads
from crosstie.store import runs
from crosstie.testing.store_postgres import postgres_database


@pytest.fixture(scope="module")
def made() -> Iterator[str]:
    with postgres_database() as address:
        yield address


@pytest.fixture
def store(made: str) -> Iterator[GroupedStore]:
    opened = GroupedStore.open(made)
    yield opened
    opened.close()
    opened.close()


def intent(link: Link) -> Intent:
    return Intent(link.id, Side.RIGHT, "create", None, {}, {}, {}, "", 1.0)


async def links(store: GroupedStore, sync: str, number: int) -> list[Link]:
    ids = [f"l{n}" for n in range(number)]
    await store.notice(sync, Side.LEFT, [Sighting(i) for i in ids], 1.0)
    found = await store.links_at(sync, Side.LEFT, ids)
    return [found[i] for i in ids]


def test_flows_of_one_moment_share_a_commit(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        made = await links(store, "together", 20)
        writes: list[int] = []
        write = store._write

        def counting(*args: Any, **kwargs: Any) -> Any:
            writes.append(1)
            return write(*args, **kwargs)

        monkeypatch.setattr(store, "_write", counting)
        ids = await asyncio.gather(*(store.intend([intent(link)]) for link in made))
        assert len(writes) == 1
        assert len({one for [one] in ids}) == 20
        await asyncio.gather(*(store.keep([Step(replace(link, settled=1))]) for link in made))
        assert len(writes) == 2
        assert await store.claim("together", 9.0, 99, frozenset()) == []

    asyncio.run(play())


def test_one_that_cannot_be_kept_does_not_hurt_the_others(store: GroupedStore) -> None:
    async def play() -> None:
        [link] = await links(store, "gone", 1)
        answers = await asyncio.gather(
            store.intend([intent(replace(link, id=2**40))]),
            store.intend([intent(link)]),
            return_exceptions=True,
        )
        assert isinstance(answers[0], Stale)
        assert answers[1] == [each.id for each in await store.open_intents([link.id])]

    asyncio.run(play())


def test_every_flow_is_told_by_an_error_of_its_own_that_the_lease_is_lost(
    store: GroupedStore,
) -> None:
    async def play() -> None:
        one, other = await links(store, "fenced", 2)
        store.work_under(await store.take(TENANT, "one", 1.0, 60.0))
        assert await store.take(TENANT, "two", 99.0, 60.0) is not None
        told = await asyncio.gather(
            store.intend([intent(one)]), store.intend([intent(other)]), return_exceptions=True
        )
        assert [type(each) for each in told] == [Fenced, Fenced]
        assert told[0] is not told[1]
        assert await store.open_intents([one.id, other.id]) == []

    asyncio.run(play())


def test_a_write_that_began_is_carried_out_though_nobody_waits_for_it(store: GroupedStore) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        go.wait()
        runs.hold(connection, "cancelled", "kept")

    async def play() -> None:
        waiting = asyncio.ensure_future(store._writing(slow))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go.set()
        # The next one who writes waits until it is through.
        await store.hold("another", None)
        assert await store.held("cancelled") == "kept"

    asyncio.run(play())


def test_the_loop_goes_on_while_the_database_is_asked(store: GroupedStore) -> None:
    go = threading.Event()

    async def play() -> None:
        waiting = asyncio.ensure_future(store._reading(lambda _: go.wait()))
        await asyncio.sleep(0)
        assert await store.held("meanwhile") is None
        go.set()
        assert await waiting is True

    asyncio.run(play())


def test_what_did_not_begin_is_not_begun_after_the_end() -> None:
    threads, go, done = Threads(1), threading.Event(), list[str]()

    async def play() -> None:
        first = asyncio.ensure_future(threads(go.wait))
        second = asyncio.ensure_future(threads(lambda: done.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.sleep(0)  # the pool is told in the turn after that
        go.set()
        assert await first is True
        threads.close()

    asyncio.run(play())
    assert done == []
