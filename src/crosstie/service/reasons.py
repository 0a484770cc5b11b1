"""Why a field has the value it has: the last write to it on each side. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.causes import cause_of
from crosstie.core.mapping import Mapping as FieldMapping
from crosstie.core.values import Fields, Instant, Json, Link, Record, Side
from crosstie.ports import ConflictKind, Entry, Store
from crosstie.service import desk
from crosstie.service.apart import last_write, left_by_undo
from crosstie.service.asked import Misused
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened


class SideReason(msgspec.Struct, frozen=True):
    """What one side shows in a field, and the last write of ours to it. Values are canonical."""

    record_id: str | None
    there: bool | None
    """The record is there now; None where it could not be read."""
    now: Json
    agreed: Json
    """What it showed when both sides last agreed."""
    written: bool
    """Crosstie wrote it at least once; the rest is empty where it never did."""
    still_ours: bool | None
    """It shows what we wrote; None where that cannot be said."""
    at: Instant | None = None
    run: int | None = None
    operation: str | None = None
    cause: str | None = None
    """Which side had changed, which policy won, or that a person decided."""
    before: Json = None
    after: Json = None


class Reason(msgspec.Struct, frozen=True):
    """Why a field of a record is as it is."""

    sync: str
    link: int
    field: str
    verdict: str
    sides: Mapping[str, SideReason]
    conflict: int | None
    """The open conflict that this field is part of."""
    notes: Sequence[str]
    """Sides that could not be read, and why."""


async def why(opened: Opened, record_id: str, name: str, sync: str | None) -> Reason:
    """Which write last changed this field on each side.

    Raises Unknown for a record that nobody knows, Misused for a field that is not mapped.
    """
    app, store = opened.app, opened.store
    # A person asks about one record; of several that are gone the newest is meant.
    link_id = max(await desk.links_past(app, store, record_id, sync))
    entries = await store.history(link_id)
    link = await store.link(link_id) or Link(_sync_of(app, entries), id=link_id)
    work = opened.work(link.sync)
    field = _field(work.mapping, link.sync, name)
    records, notes = await desk.both(work, link)
    sides = {}
    for side in Side:
        shown = await desk.canon(work, records, side)
        last = last_write(entries, field, side)
        sides[side.value] = _side(link, side, records[side], shown, last, field, side in notes)
    left, right = (sides[side.value].now for side in Side)
    return Reason(
        sync=link.sync,
        link=link_id,
        field=field,
        verdict=_verdict(
            sides,
            met=field in link.base_left and field in link.base_right,
            undone=left_by_undo(entries, field, left, right),
        ),
        sides=sides,
        conflict=await _asked(store, link, field),
        notes=list(notes.values()),
    )


async def _asked(store: Store, link: Link, field: str) -> int | None:
    """The open conflict of the record, if it is about this field or about the whole record."""
    c = await store.conflict(link.conflict_id) if link.conflict_id is not None else None
    if c is None or (c.kind is ConflictKind.EDIT and field not in c.fields):
        return None
    return c.id


def _sync_of(app: Crosstie, entries: Sequence[Entry]) -> str:
    return app.sync(entries[-1].sync).name


def _field(mapping: FieldMapping, sync: str, asked: str) -> str:
    """The canonical name; a side's own name of the field is understood too."""
    for f in mapping.fields:
        if asked == f.name:
            return f.name
    own = [f.name for f in mapping.fields if asked in (f.left, f.right)]
    if len(own) == 1:
        return own[0]
    raise Misused(
        f"sync {sync!r} has no field {asked!r}", fix=f"use one of: {', '.join(mapping.by_name)}"
    )


def _side(
    link: Link,
    side: Side,
    record: Record | None,
    shown: Fields,
    last: Entry | None,
    field: str,
    unread: bool,
) -> SideReason:
    record_id = link.id_of(side)
    now = shown.get(field)
    plain = SideReason(
        record_id=record_id or (last.record_id if last is not None else None),
        there=None if unread else record is not None,
        now=now,
        agreed=link.base_of(side).get(field),
        written=last is not None,
        still_ours=None,
    )
    if last is None:
        return plain
    after = last.after.get(field)
    gone = last.operation == "delete"
    still = (record is None) if gone else record is not None and now == after
    return msgspec.structs.replace(
        plain,
        still_ours=None if unread else still,
        at=last.at,
        run=last.run_id,
        operation=last.operation,
        cause=cause_of(last.cause, field),
        before=last.before.get(field),
        after=after,
    )


def _verdict(sides: Mapping[str, SideReason], *, met: bool, undone: bool) -> str:
    """One sentence: which side the value comes from.

    met: the sides agreed on the field once.  undone: they differ, and an undo was the last write.
    """
    moved = [name for name, s in sides.items() if s.there and s.now != s.agreed]
    if len(moved) == 1 and all(s.there for s in sides.values()):
        return f"changed on the {moved[0]} since both sides last agreed, and not brought over yet"
    if len(moved) == 2 and all(s.there for s in sides.values()):
        if not met:
            return "differs on both sides, and they never agreed"
        return "changed on both sides since they last agreed"
    if not all(s.there for s in sides.values()):
        return "not on both sides now"
    written = [(s.at or 0.0, name) for name, s in sides.items() if s.written]
    if not written:
        return "in step; Crosstie never wrote it"
    last = max(written)[1]
    if undone:
        return f"differs, left so by {sides[last].cause} until somebody changes it on either side"
    return f"in step; last written to the {last}: {sides[last].cause}"
