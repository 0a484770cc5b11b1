"""What was asked of the sandbox, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .wire import Json


@dataclass(slots=True)
class Calls:
    """Calls by "METHOD template", answers by status, and how many writes were stored."""

    by_route: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    by_status: Counter[int] = field(default_factory=Counter)
    stored: int = 0

    def count(self, key: str, kind: str) -> None:
        """One more call of this route; `kind` is read or write."""
        self.by_route[key] += 1
        self.kinds[key] = kind

    def reset(self) -> None:
        """Forget every count."""
        self.by_route.clear()
        self.by_status.clear()
        self.kinds.clear()
        self.stored = 0

    def summary(self) -> Json:
        """Every route with count and kind, and the totals.

        `writes` counts the calls that asked for a write, `stored` the writes that were made.
        """
        routes = {
            key: {"count": count, "kind": self.kinds[key]}
            for key, count in sorted(self.by_route.items())
        }
        totals: Counter[str] = Counter()
        for key, count in self.by_route.items():
            totals[self.kinds[key]] += count
        return {
            "calls": routes,
            "reads": totals["read"],
            "writes": totals["write"],
            "stored": self.stored,
            "statuses": {str(status): n for status, n in sorted(self.by_status.items())},
        }
