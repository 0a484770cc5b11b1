"""What a person sees of one record: both sides, the base, the history. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.errors import CrosstieError, Rejected, Unlinked
from crosstie.core.lens import Unmappable
from crosstie.core.mapping import Field
from crosstie.core.values import Fields, Instant, Json, Link, Record, Side
from crosstie.engine.work import Work
from crosstie.ports import LEFT_ALONE, DeskStore, Entry, Store
from crosstie.service.apart import left_by_undo
from crosstie.service.asked import Misused, Unknown, parted
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

LINKS = 20
"""How many links one question about an id may find."""


class FieldView(msgspec.Struct, frozen=True):
    """One field of a link. Values are canonical, as both sides are compared; None is nothing."""

    left: Json
    right: Json
    raw_left: Json
    """As the left itself shows it; None too for a field that is made of several."""
    raw_right: Json
    unreadable: Sequence[str]
    """Sides that show something here that the lens cannot read."""
    base_left: Json
    base_right: Json
    agreed: bool
    """Both sides show what they showed when they last agreed."""
    undone: bool
    """They differ all the same: an undo left them so, until somebody changes one of them."""


class RecordView(msgspec.Struct, frozen=True):
    """A link with both of its records as they are now."""

    sync: str
    link: int
    state: str
    left_id: str | None
    right_id: str | None
    due: bool
    error: str | None
    detail: str | None
    fix: str | None
    left_alone: bool
    """A person discarded it: it is not tried again until one of its records changes."""
    conflict: int | None
    there: Mapping[str, bool | None]
    """Side -> the record is there now; None where it could not be read."""
    fields: Mapping[str, FieldView]
    notes: Sequence[str]
    """Sides that could not be read, and why."""


class HistoryLine(msgspec.Struct, frozen=True):
    """One line of a link's history."""

    at: Instant
    sync: str
    operation: str
    side: str | None
    record_id: str | None
    across: str | None
    """Id that its link had on the other side."""
    cause: str
    fields: Sequence[str]
    run: int | None
    before: Fields | None
    """Canonical values before; None unless they were asked for."""
    after: Fields | None


async def links_of(
    app: Crosstie, store: DeskStore, record_id: str, sync: str | None
) -> Sequence[Link]:
    """The links of an id of either side, or with that number. Raises Unknown."""
    if sync is not None:
        app.sync(sync)
    found = await store.find_links(record_id, LINKS)
    fitting = [link for link in found if sync in (None, link.sync)]
    if not fitting:
        where = "any sync" if sync is None else f"sync {sync!r}"
        raise Unknown(
            f"{record_id!r} is no linked record of {where}",
            fix="give the id that one of the systems uses, or run `crosstie pull SYNC ID`",
        )
    return fitting


async def one_link(app: Crosstie, store: DeskStore, record_id: str, sync: str | None) -> Link:
    """The one link of an id. Raises Unknown, and Misused where several syncs know it."""
    found = await links_of(app, store, record_id, sync)
    # A record's own id comes before the number that the state gave to a link.
    found = _named(found, record_id) or found
    if len(found) > 1:
        names = ", ".join(dict.fromkeys(link.sync for link in found))
        raise Misused(
            f"{record_id!r} is a record of several syncs: {names}",
            fix=f"add `--sync {found[0].sync}`",
        )
    return found[0]


async def record(opened: Opened, record_id: str, sync: str | None) -> RecordView:
    """Both sides of a record as they are now, beside the base. Raises Unknown, Misused."""
    link = await one_link(opened.app, opened.store, record_id, sync)
    work = opened.work(link.sync)
    records, notes = await both(work, link)
    shown = {side: await canon(work, records, side) for side in Side}
    detail, fix = parted(link.detail)
    entries = await opened.store.history(link.id)
    return RecordView(
        sync=link.sync,
        link=link.id,
        state=link.state.value,
        left_id=link.left_id,
        right_id=link.right_id,
        due=link.noticed > link.settled,
        error=link.error,
        detail=detail or None,
        fix=fix,
        left_alone=link.error == LEFT_ALONE and link.noticed <= link.settled,
        conflict=link.conflict_id,
        there={s.value: None if s in notes else records[s] is not None for s in Side},
        fields={f.name: _field_view(link, shown, records, entries, f) for f in work.mapping.fields},
        notes=list(notes.values()),
    )


_GONE = "a deleted record is found by the id it had on either side"


async def links_past(
    app: Crosstie, store: Store, record_id: str, sync: str | None
) -> Sequence[int]:
    """Numbers of the links of a record, also of one that was deleted on both sides.

    Raises Unknown, and Misused where several syncs know it.
    """
    if not _named(await store.find_links(record_id, LINKS), record_id, sync):
        # Before the number of a link: it may be that of another record.
        gone = await _past(store, record_id, sync)
        if len(gone) > 1:
            raise Misused(
                f"{record_id!r} was a record of several syncs: {', '.join(gone)}",
                fix=f"add `--sync {next(iter(gone))}`",
            )
        if gone:
            return next(iter(gone.values()))
    try:
        return [(await one_link(app, store, record_id, sync)).id]
    except Unknown as unknown:
        raise Unknown(str(unknown), fix=f"{unknown.fix}; {_GONE}") from None


