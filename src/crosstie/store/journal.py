"""Statements on intents, steps and history: what makes every step safe to be the last one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Float,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from crosstie.core.values import MISSING, SIDES, Instant, LinkState, Side
from crosstie.ports.state import Entry, Intent, Step
from crosstie.store.absorb import absorb
from crosstie.store.conflicts import close_conflicts, raise_conflict
from crosstie.store.driven import Driven, Numbers
from crosstie.store.links import counterparts, reopen, wake_waiting
from crosstie.store.rows import (
    CONTENT,
    ENTRY,
    STANDING,
    Values,
    content_of,
    entry_of,
    entry_values,
    intent_of,
    intent_values,
    standing_of,
)
from crosstie.store.tables import history, intent, link
from crosstie.store.wording import among, packed

_INTENT = tuple(column.name for column in intent.c if column.name != "id")
_intend = Driven(insert(intent), ("id", *_INTENT))
_in_order = itemgetter(*_INTENT)
_numbers = Numbers(intent)
_open = select(intent).where(among(intent.c.link_id, "ids")).order_by(intent.c.id)
_open_creates = (
    select(*intent.c, link.c.state)
    .select_from(intent.join(link, link.c.id == intent.c.link_id))
    .where(
        link.c.sync == bindparam("s"),
        intent.c.kind == "create",
        intent.c.side == bindparam("side"),
    )
    .order_by(intent.c.id)
    .limit(100)
)
_close = Driven(delete(intent).where(intent.c.id == bindparam("id")), ("id",))
_history = select(history).where(history.c.link_id == bindparam("link")).order_by(history.c.id)
_tell = Driven(insert(history), ENTRY)
_known = Driven(
    select(link.c.id, link.c.left_id, link.c.right_id, link.c.conflict_id, link.c.state).where(
        among(link.c.id, "ids")
    ),
    ("ids",),
)
# Newer evidence than the step started from leaves the link due, at the latest when it was due.
_soon = func.coalesce(link.c.due_at, literal_column("0.0"))
_due: Any = bindparam("due", type_=Float)
_keep = Driven(
    update(link)
    .where(link.c.id == bindparam("which"))
    .values(
        due_at=case(
            (link.c.noticed <= bindparam("started_from"), _due),
            (_due < _soon, _due),
            else_=_soon,
        ),
        told_at=func.coalesce(bindparam("told", type_=Float), link.c.told_at),
    ),
    (*CONTENT, "which", "due", "started_from", "told"),
)
_over = select(link.c.id).where(among(link.c.id, "ids"), link.c.noticed <= link.c.settled)
_drop_intents = delete(intent).where(among(intent.c.link_id, "ids"))
_drop = delete(link).where(among(link.c.id, "ids"))
# Ids and standing hardly ever change, and writing them means writing their indices.
_where = update(link).where(link.c.id == bindparam("which"))
_stand = Driven(_where, (*STANDING, "which"))
_identify = Driven(_where, ("left_id", "right_id", "which"))
_inherit = (
    update(link)
    .where(link.c.id == bindparam("which"))
    .values(noticed=link.c.noticed + bindparam("news"), due_at=0.0)
)
_NEVER = 2**62
"""A counter that nothing noticed reaches: a closed link stays closed."""
_stuck = (LinkState.WAITING, LinkState.ASKING, LinkState.DEAD)


class _Before(NamedTuple):
    """What a step may change of its link besides its content."""

    id: int
    left_id: str | None
    right_id: str | None
    conflict_id: int | None
    state: str


def intend(connection: Connection, intents: Sequence[Intent]) -> list[int]:
    """`JournalStore.intend`. An intent of a link that is gone fails the batch."""
    if not intents:
        return []
    ids = _numbers.take(connection, len(intents))
    rows = [(id_, *_in_order(intent_values(each))) for id_, each in zip(ids, intents, strict=True)]
    _intend.each(connection, rows)
    return list(ids)


def keep_together(
    connection: Connection, intents: Sequence[Intent], steps: Sequence[Step]
) -> list[int]:
    """`intend`, then `keep`."""
    ids = intend(connection, intents)
    keep(connection, steps)
    return ids


def open_intents(connection: Connection, link_ids: Sequence[int]) -> list[Intent]:
    """`JournalStore.open_intents`."""
    return [intent_of(row) for row in connection.execute(_open, {"ids": packed(link_ids)})]


def open_creates(connection: Connection, sync: str, side: Side) -> list[tuple[Intent, LinkState]]:
    """`JournalStore.open_creates`."""
    rows = connection.execute(_open_creates, {"s": sync, "side": side.value})
    return [(intent_of(row), LinkState(row.state)) for row in rows]


def entries(connection: Connection, link_id: int) -> list[Entry]:
    """`DeskStore.history`."""
    return [entry_of(row) for row in connection.execute(_history, {"link": link_id})]


def keep(connection: Connection, steps: Sequence[Step]) -> None:
    """`JournalStore.keep`.

    A step of a link that is gone (absorbed meanwhile) only closes its intents and tells its
    history. A link that is to be dropped and was noticed again stays, and stays due.
    """
    if not steps:
        return
    ids = {step.link.id for step in steps}
    before = {row[0]: _Before(*row) for row in _known.found(connection, packed(ids))}
    live = [step for step in steps if step.link.id in before]
    _keep.each(connection, [_written(step) for step in live])
    _keep_standing(connection, live, before)
    dropped = _drop_links(connection, [step.link.id for step in live if step.drops])
    live = [step for step in live if step.link.id not in dropped]
    _gain_ids(connection, live, before)
    # After gaining: an intent that is open until now says that its link is not bare.
    _close_and_tell(connection, steps)
    _keep_conflicts(connection, steps, before, dropped)
    _wake(connection, live)


def _written(step: Step) -> tuple[Any, ...]:
    at = _told_at(step) if step.history else None
    if step.link.state is LinkState.CLOSED:
        return (*content_of(step.link), step.link.id, None, _NEVER, at)
    return (*content_of(step.link), step.link.id, step.due_at, step.link.settled, at)


def _keep_standing(
    connection: Connection, steps: Sequence[Step], before: Mapping[int, _Before]
) -> None:
    active = LinkState.ACTIVE
    changed = [
        (*standing_of(step.link), step.link.id)
        for step in steps
        if step.link.state is not active or before[step.link.id].state != active
    ]
    _stand.each(connection, changed)


def _told_at(step: Step) -> Instant:
    return max((entry.at for entry in step.history), default=0.0)


def _drop_links(connection: Connection, link_ids: Sequence[int]) -> set[int]:
    if not link_ids:
        return set()
    over = connection.execute(_over, {"ids": packed(link_ids)}).scalars().all()
    connection.execute(_drop_intents, {"ids": packed(over)})
    connection.execute(_drop, {"ids": packed(over)})
    return set(over)


def _gain_ids(connection: Connection, steps: Sequence[Step], before: Mapping[int, _Before]) -> None:
    """Write the record ids that changed, absorbing the bare links that hold them."""
    changed: list[tuple[str | None, str | None, int]] = []
    gained: dict[tuple[str, Side], dict[str, bool]] = defaultdict(dict)
    gainer: dict[tuple[str, Side, str], int] = {}
    for step in steps:
        kept, new = before[step.link.id], step.link
        for side, old_id in ((Side.LEFT, kept.left_id), (Side.RIGHT, kept.right_id)):
            new_id = new.id_of(side)
            if new_id is not None and new_id != old_id:
                gained[new.sync, side][new_id] = step.adopts
                gainer[new.sync, side, new_id] = new.id
        if (new.left_id, new.right_id) != (kept.left_id, kept.right_id):
            changed.append((new.left_id, new.right_id, new.id))
    inherited: list[Values] = []
    at = max(map(_told_at, steps), default=0.0)
    for (sync, side), record_ids in gained.items():
        for record_id, news in absorb(connection, sync, side, record_ids, at).items():
            if news:
                inherited.append({"which": gainer[sync, side, record_id], "news": news})
    _identify.each(connection, changed)
    if inherited:
        connection.execute(_inherit, inherited)


def _close_and_tell(connection: Connection, steps: Sequence[Step]) -> None:
    _close.each(connection, [(intent_id,) for step in steps for intent_id in step.closes])
    told = [entry_values(step.link, entry) for step in steps for entry in step.history]
    _tell.each(connection, told)


def _keep_conflicts(
    connection: Connection,
    steps: Sequence[Step],
    before: Mapping[int, _Before],
    dropped: set[int],
) -> None:
    kept = {link_id: row.conflict_id for link_id, row in before.items()}
    for step in steps:
        link_id = step.link.id
        asked = None if link_id in dropped else step.conflict
        if link_id not in kept or asked is MISSING:
            continue
        open_one = kept[link_id]
        if asked is not None:
            kept[link_id] = raise_conflict(connection, step.link, open_one, asked)
        elif open_one is not None:
            close_conflicts(connection, [open_one], _told_at(step))
            kept[link_id] = None


def _wake(connection: Connection, steps: Sequence[Step]) -> None:
    """Wake what these steps wake, and those among them that must not rest."""
    linked: dict[tuple[str, Side], list[str]] = defaultdict(list)
    for step in steps:
        for side in SIDES if step.wakes else ():
            record_id = step.link.id_of(side)
            if record_id is not None:
                linked[step.link.sync, side].append(record_id)
    for (sync, side), ids in _parents_linked(connection, steps):
        linked[sync, side].extend(ids)
    for (sync, side), ids in linked.items():
        wake_waiting(connection, sync, side, ids)
    stuck = [step.link.id for step in steps if step.link.state in _stuck]
    if stuck:
        reopen(connection, stuck)


def _parents_linked(
    connection: Connection, steps: Sequence[Step]
) -> list[tuple[tuple[str, Side], list[str]]]:
    """Records that a step waits for and that were linked before it was kept: it came too late."""
    awaited: dict[tuple[str, Side], list[str]] = defaultdict(list)
    for step in steps:
        parent = step.link.waits_for
        if parent is not None and step.link.state is LinkState.WAITING:
            awaited[parent.sync, parent.side].append(parent.id)
    return [
        ((sync, side), list(counterparts(connection, sync, side, ids)))
        for (sync, side), ids in awaited.items()
    ]
