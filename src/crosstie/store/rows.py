"""Values to table rows and back. JSON is kept as text with sorted keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from crosstie.core.fingerprint import fingerprint
from crosstie.core.values import Instant, Json, Link, LinkState, Parent, Side, canonical_json
from crosstie.ports.state import (
    Answer,
    Conflict,
    ConflictKind,
    Entry,
    Intent,
    Match,
    RunRecord,
)

Values: TypeAlias = dict[str, Any]
"""One row to be written, by column."""

Kept: TypeAlias = Any
"""A row as read, its columns as attributes. SQLAlchemy 2.0 and 2.1 type rows differently."""

decode = msgspec.json.decode
_answer = msgspec.json.Decoder(Answer)
_states = {state.value: state for state in LinkState}
_sides = {side.value: side for side in Side}


def encode(value: Json) -> str:
    """JSON text with sorted keys."""
    return canonical_json(value).decode()


def side_of(text: str | None) -> Side | None:
    """The side, or None."""
    return None if text is None else _sides[text]


CONTENT = (
    "base_left",
    "base_right",
    "left_mark",
    "right_mark",
    "settled",
    "attempts",
    "error",
    "detail",
)
"""The columns of a link that every step writes."""

STANDING = ("state", "waits_sync", "waits_side", "waits_id", "cause")
"""What the engine may do with a link, what it waits for, and what it died of."""

NEW_LINK = (*CONTENT, *STANDING, "sync", "left_id", "right_id", "noticed", "due_at")


def content_of(link: Link) -> tuple[Any, ...]:
    """Values of `CONTENT`."""
    return (
        encode(link.base_left),
        encode(link.base_right),
        link.left_mark,
        link.right_mark,
        link.settled,
        link.attempts,
        link.error,
        link.detail,
    )


def standing_of(link: Link) -> tuple[Any, ...]:
    """Values of `STANDING`."""
    parent = link.waits_for
    if parent is None:
        cause = None
        if link.state is LinkState.DEAD:
            cause = fingerprint(link.error or "", link.detail or "")
        return (link.state.value, None, None, None, cause)
    return (link.state.value, parent.sync, parent.side.value, parent.id, None)


def new_link(link: Link, due_at: Instant | None, extra: int) -> tuple[Any, ...]:
    """Values of `NEW_LINK`; `extra` is added to its `noticed`."""
    ids = (link.sync, link.left_id, link.right_id, link.noticed + extra, due_at)
    return content_of(link) + standing_of(link) + ids


def matched_link(sync: str, match: Match, extra: int, now: Instant) -> tuple[Any, ...]:
    """Values of `NEW_LINK` for a match; `extra` news of its records are not settled yet."""
    ids = (sync, match.left_id, match.right_id)
    if match.fields is None:
        return ("{}", "{}", None, None, 0, *_UNTROUBLED, *ids, 1 + extra, now)
    base = match.fields.decode()
    marks = (match.left_mark, match.right_mark)
    return (base, base, *marks, 0, *_UNTROUBLED, *ids, extra, now if extra else None)


_UNTROUBLED = (0, None, None, LinkState.ACTIVE.value, None, None, None, None)
"""From `attempts` to the end of `STANDING`."""


def link_of(row: Sequence[Any]) -> Link:
    """A link from its columns in the order of `LINK_COLUMNS`."""
    (
        id_,
        sync,
        left_id,
        right_id,
        base_left,
        base_right,
        left_mark,
        right_mark,
        state,
        noticed,
        settled,
        attempts,
        error,
        detail,
        waits_sync,
        waits_side,
        waits_id,
        conflict_id,
    ) = row
    return Link(
        sync,
        left_id,
        right_id,
        decode(base_left),
        decode(base_right),
        left_mark,
        right_mark,
        _states[state],
        noticed,
        settled,
        attempts,
        error,
        detail,
        Parent(waits_sync, _sides[waits_side], waits_id) if waits_sync is not None else None,
        conflict_id,
        id_,
    )


LINK_COLUMNS = (
    "id",
    "sync",
    "left_id",
    "right_id",
    "base_left",
    "base_right",
    "left_mark",
    "right_mark",
    "state",
    "noticed",
    "settled",
    "attempts",
    "error",
    "detail",
    "waits_sync",
    "waits_side",
    "waits_id",
    "conflict_id",
)


def intent_values(intent: Intent) -> Values:
    """A row of `intent`, without its id."""
    return {
        "link_id": intent.link_id,
        "side": intent.side.value,
        "kind": intent.kind,
        "target": intent.target,
        "written": encode(intent.values),
        "was": encode(intent.was),
        "raw": encode(intent.raw),
        "marker": intent.key,
        "made_at": intent.made_at,
        "undoes": intent.undoes,
        "apart": encode(intent.apart) if intent.apart else None,
    }


def intent_of(row: Kept) -> Intent:
    """An intent from all columns of its row."""
    return Intent(
        link_id=row.link_id,
        side=_sides[row.side],
        kind=row.kind,
        target=row.target,
        values=decode(row.written),
        was=decode(row.was),
        raw=decode(row.raw),
        key=row.marker,
        made_at=row.made_at,
        id=row.id,
        undoes=row.undoes,
        apart=decode(row.apart) if row.apart else {},
    )


def conflict_values(conflict: Conflict) -> Values:
    """What a conflict asks and how it was answered; not its link and times."""
    return {
        "kind": conflict.kind.value,
        "fields": encode(conflict.fields),
        "candidates": encode(conflict.candidates),
        "deleted": conflict.deleted and conflict.deleted.value,
        "note": conflict.note,
        "answer": None if conflict.answer is None else encode(conflict.answer),
    }


def conflict_of(row: Kept) -> Conflict:
    """A conflict from all columns of its row."""
    return Conflict(
        kind=ConflictKind(row.kind),
        fields=decode(row.fields),
        candidates=tuple(decode(row.candidates)),
        deleted=side_of(row.deleted),
        note=row.note,
        answer=None if row.answer is None else _answer.decode(row.answer),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        link_id=row.link_id,
        sync=row.sync,
        id=row.id,
    )


ENTRY = (
    "link_id",
    "side",
    "record_id",
    "operation",
    "cause",
    "before",
    "after",
    "at",
    "run_id",
    "sync",
    "across",
)


def entry_values(link: Link, entry: Entry) -> tuple[Any, ...]:
    """Values of `ENTRY`."""
    across = None if entry.side is None else link.id_of(entry.side.other)
    return (
        link.id,
        entry.side and entry.side.value,
        entry.record_id,
        entry.operation,
        entry.cause,
        encode(entry.before),
        encode(entry.after),
        entry.at,
        entry.run_id,
        link.sync,
        entry.across or across,
    )


def entry_of(row: Kept) -> Entry:
    """A line of history from all columns of its row."""
    return Entry(
        side=side_of(row.side),
        record_id=row.record_id,
        operation=row.operation,
        cause=row.cause,
        before=decode(row.before),
        after=decode(row.after),
        at=row.at,
        run_id=row.run_id,
        link_id=row.link_id,
        id=row.id,
        sync=row.sync,
        across=row.across,
    )


def run_of(row: Kept) -> RunRecord:
    """A run from all columns of its row."""
    counts: Mapping[str, int] = decode(row.counts)
    return RunRecord(row.kind, row.started, row.ended, counts, row.error, row.id)
