"""(e) How many updates a second reach the remote, beside a bare loop making the same calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, TCPConnector

from bench.application import Application, declared
from bench.cases.figures import Figures
from bench.data import contact
from bench.measure import Span, span
from bench.remote import HEADERS, Calls, Remote, sandbox
from crosstie import Side
from crosstie.engine.run import Options, run
from crosstie.service.runtime import AsyncTasks
from crosstie.service.wiring import Opened, opened
from crosstie.testing.store_postgres import postgres_database

ROUNDS = 3
"""Of each; the best one counts, since the machine is shared."""


async def settle(count: int, folder: Path) -> Figures:
    """`count` rows change in the table; each costs 1 read and 1 write, intent and base kept."""
    return await _settled(count, folder, folder / "settle-state.db")


async def settle_postgresql(count: int, folder: Path) -> Figures:
    """The same with the state in PostgreSQL, where a server answers."""
    try:
        with postgres_database() as address:
            own = folder / "postgresql"
            own.mkdir()
            return await _settled(count, own, address)
    except pytest.skip.Exception as none:
        return Figures(Span(), records=0, more={"skipped": str(none)})


async def _settled(count: int, folder: Path, state: Path | str) -> Figures:
    people = [contact(number) for number in range(count)]
    application = Application(folder / "settle-app.db")
    application.make(people)
    with sandbox() as remote:
        ids = remote.fill(people)
        app = declared(application, remote, state)
        async with opened(app) as world:
            await run(world.works, world.store, Options())
            bare, ours = [], []
            for number in range(ROUNDS):
                bare.append(await _bare(remote, ids, f"bare {number}"))
                ours.append(await _round(world, application, remote, f"City {number}"))
        shown = await _shown(remote, ids)
    wanted = application.values("city")
    return _figures(bare, ours, count, sum(a != b for a, b in zip(wanted, shown, strict=True)))


def _figures(
    bare: list[tuple[Span, Calls]], ours: list[tuple[Span, Calls]], count: int, lost: int
) -> Figures:
    best, loop = (min((s for s, _ in each), key=lambda s: s.seconds) for each in (ours, bare))
    exact = all((calls.reads, calls.writes) == (count, count) for _, calls in (*ours, *bare))
    last = ours[-1][1]
    return Figures(
        best,
        records=count,
        lost=lost,
        checks={"1 read + 1 write for each update": exact, "all values arrived": lost == 0},
        more={
            "reads": last.reads,
            "writes": last.writes,
            "bare_seconds": loop.seconds,
            "bare_per_second": count / loop.seconds,
            "share_of_bare": loop.seconds / best.seconds,
            "rounds": [each.seconds for each, _ in ours],
            "bare_rounds": [each.seconds for each, _ in bare],
        },
    )


async def _round(
    world: Opened, application: Application, remote: Remote, city: str
) -> tuple[Span, Calls]:
    """Every row gets another city; notice and settle all of it."""
    application.edit("city", city)
    remote.forget_calls()
    looks = {work.name: (Side.LEFT,) for work in world.works}
    with span() as measured:
        await run(world.works, world.store, Options(looks=looks))
    return measured, remote.calls()


async def _bare(remote: Remote, ids: list[str], city: str) -> tuple[Span, Calls]:
    """The same calls, as many at once, and nothing kept."""
    remote.forget_calls()
    decode, encode = msgspec.json.decode, msgspec.json.encode
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector, headers=HEADERS) as session:

        async def one(record_id: str, number: int) -> None:
            url = f"{remote.url}/contacts/{record_id}"
            async with session.get(url) as reply:
                assert decode(await reply.read())["contact"]["id"] == record_id
            body = encode({"city": f"{city} {number}"})
            headers = {"Content-Type": "application/json"}
            async with session.put(url, data=body, headers=headers) as reply:
                assert decode(await reply.read())["contact"]["id"] == record_id

        flights = (one(record_id, number) for number, record_id in enumerate(ids))
        with span() as measured:
            await AsyncTasks().run(flights, 32)
    return measured, remote.calls()


async def _shown(remote: Remote, ids: list[str]) -> list[Any]:
    cities = {}
    async with ClientSession(headers=HEADERS) as session:

        async def one(record_id: str) -> None:
            async with session.get(f"{remote.url}/contacts/{record_id}") as reply:
                cities[record_id] = (await reply.json())["contact"].get("city")

        await AsyncTasks().run((one(record_id) for record_id in ids), 32)
    return [cities[record_id] for record_id in ids]
