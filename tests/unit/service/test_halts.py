"""An account that needs a person is kept in the state until it is found to answer again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import pytest

from crosstie.core.errors import Halt, Retry
from crosstie.core.values import Side
from crosstie.engine.run import Report
from crosstie.engine.work import Work
from crosstie.ports import AccountPause
from crosstie.service.watching import Halts
from crosstie.testing.fakes import FakeClock

from .test_runtime import work

LEFT, RIGHT = Side.LEFT, Side.RIGHT
BOTH = {"people": (LEFT, RIGHT)}
REVOKED = Halt("the token is not valid", fix="make a new one")


def played(play: Coroutine[Any, Any, None]) -> None:
    asyncio.run(play)


async def kept(mine: Work) -> Sequence[AccountPause]:
    return await mine.store.pauses()  # type: ignore[attr-defined, no-any-return]


def halts(mine: Work) -> Halts:
    """What a new process remembers."""
    return Halts([mine], mine.store)  # type: ignore[arg-type]


def test_it_is_kept_once_with_its_fix_and_ended_by_a_look_that_succeeds() -> None:
    clock = FakeClock()
    mine = work(clock)
    label = mine.account(RIGHT)

    async def play() -> None:
        watch, began = halts(mine), clock.now()
        for _ in range(3):
            await watch.after(Report(0, {}, halted={label: REVOKED}), BOTH)
            clock.advance(30)
        [pause] = await kept(mine)
        assert (pause.account, pause.kind, pause.since) == (label, "halt", began)
        assert pause.reason == "the token is not valid fix: make a new one"
        await halts(mine).after(Report(0, {}), {"people": (LEFT,)})
        assert len(await kept(mine)) == 1, "nobody asked it"
        missed = Report(0, {}, missed={"people": Retry("busy")})
        await halts(mine).after(missed, BOTH)
        assert len(await kept(mine)) == 1, "it could not be asked"
        await halts(mine).after(Report(0, {}), BOTH)
        assert await kept(mine) == []

    played(play())


def test_another_reason_takes_the_place_of_the_first() -> None:
    mine = work(FakeClock())
    label = mine.account(RIGHT)

    async def play() -> None:
        watch = halts(mine)
        for halt in (REVOKED, Halt("the scope is missing")):
            await watch.after(Report(0, {}, halted={label: halt}), BOTH)
        assert [pause.reason for pause in await kept(mine)] == ["the scope is missing"]
        await watch.after(Report(1, {"people.created_right": 1}), {})
        assert await kept(mine) == [], "it was written to"

    played(play())


@pytest.mark.parametrize("halted", [{"somebody else's": REVOKED}, {}])
def test_accounts_of_other_syncs_are_left_to_them(halted: Mapping[str, Halt]) -> None:
    mine = work(FakeClock())

    async def play() -> None:
        other = AccountPause("another one", "halt", "why", 1.0, 2.0)
        await mine.store.keep_pause(other)  # type: ignore[attr-defined]
        await halts(mine).after(Report(0, {}, halted=halted), BOTH)
        assert await kept(mine) == [other]

    played(play())


def test_a_state_that_cannot_take_it_now_is_tried_at_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = work(FakeClock())
    label = mine.account(RIGHT)

    async def locked(pause: AccountPause) -> None:
        raise Retry("locked")

    async def play() -> None:
        watch = halts(mine)
        with monkeypatch.context() as patch:
            patch.setattr(mine.store, "keep_pause", locked)
            await watch.after(Report(0, {}, halted={label: REVOKED}), BOTH)
        assert await kept(mine) == []
        await watch.after(Report(0, {}, halted={label: REVOKED}), BOTH)
        assert len(await kept(mine)) == 1

    played(play())
