"""Taking a write back, made safe: how the base moves, and what a crash in the middle leaves.

After an undo both records stay as they are until somebody changes one of them: the base becomes
what each side shows, so neither counts as moved although they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from crosstie.core.decide import View
from crosstie.core.errors import Duplicate, Rejected, Retry, SyncError
from crosstie.core.match import resembles
from crosstie.core.values import Fields, Instant, Link, LinkState, Record, Side
from crosstie.engine import recover, undo
from crosstie.engine.perform import filled
from crosstie.engine.scene import Records, Scene, legible
from crosstie.engine.work import Work, with_bases, with_id, with_mark
from crosstie.ports import UNDONE, Entry, Intent, OperationKind, Step

QUIET = "its counterpart was taken back; it is brought over again when it changes"


def stays(link: Link, records: Records) -> bool:
    """A record whose counterpart was taken back, and that nobody has changed since."""
    if link.error != UNDONE:
        return False
    return all(
        record is not None and record.mark == mark
        for side, mark in ((Side.LEFT, link.left_mark), (Side.RIGHT, link.right_mark))
        if link.id_of(side) is not None
        for record in (records[side],)
    )


def updated(
    work: Work, link: Link, intent: Intent, target: View, names: Sequence[str], source: View
) -> Step:
    """These fields hold again what they held before: the base of that side is what they show now.

    The other side was as it was agreed when this was decided, so its base stands; it only gains
    what it never had. The state of the record is remembered only where nobody changed another
    field of it: such a change is still to be noticed.
    """
    reply = target.record
    assert reply is not None
    after = {name: target.canon.get(name) for name in names}
    side = intent.side
    before = {name: intent.was.get(name) for name in after}
    entry = replace(_entry(work, intent, "update", reply.id), before=before, after=after)
    known = link.base_of(side.other)
    gained = {n: source.canon[n] for n in after if n in source.canon and n not in known}
    moved = with_bases(link, side.other, gained, after)
    if not undo.moved_since(moved, target, side):
        moved = with_mark(moved, side, reply.mark)
    return _kept(work, moved, intent, entry)


def deleted(work: Work, link: Link, intent: Intent, source: View) -> Step:
    """What we made is gone: the record it was made from stays, without a counterpart."""
    side, here = intent.side, intent.side.other
    assert intent.target is not None
    entry = replace(_entry(work, intent, "delete", intent.target), before=intent.was)
    entry = replace(entry, across=link.id_of(here))
    same = not undo.moved_since(link, source, here)
    alone = _alone(with_mark(with_id(link, side, None), side, None))
    if source.record is None:
        done = replace(alone, settled=link.noticed)
        return replace(_kept(work, done, intent, entry), drops=True)
    # Somebody edited it since: then it is news, and brought over again.
    alone = with_mark(alone, here, source.record.mark if same else None)
    alone = replace(alone, settled=link.noticed if same else min(link.settled, link.noticed - 1))
    due_at = None if same else work.clock.now()
    return replace(_kept(work, alone, intent, entry), due_at=due_at, conflict=None)


def created(
    work: Work,
    link: Link,
    intent: Intent,
    reply: Record,
    shown: Fields,
    source: View,
    *,
    same: bool = True,
) -> Step:
    """What we deleted is there again: in step with what stands across, or alone and quiet.

    same: nobody can have changed the record across since this was decided.
    """
    side = intent.side
    entry = replace(_entry(work, intent, "create", reply.id), after=filled(shown))
    made = with_mark(with_id(link, side, reply.id), side, reply.mark)
    if source.record is None:
        made = _alone(with_id(made, side.other, None))
    else:
        names = [n for n, value in source.canon.items() if same or value == shown.get(n)]
        across = {name: source.canon[name] for name in names}
        own = {name: shown.get(name) for name in names}
        made = with_bases(_calm(made), side.other, across, own)
    made = replace(made, settled=link.noticed)
    return replace(_kept(work, made, intent, entry), adopts=True, wakes=True, conflict=None)


async def carry_out(work: Work, link: Link, intent: Intent, scene: Scene) -> Step:
    """Make the call; the step that keeps its outcome. What certainly failed closes the intent."""
    side, collection = intent.side, work.at(intent.side)
    source, record = scene.view(side.other), scene.view(side).record
    try:
        if intent.kind == "create":
            reply = await work.ask(side, collection.create(intent.raw, intent.key))
        elif record is not None and intent.kind == "update":
            call = collection.update(record.id, intent.raw, record.fields, record.version)
            reply = await work.ask(side, call)
        else:
            assert record is not None
            call_off = collection.delete(record.id, record.fields, record.version)
            await work.ask(side, call_off)
            return deleted(work, link, intent, source)
    except SyncError as error:
        await _give_up(work, link, intent, error)
        raise
    shown = work.mapping.side(side).read(reply.fields, scene.refs)
    if intent.kind == "create":
        return created(work, link, intent, reply, shown, source)
    return updated(work, link, intent, View(reply, shown), list(intent.values), source)


async def _give_up(work: Work, link: Link, intent: Intent, error: SyncError) -> None:
    """Close the intent of what certainly did not happen; else whoever comes next finds out."""
    unknown = isinstance(error, (Retry, Rejected)) and error.unknown
    if unknown and not isinstance(error, Duplicate):
        await work.store.keep([Step(link, due_at=work.clock.now())])
    elif intent.kind == "create":
        await work.store.keep([given_up(work, link, intent, told=False)])
    else:
        step = Step(link, due_at=due(work, link), closes=(intent.id,))
        await work.store.keep([step])


async def _finish_update(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records]:
    record = records[intent.side]
    target = await read(work, records, intent.side)
    shown, was = target.canon, intent.was
    landed = [
        name
        for name, value in intent.values.items()
        if shown.get(name) != was.get(name) and resembles(value, shown.get(name))
    ]
    step = Step(link, due_at=due(work, link), closes=(intent.id,))
    if record is not None and landed:
        source = await read(work, records, intent.side.other)
        step = updated(work, link, intent, target, landed, source)
        work.count("recovered")
    await work.store.keep([step])
    return step.link, records


async def _finish_delete(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records] | None:
    if records[intent.side] is not None:
        await work.store.keep([Step(link, due_at=due(work, link), closes=(intent.id,))])
        return link, records
    source = await read(work, records, intent.side.other)
    await work.store.keep([deleted(work, link, intent, source)])
    work.count("recovered")
    return None


async def _finish_create(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records] | None:
    """Look for what was made again, by our marker or by what was sent."""
    side, collection = intent.side, work.at(intent.side)
    if link.id_of(side) is not None:
        await work.store.keep([Step(link, due_at=due(work, link), closes=(intent.id,))])
        return link, records
    lookup = recover.lookup_of(work, intent)
    found = [] if lookup is None else await recover.candidates(work, intent, lookup)
    if found and (len(found) == 1 or collection.can.marker):
        made = min(found, key=lambda record: record.id)
        shown = await legible(work, intent, made)
        source = await read(work, records, side.other)
        here = link.left_mark if side is Side.RIGHT else link.right_mark
        same = source.record is not None and source.record.mark == here
        await work.store.keep([created(work, link, intent, made, shown, source, same=same)])
        work.count("recovered")
        return None
    visible_from = intent.made_at + collection.can.search_lag
    if lookup is not None and not found and work.clock.now() < visible_from:
        waiting = replace(link, settled=link.noticed)
        await work.store.keep([Step(waiting, due_at=visible_from)])
        work.count("waits_for_search")
        return None
    await work.store.keep([given_up(work, link, intent, told=lookup is None or bool(found))])
    return None


def given_up(work: Work, link: Link, intent: Intent, *, told: bool) -> Step:
    """A create that did not happen, or of which nobody can say what it made."""
    history: tuple[Entry, ...] = ()
    if told:
        entry = _entry(work, intent, "close", None)
        why = f"{entry.cause}: it may have been made again, and which one cannot be told"
        history = (replace(entry, cause=why),)
    bare = link.left_id is None and link.right_id is None
    done = replace(link, settled=link.noticed)
    return Step(done, closes=(intent.id,), history=history, drops=bare)


async def read(work: Work, records: Records, side: Side) -> View:
    """That side's record through the mapping. Raises Rejected, Unlinked."""
    record = records[side]
    if record is None:
        return View(None)
    refs = await work.refs(records)
    return View(record, work.mapping.side(side).read(record.fields, refs))


