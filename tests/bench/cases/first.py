"""(a) Two populations that never met: match, compare, plan."""

from __future__ import annotations

from pathlib import Path

from bench import edits
from bench.cases.figures import Figures
from bench.measure import span
from bench.world import build
from crosstie import Policy, Side
from crosstie.engine.planner import plan
from crosstie.service.grouped import GroupedStore


async def first(count: int, folder: Path) -> Figures:
    """Plan the first run of `count` against `count` contacts, 1 % of them different."""
    world = build(count, feed=False)
    made = edits.first_run(count)
    world.make(made)
    store = GroupedStore.open(f"sqlite:///{folder / 'first.db'}")
    with span() as measured:
        planned = await plan([world.work(store, Policy.LEFT)], full=True)
    store.close()
    wanted = {(world.ids[Side.LEFT][e.number], e.field, e.value) for e in made}
    found = {
        (operation.left_id, name, values[1])
        for operation in planned.operations
        for name, values in operation.changes.items()
    }
    return Figures(
        measured,
        records=2 * count,
        lost=len(wanted - found),
        checks={
            "every difference is planned, nothing else": wanted == found,
            "all records matched": planned.matched == {"contacts": count - len(made.alone)},
            "nothing was written": world.writes() == 0,
        },
    )
