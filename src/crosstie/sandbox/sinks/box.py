"""What a sink was sent, and how it is to fail next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST = 1_000
"""Messages that are kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Failing:
    """One answer that is no success."""

    status: int
    retry_after: float | None = None
    """Seconds, told in the way of whoever is asked."""


@dataclass(slots=True)
class Box:
    """The messages of one sink."""

    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST))
    """What was taken, the oldest first."""
    refused: int = 0
    """What was not."""
    failing: deque[Failing] = field(default_factory=deque)

    def fail(self, times: int, failing: Failing) -> None:
        """Answer the next so many like that; 0 ends all failing."""
        if not times:
            self.failing.clear()
        self.failing.extend([failing] * times)

    def next_failure(self) -> Failing | None:
        """How to answer what arrives now; None: take it."""
        if not self.failing:
            return None
        self.refused += 1
        return self.failing.popleft()

    def keep(self, **message: Any) -> None:
        """It was taken."""
        self.messages.append(message)

    def clear(self) -> None:
        """Forget all of it."""
        self.messages.clear()
        self.failing.clear()
        self.refused = 0
