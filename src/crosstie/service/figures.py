"""Health as plain figures, for whoever draws or watches them. Labels are names, never values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from crosstie.service.health_values import HEALTHY, Health, Percentiles

_STATES = {HEALTHY: 0.0, "degraded": 1.0, "unhealthy": 2.0}


class Figure(msgspec.Struct, frozen=True):
    """One figure that goes up and down, of each of its labels."""

    name: str
    """Without a prefix: `dead_letters`."""
    help: str
    labels: tuple[str, ...]
    """Names of the labels: `sync`, `quantile`."""
    values: Sequence[tuple[tuple[str, ...], float]]
    """Labels and value. What is not known has none."""


def figures(health: Health) -> Iterator[Figure]:
    """All of them, in the order in which they are read."""
    state = [((), _STATES[health.state])]
    yield Figure("health", "0 healthy, 1 degraded, 2 unhealthy.", (), state)
    wrong = [((f.cause,), _STATES[f.severity.value]) for f in health.findings]
    yield Figure("finding", "What is wrong: 1 degraded, 2 unhealthy.", ("cause",), wrong)
    per_sync = (
        ("settled_last_hour", "Records settled in the last hour.", "settled"),
        ("failed_last_hour", "Tries that failed in the last hour.", "failed"),
        ("success_ratio", "Share of tries of the last hour that succeeded.", "success"),
        ("dead_letters", "Records that are not tried again.", "dead"),
        ("conflicts", "Conflicts without an answer.", "conflicts"),
        ("oldest_due_seconds", "How long the longest due record has waited.", "oldest_due_age"),
        ("held", "1 while the brake holds it.", "held"),
        ("queue_empty_seconds", "Until nothing is due, at the present pace.", "empty_in"),
    )
    for name, help_, source in per_sync:
        yield Figure(name, help_, ("sync",), _known(health.syncs, "sync", source))
    per_account = (
        ("calls_last_hour", "Calls of the last hour.", "calls"),
        ("calls_bad_last_hour", "Those that were not answered well.", "bad"),
        ("rate_used_ratio", "Largest share of a long rate window that is used up.", "used"),
        ("rate_gone_seconds", "Until such a window is used up, at the present pace.", "gone_in"),
    )
    for name, help_, source in per_account:
        yield Figure(name, help_, ("account",), _known(health.accounts, "account", source))
    took = "Seconds from due to settled, in the last 15 minutes."
    latencies = [(each.sync, each.latency) for each in health.syncs]
    yield Figure("latency_seconds", took, ("sync", "quantile"), _quantiles(latencies))
    answered = "Seconds until a call was answered, in the last 15 minutes."
    calls = [(each.account, each.took) for each in health.accounts]
    yield Figure("call_seconds", answered, ("account", "quantile"), _quantiles(calls))


def _known(
    rows: Sequence[msgspec.Struct], label: str, source: str
) -> list[tuple[tuple[str, ...], float]]:
    found = [(str(getattr(row, label)), getattr(row, source)) for row in rows]
    return [((name,), float(value)) for name, value in found if value is not None]


def _quantiles(
    rows: Sequence[tuple[str, Percentiles | None]],
) -> list[tuple[tuple[str, ...], float]]:
    found: list[tuple[tuple[str, ...], float]] = []
    for name, took in rows:
        if took is not None:
            for quantile, seconds in (("0.5", took.p50), ("0.95", took.p95), ("0.99", took.p99)):
                found.append(((name, quantile), seconds))
    return found
