"""(b), (c), (d): two sides that were in step: 1 % changed, or nothing."""

from __future__ import annotations

from pathlib import Path

from bench import edits
from bench.cases.figures import Figures
from bench.measure import span
from bench.world import World, agreed, build
from crosstie import Policy
from crosstie.core.values import LinkState
from crosstie.engine.run import Options, Report, run
from crosstie.ports import ConflictKind
from crosstie.service.grouped import GroupedStore


async def listing(count: int, folder: Path) -> Figures:
    """(b) Both sides can only be listed completely."""
    return await _changed(count, folder, feed=False)


async def feed(count: int, folder: Path) -> Figures:
    """(c) Both sides tell what changed."""
    return await _changed(count, folder, feed=True)


async def noop(count: int, folder: Path) -> Figures:
    """(d) A full reconcile of two sides in step."""
    state = agreed(count, folder)
    world = build(count, feed=True)
    store = GroupedStore.open(state)
    work = world.work(store, Policy.ASK)
    with span() as measured:
        report = await run([work], store, Options(full=True))
    store.close()
    checks = {"0 writes": (world.writes(), report.writes) == (0, 0)}
    return Figures(measured, records=2 * count, checks=checks, more={"writes": world.writes()})


async def _changed(count: int, folder: Path, *, feed: bool) -> Figures:
    state = agreed(count, folder)
    world = build(count, feed=feed)
    made = edits.steady(count)
    world.make(made)
    store = GroupedStore.open(state)
    work = world.work(store, Policy.ASK)
    with span() as measured:
        report = await run([work], store, Options())
    figures = await _figures(count, world, made, store, report)
    store.close()
    return Figures(
        measured,
        records=2 * count,
        lost=figures["lost"],
        checks={
            "0 edits lost": figures["lost"] == 0,
            "all edits of different fields merged": figures["merged"] == edits.CROSSED,
            "all edits of one field listed": figures["conflicts"] == edits.CLASHED,
            "every other edit on both sides": figures["spread"] == count // 100,
            "one write for each value that has to travel": figures["writes"] == _writes(count),
            "nothing left due": figures["due"] == 0,
        },
        more=figures,
    )


def _writes(count: int) -> int:
    """One to the other side of each single edit, one to both sides of each crossed pair."""
    return count // 100 + 2 * edits.CROSSED


async def _figures(
    count: int, world: World, made: edits.Edits, store: GroupedStore, report: Report
) -> dict[str, int]:
    conflicts = await store.conflicts(None, count)
    now = await store.figures("contacts", 0.0)
    dead = await store.links_in(LinkState.DEAD, None, count)
    return {
        **world.judge(made).as_json(),
        "conflicts": sum(each.kind is ConflictKind.EDIT for each in conflicts),
        "writes": world.writes(),
        "due": now.due,
        "dead": len(dead),
        "unchanged": report.total("unchanged"),
    }
