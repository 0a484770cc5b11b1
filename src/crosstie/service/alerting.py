"""Who is told what, and when: findings and what was told before -> alerts and messages. Pure.

| found    | known                       | muted | what happens                               |
|----------|-----------------------------|-------|--------------------------------------------|
| yes      | no                          | no    | an alert, and a message: raised            |
| yes      | no                          | yes   | an alert nobody is told of yet             |
| yes      | not told yet                | no    | a message: raised                          |
| yes      | told                        |       | nothing; worse than before: raised again   |
| yes      | told `again` seconds ago    | no    | a message: reminder                        |
| no       | yes                         |       | nothing, for `settle` seconds              |
| no       | yes, `settle` seconds later | no    | it is over; a message to who was told      |
| no       | told, `settle` later        | yes   | nothing yet: that it is over is told then  |
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from crosstie.alerts import ALL, DAYS, Alerts, Quiet
from crosstie.core.values import Instant
from crosstie.ports import Alert, Delivery, Mute, Occasion, Severity
from crosstie.service.health_values import Finding


@dataclass(slots=True)
class Outcome:
    """What has to be kept, in one transaction."""

    alerts: list[Alert] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.alerts or self.deliveries)


@dataclass(frozen=True, slots=True)
class Situation:
    """What was told before, who may be told, and what nobody wants to hear."""

    alerts: Alerts
    open: Sequence[Alert]
    off: Collection[str]
    """Channels that take nothing any more."""
    mutes: Sequence[Mute]
    now: Instant
    key: Callable[[], str]
    """A new unguessable name for a message."""

    @property
    def channels(self) -> Sequence[str]:
        """Those that are told."""
        return [each.name for each in self.alerts.channels if each.name not in self.off]

    def muted(self, cause: str) -> bool:
        """Whether nobody is to be told of that cause now."""
        names = {cause, cause.partition(":")[0], ALL}
        for mute in self.mutes:
            if mute.cause in names and mute.since <= self.now < mute.until:
                return True
        quiet = [each for each in self.alerts.quiet if names & set(each.causes)]
        return any(is_quiet(each, self.now) for each in quiet)


def is_quiet(quiet: Quiet, now: Instant) -> bool:
    """Whether that time of day is now, by the clock of its zone."""
    zone = ZoneInfo(quiet.zone)
    here = datetime.fromtimestamp(now, UTC).astimezone(zone)
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    clock = here.time().replace(tzinfo=None)
    began = here.date()
    if start < end:
        inside = start <= clock < end
    else:
        inside = clock >= start or clock < end
        if clock < start:
            began -= timedelta(days=1)
    return inside and DAYS[began.weekday()] in quiet.days


def decided(findings: Sequence[Finding], known: Situation) -> Outcome:
    """What follows. Asked twice with what it decided kept in between, the second time nothing."""
    outcome = Outcome()
    open_ = {alert.cause: alert for alert in known.open}
    for finding in findings:
        _found(finding, open_.pop(finding.cause, None), known, outcome)
    for alert in open_.values():
        _not_found(alert, known, outcome)
    return outcome


def _found(finding: Finding, alert: Alert | None, known: Situation, outcome: Outcome) -> None:
    now = known.now
    before = alert or Alert(finding.cause, finding.severity, "", "", now)
    new = replace(
        before, severity=finding.severity, text=finding.text, fix=finding.fix, clear_since=None
    )
    occasion = _occasion(before, new, known)
    if occasion is not None and known.channels and not known.muted(finding.cause):
        new = replace(new, told_at=now)
        outcome.deliveries += _messages(new, occasion, known)
    # Its figures change all the time; they are news only where somebody is told.
    same = replace(new, text=before.text, fix=before.fix)
    if alert is None or same != alert:
        outcome.alerts.append(new)


def _occasion(before: Alert, new: Alert, known: Situation) -> Occasion | None:
    if before.told_at is None:
        return Occasion.RAISED
    if new.severity is Severity.UNHEALTHY and before.severity is not Severity.UNHEALTHY:
        return Occasion.RAISED
    # A clock that was set back must not silence it for longer than it would have been.
    if not 0.0 <= known.now - before.told_at < known.alerts.again:
        return Occasion.REMINDER
    return None


def _not_found(alert: Alert, known: Situation, outcome: Outcome) -> None:
    since = known.now if alert.clear_since is None else alert.clear_since
    new = replace(alert, clear_since=since)
    told = alert.told_at is not None
    lasts = 0.0 <= known.now - since < known.alerts.settle
    # Whoever was told that it began is told that it is over, also after a mute.
    if not lasts and not (told and known.muted(alert.cause)):
        new = replace(new, closed_at=known.now)
        if told:
            outcome.deliveries += _messages(new, Occasion.RESOLVED, known)
    if new != alert:
        outcome.alerts.append(new)


def _messages(alert: Alert, occasion: Occasion, known: Situation) -> list[Delivery]:
    return [
        Delivery(
            channel=channel,
            occasion=occasion,
            cause=alert.cause,
            severity=alert.severity,
            text=alert.text,
            fix=alert.fix,
            at=known.now,
            key=f"alert_{known.key()}",
            due_at=known.now,
        )
        for channel in known.channels
    ]


def channel_gone(gone: str, reason: str, known: Situation) -> list[Delivery]:
    """Messages that tell the other channels that this one is gone."""
    alert = Alert(
        cause=f"channel:{gone}",
        severity=Severity.DEGRADED,
        text=f"The alert channel {gone} is off: {reason}.",
        fix=f"mend it, then `crosstie alerts test {gone}` turns it on again",
        opened_at=known.now,
    )
    told = _messages(alert, Occasion.CHANNEL_OFF, known)
    return [each for each in told if each.channel != gone]
