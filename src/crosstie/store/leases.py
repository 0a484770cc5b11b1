"""Statements on the lease of a tenant, and how a write begins."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, null, select, update

from crosstie.core.errors import Fenced
from crosstie.core.values import Instant
from crosstie.ports.lease import TENANT, Lease
from crosstie.store.driven import Driven
from crosstie.store.rows import Kept
from crosstie.store.tables import tenant
from crosstie.store.wording import TransactionNumber, insert_new

_named = tenant.c.name == bindparam("name")
# The lock is PostgreSQL's; on SQLite, which leaves it out, whoever writes is alone anyway.
_enter = Driven(
    select(tenant.c.owner, tenant.c.epoch, TransactionNumber()).where(_named).with_for_update(),
    ("name",),
)
_row = select(tenant).where(_named)
_locked = _row.with_for_update()
_add = insert_new(tenant)
_hold = (
    update(tenant)
    .where(tenant.c.name == bindparam("which"))
    .values(
        owner=bindparam("by"),
        epoch=bindparam("number"),
        since=bindparam("at"),
        until=bindparam("ends"),
    )
)
_free = update(tenant).where(tenant.c.name == bindparam("which")).values(owner=null())


class Entered(NamedTuple):
    """The tenant as it is while its row is locked."""

    owner: str | None
    epoch: int
    number: str | None
    """By what the database knows this transaction; None where nobody needs to ask."""


def enter(connection: Connection, lease: Lease | None) -> Entered:
    """Begin to write: on PostgreSQL nobody else does from here to the end of the transaction."""
    name = TENANT if lease is None else lease.tenant
    rows = _enter.found(connection, name)
    if not rows:
        make_tenant(connection, name)
        rows = _enter.found(connection, name)
    return Entered(*rows[0])


def check(entered: Entered, lease: Lease | None) -> None:
    """Raise Fenced where somebody else has the lease by now."""
    if lease is not None and (entered.owner, entered.epoch) != (lease.owner, lease.epoch):
        raise lost(lease)


def lost(lease: Lease) -> Fenced:
    """What is said to whoever comes too late."""
    return Fenced(
        f"tenant {lease.tenant!r} is another worker's by now: this one ({lease.owner}) lost its"
        " lease, and wrote nothing after that",
        fix="nothing is to be mended: the other worker goes on; start this one again to stand by",
    )


def make_tenant(connection: Connection, name: str) -> None:
    """Have a row for that tenant."""
    connection.execute(_add, {"name": name})


def take(
    connection: Connection, name: str, owner: str, now: Instant, seconds: float
) -> Lease | None:
    """`LeaseStore.take`."""
    make_tenant(connection, name)
    row = connection.execute(_locked, {"name": name}).one()
    if row.owner is not None and row.owner != owner and row.until > now:
        return None
    mine = row.owner == owner
    epoch, since = (row.epoch, row.since) if mine else (row.epoch + 1, now)
    return _held(connection, Lease(name, owner, epoch, since, now + seconds))


def renew(connection: Connection, lease: Lease, now: Instant, seconds: float) -> Lease:
    """`LeaseStore.renew`."""
    row = connection.execute(_locked, {"name": lease.tenant}).one_or_none()
    if row is None or (row.owner, row.epoch) != (lease.owner, lease.epoch):
        raise lost(lease)
    return _held(connection, Lease(lease.tenant, lease.owner, row.epoch, row.since, now + seconds))


def release(connection: Connection, lease: Lease) -> None:
    """`LeaseStore.release`."""
    row = connection.execute(_locked, {"name": lease.tenant}).one_or_none()
    if row is not None and (row.owner, row.epoch) == (lease.owner, lease.epoch):
        connection.execute(_free, {"which": lease.tenant})


def holder(connection: Connection, name: str) -> Lease | None:
    """`LeaseStore.holder`."""
    lease = last(connection, name)
    return lease if lease is not None and lease.owner else None


def last(connection: Connection, name: str) -> Lease | None:
    """`LeaseStore.last_lease`."""
    row: Kept = connection.execute(_row, {"name": name}).one_or_none()
    if row is None or row.until is None:
        return None
    return Lease(row.name, row.owner or "", row.epoch, row.since, row.until)


def _held(connection: Connection, lease: Lease) -> Lease:
    connection.execute(
        _hold,
        {
            "which": lease.tenant,
            "by": lease.owner,
            "number": lease.epoch,
            "at": lease.since,
            "ends": lease.until,
        },
    )
    return lease
