"""What a person sees and does around the flows: status, records, history. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.errors import CrosstieError, Rejected, Unlinked
from crosstie.core.values import Fields, Instant, Json, Link, LinkState, Record, Side
from crosstie.engine.work import Work
from crosstie.ports import DeskStore, RunRecord
from crosstie.service.asked import Misused, Unknown
from crosstie.sync import Crosstie

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

LINKS = 20
"""How many links one question about an id may find."""
RUNS = 5


class SyncStatus(msgspec.Struct, frozen=True):
    """How one sync stands. Counts are of links."""

    sync: str
    linked: int
    due: int
    waiting: int
    asking: int
    dead: int
    conflicts: int
    oldest_due_age: float | None
    """Seconds that the longest due link has waited."""
    last_full_scan: Instant | None
    held: str | None
    """Why the brake holds it."""


class RunLine(msgspec.Struct, frozen=True):
    """One run. Counts are by `sync.what`."""

    id: int
    kind: str
    started: Instant
    ended: Instant | None
    counts: Mapping[str, int]
    error: str | None


class Status(msgspec.Struct, frozen=True):
    """How all of it stands."""

    verdict: str
    """One sentence: the worst that a person should know, or that all is well."""
    well: bool
    syncs: Sequence[SyncStatus]
    runs: Sequence[RunLine]
    """The newest first."""


async def status(app: Crosstie, store: DeskStore, now: Instant) -> Status:
    """How every sync stands, from the state alone: neither system is asked."""
    syncs = []
    for sync in app.in_order:
        f = await store.figures(sync.name, now)
        syncs.append(
            SyncStatus(
                sync=sync.name,
                linked=f.linked,
                due=f.due,
                waiting=f.states.get(LinkState.WAITING, 0),
                asking=f.states.get(LinkState.ASKING, 0),
                dead=f.states.get(LinkState.DEAD, 0),
                conflicts=f.conflicts,
                oldest_due_age=None if f.oldest_due is None else max(0.0, now - f.oldest_due),
                last_full_scan=f.scanned_at,
                held=f.held,
            )
        )
    verdict = _trouble(syncs)
    runs = [_run_line(run) for run in await store.runs(RUNS)]
    return Status(verdict or _calm(syncs), verdict is None, syncs, runs)


def _run_line(run: RunRecord) -> RunLine:
    return RunLine(run.id, run.kind, run.started, run.ended, run.counts, run.error)


def _trouble(syncs: Sequence[SyncStatus]) -> str | None:
    """The worst first: what stops most."""
    for s in syncs:
        if s.held is not None:
            return f"The brake holds {s.sync}: {s.held}."
    for what, command in (("dead", "dead list"), ("conflicts", "conflicts list")):
        total = sum(getattr(s, what) for s in syncs)
        if total:
            name = {"dead": "dead letter", "conflicts": "conflict"}[what]
            some = f"{total} {name}s wait" if total > 1 else f"1 {name} waits"
            return f"{some} for a person: see `crosstie {command}`."
    return None


def _calm(syncs: Sequence[SyncStatus]) -> str:
    never = [s.sync for s in syncs if s.last_full_scan is None]
    if never:
        return f"Not started yet: {', '.join(never)}. Begin with `crosstie plan`."
    linked, due = sum(s.linked for s in syncs), sum(s.due for s in syncs)
    if due:
        return f"{linked} records linked, {due} due to be looked at."
    return f"All in step: {linked} records linked, nothing due."


class FieldView(msgspec.Struct, frozen=True):
    """One field of a link. Values are canonical; None is nothing."""

    left: Json
    right: Json
    base_left: Json
    base_right: Json
    agreed: bool
    """Both sides show what they showed when they last agreed."""


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
    conflict: int | None
    there: Mapping[str, bool]
    """Side -> the record is there now."""
    fields: Mapping[str, FieldView]
    notes: Sequence[str]
    """Sides that could not be read, and why."""


class HistoryLine(msgspec.Struct, frozen=True):
    """One line of a link's history."""

    at: Instant
    operation: str
    side: str | None
    record_id: str | None
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
    named = [link for link in found if record_id in (link.left_id, link.right_id)]
    found = named or found
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
    records: dict[Side, Record | None] = {}
    notes = []
    for side in Side:
        try:
            records[side] = await _read(work, link, side)
        except CrosstieError as error:
            records[side] = None
            notes.append(f"the {side} could not be read: {error}")
    shown = {side: await _canon(work, records, side) for side in Side}
    return RecordView(
        sync=link.sync,
        link=link.id,
        state=link.state.value,
        left_id=link.left_id,
        right_id=link.right_id,
        due=link.noticed > link.settled,
        error=link.error,
        detail=link.detail,
        conflict=link.conflict_id,
        there={side.value: records[side] is not None for side in Side},
        fields={name: _field_view(link, shown, name) for name in work.mapping.by_name},
        notes=notes,
    )


async def history(
    app: Crosstie, store: DeskStore, record_id: str, sync: str | None, *, values: bool
) -> Sequence[HistoryLine]:
    """What happened to a record, oldest first. Raises Unknown, Misused."""
    link = await one_link(app, store, record_id, sync)
    return [
        HistoryLine(
            at=entry.at,
            operation=entry.operation,
            side=entry.side.value if entry.side else None,
            record_id=entry.record_id,
            cause=entry.cause,
            fields=sorted({*entry.before, *entry.after}),
            run=entry.run_id,
            before=entry.before if values else None,
            after=entry.after if values else None,
        )
        for entry in await store.history(link.id)
    ]


async def _read(work: Work, link: Link, side: Side) -> Record | None:
    record_id = link.id_of(side)
    if record_id is None:
        return None
    await work.at(side).open()
    return (await work.at(side).read([record_id])).records.get(record_id)


async def _canon(work: Work, records: Mapping[Side, Record | None], side: Side) -> Fields:
    record, half = records[side], work.mapping.side(side)
    if record is None:
        return {}
    try:
        return half.read(record.fields, await work.refs(records))
    except (Rejected, Unlinked):
        return {name: half.read_one(name, record.fields) for name in _plain(work, side)}


def _plain(work: Work, side: Side) -> list[str]:
    return [f.name for f in work.mapping.fields if not f.lens_of(side).one_way]


def _field_view(link: Link, shown: Mapping[Side, Fields], name: str) -> FieldView:
    left, right = shown[Side.LEFT].get(name), shown[Side.RIGHT].get(name)
    base_left, base_right = link.base_left.get(name), link.base_right.get(name)
    agreed = left == base_left and right == base_right
    return FieldView(left, right, base_left, base_right, agreed)
