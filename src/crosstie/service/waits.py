"""Records that wait for one they refer to, and whether they wait for too long."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from crosstie.core.values import Instant, LinkState
from crosstie.ports import DeskStore, RunRecord

ENOUGH = 2_000
"""Kept runs that are looked through; where they do not reach back far enough, nobody can tell."""


class Waits(msgspec.Struct, frozen=True):
    """Records of one sync that are not settled before another one is linked."""

    records: int
    parent_sync: str
    """What one of them refers to: the sync that has to link it, its side and its id there."""
    parent_side: str
    parent_id: str
    overdue: int
    """At least so many wait for longer than `patience` seconds."""
    patience: float

    @property
    def parent(self) -> str:
        """`people 7 on the left`, with a word on the others where there are any."""
        more = ", and others" if self.records > 1 else ""
        return f"{self.parent_sync} {self.parent_id} on the {self.parent_side}{more}"


async def waits(
    store: DeskStore, sync: str, records: int, patience: float, now: Instant
) -> Waits | None:
    """What these records of the sync wait for; None where none does.

    records: how many are in state waiting.  patience: seconds.
    """
    links = await store.links_in(LinkState.WAITING, sync, 1) if records else ()
    for link in links:
        if link.waits_for is not None:
            overdue = records - began(await store.runs(ENOUGH), sync, now - patience, records)
            parent = link.waits_for
            return Waits(records, parent.sync, parent.side, parent.id, overdue, patience)
    return None


def began(runs: Sequence[RunRecord], sync: str, since: Instant, records: int) -> int:
    """How many of these records may have begun to wait since then, by what the runs counted.

    A link does not tell since when it waits. All of them may where a run of that time told no
    figures, and where the runs, the newest first, do not reach back so far.
    """
    counted = 0
    for run in runs:
        if run.ended is None or run.was_cut_off:
            return records
        if run.ended < since:
            return min(counted, records)
        counted += run.counts.get(f"{sync}.waiting", 0)
    return records if len(runs) >= ENOUGH else min(counted, records)
