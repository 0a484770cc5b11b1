"""A running engine tells at once what came to a stop, and goes on with everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crosstie import Alerts, Crosstie, Slack, Sync, field
from crosstie.core.errors import Halt
from crosstie.engine.run import Report
from crosstie.sandbox.sinks import SLACK_PATH, Box, start_chat
from crosstie.service.watch import MINUTE
from crosstie.service.wiring import opened
from crosstie.service.worker import work_until
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource


class Bell(Box):
    """Rings when something has arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.rung = asyncio.Event()

    def keep(self, **message: Any) -> None:
        super().keep(**message)
        self.rung.set()


def declared(folder: Path, crm: MemoryCollection) -> Crosstie:
    """A sync whose right side can be made to stop, and one that works."""

    def sync(name: str, right: MemoryCollection, account: str) -> Sync:
        left = MemoryCollection(f"{name} here", fields=("name",))
        left.add({"name": "Ann"})
        return Sync(
            name,
            left=MemorySource(left, MemoryAccount(f"{name} books")),
            right=MemorySource(right, MemoryAccount(account)),
            fields=[field("name", "name")],
        )

    well = MemoryCollection("well", fields=("name",))
    return Crosstie(
        [sync("stopped", crm, "crm"), sync("well", well, "other")],
        state=f"sqlite:///{folder / 'state.db'}",
        alerts=Alerts([Slack("env:SLACK_URL", loopback=True)]),
    )


def test_an_account_that_stops_is_told_at_once_while_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = MemoryCollection("crm", fields=("name",))
    writes: list[str] = []
    wrote = asyncio.Event()

    async def refused(*_: object, **__: object) -> Any:
        raise Halt("the token of Ann Smith is not valid", login=True)

    def told(report: Report, syncs: Sequence[str]) -> None:
        if report.writes:
            writes.extend(syncs)
            wrote.set()

    async def play() -> Bell:
        bell = Bell()
        running = await start_chat(bell)
        monkeypatch.setenv("SLACK_URL", running.url + SLACK_PATH)
        stop = asyncio.Event()
        async with opened(declared(tmp_path, crm)) as ready:
            working = asyncio.ensure_future(work_until(ready, ready.works, stop, told))
            await asyncio.wait_for(asyncio.gather(bell.rung.wait(), wrote.wait()), MINUTE / 2)
            stop.set()
            await working
        await running.stop()
        return bell

    monkeypatch.setattr(crm, "scan", refused)
    bell = asyncio.run(play())
    (message,) = bell.messages
    assert "halted:crm" in message["title"]
    assert "Ann" not in str(message)
    assert writes == ["well"]
