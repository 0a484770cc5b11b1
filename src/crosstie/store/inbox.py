"""Statements on webhooks that were received."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Update,
    bindparam,
    delete,
    func,
    null,
    select,
    update,
)

from crosstie.core.values import Instant
from crosstie.ports.inbox import Arrival, ArrivalState, InboxFigures
from crosstie.ports.webhooks import Event
from crosstie.store.driven import Driven
from crosstie.store.tables_inbox import FAILED, PENDING, inbox
from crosstie.store.wording import among, insert_new, packed

_limit = bindparam("n", type_=Integer)
_NEW = ("endpoint", "delivery", "type", "kept", "sent", "received")
_add = Driven(insert_new(inbox), _NEW)
_known = Driven(
    select(inbox.c.delivery).where(
        inbox.c.endpoint == bindparam("e"), among(inbox.c.delivery, "ids")
    ),
    ("e", "ids"),
)
_not_pending = inbox.c.state != PENDING
_pending = select(inbox).where(inbox.c.state == PENDING).order_by(inbox.c.id).limit(_limit)
_pending_at = _pending.where(among(inbox.c.endpoint, "endpoints"))
_worked = (
    update(inbox)
    .where(among(inbox.c.id, "ids"))
    .values(state=bindparam("as_"), worked=bindparam("at"), detail=bindparam("why"))
)
_one = select(inbox).where(inbox.c.id == bindparam("which"))
_newest = select(inbox).order_by(inbox.c.id.desc()).limit(_limit)
_old = delete(inbox).where(inbox.c.received < bindparam("before"), _not_pending)
_names = select(inbox.c.endpoint).distinct().order_by(inbox.c.endpoint)
_last = select(func.max(inbox.c.received)).where(inbox.c.endpoint == bindparam("e"))
_waiting = (
    select(inbox.c.endpoint, func.count(), func.min(inbox.c.received))
    .where(inbox.c.state == PENDING)
    .group_by(inbox.c.endpoint)
)
_failed = (
    select(inbox.c.endpoint, func.count()).where(inbox.c.state == FAILED).group_by(inbox.c.endpoint)
)
_times = (
    select(inbox.c.received)
    .where(inbox.c.endpoint == bindparam("e"))
    .order_by(inbox.c.received.desc())
    .limit(_limit)
)


def receive(
    connection: Connection, arrived: Sequence[tuple[str, Event]], now: Instant
) -> list[bool]:
    """`InboxStore.receive`."""
    known: set[tuple[str, str]] = set()
    for endpoint in {name for name, _ in arrived}:
        ids = [event.id for name, event in arrived if name == endpoint]
        known |= {(endpoint, row[0]) for row in _known.found(connection, endpoint, packed(ids))}
    told, rows = [], []
    for endpoint, event in arrived:
        new = (endpoint, event.id) not in known
        known.add((endpoint, event.id))
        told.append(new)
        if new:
            rows.append((endpoint, event.id, event.type, event.kept, event.sent, now))
    _add.each(connection, rows)
    return told


def waiting_arrivals(
    connection: Connection, endpoints: Collection[str] | None, limit: int
) -> list[Arrival]:
    """`InboxStore.waiting_arrivals`."""
    if endpoints is None:
        return _found(connection, _pending, {"n": limit})
    return _found(connection, _pending_at, {"n": limit, "endpoints": packed(endpoints)})


def worked_off(
    connection: Connection, ids: Sequence[int], now: Instant, failed: str | None
) -> None:
    """`InboxStore.worked_off`."""
    state = ArrivalState.DONE if failed is None else ArrivalState.FAILED
    said = {"ids": packed(ids), "as_": state.value, "at": now, "why": failed}
    connection.execute(_worked, said)


def replay(
    connection: Connection,
    ids: Sequence[int] | None,
    endpoint: str | None,
    since: Instant | None,
    *,
    failed: bool,
) -> int:
    """`InboxStore.replay`."""
    again: Update = update(inbox).where(inbox.c.state == FAILED if failed else _not_pending)
    said: dict[str, Any] = {}
    if ids is not None:
        again = again.where(among(inbox.c.id, "ids"))
        said["ids"] = packed(ids)
    if endpoint is not None:
        again = again.where(inbox.c.endpoint == bindparam("e"))
        said["e"] = endpoint
    if since is not None:
        again = again.where(inbox.c.received >= bindparam("from_"))
        said["from_"] = since
    made = again.values(state=ArrivalState.PENDING.value, worked=null(), detail=null())
    return connection.execute(made, said).rowcount


def arrival(connection: Connection, arrival_id: int) -> Arrival | None:
    """`InboxStore.arrival`."""
    found = _found(connection, _one, {"which": arrival_id})
    return found[0] if found else None


def arrivals(
    connection: Connection, endpoint: str | None, state: ArrivalState | None, limit: int
) -> list[Arrival]:
    """`InboxStore.arrivals`."""
    wanted, said = _newest, {"n": limit}
    if endpoint is not None:
        wanted = wanted.where(inbox.c.endpoint == endpoint)
    if state is not None:
        wanted = wanted.where(inbox.c.state == state.value)
    return _found(connection, wanted, said)


def forget(connection: Connection, before: Instant) -> int:
    """`InboxStore.forget_arrivals`."""
    return connection.execute(_old, {"before": before}).rowcount


def figures(connection: Connection) -> list[InboxFigures]:
    """`InboxStore.inbox`."""
    waiting = {name: (number, oldest) for name, number, oldest in connection.execute(_waiting)}
    failed = {name: number for name, number in connection.execute(_failed)}
    out = []
    for name in connection.execute(_names).scalars():
        number, oldest = waiting.get(name, (0, None))
        last: Instant = connection.execute(_last, {"e": name}).scalar_one()
        out.append(InboxFigures(name, number, oldest, failed.get(name, 0), last))
    return out


def received_at(connection: Connection, endpoint: str, limit: int) -> list[Instant]:
    """`InboxStore.received_at`."""
    newest = connection.execute(_times, {"e": endpoint, "n": limit}).scalars().all()
    return list(reversed(newest))


def _found(connection: Connection, wanted: Select[Any], said: dict[str, Any]) -> list[Arrival]:
    return [
        Arrival(
            id=row.id,
            endpoint=row.endpoint,
            event=Event(row.delivery, row.type, row.kept, row.sent),
            received=row.received,
            state=ArrivalState(row.state),
            worked=row.worked,
            detail=row.detail,
        )
        for row in connection.execute(wanted, said)
    ]
