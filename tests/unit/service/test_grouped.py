"""Group commit: one transaction for many flows, and no flow pays for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from crosstie.core.errors import Duplicate, Stale
from crosstie.core.values import Link, Side
from crosstie.ports import Intent, Sighting, Step
from crosstie.service import grouped
from crosstie.service.grouped import GroupedStore
from crosstie.service.runtime import AsyncTasks


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GroupedStore]:
    opened = GroupedStore.open(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


class Commits:
    """Counts the transactions of a store."""

    def __init__(self, store: GroupedStore, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        write = store._write

        def counting(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return write(*args, **kwargs)

        patch.setattr(store, "_write", counting)


def intent(link: Link) -> Intent:
    return Intent(link.id, Side.RIGHT, "create", None, {}, {}, {}, "", 1.0)


async def links(store: GroupedStore, number: int) -> list[Link]:
    ids = [f"l{n}" for n in range(number)]
    await store.notice("s", Side.LEFT, [Sighting(i) for i in ids], 1.0)
    found = await store.links_at("s", Side.LEFT, ids)
    return [found[i] for i in ids]


def together(*flows: Awaitable[Any]) -> Any:
    return asyncio.gather(*flows, return_exceptions=True)


def test_flows_of_one_moment_share_a_commit(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        made = await links(store, 20)
        commits = Commits(store, monkeypatch)
        ids = await together(*(store.intend([intent(link)]) for link in made))
        assert commits.count == 1
        assert len({one for [one] in ids}) == 20
        kept = [replace(link, settled=1) for link in made]
        await together(*(store.keep([Step(link)]) for link in kept))
        assert commits.count == 2
        assert await store.claim("s", 9.0, 99, frozenset()) == []

    asyncio.run(play())


def test_each_caller_gets_its_own_ids(store: GroupedStore) -> None:
    async def play() -> None:
        made = await links(store, 4)
        asked: Sequence[Sequence[Link]] = [made[:1], [], made[1:4], made[:2]]
        answers = await together(*(store.intend([intent(x) for x in each]) for each in asked))
        assert [len(each) for each in answers] == [1, 0, 3, 2]
        for each, ids in zip(asked, answers, strict=True):
            for link, intent_id in zip(each, ids, strict=True):
                assert intent_id in {x.id for x in await store.open_intents([link.id])}

    asyncio.run(play())


def test_one_step_that_cannot_be_kept_does_not_hurt_the_others(store: GroupedStore) -> None:
    async def play() -> None:
        one, other, third = await links(store, 3)
        await store.keep([Step(replace(one, right_id="r1", settled=1), adopts=True)])
        answers = await together(
            store.keep([Step(replace(other, right_id="r1", settled=1), adopts=True)]),
            store.keep([Step(replace(third, right_id="r3", settled=1), adopts=True)]),
        )
        assert isinstance(answers[0], Duplicate)
        assert answers[1] is None
        after = await store.links_at("s", Side.RIGHT, ["r1", "r3"])
        assert {i: link.id for i, link in after.items()} == {"r1": one.id, "r3": third.id}

    asyncio.run(play())


def test_one_intent_of_a_link_that_is_gone_does_not_hurt_the_others(store: GroupedStore) -> None:
    async def play() -> None:
        [link] = await links(store, 1)
        gone = replace(link, id=999)
        answers = await together(
            store.intend([intent(gone)]), store.intend([intent(link)]), store.intend([])
        )
        assert isinstance(answers[0], Stale)
        assert answers[1] == [x.id for x in await store.open_intents([link.id])]
        assert answers[2] == ()

    asyncio.run(play())


@pytest.mark.parametrize("bad", [True, False])
def test_a_flow_that_was_cancelled_meanwhile_is_not_answered(
    store: GroupedStore, bad: bool
) -> None:
    async def play() -> None:
        one, other = await links(store, 2)
        lost = asyncio.ensure_future(store.intend([intent(one)]))
        failing = asyncio.ensure_future(store.intend([intent(replace(one, id=999 if bad else 1))]))
        also = asyncio.ensure_future(store.intend([intent(replace(one, id=998 if bad else 1))]))
        kept = asyncio.ensure_future(store.intend([intent(other)]))
        await asyncio.sleep(0)
        lost.cancel()
        failing.cancel()
        answers = await together(lost, failing, also, kept)
        assert [isinstance(a, asyncio.CancelledError) for a in answers[:2]] == [True, True]
        assert isinstance(answers[2], Stale) is bad
        assert len(answers[3]) == 1

    asyncio.run(play())


def test_what_comes_later_shares_the_next_commit(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        [link] = await links(store, 1)
        commits = Commits(store, monkeypatch)
        for _ in range(3):
            await store.intend([intent(link)])
        assert commits.count == 3

    asyncio.run(play())


def test_intents_and_steps_of_one_moment_share_a_commit(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        one, other = await links(store, 2)
        commits = Commits(store, monkeypatch)
        [made], kept = await together(
            store.intend([intent(one)]), store.keep([Step(replace(other, settled=1))])
        )
        assert (commits.count, kept) == (1, None)
        assert [x.id for x in await store.open_intents([one.id])] == [made]
        assert [link.id for link in await store.claim("s", 9.0, 99, frozenset())] == [one.id]

    asyncio.run(play())


def test_flows_wait_for_those_that_are_busy_with_something_else(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped, "PATIENCE", 1e6)

    async def play() -> None:
        tasks = AsyncTasks()
        store.wait_for(tasks)
        made = await links(store, 8)
        commits = Commits(store, monkeypatch)

        async def flow(number: int, link: Link) -> None:
            for _ in range(number * 5):
                await asyncio.sleep(0)
            await store.intend([intent(link)])

        await tasks.run((flow(*each) for each in enumerate(made)), 4)
        assert commits.count == 2, "one for each four under way"
        assert tasks.under_way == 0

    asyncio.run(play())


def test_nobody_waits_for_the_others_beyond_the_patience(
    store: GroupedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped, "PATIENCE", 0.0)

    async def play() -> None:
        tasks = AsyncTasks()
        store.wait_for(tasks)
        one, other = await links(store, 2)
        kept = asyncio.Event()

        async def quick() -> None:
            await store.intend([intent(one)])
            kept.set()

        async def slow() -> None:
            await kept.wait()
            await store.intend([intent(other)])

        await tasks.run((quick(), slow()), 2)
        assert len(await store.open_intents([one.id, other.id])) == 2

    asyncio.run(play())
