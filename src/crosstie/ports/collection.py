"""The Collection port: one kind of record in one system, as the engine sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from crosstie.core.values import Cursor, Fields, Page, Record, Version


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a collection can do, as data. The contract suite proves each in both directions."""

    has_changes: bool = False
    """`changes` works; otherwise the engine compares complete scans."""
    sees_deletes: bool = False
    """`changes` tells of deletions with tombstones."""
    full_rows: bool = True
    """Rows of `scan` and `changes` are whole records; False: they are hints, read by id."""
    conditional_write: bool = False
    """`update` and `delete` refuse with Stale when the record is not as `was`/`if_version` say."""
    marker: bool = False
    """`create` leaves its key in the record and `find` finds it by that key."""
    searchable: tuple[str, ...] = ()
    """Raw fields that `find` can look for by equal value."""
    twins: bool = False
    """Several records may agree in a field of `searchable`; `find` then shows more than one."""
    search_lag: float = 0.0
    """Seconds after which a created record is certainly found by `find`."""
    local: bool = False
    """Calls cost no quota and no network, and a read that finds nothing is the truth."""
    remembers: bool = False
    """It keeps a number for us: it is `Remembering`. By it an older copy of the system is known."""
    read_batch: int = 1
    """How many ids one `read` may carry at the price of one call."""
    page_size: int = 100
    window: str | None = None
    """`scan` shows a part alone, e.g. some days, by the value of this raw field: it is `Windowed`.
    Of a record that it leaves out nothing is known; `read` tells."""
    read_only: bool = False
    """`create`, `update` and `delete` are refused with Rejected."""


@dataclass(frozen=True, slots=True)
class RemoteField:
    """One field as the system describes it."""

    name: str
    """The name used in `Record.fields`."""
    kind: str
    """text, integer, number, money, date, datetime, boolean, choice, choices, json, id."""
    label: str | None = None
    writable: bool = True
    create_only: bool = False
    """Can be set when the record is created and never changed after."""
    required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a collection now, and how many live records, where that is cheap to tell."""

    fields: Mapping[str, RemoteField]
    count: int | None = None
    notes: tuple[str, ...] = ()
    """Things that `check` should tell a person, e.g. a key that may be used again."""


class Found(msgspec.Struct, frozen=True):
    """Answer to `read`: the records there are, and the ids that do not exist (any more)."""

    records: Mapping[str, Record]
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lookup:
    """What to find: our marker, or raw field values of which any may match."""

    marker: str | None = None
    equal: Fields = field(default_factory=dict)
    """Raw field -> raw value. A record that agrees in at least one of them is returned."""


class Collection(Protocol):
    """One kind of record in one system. Every method may raise the errors of `core.errors`.

    Records and patches hold JSON-native raw values; the connector converts at its own border (a
    DATE column shows "2026-01-31", a NUMERIC one "12.50").
    """

    @property
    def name(self) -> str:
        """What a person calls it, e.g. `contacts` or `table trips`."""
        ...

    @property
    def can(self) -> Capabilities:
        """What this collection can do. Known after `open`."""
        ...

    async def open(self) -> None:
        """Get ready: resolve names to ids, read settings. Asked twice, it does nothing more.

        Raises Misconfigured (unknown table, pipeline, field), Halt (token, scope), Retry.
        """
        ...

    async def changes(self, cursor: Cursor | None) -> Page:
        """Records and tombstones changed since the cursor, oldest first.

        At least once: a change may come again, and may already be out of date. None: from now on
        (or from as early as the system tells), with a cursor to go on from.
        """
        ...

    async def acknowledge(self, cursor: Cursor) -> None:
        """What that page of `changes` told is kept durably; the system may forget it."""
        ...

    async def scan(self, cursor: Cursor | None) -> Page:
        """All live records, page by page; `more` is False only on the last page of all.

        Where `can.window` names a field: all those in the window as it was at the first page.
        """
        ...

    async def read(self, ids: Sequence[str]) -> Found:
        """The truth now, by id. Every id asked for is in one of the two parts of the answer."""
        ...

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """Records that carry the marker or agree in one of the fields; maybe `search_lag` old."""
        ...

    async def create(self, fields: Fields, key: str) -> Record:
        """Make a record and show it as stored. The key is left in it where `can.marker` says so.

        Raises Duplicate when the system says that it exists, Retry(unknown=True) when the answer
        was lost and the record may exist.
        """
        ...

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change only the fields in `patch`, and show the record as stored.

        was: raw fields as read before; where `conditional_write`, anything else there is Stale.
        Raises NotFound, Stale, Rejected.
        """
        ...

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        """Remove it. Gone already is success. Where `conditional_write`, raises Stale."""
        ...

    async def schema(self) -> Schema:
        """The fields there are, for check and drift."""
        ...
