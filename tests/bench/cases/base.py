"""Make the state of an agreed base: the first run over two equal sides. Not measured."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.world import build
from crosstie import Policy
from crosstie.engine.run import Options, run
from crosstie.service.grouped import GroupedStore


async def make(count: int, path: Path) -> None:
    """Match all, write nothing. Raises AssertionError when something was written."""
    # With a feed, so that its cursor is kept; cases without one do not look at it.
    world = build(count, feed=True)
    store = GroupedStore.open(f"sqlite:///{path}")
    work = world.work(store, Policy.ASK)
    report = await run([work], store, Options())
    figures = await store.figures(work.name, work.clock.now())
    store.close()
    assert (report.writes, figures.linked, figures.due) == (0, count, 0), (report, figures)


if __name__ == "__main__":
    asyncio.run(make(int(sys.argv[1]), Path(sys.argv[2])))
