"""Sends the messages that wait, each channel beside the others, and keeps how they stand.

A message is sent again only when it is known that it did not arrive, or when the process died
between sending it and keeping that: it then has the same id, by which a receiver can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from crosstie.alerts import Alerts, Channel
from crosstie.core.errors import CrosstieError, Retry
from crosstie.ports import (
    AlertStore,
    ChannelOff,
    Clock,
    Delivery,
    DeliveryState,
    Occasion,
    Severity,
)
from crosstie.service.alerting import Situation, channel_gone
from crosstie.service.asked import Unknown
from crosstie.service.channels import Gone, Sender

PAUSES = (30.0, 120.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0)
"""Seconds after each failed attempt; after one more the message is given up."""
AT_ONCE = 50
"""Messages taken up in one round."""
NO_CHANNEL = "the channel is no longer declared"
IS_OFF = "the channel is off"


class Courier:
    """Carries messages to the channels of an application."""

    def __init__(
        self,
        alerts: Alerts,
        store: AlertStore,
        sender: Sender,
        clock: Clock,
        token: Callable[[], str],
    ) -> None:
        self._alerts = alerts
        self._store = store
        self._sender = sender
        self._clock = clock
        self._token = token

    async def round(self) -> None:
        """Send what waits and is due. One channel that is slow or away delays no other one.

        Raises errors of the state alone.
        """
        due = await self._store.due_deliveries(self._clock.now(), AT_ONCE)
        lanes: dict[str, list[Delivery]] = {}
        for delivery in due:
            lanes.setdefault(delivery.channel, []).append(delivery)
        await asyncio.gather(*(self._lane(name, each) for name, each in lanes.items()))

    async def _lane(self, name: str, waiting: Sequence[Delivery]) -> None:
        channel = self._alerts.channel(name)
        off = {each.channel for each in await self._store.channels_off()}
        for delivery in waiting:
            if channel is None or name in off:
                reason = NO_CHANNEL if channel is None else IS_OFF
                await self._store.keep_delivery(_failed(delivery, reason))
            elif not await self._carried(channel, delivery):
                return

    async def _carried(self, channel: Channel, delivery: Delivery) -> bool:
        """Whether the channel can be asked to take another one."""
        attempt = replace(delivery, attempts=delivery.attempts + 1)
        try:
            note = await self._sender.send(channel, attempt)
        except Gone as gone:
            await self._store.keep_delivery(_failed(attempt, str(gone)))
            await self._turn_off(channel, str(gone))
            return False
        except CrosstieError as wrong:
            await self._store.keep_delivery(self._later(attempt, wrong))
            return False
        await self._store.keep_delivery(_sent(attempt, self._clock.now(), note))
        return True

    def _later(self, attempt: Delivery, wrong: CrosstieError) -> Delivery:
        if attempt.attempts > len(PAUSES):
            return _failed(attempt, str(wrong))
        asked = wrong.after if isinstance(wrong, Retry) and wrong.after is not None else 0.0
        pause = max(PAUSES[attempt.attempts - 1], asked)
        return replace(attempt, due_at=self._clock.now() + pause, error=str(wrong))

    async def _turn_off(self, channel: Channel, reason: str) -> None:
        """It takes nothing any more; the other channels are told, also those of which one is off.

        Told first: after a crash in between it is told twice rather than never.
        """
        now = self._clock.now()
        off = {each.channel for each in await self._store.channels_off()} | {channel.name}
        known = Situation(self._alerts, (), off, (), now, self._token)
        await self._store.keep_alerts((), channel_gone(channel.name, reason, known), now)
        await self._store.turn_off(ChannelOff(channel.name, now, reason))

    async def test(self, name: str) -> Delivery:
        """Send a test message now, and turn the channel on if it was off and takes it.

        Raises Unknown for a channel that is not declared. How it went is kept, and comes back.
        """
        channel = self._alerts.channel(name)
        if channel is None:
            known = ", ".join(each.name for each in self._alerts.channels) or "none is declared"
            raise Unknown(f"there is no alert channel {name!r}", fix=f"channels: {known}")
        now = self._clock.now()
        message = Delivery(
            channel=name,
            occasion=Occasion.TEST,
            cause="test",
            severity=Severity.DEGRADED,
            text="This is a test of an alert channel. Nothing is wrong.",
            fix="nothing is to be done",
            at=now,
            key=f"alert_{self._token()}",
            due_at=now,
            attempts=1,
        )
        try:
            done = _sent(message, now, await self._sender.send(channel, message))
        except CrosstieError as wrong:
            done = _failed(message, str(wrong))
        await self._store.keep_alerts((), [done], now)
        if done.state is DeliveryState.SENT:
            await self._store.turn_on(name)
        return done


def _sent(delivery: Delivery, now: float, note: str | None) -> Delivery:
    return replace(delivery, state=DeliveryState.SENT, sent_at=now, error=note)


def _failed(delivery: Delivery, reason: str) -> Delivery:
    return replace(delivery, state=DeliveryState.FAILED, error=reason)
