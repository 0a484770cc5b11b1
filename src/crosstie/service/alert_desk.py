"""What a person asks and says about alerts. No screen in here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from crosstie.alerts import ALL, Alerts, Channel, Discord, Mail, SignedWebhook, Slack
from crosstie.core.values import Instant
from crosstie.ports import Alert, AlertStore, ChannelOff, Mute
from crosstie.service.asked import Misused, Unknown

KINDS = (
    "silent",
    "held",
    "halted",
    "away",
    "success",
    "failures",
    "dead",
    "queue",
    "latency",
    "conflicts",
    "calls",
    "rate",
)
"""What a cause begins with, as in the table of `findings`."""
MOST = 200
_LENGTH = re.compile(r"(\d{1,6})\s*(s|min|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
LONGEST = 366 * 86_400
_KINDS: Mapping[type[Channel], str] = {
    Mail: "mail",
    Slack: "slack",
    Discord: "discord",
    SignedWebhook: "signed webhook",
}


class ChannelStatus(msgspec.Struct, frozen=True):
    """One channel as declared, and whether it takes messages."""

    name: str
    kind: str
    off: str | None
    """Why it takes none."""
    since: Instant | None


class AlertsStatus(msgspec.Struct, frozen=True):
    """What is wrong, who would be told, and what nobody wants to hear."""

    alerts: Sequence[Alert]
    """Those that are not over, the oldest first."""
    channels: Sequence[ChannelStatus]
    mutes: Sequence[Mute]


async def listed(alerts: Alerts, store: AlertStore, now: Instant) -> AlertsStatus:
    """How it stands."""
    off = {each.channel: each for each in await store.channels_off()}
    return AlertsStatus(
        alerts=await store.open_alerts(),
        channels=[_channel(c.name, _KINDS[type(c)], off.get(c.name)) for c in alerts.channels],
        mutes=[mute for mute in await store.mutes() if mute.until > now],
    )


def _channel(name: str, kind: str, off: ChannelOff | None) -> ChannelStatus:
    if off is None:
        return ChannelStatus(name, kind, None, None)
    return ChannelStatus(name, kind, off.reason, off.since)


async def mute(store: AlertStore, cause: str, seconds: float, now: Instant) -> Mute:
    """Tell nobody of that cause for so long. Raises Misused for what is no cause."""
    kind = cause.partition(":")[0]
    if cause != ALL and kind not in KINDS:
        raise Misused(
            f"there is no cause {cause!r}",
            fix=f"name one as `crosstie alerts ls` does, or one of: {ALL}, {', '.join(KINDS)}",
        )
    kept = Mute(cause, now, now + seconds)
    await store.keep_mute(kept)
    return kept


async def unmute(store: AlertStore, cause: str) -> None:
    """Tell of it again. Raises Unknown where it was not muted."""
    if not await store.end_mute(cause):
        raise Unknown(f"{cause!r} is not muted", fix="see `crosstie alerts ls`")


def length(text: str) -> float:
    """Seconds in `90s`, `30min`, `2h`, `7d`. Raises Misused."""
    found = _LENGTH.fullmatch(text.strip())
    seconds = 0 if found is None else int(found[1]) * _SECONDS[found[2]]
    if not 0 < seconds <= LONGEST:
        raise Misused(
            f"{text!r} is no length of time", fix="write it like 30min, 2h or 7d; a year at most"
        )
    return float(seconds)
