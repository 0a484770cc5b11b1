"""Finish what was begun: an intent whose outcome nobody wrote down.

The process died, or the answer was lost. Before anything new is decided about the link, the system
is asked what it has; only what it shows moves the base.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec.structs import replace

from crosstie.core.causes import FOUND
from crosstie.core.errors import Rejected, Unlinked
from crosstie.core.match import all_resemble, resembles
from crosstie.core.values import Json, Link, Record, Side
from crosstie.engine import conflicts, meet, perform
from crosstie.engine.scene import Records, Scene, read_as_sent, unread
from crosstie.engine.work import Work, with_bases
from crosstie.ports import ConflictKind, Entry, Intent, Lookup, OperationKind, Step

_OURS = "answer lost, found again"
"""What the history says of a record that carries our marker; of all else it says `FOUND`."""


Finish = Callable[[Work, Link, Intent, Records], Awaitable[tuple[Link, Records] | None]]
"""Finds out what became of one intent; None when the settling of the link ends with it: it has to
wait, to be asked about, or is done with."""


async def _finish_update(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records]:
    """Where the record shows what we meant to write, the write landed and the base moves."""
    side = intent.side
    record = records[side]
    landed: dict[str, Json] = {}
    if record is not None:
        shown = work.mapping.side(side).read(record.fields, await work.refs(records))
        for name, value in intent.values.items():
            if shown.get(name) != intent.was.get(name) and resembles(value, shown.get(name)):
                landed[name] = shown.get(name)
    # As after an answer: what the source does not show itself leaves the base of the target.
    base_source = {n: intent.apart.get(n, intent.values[n]) for n in landed}
    base_target = {n: value for n, value in landed.items() if n not in intent.apart}
    link = with_bases(link, side.other, base_source, base_target)
    history: tuple[Entry, ...] = ()
    if landed:
        entry = _found(work, intent, side, "update")
        before = {name: intent.was.get(name) for name in landed}
        history = (replace(entry, before=before, after=landed),)
        work.count("recovered")
    await work.store.keep([_step(work, link, intent, history)])
    return link, records


async def _finish_delete(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records] | None:
    side = intent.side
    if records[side] is None and records[side.other] is None:
        assert intent.target is not None
        step = perform.deleted(work, link, side, intent.target, intent.was, intent.id)
        [entry] = step.history
        entry = replace(entry, cause=f"{entry.cause}; {FOUND}")
        await work.store.keep([replace(step, history=(entry,))])
        work.count(f"deleted_{side}")
        return None
    await work.store.keep([_step(work, link, intent, ())])
    return link, records


async def _finish_create(
    work: Work, link: Link, intent: Intent, records: Records
) -> tuple[Link, Records] | None:
    """Look for what the create made: by our marker, else by what was sent."""
    side, collection = intent.side, work.at(intent.side)
    if link.id_of(side) is not None and records[side] is not None:
        await work.store.keep([_step(work, link, intent, ())])
        return link, records
    # The source may be gone by now, or refer to what is gone: what was created is linked all the
    # same, so that the deletion then reaches it.
    scene = await unread(work, link, {**records, side: None})
    lookup = lookup_of(work, intent)
    if scene.answered.pair is None and lookup is None:
        note = f"a record may have been created on the {side}, and it cannot be looked up there"
        await conflicts.ask_match(work, scene, ConflictKind.UNKNOWN, [], note)
        return None
    found = await candidates(work, intent, lookup) if lookup is not None else []
    if len(found) > 1 and not collection.can.marker:
        note = f"a record was created on the {side}; {len(found)} there could be it"
        ids = [record.id for record in found]
        await conflicts.ask_match(work, scene, ConflictKind.UNKNOWN, ids, note)
        return None
    visible_from = intent.made_at + collection.can.search_lag
    if not found and work.clock.now() < visible_from:
        waiting = replace(link, settled=link.noticed)
        await work.store.keep([Step(waiting, due_at=visible_from)])
        work.count("waits_for_search")
        return None
    met = await _met(work, scene, intent, found)
    if met is None:
        # Not found is no proof: our clock may have jumped, or the search be later than it says.
        # Until the create made again has landed, what this one was sent as is not forgotten.
        again = scene.answered.pair is None and not link.agreed and link.id_of(side) is None
        if not again:
            await work.store.keep([_step(work, link, intent, ())])
        return link, records
    step, seen = met
    await work.store.keep([step])
    work.count("recovered")
    return step.link, seen


async def _met(
    work: Work, scene: Scene, intent: Intent, found: Sequence[Record]
) -> tuple[Step, Records] | None:
    """Link what the create made, else who may be that, edited since; None where there is nobody."""
    if found:
        made = min(found, key=lambda record: record.id)
        cause = _OURS if work.at(intent.side).can.marker else FOUND
        return await meet.adopt(work, scene, intent, made, cause, ours=True)
    match = await _match(work, scene, intent)
    if match is None:
        return None
    # What it shows as it was sent is in step: a spelling of its own is no edit.
    return await meet.adopt(work, scene, intent, match, "match keys agree", ours=False)


async def _match(work: Work, scene: Scene, intent: Intent) -> Record | None:
    """Nobody shows all that was sent: the record that would be paired with the source next."""
    side = intent.side
    source = scene.view(side.other).record
    if work.at(side).can.marker or scene.answered.pair is not None or source is None:
        return None
    half = work.mapping.side(side.other)
    keys = {name: half.read_one(name, source.fields) for name in work.sync.match}
    try:
        with meet.alone(work, keys):
            match = await meet.only_match(work, scene, side, source, keys)
            if match is not None:
                await read_as_sent(work, intent, match)
            return match
    except (Rejected, Unlinked):
        return None


def lookup_of(work: Work, intent: Intent) -> Lookup | None:
    """How the record that a create may have made is looked for; None where it cannot be."""
    can = work.at(intent.side).can
    if can.marker:
        return Lookup(marker=intent.key)
    equal = {raw: intent.raw[raw] for raw in can.searchable if intent.raw.get(raw) is not None}
    return Lookup(equal=equal) if equal else None


async def candidates(work: Work, intent: Intent, lookup: Lookup) -> Sequence[Record]:
    """Whole records, nobody else's, that our create may have made."""
    side, collection = intent.side, work.at(intent.side)
    found = await work.ask(side, collection.find(lookup))
    hints = [record.id for record in found if record.hint]
    whole = {record.id: record for record in found if not record.hint}
    if hints:
        whole |= (await work.ask(side, collection.read(hints))).records
    holders = await work.store.links_at(work.name, side, list(whole))
    free = [
        record
        for record in whole.values()
        if record.id not in holders or holders[record.id].id_of(side.other) is None
    ]
    if lookup.marker is not None:
        return [record for record in free if record.marker == intent.key]
    return [record for record in free if await _shows(work, intent, record)]


async def _shows(work: Work, intent: Intent, record: Record) -> bool:
    try:
        shown = await read_as_sent(work, intent, record)
    except (Rejected, Unlinked):
        return False
    return all_resemble(intent.values, shown)


def _step(work: Work, link: Link, intent: Intent, history: tuple[Entry, ...]) -> Step:
    return Step(link, due_at=work.clock.now(), closes=(intent.id,), history=history)


def _found(work: Work, intent: Intent, side: Side, operation: str) -> Entry:
    return Entry(
        side=side,
        record_id=intent.target,
        operation=operation,
        cause=FOUND,
        at=work.clock.now(),
        run_id=work.run_id,
    )


FINISH: Mapping[OperationKind, Finish] = {
    "create": _finish_create,
    "update": _finish_update,
    "delete": _finish_delete,
}
"""How each kind of intent is finished."""
