"""A slow account keeps only those waiting who need it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from crosstie import Reference, Sync, Text
from crosstie import field as say
from crosstie.core.errors import Fenced
from crosstie.engine.run import Report
from crosstie.engine.work import Ledger, Work
from crosstie.service import worker
from crosstie.service.lanes import lanes
from crosstie.service.runtime import AsyncTasks
from crosstie.service.worker import work_until
from crosstie.store.sql_store import SqlStore
from crosstie.testing.fakes import FakeClock, FakeDice
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource

from .opened import opened_of

BOOKS = MemoryAccount("books")


def work(
    name: str, remote: str, *, refers: str | None = None, store: SqlStore | None = None
) -> Work:
    """A sync between our own database and a remote account."""
    clock = FakeClock()
    names = ("name", "parent")
    left = MemoryCollection(
        f"{name} here", fields=names, behaviour=Behaviour(local=True), clock=clock, prefix="L"
    )
    right = MemoryCollection(
        f"{name} there", fields=names, behaviour=Behaviour(read_batch=1), clock=clock, prefix="R"
    )
    parent = [say("parent", "parent", Reference(refers))] if refers else []
    sync = Sync(
        name,
        left=MemorySource(left, BOOKS),
        right=MemorySource(right, MemoryAccount(remote)),
        fields=[say("name", "name", Text()), *parent],
    )
    return Work(
        sync=sync,
        left=left,
        right=right,
        store=store or SqlStore.open("sqlite://"),
        clock=clock,
        dice=FakeDice(1),
        tasks=AsyncTasks(),
        ledger=Ledger(),
    )


def named(works: Sequence[Work]) -> list[list[str]]:
    return [[work.name for work in lane] for lane in lanes(works)]


def test_syncs_that_share_a_remote_account_or_refer_to_each_other_share_a_lane() -> None:
    works = [
        work("guests", "hotel"),
        work("people", "crm"),
        work("stays", "hotel"),
        work("orders", "shop"),
        work("notes", "desk", refers="people"),
    ]
    assert sorted(named(works)) == [["guests", "stays"], ["orders"], ["people", "notes"]]


def test_a_sync_that_joins_two_lanes_makes_one_of_them_in_the_given_order() -> None:
    works = [work("a", "one"), work("b", "two"), work("c", "one", refers="b")]
    assert named(works) == [["a", "b", "c"]]


def test_an_account_that_does_not_answer_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = SqlStore.open("sqlite://")
    slow, quick = work("slow", "one", store=store), work("quick", "two", store=store)
    for each in (slow, quick):
        each.left.add({"name": "Ann"})  # type: ignore[attr-defined]

    async def play() -> None:
        stop, answer = asyncio.Event(), asyncio.Event()
        scan = slow.right.scan

        async def hangs(cursor: Any) -> Any:
            await answer.wait()
            return await scan(cursor)

        def told(report: Report, syncs: Sequence[str]) -> None:
            if "quick" in syncs and report.writes:
                assert not answer.is_set()
                answer.set()
            if "slow" in syncs:
                stop.set()

        monkeypatch.setattr(slow.right, "scan", hangs)
        await work_until(opened_of([slow, quick]), [slow, quick], stop, told)

    asyncio.run(play())
    assert len(slow.right.rows()) == len(quick.right.rows()) == 1  # type: ignore[attr-defined]


def test_what_ends_one_lane_ends_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fenced(works: Sequence[Work], *asked: Any) -> Report:
        if works[0].name == "second":
            raise Fenced("another worker took over")
        return await asyncio.Event().wait()  # type: ignore[return-value]

    monkeypatch.setattr(worker, "run", fenced)
    works = [work("first", "one"), work("second", "two")]
    with pytest.raises(Fenced):
        asyncio.run(work_until(opened_of(works), works, asyncio.Event(), lambda *told: None))
