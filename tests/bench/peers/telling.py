"""What a peer's process tells: one line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.edits import Outcome
from bench.measure import Span


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of a peer in one case."""

    span: Span
    outcome: Outcome | None = None
    conflicts: int = 0
    """Records that it leaves to a person."""
    checks: Mapping[str, bool] = field(default_factory=dict)
    """What shows that it did the work."""

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        became = {} if self.outcome is None else self.outcome.as_json()
        return {
            "seconds": self.span.seconds,
            "cpu_seconds": self.span.cpu,
            "before_mb": self.span.before_mb,
            "peak_mb": self.span.peak_mb,
            "conflicts": self.conflicts,
            "checks": dict(self.checks),
            **became,
        }


Case = Callable[[int, Path], Awaitable[Told]]


async def tell(cases: Mapping[str, Case]) -> None:
    """Run the case that the command line names: `NAME COUNT FOLDER`."""
    told = await cases[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
    print(json.dumps(told.as_json()))
