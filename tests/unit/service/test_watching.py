"""An outage is told once when it begins and once when it ends."""

from __future__ import annotations

import asyncio

from crosstie.core.errors import Retry, SyncError
from crosstie.core.values import Side
from crosstie.engine.run import Report
from crosstie.service.watching import Outages
from crosstie.testing.fakes import FakeClock

from .test_runtime import work

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def refused(side: Side | None) -> Report:
    """A run that could not look at that side."""
    error = Retry("it cannot be reached", counts=False)
    error.side = side
    return Report(0, {}, missed={"people": error})


def test_an_outage_is_told_when_it_begins_and_when_the_account_answers_again() -> None:
    mine = work(FakeClock())
    label = mine.account(RIGHT)
    told: list[tuple[str, str | None]] = []

    def tell(name: str, error: SyncError | None) -> None:
        told.append((name, None if error is None else str(error)))

    async def play() -> None:
        outages = Outages([mine], mine.store, tell)  # type: ignore[arg-type]
        both = {"people": (LEFT, RIGHT)}
        assert (await outages.after(refused(RIGHT), both)).missed == {}
        assert (await outages.after(refused(None), both)).missed == {}, "it is left alone"
        await outages.after(Report(0, {}, busy={label: 9.0}), both)
        await outages.after(Report(0, {}), {"people": (LEFT,)})
        assert told == [(label, "it cannot be reached")]
        await outages.after(Report(0, {}), both)
        assert told[1:] == [(label, None)]
        locked = refused(None)
        assert (await outages.after(locked, both)).missed == locked.missed

    asyncio.run(play())


def test_an_outage_that_only_the_links_met_is_over_with_the_first_write() -> None:
    mine = work(FakeClock())
    told: list[SyncError | None] = []

    async def play() -> None:
        outages = Outages([mine], mine.store, lambda _, error: told.append(error))  # type: ignore[arg-type]
        await outages.after(Report(0, {}, busy={mine.account(RIGHT): 9.0}), {})
        await outages.after(Report(0, {}), {})
        assert len(told) == 1
        await outages.after(Report(1, {"people.created_right": 1}), {})
        assert told[1:] == [None]

    asyncio.run(play())
