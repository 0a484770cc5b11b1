"""What every case gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.measure import Span


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one case."""

    span: Span
    records: int
    """Records that were looked at, or written where that is what is measured."""
    lost: int = 0
    """Edits whose value stands on neither side afterwards, or that were not planned."""
    checks: Mapping[str, bool] = field(default_factory=dict)
    """What had to be true, and was or was not."""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "seconds": self.span.seconds,
            "cpu_seconds": self.span.cpu,
            "before_mb": self.span.before_mb,
            "peak_mb": self.span.peak_mb,
            "records": self.records,
            "records_per_second": self.records / self.span.seconds if self.span.seconds else 0.0,
            "lost": self.lost,
            "checks": dict(self.checks),
            **self.more,
        }
