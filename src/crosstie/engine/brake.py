"""Ask before the first write whether a run would do too much harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crosstie.core.plan import Harm, trips
from crosstie.core.values import Side
from crosstie.engine import planner
from crosstie.engine.reconcile import Surveyed
from crosstie.engine.work import Work
from crosstie.ports import DeskStore, Store

MEMORY = 600.0
"""Seconds for which deletions of earlier runs count as those of this one."""
MANY_RUNS = 2_000
RELEASED = "released"
"""Kind of a run for which a person let go of the brake."""
APPLY = "apply"
"""Kind of a run that carried out a plan which the brake did not stop."""
UNDO = "undo"
"""Kind of a run that takes another one back: a person saw what it would delete."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What noticing came to, as far as the brake cares."""

    gone: Mapping[Side, int] = field(default_factory=dict)
    """Records that a change feed told as gone."""
    survey: Surveyed | None = None
    doubt: str | None = None
    """Why a side is not the system that the links were made with."""


async def brake(work: Work, store: Store, seen: Seen) -> str | None:
    """Why this sync must not be written to now; None when it may.

    What trips it holds the sync until a person lets go. Few due links are let pass without a
    further look; many are planned first, and the planning stops when it is too much.
    """
    held = await store.held(work.name)
    if held is not None:
        return held
    limits = work.sync.brake
    emptied = seen.survey.emptied() if seen.survey is not None else ()
    due = await store.due_count(work.name, work.clock.now(), limits.records + 1)
    going = sum(seen.gone.values())
    if seen.survey is not None:
        going += sum(seen.survey.gone.values())
    before = await deleted_lately(work, store) if going else 0
    if due + before <= limits.records and not emptied and not any(seen.gone.values()):
        return None
    reason = await _too_much(work, store, seen, emptied, before)
    if reason is not None:
        await store.hold(work.name, reason)
        work.count("held")
        for side in emptied:
            # Whoever lets go of the brake says that the side is meant to be empty.
            await store.doubt(work.name, side, reason)
    return reason


async def deleted_lately(work: Work, store: DeskStore) -> int:
    """Records that the runs of the last minutes deleted: a flood comes in many small runs.

    Applied plans count as well. What the brake was released for is not held against the next run.
    """
    deleted, since = 0, work.clock.now() - MEMORY
    for run in await store.runs(MANY_RUNS):
        if run.started < since or run.kind == RELEASED:
            break
        if run.started > work.clock.now():
            # From before the clock was set back; nobody knows how long ago.
            continue
        if run.kind == UNDO:
            continue
        deleted += sum(run.counts.get(f"{work.name}.deleted_{side}", 0) for side in Side)
    return deleted


async def _too_much(
    work: Work, store: Store, seen: Seen, emptied: tuple[Side, ...], before: int
) -> str | None:
    """before: records of the sync that were deleted lately."""
    limits = work.sync.brake
    figures = await store.figures(work.name, work.clock.now())
    linked, due = figures.linked, figures.due_linked + before
    all_gone = tuple(side for side, gone in seen.gone.items() if gone and gone >= linked)
    many = due > limits.records and due > limits.share * linked
    harm = Harm(linked, empty=emptied)
    if linked and not emptied and (many or all_gone):
        enough = max(limits.records, int(limits.share * linked))
        harm = await planner.harm(work, linked=linked, enough=enough)
        harm = replace(harm, empty=tuple(side for side in harm.empty if side in all_gone))
        if harm.deletes:
            harm = replace(harm, linked=linked + before, deletes=harm.deletes + before)
    return trips(harm, share=limits.share, records=limits.records, empty_side=limits.empty_side)
