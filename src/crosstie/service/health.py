"""How well it all works: figures of the last hour, what is wrong, and what may become so.

From the state alone: it is the same whoever asks, and while an engine runs at most a minute old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from crosstie.core.tally import total
from crosstie.core.values import Instant
from crosstie.ports import Rollup, Severity, Store
from crosstie.service.accounts import AccountStatus, accounts
from crosstie.service.engines import EngineStatus, engine
from crosstie.service.findings import found, parts, told_of
from crosstie.service.forecasts import empty_in, quota_gone_in
from crosstie.service.health_values import (
    HEALTHY,
    AccountHealth,
    Facts,
    Failures,
    Health,
    SyncHealth,
    age_of,
    percentiles,
    worst,
)
from crosstie.sync import Crosstie, Sync

HOUR = 3_600.0
RECENT = 900.0
"""Seconds that lengths of time are judged by: what was slow an hour ago is no news."""
CAUSES = 10


async def health(
    app: Crosstie, store: Store, now: Instant, engine_runs: EngineStatus | None = None
) -> Health:
    """How well everything works now. engine_runs: by whoever knows; else it is found out."""
    rolled = await store.rollups("minute", now - HOUR)
    syncs = [await _facts(store, sync, rolled, now) for sync in app.in_order]
    works = engine_runs or await engine(app, store, now)
    statuses = {each.account: each for each in await accounts(app, store, now)}
    far = [_account(each, statuses, rolled, now) for each in _labels(statuses, rolled)]
    limits = app.alerts.thresholds
    findings = found(limits, syncs, far, statuses, works, now)
    bad = {finding.cause: finding.severity for finding in findings}
    return Health(
        state=worst(bad.values()),
        at=now,
        findings=findings,
        recommendations=list(dict.fromkeys(finding.fix for finding in findings)),
        syncs=[_sync(each, _state(bad, each.sync.name), now) for each in syncs],
        accounts=[msgspec.structs.replace(a, state=_state(bad, a.account)) for a in far],
        failures=_failures(syncs),
        engine=works,
    )


def _state(bad: Mapping[str, Severity], name: str) -> str:
    return worst([s for cause, s in bad.items() if cause.partition(":")[2] == name])


async def _facts(store: Store, sync: Sync, rolled: Sequence[Rollup], now: Instant) -> Facts:
    mine = [each for each in rolled if (each.kind, each.name) == ("sync", sync.name)]
    return Facts(
        sync=sync,
        standing=await store.standing(sync.name, now),
        hour=total([each.tally for each in mine]),
        recent=total([each.tally for each in mine if each.at >= now - RECENT]),
        points=[(each.at, each.tally.due) for each in mine if each.at >= now - RECENT],
    )


def _sync(facts: Facts, state: str, now: Instant) -> SyncHealth:
    standing, hour = facts.standing, facts.hour
    return SyncHealth(
        sync=facts.sync.name,
        state=state,
        settled=hour.settled,
        failed=hour.failed,
        success=hour.success,
        due=standing.due,
        oldest_due_age=age_of(standing.oldest_due, now),
        dead=standing.dead,
        conflicts=standing.asked,
        oldest_conflict_age=age_of(standing.asked_since, now),
        held=standing.held is not None,
        latency=percentiles(facts.recent.took),
        empty_in=empty_in(facts.points, standing.due, now),
    )


def _labels(statuses: Mapping[str, AccountStatus], rolled: Sequence[Rollup]) -> Sequence[str]:
    called = [each.name for each in rolled if each.kind == "account"]
    return list(dict.fromkeys([*statuses, *called]))


def _account(
    label: str, statuses: Mapping[str, AccountStatus], rolled: Sequence[Rollup], now: Instant
) -> AccountHealth:
    mine = [each for each in rolled if (each.kind, each.name) == ("account", label)]
    hour = total([each.tally for each in mine])
    recent = total([each.tally for each in mine if each.at >= now - RECENT])
    windows = statuses[label].used if label in statuses else ()
    pace = hour.tries / HOUR
    ends = [end for w in windows if (end := quota_gone_in(w, pace)) is not None]
    return AccountHealth(
        account=label,
        state=HEALTHY,
        calls=hour.tries,
        bad=hour.failed,
        took=percentiles(recent.took),
        used=max((w.calls / w.limit for w in windows if w.limit), default=None),
        gone_in=min(ends, default=None),
    )


def _failures(syncs: Sequence[Facts]) -> Sequence[Failures]:
    found = []
    for facts in syncs:
        for cause, tries in facts.hour.causes.items():
            group, error = parts(cause)
            found.append(Failures(facts.sync.name, told_of(facts.sync, error), group, tries))
    found.sort(key=lambda each: (-each.tries, each.sync, each.error, each.group))
    return found[:CAUSES]
