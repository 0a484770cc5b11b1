"""Fields on which the sides differ on purpose: an undo left them so. No screen in here."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.core.values import Json, Side
from crosstie.engine.undo import WRITES, is_cause
from crosstie.ports import Entry


def last_write(entries: Sequence[Entry], name: str, side: Side | None = None) -> Entry | None:
    """The last write to that side, or to any, that changed the field or made or deleted its record.

    entries: the history of one link, oldest first.
    """
    mine = [
        entry
        for entry in entries
        if side in (None, entry.side)
        and entry.operation in WRITES
        and (entry.operation == "create" or name in entry.before or name in entry.after)
    ]
    return mine[-1] if mine else None


def left_by_undo(entries: Sequence[Entry], name: str, left: Json, right: Json) -> bool:
    """The sides differ, and the last write to the field was one that took another back.

    For a field that shows what both sides last agreed on; without that it is an edit of a person.
    """
    last = last_write(entries, name)
    return left != right and last is not None and is_cause(last.cause)
