"""What a system in memory keeps, and the habits it can be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.errors import Duplicate, Rejected
from crosstie.core.values import Fields, Instant, Json, Record, Version
from crosstie.ports.runtime import Clock

Hook = Callable[[str, int], None]
"""Called with a verb (`scan`, `update`, ...) and which call of it this is, from 1. May raise."""


def _nothing(verb: str, call: int) -> None:
    """No fault."""


def _as_given(fields: Fields) -> Fields:
    return fields


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The habits of a system. The capabilities follow from them."""

    has_changes: bool = True
    sees_deletes: bool = True
    full_rows: bool = True
    hidden: tuple[str, ...] = ()
    """Fields that listing rows lack, where `full_rows` is False."""
    conditional_write: bool = True
    versions: bool = False
    """Records carry a version; otherwise a digest tells their states apart."""
    marker: bool = False
    searchable: tuple[str, ...] = ()
    search_lag: float = 0.0
    """Seconds by the clock until `find` shows a created record."""
    lagging_scan: bool = False
    """`scan` is as late as `find`."""
    window: tuple[str, Callable[[Json], bool]] | None = None
    """A field, and which of its values `scan` shows; None: it shows all."""
    read_only: bool = False
    unique: str | None = None
    """A field whose value no two records share: a second one is a Duplicate."""
    normalise: Callable[[Fields], Fields] = _as_given
    """What the system makes of a record that it is given."""
    local: bool = False
    remembers: bool = False
    """It keeps a number for us, as a database beside us does."""
    read_batch: int = 500
    page_size: int = 1_000
    before: Hook = _nothing
    """Runs before a call does anything: an error here means that nothing happened."""
    after: Hook = _nothing
    """Runs when a call has done its work: an error here is a lost answer."""


class Shelf:
    """Records as encoded JSON, with the log of which one changed when."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        behaviour: Behaviour,
        clock: Clock | None,
        prefix: str,
    ) -> None:
        self.name = name
        self.names = tuple(names)
        self.behaviour = behaviour
        self._clock = clock
        self._prefix = prefix
        self.rows: dict[str, bytes] = {}
        self.order: list[str] = []
        """Every id ever made, so that a place in it stays a place: the cursor of `scan`."""
        self.feed: list[str] = []
        """Ids in the order of their changes; a place in it is the cursor of `changes`."""
        self.markers: dict[str, str] = {}
        self.visible_at: dict[str, Instant] = {}
        self._version: dict[str, int] = {}
        self._by_unique: dict[Json, str] = {}
        self._updated: dict[str, Instant] = {}

    def now(self) -> Instant:
        """The clock's time, or 0 without one."""
        return 0.0 if self._clock is None else self._clock.now()

    def hides(self, record_id: str, late: Mapping[str, Instant]) -> bool:
        """The record is younger than the search lag."""
        return record_id in late and self.now() < late[record_id]

    def leaves_out(self, record_id: str) -> bool:
        """A listing does not show the record, for it is not in the window."""
        if self.behaviour.window is None:
            return False
        name, inside = self.behaviour.window
        return not inside(msgspec.json.decode(self.rows[record_id]).get(name))

    def record(self, record_id: str) -> Record:
        """The record as it is; it must be there."""
        version = self._version.get(record_id)
        return Record(
            record_id,
            msgspec.json.decode(self.rows[record_id]),
            None if version is None else Version(str(version)),
            self._updated.get(record_id),
            self.markers.get(record_id),
        )

    def listed(self, record_id: str) -> Record:
        """The record as a listing shows it."""
        if self.behaviour.full_rows:
            return self.record(record_id)
        whole = self.record(record_id)
        fields = {n: v for n, v in whole.fields.items() if n not in self.behaviour.hidden}
        return Record(record_id, fields, whole.version, whole.updated, whole.marker, hint=True)

    def insert(self, fields: Fields) -> str:
        """Keep a new record; gives its id. Raises Duplicate."""
        empty = dict.fromkeys(self.names)
        kept = dict(self.behaviour.normalise({**empty, **fields}))
        self._claim(kept, None)
        record_id = f"{self._prefix}{len(self.order) + 1}"
        self.order.append(record_id)
        self._keep(record_id, kept)
        return record_id

    def change(self, record_id: str, patch: Mapping[str, Json]) -> None:
        """Change some fields; nothing is noted where nothing changes. Raises Rejected."""
        old = msgspec.json.decode(self.rows[record_id])
        kept = dict(self.behaviour.normalise({**old, **patch}))
        self._claim(kept, record_id)
        if kept != old:
            self._release(record_id, old)
            self._keep(record_id, kept)

    def erase(self, record_id: str) -> None:
        """Forget a record that is there."""
        self._release(record_id, msgspec.json.decode(self.rows.pop(record_id)))
        for memory in (self._version, self.markers, self.visible_at, self._updated):
            memory.pop(record_id, None)
        self.feed.append(record_id)

    def _keep(self, record_id: str, fields: Fields) -> None:
        self.rows[record_id] = msgspec.json.encode(fields)
        self.feed.append(record_id)
        if self.behaviour.versions:
            self._version[record_id] = len(self.feed)
        if self._clock is not None:
            self._updated[record_id] = self._clock.now()
        unique = self.behaviour.unique
        if unique is not None and fields.get(unique) is not None:
            self._by_unique[fields[unique]] = record_id

    def _claim(self, fields: Fields, owner: str | None) -> None:
        """Raise where another record has the unique value."""
        unique = self.behaviour.unique
        if unique is None or fields.get(unique) is None:
            return
        existing = self._by_unique.get(fields[unique])
        if existing is None or existing == owner:
            return
        text = f"{self.name}: another record has this {unique}"
        if owner is None:
            raise Duplicate(text, existing=existing)
        raise Rejected(text, field=unique)

    def _release(self, record_id: str, fields: Fields) -> None:
        unique = self.behaviour.unique
        if unique is not None and self._by_unique.get(fields.get(unique)) == record_id:
            del self._by_unique[fields[unique]]
