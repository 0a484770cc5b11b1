"""Records that were not found, and of which it is not proven yet that they were deleted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from crosstie.core.values import Instant
from crosstie.ports import DeskStore
from crosstie.service.counting import counted


class Unfound(msgspec.Struct, frozen=True):
    """What waits on one side of a sync: edits of these records on the other side, too."""

    sync: str
    side: str
    records: int
    again_in: float | None
    """Seconds until a run looks again, 0 when the next one does; None: the next complete scan."""


async def unfound(store: DeskStore, syncs: Sequence[str], now: Instant) -> Sequence[Unfound]:
    """What waits in these syncs; the state alone is asked."""
    return [
        Unfound(name, side.value, records, None if again is None else max(0.0, again - now))
        for name in syncs
        for side, records, again in await store.unproven(name)
    ]


def told(each: Unfound) -> str:
    """`1 record not found on the right; looked at again by a run in 58 s or later`."""
    when = "by the next complete scan" if each.again_in is None else "by the next run"
    if each.again_in:
        when = f"by a run in {each.again_in:.0f} s or later"
    return f"{counted(each.records, 'record')} not found on the {each.side}; looked at again {when}"
