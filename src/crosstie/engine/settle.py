"""Settle one link: read both sides, decide, write, move the base. The heart.

One write at a time: intent, call, base. After each write the decision is made again from what the
reply shows, so a step that was the last one before the power went leaves a link that any later
settling finishes. The landing of the last write and the end of the settling are one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import assert_never

from msgspec.structs import replace

from crosstie.core.decide import (
    Archive,
    AskDelete,
    Close,
    Create,
    Decision,
    Delete,
    Forget,
    Operation,
    Update,
    decide,
)
from crosstie.core.errors import Duplicate, NotFound, Rejected, Stale, Unlinked
from crosstie.core.values import SIDES, Link, LinkState, Record, Side
from crosstie.engine import conflicts, evidence, meet, perform, recover, undone
from crosstie.engine.scene import Entries, Records, Scene, look
from crosstie.engine.work import Work, with_id, with_mark
from crosstie.ports import Entry, Intent, Step

ROUNDS = 8
"""Writes that one settling may make before it leaves the rest to the next one."""
RETRIES = 3
"""How often a link is read and decided again at once when a record moved under our hands."""

Prefetched = Mapping[tuple[Side, str], Record | None]


async def settle(
    work: Work, link: Link, intents: Sequence[Intent] = (), prefetched: Prefetched | None = None
) -> None:
    """Bring both records of a link into step, or keep the reason why not.

    Asked twice, it does nothing the second time. Raises the errors of connectors; the link is
    then as it was, or further, never half a step.
    """
    attempt = 1
    while True:
        try:
            return await _settle(work, link, intents, prefetched)
        except (Stale, NotFound, Duplicate) as moved:
            # Our own state has no side: another link took the record since this one looked.
            if attempt == RETRIES or (isinstance(moved, Duplicate) and moved.side is not None):
                raise
        attempt += 1
        fresh = await work.store.link(link.id)
        if fresh is None:
            return None
        link, prefetched = fresh, None
        intents = await work.store.open_intents([link.id])


async def _settle(
    work: Work, link: Link, intents: Sequence[Intent], prefetched: Prefetched | None
) -> None:
    records: Records = {
        Side.LEFT: await _read(work, link, Side.LEFT, prefetched),
        Side.RIGHT: await _read(work, link, Side.RIGHT, prefetched),
    }
    for intent in intents:
        finish = recover.FINISH if intent.undoes is None else undone.FINISH
        resumed = await finish[intent.kind](work, link, intent, records)
        if resumed is None:
            return
        link, records = resumed
    if undone.stays(link, records):
        await work.store.keep([Step(replace(link, settled=link.noticed))])
        return
    doubtful = None in records.values() or link.id in work.ledger.notes.suspected
    if doubtful and await evidence.unproven(work, link, records):
        return
    if await _comes_late(work, link, records):
        return
    for side, record in records.items():
        if record is not None:
            link = with_mark(link, side, record.mark)
    if _left_out(work, link, records):
        await work.store.keep([Step(_settled(link), drops=True)])
        return
    await _decide(work, link, records, tuple(intent.id for intent in intents))


async def _comes_late(work: Work, link: Link, records: Records) -> bool:
    """Whether a new record that the feed told of is not shown by its first read: it is put off.

    A read may be late. A link without a counterpart is forgotten when its record is gone, and no
    feed would tell of it a second time.
    """
    if link.agreed or link.attempts or any(record is not None for record in records.values()):
        return False
    for side in SIDES:
        if link.id_of(side) is not None and not work.at(side).can.local:
            again = work.clock.now() + max(work.at(side).can.search_lag, 1.0)
            put_off = replace(link, settled=link.noticed, attempts=1)
            await work.store.keep([Step(put_off, due_at=again)])
            work.count("not_shown_yet")
            return True
    return False


async def _decide(work: Work, link: Link, entries: Entries, begun: tuple[int, ...]) -> None:
    """Decide and write until there is nothing left to write."""
    pending: Step | None = None
    with ExitStack() as meeting:
        for _ in range(ROUNDS):
            try:
                scene = replace(await _seen(work, link, entries, pending), begun=begun)
                decision = decide(work.rules, link, scene.left, scene.right, scene.answered.rulings)
                written = await _advance(work, scene, decision, pending, meeting)
            except (Rejected, Unlinked) as refused:
                refused.marks = refused.marks or (link.left_mark, link.right_mark)
                raise
            if written is None:
                return
            pending, entries = written
            link = pending.link
        assert pending is not None
        await work.store.keep([pending])


async def _seen(work: Work, link: Link, entries: Entries, pending: Step | None) -> Scene:
    """What there is to decide from. A write that landed is kept also where that cannot be read."""
    try:
        return await look(work, link, entries)
    except (Rejected, Unlinked):
        if pending is not None and pending.closes:
            await work.store.keep([pending])
        raise


async def _advance(
    work: Work, scene: Scene, decision: Decision, pending: Step | None, meeting: ExitStack
) -> tuple[Step, Entries] | None:
    """Carry out the first operation of a decision; None when the settling ends here.

    `pending` is the step before, not kept yet: it shares the transaction that ends the settling,
    and is kept before the next intent. `meeting` ends when it is kept.
    """
    if not decision.operations:
        await _quiet(work, scene, decision, pending)
        return None
    if pending is not None:
        await work.store.keep([pending])
    operation = decision.operations[0]
    if isinstance(operation, Create):
        return await _stand_in(work, scene, operation, meeting)
    if not _permitted(work, scene, operation):
        return None
    if isinstance(operation, Update):
        return await perform.write(work, scene, operation)
    await _part(work, scene, operation)
    return None


def _permitted(work: Work, scene: Scene, operation: Operation) -> bool:
    if work.gate.permits(work.name, scene, operation):
        return True
    work.count("withheld")
    return False


async def _part(
    work: Work, scene: Scene, operation: Delete | Archive | Close | Forget | AskDelete
) -> None:
    """A record is gone: end the link, or ask."""
    match operation:
        case Delete():
            await perform.delete(work, scene, operation)
        case Archive():
            step, _ = await perform.write(work, scene, operation)
            await _close(work, replace(scene, link=step.link), operation.side, step)
        case Close():
            await _close(work, scene, operation.side, None)
        case Forget():
            told = evidence.ended(work, scene.link)
            await work.store.keep([Step(_settled(scene.link), history=told, drops=True)])
            work.count("forgotten")
        case AskDelete():
            await conflicts.ask_delete(work, scene, operation)
        case _:
            assert_never(operation)


async def _stand_in(
    work: Work, scene: Scene, operation: Create, meeting: ExitStack
) -> tuple[Step, Entries] | None:
    """A record stands alone: find its counterpart, else create one where the sync allows it."""
    if scene.link.agreed:
        if not _permitted(work, scene, operation):
            return None
        return await perform.create(work, scene, operation)
    # Until the link has its record: before that, it looks like nobody's.
    meeting.enter_context(meet.alone(work, scene.view(operation.side.other).canon))
    if scene.answered.pair != "":
        met = await meet.counterpart(work, scene, operation.side)
        if met is meet.ASKED:
            return None
        if met is not meet.ALONE:
            return met
    if work.sync.may_create_on(operation.side):
        if not _permitted(work, scene, operation):
            return None
        return await perform.create(work, scene, operation)
    await work.store.keep([Step(_settled(scene.link), closes=scene.begun, conflict=None)])
    work.count("alone")
    return None


async def _read(work: Work, link: Link, side: Side, prefetched: Prefetched | None) -> Record | None:
    record_id = link.id_of(side)
    if record_id is None:
        return None
    if prefetched is not None and (side, record_id) in prefetched:
        return prefetched[side, record_id]
    found = await work.ask(side, work.at(side).read([record_id]))
    return found.records.get(record_id)


def _left_out(work: Work, link: Link, records: Records) -> bool:
    """A record without a counterpart that is not of the collection, or not let in by the filter."""
    if link.agreed or (link.left_id is not None and link.right_id is not None):
        return False
    for side, record in records.items():
        where = work.sync.where(side) or (lambda _: True)
        if record is not None and (record.outside or not where(record.fields)):
            return True
    return False


async def _quiet(work: Work, scene: Scene, decision: Decision, pending: Step | None) -> None:
    """Nothing (more) to write: move the base where both agree, open or close the conflict."""
    link, agreed = scene.link, decision.merged.agreed
    if agreed:
        link = replace(
            link,
            base_left={**link.base_left, **{name: pair[0] for name, pair in agreed.items()}},
            base_right={**link.base_right, **{name: pair[1] for name, pair in agreed.items()}},
        )
    conflict = conflicts.of_edits(work, scene, decision.merged)
    history = pending.history if pending is not None else ()
    if conflict is not None and conflicts.is_new(scene, conflict):
        history = (*history, conflicts.opened(work, link, conflict))
        work.count("conflicts")
    step = replace(
        pending or Step(link),
        link=_settled(link),
        due_at=None,
        closes=(*scene.begun, *(pending.closes if pending is not None else ())),
        conflict=conflict,
        history=history,
    )
    await work.store.keep([step])
    if pending is None and conflict is None and not agreed:
        work.count("unchanged")


def _settled(link: Link) -> Link:
    """The link with nothing left to do for what was noticed so far."""
    return replace(
        link,
        settled=link.noticed,
        state=LinkState.ACTIVE,
        attempts=0,
        error=None,
        detail=None,
        waits_for=None,
    )


async def _close(work: Work, scene: Scene, here: Side, landed: Step | None) -> None:
    """The counterpart is gone and this record stays: its id on the gone side is free again."""
    gone = here.other
    link = replace(_settled(with_id(scene.link, gone, None)), state=LinkState.CLOSED)
    entry = Entry(
        side=here,
        record_id=link.id_of(here),
        operation="close",
        cause=f"deleted on the {gone}; the {here} record stays",
        before=scene.link.base_of(gone),
        at=work.clock.now(),
        run_id=work.run_id,
    )
    step = landed or Step(link)
    step = replace(step, link=link, due_at=None, history=(*step.history, entry), conflict=None)
    await work.store.keep([step])
    work.count("closed")
