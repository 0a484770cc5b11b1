"""Which syncs have to be worked on one after the other, and which side by side.

An account that is slow or down takes the time of those who wait for it. So syncs that share no
account over a network, and do not refer to each other, each get a lane of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from crosstie.core.values import SIDES
from crosstie.engine.work import Ledger, Work


def lanes(works: Sequence[Work]) -> list[list[Work]]:
    """Parts of these syncs that have nothing to do with each other, each in the given order.

    Each lane has a ledger of its own: what one counts, or leaves alone for now, is nothing to the
    others.
    """
    parts: list[tuple[set[tuple[str, str]], list[Work]]] = []
    for work in works:
        tied, members = _ties(work), [work]
        for part in [part for part in parts if part[0] & tied]:
            parts.remove(part)
            tied |= part[0]
            members = [*part[1], *members]
        parts.append((tied, members))
    place = {work.name: number for number, work in enumerate(works)}
    out = []
    for _, members in parts:
        ledger = Ledger()
        ordered = sorted(members, key=lambda work: place[work.name])
        out.append([replace(work, ledger=ledger) for work in ordered])
    return out


def _ties(work: Work) -> set[tuple[str, str]]:
    """What this sync has to do with: itself, the syncs that it refers to, its accounts."""
    referred = {sync for side in SIDES for _, _, sync in work.mapping.side(side).references}
    remote = {work.account(side) for side in SIDES if not work.at(side).can.local}
    named = {("sync", name) for name in (work.name, *referred)}
    return named | {("account", label) for label in remote}


async def side_by_side(flows: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run all of them to their end. The first error ends the others, and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for flow in flows:
                group.create_task(flow())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
