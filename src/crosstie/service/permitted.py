"""Does a sync write where nothing can be written?"""

from __future__ import annotations

from crosstie.core.errors import Misconfigured
from crosstie.core.mapping import Direction
from crosstie.core.values import SIDES, Side
from crosstie.engine.work import Work
from crosstie.sync import Creates, Sync


def permitted(work: Work) -> Work:
    """The work itself. Raises Misconfigured where it would create or change what can only be read.

    Deletions are let be: those on the readable side may well travel, and one that would have to
    travel there is a dead letter.
    """
    for side in SIDES:
        if work.at(side).can.read_only:
            _demand_none(work.sync, side)
    return work


def _demand_none(sync: Sync, side: Side) -> None:
    fixes = []
    if sync.may_create_on(side):
        other = side.other.value if sync.creates is Creates.BOTH else Creates.NONE.value
        fixes.append(f'say `creates="{other}"`')
    written = sync.mapping.writable(side)
    if written:
        away = Direction.TO_LEFT if side is Side.RIGHT else Direction.TO_RIGHT
        names = ", ".join(written)
        fixes.append(f'give these fields `direction="{away.value}"`: {names}')
    if fixes:
        source = sync.source(side)
        raise Misconfigured(
            f"sync {sync.name!r}: {source.name} of {source.account.label} can only be read",
            fix="; ".join(fixes),
        )
