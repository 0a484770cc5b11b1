"""What a run wrote, and what would take it back. Pure: history and records in, an operation out.

Only our own writes are taken back, and only where the record still shows what we wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from crosstie.core.causes import FOUND
from crosstie.core.decide import View
from crosstie.core.plan import Planned
from crosstie.core.values import Fields, Json, Link, LinkState, Side
from crosstie.ports import Entry
from crosstie.sync import Deletes, Sync

WRITES = ("create", "update", "delete")
DOUBT = "its answer was lost, and somebody else may have done it"
"""What a plan says of such a write before it is taken back."""


class Written(msgspec.Struct, frozen=True):
    """What one run wrote to one record, all of its writes taken together."""

    link_id: int
    sync: str
    side: Side
    record_id: str
    kind: str
    """create, update, delete."""
    before: Fields
    after: Fields
    across: str | None
    """Id of the record on the other side at that time."""
    last: int
    """Number of the last entry of the history that is in it."""
    doubtful: bool = False
    """The answer to one of them was lost, and nothing proves that it was ours."""


def written(entries: Iterable[Entry]) -> Sequence[Written]:
    """The writes among these entries of one run, by record, in the order they began."""
    groups: dict[tuple[int, Side, str], list[Entry]] = {}
    for entry in entries:
        if entry.operation in WRITES and entry.side is not None and entry.record_id is not None:
            groups.setdefault((entry.link_id, entry.side, entry.record_id), []).append(entry)
    return [one for group in groups.values() if (one := _together(group)) is not None]


def _together(group: Sequence[Entry]) -> Written | None:
    """The first before-image and the last after-image of each field; None for nothing left."""
    created = group[0].operation == "create"
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for entry in group:
        if entry.operation != "create":
            before = {**entry.before, **before}
        after.update(entry.after)
    last = group[-1]
    deleted = last.operation == "delete"
    if created and deleted:
        return None
    kind = "create" if created else "delete" if deleted else "update"
    if kind == "update":
        after = {name: value for name, value in after.items() if value != before.get(name)}
    assert last.side is not None
    assert last.record_id is not None
    return Written(
        link_id=last.link_id,
        sync=last.sync,
        side=last.side,
        record_id=last.record_id,
        kind=kind,
        before=before,
        after=after,
        across=next((entry.across for entry in reversed(group) if entry.across), None),
        last=last.id,
        doubtful=any(entry.cause.endswith(FOUND) for entry in group),
    )


class Back(msgspec.Struct, frozen=True):
    """What takes one write back, and what of it is left alone."""

    operation: Planned | None = None
    values: Fields = {}
    """Canonical values to be written."""
    leaves: tuple[Planned, ...] = ()


def back(
    sync: Sync, run_id: int, past: Written, link: Link | None, views: Mapping[Side, View]
) -> Back:
    """What takes this write back, from both records as they are now.

    link: None where it is gone.  Nothing to do is an empty answer: it is taken back already.
    """
    if past.kind == "delete":
        return _again(sync, run_id, past, link, views)
    target = views[past.side]
    if link is None or target.record is None or link.id_of(past.side) != past.record_id:
        gone = () if past.kind == "create" else (_left(past, link, {}, "its record is gone"),)
        return Back(leaves=gone)
    if past.kind == "create":
        return _away(sync, run_id, past, link, views)
    return _as_before(sync, run_id, past, link, views)


def _as_before(
    sync: Sync, run_id: int, past: Written, link: Link, views: Mapping[Side, View]
) -> Back:
    """An update: each field that still holds what we wrote gets back what it held before."""
    side, now = past.side, views[past.side].canon
    writable = sync.mapping.writable(side)
    moved = moved_since(link, views[side.other], side.other)
    values: dict[str, Json] = {}
    left: dict[str, list[str]] = {}
    for name, ours in past.after.items():
        was = past.before.get(name)
        if name not in writable or now.get(name) == was:
            continue
        if now.get(name) != ours:
            left.setdefault(f"changed since on the {side}", []).append(name)
        elif name in moved:
            left.setdefault(f"changed since on the {side.other}", []).append(name)
        elif sync.mapping.by_name[name].create_only:
            left.setdefault("only written when a record is made", []).append(name)
        else:
            values[name] = was
    changes = {name: [now.get(name), was] for name, was in values.items()}
    leaves = [
        _left(past, link, {n: [now.get(n), past.before.get(n)] for n in names}, why)
        for why, names in left.items()
    ]
    operation = _planned(past, link, "update", changes, run_id) if values else None
    return Back(operation, values, tuple(leaves))


def _away(sync: Sync, run_id: int, past: Written, link: Link, views: Mapping[Side, View]) -> Back:
    """A create: the record goes, if it is still as we made it in every mapped field."""
    side, now = past.side, views[past.side].canon
    archive = sync.archive if sync.deletes is Deletes.ARCHIVE else {}
    if archive and all(now.get(name) == value for name, value in archive.items()):
        return Back()
    edited = {n: [value, None] for n, value in now.items() if value != past.after.get(n)}
    if edited:
        return Back(leaves=(_left(past, link, edited, f"changed since on the {side}"),))
    if moved_since(link, views[side.other], side.other):
        why = f"changed since on the {side.other}"
        return Back(leaves=(_left(past, link, {}, why),))
    if archive:
        changes = {name: [now.get(name), value] for name, value in archive.items()}
        return Back(_planned(past, link, "archive", changes, run_id), archive)
    changes = {name: [value, None] for name, value in now.items() if value is not None}
    return Back(_planned(past, link, "delete", changes, run_id))


def _again(
    sync: Sync, run_id: int, past: Written, link: Link | None, views: Mapping[Side, View]
) -> Back:
    """A delete: the record is made again, with a new id."""
    side = past.side
    if link is not None and link.id_of(side) is not None:
        return Back()
    if link is not None and link.state is LinkState.CLOSED:
        return Back(leaves=(_left(past, link, {}, f"the {side.other} record is kept alone"),))
    source = views[side.other].record
    mark = None if link is None else link.left_mark if side is Side.RIGHT else link.right_mark
    if link is not None and source is not None and source.mark != mark:
        why = f"changed since on the {side.other}: a run brings it over"
        return Back(leaves=(_left(past, link, {}, why),))
    values = {
        name: past.before[name]
        for name in sync.mapping.writable(side)
        if past.before.get(name) is not None
    }
    changes = {name: [None, value] for name, value in values.items()}
    return Back(_planned(past, link, "create", changes, run_id), values)


def moved_since(link: Link, view: View, side: Side) -> frozenset[str]:
    """Fields of the record on that side that are not as they were when both sides agreed."""
    if view.record is None:
        return frozenset()
    base = link.base_of(side)
    return frozenset(name for name, value in base.items() if view.canon.get(name) != value)


def cause(run_id: int) -> str:
    """What the history says of a write that takes another one back."""
    return f"{_CAUSE}{run_id}"


def is_cause(text: str) -> bool:
    """Whether `cause` said that, for any run; also where more is said after it."""
    return text.startswith(_CAUSE)


_CAUSE = "undo of run "


def _planned(
    past: Written,
    link: Link | None,
    kind: str,
    changes: Mapping[str, Sequence[Json]],
    run_id: int,
) -> Planned:
    why = cause(run_id) + ("; it gets a new id" if kind == "create" else "")
    why += f"; {DOUBT}" if past.doubtful else ""
    return Planned(past.sync, kind, past.side, *_ids(past, link), changes, why)


def _left(
    past: Written, link: Link | None, changes: Mapping[str, Sequence[Json]], why: str
) -> Planned:
    return left(past, link, why, changes)


def left(
    past: Written, link: Link | None, why: str, changes: Mapping[str, Sequence[Json]] = {}
) -> Planned:
    """What is not touched, and why."""
    ids = _ids(past, link)
    return Planned(past.sync, "leave", past.side, *ids, changes, f"left alone: {why}")


def _ids(past: Written, link: Link | None) -> tuple[str | None, str | None]:
    """Ids for people: of the record that was written, and of the one across."""
    other = past.side.other
    across = past.across if link is None else link.id_of(other) or past.across
    return (past.record_id, across) if past.side is Side.LEFT else (across, past.record_id)
