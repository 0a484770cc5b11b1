"""What has to be reached, case by case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Mapping[str, Any]]
"""Figures by the name of the case; of a peer by `case peer`."""


@dataclass(frozen=True, slots=True)
class Must:
    """One limit."""

    case: str
    """The case that it belongs to."""
    said: str
    """As in the table."""
    kept: Callable[[Results], bool | None]
    """None where what it compares with was not measured."""


def _below(case: str, figure: str, limit: float) -> Callable[[Results], bool]:
    return lambda results: results[case][figure] < limit


def _at_least(case: str, figure: str, limit: float) -> Callable[[Results], bool]:
    return lambda results: results[case][figure] >= limit


def _told_below(case: str, figure: str, limit: float) -> Callable[[Results], bool | None]:
    """None where the case could not be measured."""

    def kept(results: Results) -> bool | None:
        told = results[case].get(figure)
        return None if told is None else told < limit

    return kept


def _rate_or_none(case: str, limit: float) -> Callable[[Results], bool | None]:
    """None where the case could not be measured."""

    def kept(results: Results) -> bool | None:
        told = results[case]
        return None if "skipped" in told else told["records_per_second"] >= limit

    return kept


def _faster_than(case: str, peer: str) -> Callable[[Results], bool | None]:
    def kept(results: Results) -> bool | None:
        other = results.get(f"{case} {peer}")
        return None if other is None else results[case]["seconds"] < other["seconds"]

    return kept


def growth(results: Results) -> float | None:
    """MiB that the no-op reconcile of many takes more than that of few, data left out."""
    few, many = results.get("noop few"), results.get("noop")
    if few is None or many is None:
        return None
    used: list[float] = [each["peak_mb"] - each["before_mb"] for each in (few, many)]
    return used[1] - used[0]


def _grows_below(limit: float) -> Callable[[Results], bool | None]:
    def kept(results: Results) -> bool | None:
        grown = growth(results)
        return None if grown is None else grown <= limit

    return kept


MUSTS: Sequence[Must] = (
    Must("first", "< 5 s", _below("first", "seconds", 5.0)),
    Must("first", "< 300 MB", _below("first", "peak_mb", 300.0)),
    Must("first", "faster than diffsync", _faster_than("first", "diffsync")),
    Must("listing", "< 3 s", _below("listing", "seconds", 3.0)),
    Must("feed", "< 0.5 s", _below("feed", "seconds", 0.5)),
    Must("noop", "growth <= 50 MB", _grows_below(50.0)),
    Must("settle", ">= 1,000/s", _at_least("settle", "records_per_second", 1_000.0)),
    Must("settle", ">= 0.5 of bare", _at_least("settle", "share_of_bare", 0.5)),
    Must("claim", "p99 < 10 ms", _told_below("claim", "p99_ms", 10.0)),
    Must("claim_postgresql", "p99 < 10 ms", _told_below("claim_postgresql", "p99_ms", 10.0)),
    Must("ingest", ">= 2,000/s", _at_least("ingest", "records_per_second", 2_000.0)),
    Must("ingest", "p99 < 20 ms", _told_below("ingest", "p99_ms", 20.0)),
    Must("ingest_postgresql", ">= 2,000/s", _rate_or_none("ingest_postgresql", 2_000.0)),
    Must("ingest_postgresql", "p99 < 20 ms", _told_below("ingest_postgresql", "p99_ms", 20.0)),
)


def judged(results: Results) -> list[tuple[Must, bool | None]]:
    """Every limit whose case was measured."""
    return [(must, must.kept(results)) for must in MUSTS if must.case in results]


def faults(results: Results) -> list[str]:
    """What was not reached, and every check of a case that did not hold."""
    missed = [f"{must.case}: {must.said}" for must, kept in judged(results) if kept is False]
    for name, figures in results.items():
        missed += [
            f"{name}: {what}" for what, held in figures.get("checks", {}).items() if not held
        ]
    return missed