def _named(links: Sequence[Link], record_id: str, sync: str | None = None) -> Sequence[Link]:
    """Those of which a record has this id now."""
    fitting = (link for link in links if sync in (None, link.sync))
    return [link for link in fitting if record_id in (link.left_id, link.right_id)]


async def _past(store: Store, record_id: str, sync: str | None) -> dict[str, list[int]]:
    """Sync -> numbers of the links, dropped ones too, whose history names this record."""
    found: dict[str, list[int]] = {}
    for link_id in await store.past_links(record_id, LINKS):
        of = (await store.history(link_id))[0].sync
        if sync in (None, of):
            found.setdefault(of, []).append(link_id)
    return found


async def history(
    app: Crosstie, store: Store, record_id: str, sync: str | None, *, values: bool
) -> Sequence[HistoryLine]:
    """What happened to a record, oldest first; also to one that was deleted on both sides.

    Of an id that was used again, what happened to each of its records. Raises Unknown, Misused.
    """
    links = {*await links_past(app, store, record_id, sync)}
    if now := _named(await store.find_links(record_id, LINKS), record_id, sync):
        links.update((await _past(store, record_id, now[0].sync)).get(now[0].sync, ()))
    entries = [entry for link_id in links for entry in await store.history(link_id)]
    entries.sort(key=lambda entry: (entry.at, entry.id))
    return [_history_line(entry, values=values) for entry in entries]


def _history_line(entry: Entry, *, values: bool) -> HistoryLine:
    return HistoryLine(
        at=entry.at,
        sync=entry.sync,
        operation=entry.operation,
        side=entry.side.value if entry.side else None,
        record_id=entry.record_id,
        across=entry.across,
        cause=entry.cause,
        fields=sorted({*entry.before, *entry.after}),
        run=entry.run_id,
        before=entry.before if values else None,
        after=entry.after if values else None,
    )


async def both(work: Work, link: Link) -> tuple[dict[Side, Record | None], dict[Side, str]]:
    """Both records as they are now; side -> why it could not be read."""
    records: dict[Side, Record | None] = {}
    notes: dict[Side, str] = {}
    for side in Side:
        try:
            records[side] = await _read(work, link, side)
        except CrosstieError as error:
            records[side] = None
            notes[side] = f"the {side} could not be read: {error}"
    return records, notes


async def _read(work: Work, link: Link, side: Side) -> Record | None:
    record_id = link.id_of(side)
    if record_id is None:
        return None
    await work.at(side).open()
    return (await work.at(side).read([record_id])).records.get(record_id)


async def canon(work: Work, records: Mapping[Side, Record | None], side: Side) -> Fields:
    """That side's values as they are compared; what refers or is derived only where it can be."""
    record, half = records[side], work.mapping.side(side)
    if record is None:
        return {}
    try:
        return half.read(record.fields, await work.refs(records))
    except (Rejected, Unlinked):
        return {name: half.read_one(name, record.fields) for name in _plain(work, side)}


def _plain(work: Work, side: Side) -> list[str]:
    return [f.name for f in work.mapping.fields if not f.lens_of(side).one_way]


def _field_view(
    link: Link,
    shown: Mapping[Side, Fields],
    records: Mapping[Side, Record | None],
    entries: Sequence[Entry],
    f: Field,
) -> FieldView:
    left, right = shown[Side.LEFT].get(f.name), shown[Side.RIGHT].get(f.name)
    base_left, base_right = link.base_left.get(f.name), link.base_right.get(f.name)
    unreadable = [side.value for side in Side if not _readable(f, side, records[side])]
    agreed = left == base_left and right == base_right and not unreadable
    return FieldView(
        left=left,
        right=right,
        raw_left=_raw(f, Side.LEFT, records[Side.LEFT]),
        raw_right=_raw(f, Side.RIGHT, records[Side.RIGHT]),
        unreadable=unreadable,
        base_left=base_left,
        base_right=base_right,
        agreed=agreed,
        undone=agreed and left_by_undo(entries, f.name, left, right),
    )


def _raw(f: Field, side: Side, record: Record | None) -> Json:
    name = f.raw_name(side)
    return None if record is None or name is None else record.fields.get(name)


def _readable(f: Field, side: Side, record: Record | None) -> bool:
    if f.raw_name(side) is None or f.lens_of(side).one_way:
        return True
    try:
        f.lens_of(side).get(_raw(f, side, record))
    except Unmappable:
        return False
    return True
