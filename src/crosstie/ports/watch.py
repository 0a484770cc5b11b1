"""The part of the Store port that watches: figures over time, alerts, and what was sent of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import msgspec

from crosstie.core.tally import Tally
from crosstie.core.values import Instant

Scale: TypeAlias = Literal["minute", "hour"]
"""How long the stretches of a roll-up are. Minutes are kept for two days, hours for thirty."""
Watched: TypeAlias = Literal["sync", "account"]

SECONDS: Mapping[Scale, float] = {"minute": 60.0, "hour": 3_600.0}
KEPT: Mapping[Scale, float] = {"minute": 2 * 86_400.0, "hour": 30 * 86_400.0}
"""Seconds that roll-ups of either scale are kept."""
KEPT_ALERTS = 90 * 86_400.0
"""Seconds that alerts that are over, and what was sent of them, are kept."""


class Rollup(msgspec.Struct, frozen=True):
    """What happened to one sync or account in one minute or hour."""

    kind: Watched
    name: str
    at: Instant
    """When the stretch began."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a sync waits, by what indices alone can tell."""

    due: int
    oldest_due: Instant | None
    dead: int
    asked: int
    """Conflicts without an answer."""
    asked_since: Instant | None
    """When the oldest of them was opened."""
    held: str | None
    """Why the brake holds the sync."""


class Severity(StrEnum):
    """How bad something is."""

    DEGRADED = "degraded"
    """It goes on, and not as it should."""
    UNHEALTHY = "unhealthy"
    """Something stands still until a person acts."""


class Alert(msgspec.Struct, frozen=True):
    """Something that is wrong, from when it was found to when it was found to be over."""

    cause: str
    """What it is about, and the name it is muted by: `dead:contacts`."""
    severity: Severity
    text: str
    """One sentence: names of syncs, accounts and fields, and figures. Never a record's value."""
    fix: str
    opened_at: Instant
    told_at: Instant | None = None
    """When messages about it were last made; None: nobody was told."""
    clear_since: Instant | None = None
    """Since when it is not found any more; it is over when that has lasted."""
    closed_at: Instant | None = None
    id: int = 0


class Occasion(StrEnum):
    """Why a message is sent."""

    RAISED = "raised"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    CHANNEL_OFF = "channel-off"
    """Another channel is gone."""
    TEST = "test"


class DeliveryState(StrEnum):
    """How a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """Given up after its last attempt."""


class Delivery(msgspec.Struct, frozen=True):
    """One message for one channel."""

    channel: str
    occasion: Occasion
    cause: str
    severity: Severity
    text: str
    fix: str
    at: Instant
    """When what it tells of was found."""
    key: str
    """The same for every attempt: by it a receiver knows a message that comes twice."""
    due_at: Instant
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    error: str | None = None
    """Why the last attempt failed."""
    sent_at: Instant | None = None
    id: int = 0


class Mute(msgspec.Struct, frozen=True):
    """A person wants no messages about these causes for a while."""

    cause: str
    """A cause, the part of it before a colon (`dead`), or `all`."""
    since: Instant
    until: Instant


class ChannelOff(msgspec.Struct, frozen=True):
    """A channel that takes no messages any more, until it is tested with success."""

    channel: str
    since: Instant
    reason: str


class RollupStore(Protocol):
    """Figures over time."""

    async def keep_rollups(self, rollups: Sequence[Rollup], now: Instant) -> None:
        """Add these to the minute and to the hour they began in; forget what is too old.

        One transaction. Two of one minute add up.
        """
        ...

    async def rollups(self, scale: Scale, since: Instant) -> Sequence[Rollup]:
        """Stretches that began then or later, the oldest first."""
        ...

    async def standing(self, sync: str, now: Instant) -> Standing:
        """What of a sync waits."""
        ...

    async def due_times(self, link_ids: Sequence[int]) -> Mapping[int, Instant]:
        """Link -> since when it is due; links that are not due are left out."""
        ...


class AlertStore(Protocol):
    """Alerts, their messages, mutes, and channels that are off."""

    async def open_alerts(self) -> Sequence[Alert]:
        """Alerts that are not over, the oldest first."""
        ...

    async def alerts(self, limit: int) -> Sequence[Alert]:
        """The newest alerts first, those included that are over."""
        ...

    async def keep_alerts(
        self, alerts: Sequence[Alert], deliveries: Sequence[Delivery], now: Instant
    ) -> None:
        """Keep alerts (id 0: new ones) and their messages in one transaction.

        So that there is never the one without the other. Of a cause one alert at most is open: a
        second one takes its place. Forgets alerts and messages that have been over for long.
        """
        ...

    async def due_deliveries(self, now: Instant, limit: int) -> Sequence[Delivery]:
        """Messages that wait to be sent and whose time has come, the oldest first.

        One waits as well for those before it that are about its cause and for its channel.
        """
        ...

    async def keep_delivery(self, delivery: Delivery) -> None:
        """Keep how a message stands after an attempt."""
        ...

    async def deliveries(self, limit: int) -> Sequence[Delivery]:
        """The newest messages first."""
        ...

    async def mutes(self) -> Sequence[Mute]:
        """Mutes by cause, those included that have ended."""
        ...

    async def keep_mute(self, mute: Mute) -> None:
        """In place of what was said of that cause."""
        ...

    async def end_mute(self, cause: str) -> bool:
        """Whether there was one."""
        ...

    async def channels_off(self) -> Sequence[ChannelOff]:
        """Channels that are off, by name."""
        ...

    async def turn_off(self, off: ChannelOff) -> None:
        """That channel takes no messages any more. Told twice, the first stays."""
        ...

    async def turn_on(self, channel: str) -> None:
        """It does again. Told twice is the same as once."""
        ...


class WatchStore(RollupStore, AlertStore, Protocol):
    """All of it."""
