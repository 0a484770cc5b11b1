"""What a run left behind that a person should know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crosstie.core.values import Instant
from crosstie.engine.work import Work

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened


async def open_conflicts(opened: Opened, works: Sequence[Work], now: Instant) -> int:
    """How many conflicts of these syncs wait for a person."""
    figures = [await opened.store.figures(work.name, now) for work in works]
    return sum(f.conflicts for f in figures)
