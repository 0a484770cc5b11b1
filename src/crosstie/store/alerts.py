"""Statements on alerts and what was sent of them, and the store's methods for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Integer, Table, bindparam, delete, exists, insert, select, update

from crosstie.core.values import Instant
from crosstie.ports.watch import (
    KEPT_ALERTS,
    Alert,
    ChannelOff,
    Delivery,
    DeliveryState,
    Mute,
    Occasion,
    Severity,
)
from crosstie.store.rows import Kept
from crosstie.store.tables_watch import WAITING, alert, channel, delivery, mute
from crosstie.store.transacting import Transacting
from crosstie.store.wording import insert_new, upsert

_n: Any = bindparam("n", type_=Integer)
_open = select(alert).where(alert.c.closed_at.is_(None)).order_by(alert.c.id)
_open_of = select(alert.c.id).where(
    alert.c.closed_at.is_(None), alert.c.cause == bindparam("which")
)
_alerts = select(alert).order_by(alert.c.id.desc()).limit(_n)
_before = delivery.alias("before")
# Nobody hears that something is over before it was heard that it began.
_waits_for_another = exists().where(
    _before.c.state == WAITING,
    _before.c.due_at > bindparam("now"),
    _before.c.channel == delivery.c.channel,
    _before.c.cause == delivery.c.cause,
    _before.c.id < delivery.c.id,
)
_due = (
    select(delivery)
    .where(delivery.c.state == WAITING, delivery.c.due_at <= bindparam("now"), ~_waits_for_another)
    .order_by(delivery.c.id)
    .limit(_n)
)
_deliveries = select(delivery).order_by(delivery.c.id.desc()).limit(_n)
_forget_alerts = delete(alert).where(alert.c.closed_at < bindparam("old"))
_forget_deliveries = delete(delivery).where(
    delivery.c.at < bindparam("old"), delivery.c.state != WAITING
)
_mutes = select(mute).order_by(mute.c.cause)
_mute = upsert(mute, ("cause",), ("since", "until"))
_unmute = delete(mute).where(mute.c.cause == bindparam("which"))
_off = select(channel).order_by(channel.c.channel)
_turn_off = insert_new(channel)
_turn_on = delete(channel).where(channel.c.channel == bindparam("which"))


def _changed(table: Table) -> Any:
    """Every column of the row with that id, from parameters of the same name."""
    values: dict[str, Any] = {c.name: bindparam(c.name) for c in table.c if c.name != "id"}
    return update(table).where(table.c.id == bindparam("row")).values(values)


_change_alert, _change_delivery = _changed(alert), _changed(delivery)


def _row(kept: Alert | Delivery) -> dict[str, Any]:
    row = msgspec.structs.asdict(kept)
    row["said"] = row.pop("text")
    del row["id"]
    return row


def _alert(row: Kept) -> Alert:
    kept = dict(row._mapping)
    kept["text"], kept["severity"] = kept.pop("said"), Severity(row.severity)
    return Alert(**kept)


def _delivery(row: Kept) -> Delivery:
    kept = dict(row._mapping)
    kept["text"] = kept.pop("said")
    kept["severity"], kept["occasion"] = Severity(row.severity), Occasion(row.occasion)
    kept["state"] = DeliveryState(row.state)
    return Delivery(**kept)


def open_alerts(connection: Connection) -> list[Alert]:
    """`AlertStore.open_alerts`."""
    return [_alert(row) for row in connection.execute(_open)]


def alerts(connection: Connection, limit: int) -> list[Alert]:
    """`AlertStore.alerts`."""
    return [_alert(row) for row in connection.execute(_alerts, {"n": limit})]


def keep_alerts(
    connection: Connection, alerts: Sequence[Alert], deliveries: Sequence[Delivery], now: Instant
) -> None:
    """`AlertStore.keep_alerts`."""
    for each in alerts:
        known = each.id or connection.execute(_open_of, {"which": each.cause}).scalar()
        if known:
            connection.execute(_change_alert, {**_row(each), "row": known})
        else:
            connection.execute(insert(alert), _row(each))
    if deliveries:
        connection.execute(insert(delivery), [_row(each) for each in deliveries])
    for statement in (_forget_alerts, _forget_deliveries):
        connection.execute(statement, {"old": now - KEPT_ALERTS})


def due_deliveries(connection: Connection, now: Instant, limit: int) -> list[Delivery]:
    """`AlertStore.due_deliveries`."""
    return [_delivery(row) for row in connection.execute(_due, {"now": now, "n": limit})]


def keep_delivery(connection: Connection, kept: Delivery) -> None:
    """`AlertStore.keep_delivery`."""
    connection.execute(_change_delivery, {**_row(kept), "row": kept.id})


def deliveries(connection: Connection, limit: int) -> list[Delivery]:
    """`AlertStore.deliveries`."""
    return [_delivery(row) for row in connection.execute(_deliveries, {"n": limit})]


def mutes(connection: Connection) -> list[Mute]:
    """`AlertStore.mutes`."""
    return [Mute(**row._mapping) for row in connection.execute(_mutes)]


def keep_mute(connection: Connection, kept: Mute) -> None:
    """`AlertStore.keep_mute`."""
    connection.execute(_mute, msgspec.structs.asdict(kept))


def end_mute(connection: Connection, cause: str) -> bool:
    """`AlertStore.end_mute`."""
    return bool(connection.execute(_unmute, {"which": cause}).rowcount)


def channels_off(connection: Connection) -> list[ChannelOff]:
    """`AlertStore.channels_off`."""
    return [ChannelOff(**row._mapping) for row in connection.execute(_off)]


def turn_off(connection: Connection, off: ChannelOff) -> None:
    """`AlertStore.turn_off`."""
    connection.execute(_turn_off, msgspec.structs.asdict(off))


def turn_on(connection: Connection, name: str) -> None:
    """`AlertStore.turn_on`."""
    connection.execute(_turn_on, {"which": name})


class AlertSide(Transacting):
    """`ports.watch.AlertStore` on a database."""

    async def open_alerts(self) -> Sequence[Alert]:
        """See `AlertStore`."""
        return await self._asking(open_alerts)

    async def alerts(self, limit: int) -> Sequence[Alert]:
        """See `AlertStore`."""
        return await self._asking(alerts, limit)

    async def keep_alerts(
        self, alerts: Sequence[Alert], deliveries: Sequence[Delivery], now: Instant
    ) -> None:
        """See `AlertStore`."""
        await self._writing(keep_alerts, alerts, deliveries, now)

    async def due_deliveries(self, now: Instant, limit: int) -> Sequence[Delivery]:
        """See `AlertStore`."""
        return await self._asking(due_deliveries, now, limit)

    async def keep_delivery(self, delivery: Delivery) -> None:
        """See `AlertStore`."""
        await self._writing(keep_delivery, delivery)

    async def deliveries(self, limit: int) -> Sequence[Delivery]:
        """See `AlertStore`."""
        return await self._asking(deliveries, limit)

    async def mutes(self) -> Sequence[Mute]:
        """See `AlertStore`."""
        return await self._asking(mutes)

    async def keep_mute(self, mute: Mute) -> None:
        """See `AlertStore`."""
        await self._writing(keep_mute, mute)

    async def end_mute(self, cause: str) -> bool:
        """See `AlertStore`."""
        return await self._writing(end_mute, cause)

    async def channels_off(self) -> Sequence[ChannelOff]:
        """See `AlertStore`."""
        return await self._asking(channels_off)

    async def turn_off(self, off: ChannelOff) -> None:
        """See `AlertStore`."""
        await self._writing(turn_off, off)

    async def turn_on(self, channel: str) -> None:
        """See `AlertStore`."""
        await self._writing(turn_on, channel)
