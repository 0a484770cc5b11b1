"""The search index: what the searches read, a little later than it was written."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

R = TypeVar("R")


class LaggingIndex(Generic[R]):
    """Records as they were `lag` seconds ago.

    Records are immutable: the index keeps the version it was told of. The lag is applied when
    reading, so a new setting holds at once for writes already made.
    """

    __slots__ = ("_log", "_pending", "_updated", "generation", "on_change", "records")

    def __init__(self, updated: Callable[[R], int]) -> None:
        self._updated = updated
        self._pending: deque[tuple[int, str, R | None]] = deque()
        self._log: list[tuple[int, str]] = []
        self.records: dict[str, R] = {}
        self.generation = 0
        self.on_change: Callable[[R | None, R | None], None] | None = None

    def tell(self, now: int, record_id: str, record: R | None) -> None:
        """A record was written (None: deleted) at this moment."""
        self._pending.append((now, record_id, record))

    def settle(self, now: int, lag: float) -> None:
        """Let in all that is old enough to be seen."""
        pending = self._pending
        limit = now - int(lag * 1000)
        while pending and pending[0][0] <= limit:
            _, record_id, record = pending.popleft()
            self._let_in(record_id, record)

    def _let_in(self, record_id: str, record: R | None) -> None:
        before = self.records.get(record_id)
        self.generation += 1
        if record is None:
            self.records.pop(record_id, None)
        else:
            self.records[record_id] = record
            entry = (self._updated(record), record_id)
            if not self._log or self._log[-1] <= entry:
                self._log.append(entry)
            else:
                insort(self._log, entry)
        if self.on_change is not None:
            self.on_change(before, record)
        if len(self._log) > 1000 + 2 * len(self.records):
            self._log = sorted((self._updated(r), i) for i, r in self.records.items())

    @property
    def pending(self) -> int:
        """How many writes the searches do not see yet."""
        return len(self._pending)

    def since(self, millis: int) -> Iterator[R]:
        """The records updated at or after a moment, oldest update first, each once."""
        last = None
        for position in range(bisect_left(self._log, (millis, "")), len(self._log)):
            entry = self._log[position]
            record = self.records.get(entry[1])
            if record is not None and self._updated(record) == entry[0] and entry != last:
                yield record
            last = entry
