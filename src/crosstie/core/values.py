"""The nouns every floor shares: records as read, links between them, and the pages they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from hashlib import blake2b
from typing import Any, Final, NewType, TypeAlias

import msgspec

Json: TypeAlias = Any
"""A JSON-native value: str, int, float, bool, None, list or dict. Any enters here only."""

Fields: TypeAlias = Mapping[str, Json]
"""Values by field name. Raw fields carry a side's own names, canonical fields the mapping's."""

Instant: TypeAlias = float
"""Seconds since 1970-01-01 UTC. Always passed in, never asked for below the service floor."""

Cursor = NewType("Cursor", str)
Version = NewType("Version", str)


class Missing(Enum):
    """The base holds nothing for this field: the sides never agreed on it. None is a value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Side(StrEnum):
    """Which of the two systems of a sync."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The side across."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


SIDES: Final = (Side.LEFT, Side.RIGHT)
"""Both, left first. Going through it costs a tenth of going through the enum."""

_encode = msgspec.json.Encoder(order="sorted").encode


def canonical_json(value: Json) -> bytes:
    """Encode with sorted keys: equal values give equal bytes."""
    return _encode(value)


def digest(fields: Fields) -> str:
    """24 hex characters that are equal exactly when the fields are (but for chance of 2**-96)."""
    return blake2b(_encode(fields), digest_size=12).hexdigest()


class Record(msgspec.Struct, frozen=True):
    """One row or object as a system showed it. Fields are raw: the system's names, JSON values.

    An empty field is None and present, never left out, unless the row is a `hint`.
    """

    id: str
    fields: Fields
    version: Version | None = None
    """Changes whenever the record does; None where the system shows nothing like it."""
    updated: Instant | None = None
    """When the system says it last changed, by the system's own clock."""
    marker: str | None = None
    """The key we left in it when we created it, where the system has room for one."""
    hint: bool = False
    """A listing row that lacks or distorts fields: good for noticing, never for deciding."""
    outside: bool = False
    """It is not one of the collection's, e.g. of another pipeline. A linked one stays linked."""

    @property
    def mark(self) -> str:
        """What tells this state of the record from its others: the version, else a digest."""
        return self.version if self.version is not None else digest(self.fields)


class Tombstone(msgspec.Struct, frozen=True):
    """The system says the record is gone. Silence is not a tombstone."""

    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a listing or of a change feed, in the system's order."""

    entries: Sequence[Record | Tombstone]
    cursor: Cursor | None
    """Where to go on: pass it to the same method. None only where nothing is to be remembered."""
    more: bool
    """False when the listing is complete, or the feed has no more for now."""


class LinkState(StrEnum):
    """What the engine may do with a link."""

    ACTIVE = "active"
    """It is settled whenever it is due."""
    WAITING = "waiting"
    """A record that it refers to is not linked yet; it wakes when that happens."""
    ASKING = "asking"
    """A person decides how it goes on: an ambiguous match, a create that may have happened."""
    DEAD = "dead"
    """A dead letter: it stopped after its last attempt."""
    CLOSED = "closed"
    """A record was deleted and the other side is kept as it is, for good."""


class Parent(msgspec.Struct, frozen=True):
    """The record that a waiting link needs: which sync links it, and its id on which side."""

    sync: str
    side: Side
    id: str


class Link(msgspec.Struct, frozen=True):
    """The pair that says 'these two are the same thing', and what both sides last agreed on."""

    sync: str
    left_id: str | None = None
    right_id: str | None = None
    base_left: Fields = msgspec.field(default_factory=dict)
    """Canonical values that the left showed when both last agreed; a field not in it never was."""
    base_right: Fields = msgspec.field(default_factory=dict)
    left_mark: str | None = None
    """`Record.mark` of the left as last read or written; an equal mark seen later is no news."""
    right_mark: str | None = None
    state: LinkState = LinkState.ACTIVE
    noticed: int = 0
    settled: int = 0
    """The `noticed` that the last settling started from. Due while smaller than `noticed`."""
    attempts: int = 0
    error: str | None = None
    """Code of the last error (`retry`, `rejected`, ...), with `detail` for people."""
    detail: str | None = None
    waits_for: Parent | None = None
    conflict_id: int | None = None
    """The open conflict of this link."""
    id: int = 0
    """Given by the store; 0 before it is kept."""

    def id_of(self, side: Side) -> str | None:
        """The record's id on that side; None while it has none there."""
        return self.left_id if side is Side.LEFT else self.right_id

    def base_of(self, side: Side) -> Fields:
        """The canonical base of that side."""
        return self.base_left if side is Side.LEFT else self.base_right

    @property
    def agreed(self) -> bool:
        """Both sides once had a record here, and a base was kept."""
        return bool(self.base_left or self.base_right)
