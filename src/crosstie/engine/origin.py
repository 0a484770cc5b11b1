"""Is each system still the one that the links were made with, and the state no older than it?

A database put back from a backup, a state put back from one, a CRM that was reset: to the merge
all of them look like edits and deletions. So before anything is noticed, both are asked for what
they remember of each other: a generation number that only grows, kept on both sides; the change
feed's own numbers; and, where a system keeps nothing for us, whether it still has the records that
were linked first, and whether it shows records that a link made which the state never had. What
does not fit is a doubt: the sync is held until a person has seen it and lets go.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from crosstie.core.values import SIDES, Side
from crosstie.engine.reconcile import FEWEST, Surveyed
from crosstie.engine.work import Work
from crosstie.ports.proof import Origin, Remembered, Remembering

HOUR = 3_600.0
"""Seconds after which a running engine moves the generation on, or looks up linked records."""
CANARIES = 5
"""Linked records that are looked up at most, in two places; the first that is there suffices."""


async def examine(work: Work, *, anew: bool, only_look: bool = False) -> str | None:
    """Why one of the sides is doubted; None when both are who they were.

    anew: move the generation on whatever the hour, as a process that starts does, and one that
    scans everything.  only_look: write to neither system; a plan does that.
    """
    kept = {side: await work.store.origin(work.name, side) for side in SIDES}
    for origin in kept.values():
        if origin.doubt is not None:
            if only_look:
                # A plan tells of it although nobody finds it a second time.
                await work.store.doubt(
                    work.name, next(s for s in kept if kept[s] is origin), origin.doubt
                )
            return origin.doubt
    notes = work.ledger.notes
    fresh = anew or work.name not in notes.examined
    for side, origin in kept.items():
        why = await _examine(work, side, origin, fresh=fresh, only_look=only_look)
        if why is not None:
            return await doubt(work, side, why)
    notes.examined.add(work.name)
    return None


async def accept(work: Work) -> tuple[Side, ...]:
    """A person says that what is there now is the truth: both remember the same again.

    Gives the sides that were doubted. Doubts that nobody was told of yet are not among them.
    """
    accepted = []
    for side in SIDES:
        kept = await work.store.origin(work.name, side)
        if kept.doubt is None:
            continue
        accepted.append(side)
        system = _memory(work, side)
        if system is None:
            await work.store.keep_origin(
                work.name, side, Origin(checked_at=work.clock.now(), beyond=kept.beyond)
            )
            continue
        found = await work.ask(side, system.remembered(_key(work, side)))
        await _move_on(work, side, system, replace(kept, height=None), found)
    return tuple(accepted)


async def doubted(work: Work) -> tuple[Side, ...]:
    """Sides that a person has to accept as they are."""
    kept = {side: await work.store.origin(work.name, side) for side in SIDES}
    return tuple(side for side, origin in kept.items() if origin.doubt is not None)


async def doubt(work: Work, side: Side, why: str) -> str:
    """Hold the sync for that reason; the reason with what a person can do."""
    told = f"{why} fix: {_fix(work.name)}"
    await work.store.doubt(work.name, side, told)
    work.count("held")
    return told


async def after_a_look(work: Work, survey: Surveyed | None, accepted: Sequence[Side]) -> str | None:
    """What the listings and feeds of a run showed of the past; None when nothing is odd in it."""
    for side in survey.strangers_only if survey is not None else ():
        assert survey is not None
        return await doubt(
            work,
            side,
            f"the {side} lists {survey.records[side]} records and none of the "
            f"{survey.absent[side]} linked ones: it was reset, or another account answers.",
        )
    beyond = work.ledger.notes.beyond
    for side in SIDES:
        number = beyond.pop((work.name, side), 0)
        if not number:
            continue
        if accepted:
            kept = await work.store.origin(work.name, side)
            await work.store.keep_origin(work.name, side, replace(kept, beyond=number))
            continue
        return await doubt(
            work,
            side,
            f"the {side} has a record made by link {number} of this state, which has given out "
            f"{work.ledger.notes.given_out} only: the state was put back to an older day.",
        )
    return None


async def _examine(
    work: Work, side: Side, kept: Origin, *, fresh: bool, only_look: bool
) -> str | None:
    now = work.clock.now()
    # A check of the future, from a clock that was set back, counts as none.
    due = kept.checked_at is None or not kept.checked_at <= now < kept.checked_at + HOUR
    system = _memory(work, side)
    if system is None:
        if kept.confirmed:
            return _forgotten(work, side)
        return await _look_up(work, side, kept, only_look=only_look) if due else None
    found = await work.ask(side, system.remembered(_key(work, side)))
    why = _compared(work, side, kept, found)
    if why is not None or only_look:
        return why
    if fresh or due:
        await _move_on(work, side, system, kept, found)
    elif found.height != kept.height:
        await work.store.keep_origin(work.name, side, replace(kept, height=found.height))
    return None


def _memory(work: Work, side: Side) -> Remembering | None:
    collection = work.at(side)
    if collection.can.remembers and isinstance(collection, Remembering):
        return collection
    return None


def _key(work: Work, side: Side) -> str:
    """The name under which a system remembers this side of this sync of this state."""
    return f"{work.store.identity}.{work.name}.{side}"


def _compared(work: Work, side: Side, kept: Origin, found: Remembered) -> str | None:
    name = f"the {side} ({work.at(side).name})"
    if found.generation is None:
        return _forgotten(work, side) if kept.confirmed else None
    if found.generation > kept.pending:
        return (
            f"this state was put back to an older day: {name} remembers generation "
            f"{found.generation} of it, and the state knows {kept.pending} only."
        )
    if found.generation < kept.confirmed:
        return (
            f"{name} was put back to an older day: it remembers generation {found.generation}, "
            f"and {kept.confirmed} was kept there."
        )
    if None not in (kept.height, found.height) and (found.height or 0) < (kept.height or 0):
        return (
            f"{name} was put back to an older day: its change numbers went back from "
            f"{kept.height} to {found.height}."
        )
    return None


def _forgotten(work: Work, side: Side) -> str:
    return (
        f"the {side} ({work.at(side).name}) no longer knows this state: its capture was taken away "
        "or installed anew, or another database answers."
    )


async def _move_on(
    work: Work, side: Side, system: Remembering, kept: Origin, found: Remembered
) -> None:
    """Both remember the next generation. A crash in between leaves the system with one of two."""
    generation = max(kept.pending, found.generation or 0) + 1
    await work.store.keep_origin(work.name, side, replace(kept, pending=generation))
    now = work.clock.now()
    await work.ask(side, system.remember(_key(work, side), generation, now))
    done = Origin(generation, generation, found.height, now, beyond=kept.beyond)
    await work.store.keep_origin(work.name, side, done)


async def _look_up(work: Work, side: Side, kept: Origin, *, only_look: bool) -> str | None:
    """Whether any of a few linked records is still there, where nothing is remembered for us."""
    half = await work.store.newest_link(work.name) // 2
    linked: dict[int, str] = {}
    for after in (0, half):
        linked |= dict(await work.store.linked_ids(work.name, side, after, CANARIES))
    proven = await work.store.proven(list(linked), side)
    ids = [record_id for link_id, record_id in linked.items() if link_id not in proven]
    if len(ids) >= FEWEST and not await _any_there(work, side, ids):
        return (
            f"none of {len(ids)} linked records that were looked up on the {side} exists: it was "
            "reset, or another account answers."
        )
    if not only_look:
        checked = replace(kept, checked_at=work.clock.now())
        await work.store.keep_origin(work.name, side, checked)
    return None


async def _any_there(work: Work, side: Side, ids: Sequence[str]) -> bool:
    """One of these records exists. Reads no more than it must."""
    collection = work.at(side)
    size = collection.can.read_batch
    for start in range(0, len(ids), size):
        if (await work.ask(side, collection.read(ids[start : start + size]))).records:
            return True
    return False


def _fix(sync: str) -> str:
    return (
        f"see what follows from it with `crosstie plan --sync {sync} -o plan.json`; if that is "
        f"meant, `crosstie apply plan.json` or `crosstie run --once --sync {sync} --release-brake`"
    )
