"""Health as plain figures: what is not known has none, and labels are names alone."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.ports import Severity
from crosstie.service.engines import EngineStatus
from crosstie.service.figures import figures
from crosstie.service.health_values import (
    AccountHealth,
    Finding,
    Health,
    Percentiles,
    SyncHealth,
)

TOOK = Percentiles(0.1, 0.2, 0.3, 0.4, 9)
SYNC = SyncHealth("contacts", "healthy", 8, 2, 0.8, 5, 60.0, 1, 0, None, True, TOOK, 30.0)
ACCOUNT = AccountHealth("crm", "healthy", 10, 1, TOOK, 0.5, None)
FINDING = Finding("dead:contacts", Severity.DEGRADED, "1 dead letter", "see it")
HEALTH = Health("degraded", 5.0, [FINDING], [], [SYNC], [ACCOUNT], [], EngineStatus(True))


def told(health: Health) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    return {figure.name: list(figure.values) for figure in figures(health)}


def test_every_figure_is_told_with_its_labels() -> None:
    found = told(HEALTH)
    assert found["health"] == [((), 1.0)]
    assert found["finding"] == [(("dead:contacts",), 1.0)]
    assert found["success_ratio"] == [(("contacts",), 0.8)]
    assert found["held"] == [(("contacts",), 1.0)]
    assert found["rate_used_ratio"] == [(("crm",), 0.5)]
    assert found["latency_seconds"] == [
        (("contacts", "0.5"), 0.1),
        (("contacts", "0.95"), 0.2),
        (("contacts", "0.99"), 0.3),
    ]
    assert all(
        len(place) == len(figure.labels) for figure in figures(HEALTH) for place, _ in figure.values
    )


def test_what_is_not_known_has_no_figure() -> None:
    unknown = replace(SYNC, success=None, latency=None, oldest_due_age=None)
    found = told(replace(HEALTH, syncs=[unknown], accounts=[replace(ACCOUNT, took=None)]))
    for name in ("success_ratio", "latency_seconds", "oldest_due_seconds", "call_seconds"):
        assert found[name] == []
    assert found["rate_gone_seconds"] == []
