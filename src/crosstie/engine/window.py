"""A listing that shows a window: what it does not show is missing only where it should be shown."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.errors import Rejected, Unlinked
from crosstie.core.values import Json, Link, Side
from crosstie.engine.work import Work
from crosstie.ports.proof import Windowed

CHUNK = 1_000


async def missing(work: Work, side: Side, ids: Sequence[str]) -> list[str]:
    """Those of these linked records that a complete scan of that side would have shown.

    All of them, unless the scan shows a window. Then it is those that were in it when both sides
    last agreed: who has left it since is read by its id before anything follows, as ever. And those
    that are suspected already: one that a read did not find is in no window any more, and only
    scans end a suspicion.
    """
    collection = work.at(side)
    name = collection.can.window
    if name is None:
        return list(ids)
    assert isinstance(collection, Windowed)
    suspected = await work.store.suspected(work.name)
    out: list[str] = []
    for start in range(0, len(ids), CHUNK):
        links = await work.store.links_at(work.name, side, ids[start : start + CHUNK])
        out += [
            record_id
            for record_id, link in links.items()
            if link.id in suspected or collection.shows(_agreed(work, side, link, name))
        ]
    return out


def _agreed(work: Work, side: Side, link: Link, raw: str) -> Json:
    """What the raw field showed when both sides last agreed; None where that cannot be told."""
    base = link.base_of(side)
    for f in work.mapping.fields:
        if f.raw_name(side) == raw and f.name in base:
            try:
                return work.mapping.side(side).write({f.name: base[f.name]}, {})[raw]
            except (Rejected, Unlinked):
                return None
    return None
