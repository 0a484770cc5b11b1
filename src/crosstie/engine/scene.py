"""A link with both of its records as they are now, and what a person said about it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from crosstie.core.decide import View
from crosstie.core.errors import Rejected, Unlinked
from crosstie.core.mapping import NO_REFS, Refs
from crosstie.core.merge import NO_RULINGS, Rulings
from crosstie.core.values import MISSING, Fields, Json, Link, Record, Side
from crosstie.engine.work import Work
from crosstie.ports import Answer, Conflict, ConflictKind, Intent

Records = Mapping[Side, Record | None]

Entries = Mapping[Side, Record | View | None]
"""Records, some of them read through the mapping already."""


class Answered(msgspec.Struct, frozen=True):
    """The open conflict of a link, and what of its answer still holds."""

    conflict: Conflict | None = None
    rulings: Rulings = NO_RULINGS
    pair: str | None = None
    """Id of the counterpart that a person named; empty text: make a new one."""


NOTHING_ASKED = Answered()


class Scene(msgspec.Struct, frozen=True):
    """All that one decision is made from, and carried out with."""

    link: Link
    left: View
    right: View
    refs: Refs
    answered: Answered
    begun: tuple[int, ...] = ()
    """Intents that were open when the settling began: a create that lands closes them, or quiet."""

    def view(self, side: Side) -> View:
        """That side."""
        return self.left if side is Side.LEFT else self.right

    def with_record(self, side: Side, record: Record | None) -> dict[Side, Record | None]:
        """Both records, with that side's replaced."""
        return {Side.LEFT: self.left.record, Side.RIGHT: self.right.record, side: record}

    def with_view(self, side: Side, view: View) -> dict[Side, View]:
        """Both sides as read, with that side's replaced."""
        return {Side.LEFT: self.left, Side.RIGHT: self.right, side: view}


async def look(work: Work, link: Link, entries: Entries) -> Scene:
    """Read both records through the mapping. Raises Rejected, Unlinked.

    What was read already is not read again, unless it refers to records whose links may have
    come about meanwhile.
    """
    refs = NO_REFS
    if work.mapping.refers:
        records = {s: e.record if isinstance(e, View) else e for s, e in entries.items()}
        entries, refs = records, await work.refs(records)
    views = {}
    for side, entry in entries.items():
        if isinstance(entry, View):
            views[side] = entry
            continue
        if entry is not None and link.agreed and entries[side.other] is None:
            refs = _as_agreed(work, link, side, entry, refs)
        canon = {} if entry is None else work.mapping.side(side).read(entry.fields, refs)
        views[side] = View(entry, canon)
    left, right = views[Side.LEFT], views[Side.RIGHT]
    answered = await _answered(work, link, left.canon, right.canon)
    return Scene(link, left, right, refs, answered)


async def unread(work: Work, link: Link, records: Records) -> Scene:
    """Both records as they are, not read through the mapping: that need not be possible."""
    left, right = View(records[Side.LEFT]), View(records[Side.RIGHT])
    answered = await _answered(work, link, left.canon, right.canon)
    return Scene(link, left, right, NO_REFS, answered)


async def read_as_sent(work: Work, intent: Intent, record: Record) -> dict[str, Json]:
    """A record that a create may have made, through the mapping. Raises Rejected, Unlinked.

    What it refers to is known from what was sent: the link of its parent may be gone by now. Else
    its references are its own: the record it was made from may be gone, or refer to others.
    """
    side = intent.side
    half = work.mapping.side(side)
    refs = await work.refs({side: record, side.other: None})
    sent = {
        (sync, str(intent.raw[raw])): str(intent.values[name])
        for name, raw, sync in half.references
        if name in intent.values
    }
    return half.read(record.fields, Refs({**sent, **refs.to_left}, refs.to_right))


async def legible(work: Work, intent: Intent, record: Record) -> dict[str, Json]:
    """As much of it as can be read."""
    half = work.mapping.side(intent.side)
    try:
        return await read_as_sent(work, intent, record)
    except (Rejected, Unlinked):
        refer = {name for name, _, _ in half.references}
        plain = [name for name in work.mapping.by_name if name not in refer]
        return {name: half.read_one(name, record.fields) for name in plain}


def _as_agreed(work: Work, link: Link, side: Side, record: Record, refs: Refs) -> Refs:
    """References of a record whose counterpart is gone, where what they refer to is gone as well.

    Its link went with it, so nobody can say whether the reference moved: it counts as unmoved.
    Otherwise the last one of a family that was deleted together would wait for its parent for ever.
    """
    base = link.base_of(side)
    known = {
        (sync, str(record.fields.get(raw))): str(base[name])
        for name, raw, sync in work.mapping.side(side).references
        if base.get(name) is not None
    }
    return Refs({**known, **refs.to_left}, refs.to_right)


async def _answered(work: Work, link: Link, left: Fields, right: Fields) -> Answered:
    if link.conflict_id is None:
        return NOTHING_ASKED
    conflict = await work.store.conflict(link.conflict_id)
    if conflict is None or conflict.answer is None:
        return Answered(conflict)
    answer = conflict.answer
    if conflict.kind is ConflictKind.DELETE:
        return Answered(conflict, Rulings(take=answer.take))
    if conflict.kind is ConflictKind.EDIT:
        # An answer is about the values that the person saw; newer ones are asked about again.
        still = {
            name
            for name, seen in conflict.fields.items()
            if _foreseen(name, seen.get("left"), left, answer)
            and _foreseen(name, seen.get("right"), right, answer)
        }
        take = {name: side for name, side in answer.take.items() if name in still}
        values = {name: value for name, value in answer.values.items() if name in still}
        return Answered(conflict, Rulings(take, values))
    return Answered(conflict, pair=answer.pair)


def _foreseen(name: str, seen: Json, now: Fields, answer: Answer) -> bool:
    """That side shows what the person saw, or got the value that both shall have already."""
    shown = now.get(name, MISSING)
    return shown == seen or (name in answer.values and shown == answer.values[name])
