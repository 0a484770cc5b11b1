"""What is known of how well everything works: values, and how figures become them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from crosstie.core.tally import Spread, Tally
from crosstie.core.values import Instant
from crosstie.ports import Severity, Standing
from crosstie.service.engines import EngineStatus
from crosstie.sync import Sync

HEALTHY = "healthy"


class Percentiles(msgspec.Struct, frozen=True):
    """Seconds that 50, 95 and 99 of 100 took at most, to within the bounds of `core.tally`."""

    p50: float
    p95: float
    p99: float
    most: float
    of: int
    """How many there were."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong. Names of syncs, accounts and fields, and figures; no values."""

    cause: str
    """What it is about: `dead:contacts`. Alerts are grouped, and muted, by it."""
    severity: Severity
    text: str
    fix: str


class Failures(msgspec.Struct, frozen=True):
    """Tries of one sync in the last hour that failed of the same."""

    sync: str
    error: str
    """Code, and the declared field where one is to blame: `rejected:phone`."""
    group: str
    """Fingerprint, as `crosstie dead list` shows it; empty for all that are told apart no more."""
    tries: int


class SyncHealth(msgspec.Struct, frozen=True):
    """How well one sync works."""

    sync: str
    state: str
    settled: int
    """Records brought into step, or found to be, in the last hour; and tries that failed."""
    failed: int
    success: float | None
    due: int
    oldest_due_age: float | None
    dead: int
    conflicts: int
    oldest_conflict_age: float | None
    held: bool
    latency: Percentiles | None
    """From when a record was due (noticed) until it was settled, in the last 15 minutes."""
    empty_in: float | None
    """Seconds until nothing is due, at the present pace; None: nothing is, or it does not fall."""


class AccountHealth(msgspec.Struct, frozen=True):
    """How well one account answers. Calls are those over HTTP."""

    account: str
    state: str
    calls: int
    """In the last hour."""
    bad: int
    """Of these: no answer, a refusal for the rate, an error of the system."""
    took: Percentiles | None
    """In the last 15 minutes."""
    used: float | None
    """The largest share (0..1) of a long rate window that is used up; None without one."""
    gone_in: float | None
    """Seconds until such a window is used up at the present pace; None: it lasts."""


class Health(msgspec.Struct, frozen=True):
    """How well all of it works."""

    state: str
    """healthy, degraded or unhealthy."""
    at: Instant
    findings: Sequence[Finding]
    """What is wrong, the worst first."""
    recommendations: Sequence[str]
    """What to do about it, each once."""
    syncs: Sequence[SyncHealth]
    accounts: Sequence[AccountHealth]
    failures: Sequence[Failures]
    """Of the last hour, the most first."""
    engine: EngineStatus


class Facts(msgspec.Struct, frozen=True):
    """What is known of one sync."""

    sync: Sync
    standing: Standing
    hour: Tally
    recent: Tally
    points: Sequence[tuple[Instant, int]]
    """How many were due at the end of each of the last minutes."""


def worst(severities: Iterable[Severity]) -> str:
    """The state that these make."""
    some = set(severities)
    return next(
        (each.value for each in (Severity.UNHEALTHY, Severity.DEGRADED) if each in some), HEALTHY
    )


def age_of(since: Instant | None, now: Instant) -> float | None:
    """Seconds since then. What is due since the beginning of time has no age that means much."""
    return None if since is None or since <= 0.0 else max(0.0, now - since)


def percentiles(spread: Spread) -> Percentiles | None:
    """What is told of a spread; None without any."""
    p50, p95, p99 = (spread.at(share) for share in (0.5, 0.95, 0.99))
    if p50 is None or p95 is None or p99 is None:
        return None
    p50, p95, p99 = (round(each, 4) for each in (p50, p95, p99))
    return Percentiles(p50, p95, p99, round(spread.most, 4), spread.total)