def due(work: Work, link: Link) -> Instant | None:
    """When the link is to be looked at: at once where it was to be tried again, else at news."""
    troubled = link.state is LinkState.ACTIVE and (link.attempts or link.error == "retry")
    return work.clock.now() if troubled else None


def _kept(work: Work, link: Link, intent: Intent, entry: Entry) -> Step:
    return Step(link, due_at=due(work, link), closes=(intent.id,), history=(entry,))


def _entry(work: Work, intent: Intent, operation: str, record_id: str | None) -> Entry:
    assert intent.undoes is not None
    return Entry(
        side=intent.side,
        record_id=record_id,
        operation=operation,
        cause=undo.cause(intent.undoes),
        at=work.clock.now(),
        run_id=work.run_id,
    )


def _calm(link: Link) -> Link:
    return replace(link, state=LinkState.ACTIVE, attempts=0, error=None, detail=None)


def _alone(link: Link) -> Link:
    """Without a base, quiet until its record changes."""
    quiet = replace(_calm(link), base_left={}, base_right={}, waits_for=None)
    return replace(quiet, error=UNDONE, detail=QUIET)


FINISH: Mapping[OperationKind, recover.Finish] = {
    "create": _finish_create,
    "update": _finish_update,
    "delete": _finish_delete,
}
"""How each kind of intent of an undo is finished."""
