"""What the store keeps besides links: sightings, intents, conflicts, history. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from crosstie.core.values import MISSING, Fields, Instant, Json, Link, LinkState, Missing, Side

OperationKind = Literal["create", "update", "delete"]
UNDONE = "undone"
"""`Link.error` of a record whose counterpart was taken back: quiet until the record changes."""
CUT_OFF = "cut off: the process ended before it could say how it went"
"""`RunRecord.error` of a run whose process died, or was killed."""
LEFT_ALONE = "left_alone"
"""`Link.error` of a link that a person wants left alone until one of its records changes."""


class Sighting(msgspec.Struct, frozen=True):
    """Evidence that a record may differ from what its link remembers."""

    id: str
    mark: str | None = None
    """`Record.mark`; equal to the one the link remembers means: no news. None: always news."""
    gone: bool = False
    """A tombstone, or absence in a complete scan. Means nothing for a record without a link."""
    heard: bool = False
    """Somebody says so and nobody saw it: proves neither that the record is there nor not."""


class Noticed(msgspec.Struct, frozen=True):
    """What a batch of sightings came to."""

    marked: int = 0
    """Links that became due, new ones included."""
    new: int = 0
    """Records that had no link and got a one-sided one."""
    unknown: tuple[str, ...] = ()
    """Ids of records that have no link and were only told about (`meet=False`)."""
    links: tuple[int, ...] = ()
    """Ids of all links of the records sighted, due or not."""


class LastScan(msgspec.Struct, frozen=True):
    """What is known of the complete scans of a sync."""

    at: Instant | None = None
    """When both sides were last scanned completely; None if never."""
    owed: bool = False
    """A feed was read past records without a link, which only a complete scan lets meet."""
    declared: str | None = None
    """What the fields that were declared then are known by; None where nobody said."""

    def of_others(self, declared: str) -> bool:
        """Whether other fields were declared then: no feed tells of what a new one holds."""
        return self.declared not in (None, declared)

    @property
    def wanted(self) -> bool:
        """Whether a scan has to come before anything else, whatever the rhythm says."""
        return self.at is None or self.owed


class Stranger(NamedTuple):
    """A record without a link, waiting for the first match of two populations.

    A named tuple, as `Match` is: there are as many of them as records, and it is made faster.
    """

    id: str
    keys: tuple[str | None, ...]
    """Canonical match keys as text, in the order of the sync; None where the record has none."""
    mark: str
    fields: bytes | None
    """Canonical fields as JSON with sorted keys; None when the row was only a hint."""


class Match(NamedTuple):
    """A stranger of either side that share a match key with each other and with nobody else."""

    number: int
    """Its place among the matches of one key, from 1 on and with gaps."""
    left_id: str
    right_id: str
    left_mark: str
    right_mark: str
    fields: bytes | None
    """Canonical fields of both as JSON where they are equal; None where they may differ."""
    left_keys: tuple[str | None, ...]
    right_keys: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Strangers that share one match key, more than one on a side: nobody knows who is whom."""

    number: int
    """Its place among the groups of one key, from 1 on and with gaps."""
    left: Mapping[str, str]
    """Record id -> its mark."""
    right: Mapping[str, str]


class Intent(msgspec.Struct, frozen=True):
    """The durable note written before an operation whose outcome could get lost."""

    link_id: int
    side: Side
    kind: OperationKind
    target: str | None
    """The record's id on that side; None for a create."""
    values: Fields
    """Canonical values to be written, as decided from the other side."""
    was: Fields
    """Canonical values that the target showed for these fields when we decided."""
    raw: Fields
    """Raw fields as sent: a create that is repeated sends the same."""
    key: str
    """Left in the record as our marker where the system has room for one."""
    made_at: Instant
    id: int = 0
    undoes: int | None = None
    """The run whose write this one takes back: it moves the base in a way of its own."""
    apart: Fields = msgspec.field(default_factory=dict)
    """What the source showed where that is not the value written: a union, a person's value."""


class ConflictKind(StrEnum):
    """Why a person is asked."""

    EDIT = "edit"
    """One field changed on both sides to different values."""
    DELETE = "delete"
    """Deleted on one side, edited on the other; or the policy for deletions is `ask`."""
    MATCH = "match"
    """Several records could be the counterpart."""
    CONSTRAINT = "constraint"
    """A system says the record exists, and its counterpart is linked to another one."""
    UNKNOWN = "unknown"
    """A create may have happened and the system cannot tell."""


class Answer(msgspec.Struct, frozen=True):
    """What a person decided about a conflict."""

    take: Mapping[str, Side] = msgspec.field(default_factory=dict)
    """Field -> the side whose value is right. For a delete conflict: field `*`."""
    values: Fields = msgspec.field(default_factory=dict)
    """Field -> a canonical value that both sides shall have."""
    pair: str | None = None
    """For a match: id of the counterpart; empty text means `keep apart` (create a new one)."""


class Conflict(msgspec.Struct, frozen=True):
    """Something a person decides. At most one is open per link."""

    kind: ConflictKind
    fields: Mapping[str, Mapping[str, Json]] = msgspec.field(default_factory=dict)
    """Field -> {base_left, base_right, left, right}; a base is left out where there is none."""
    candidates: tuple[str, ...] = ()
    """For a match: ids on the other side. For a constraint: the id that exists."""
    deleted: Side | None = None
    """For a delete conflict: the side on which the record is gone."""
    note: str | None = None
    """One sentence for people, without values."""
    answer: Answer | None = None
    opened_at: Instant = 0.0
    closed_at: Instant | None = None
    link_id: int = 0
    sync: str = ""
    id: int = 0


class Entry(msgspec.Struct, frozen=True):
    """One line of a link's history: a write, or a decision that matters later."""

    side: Side | None
    record_id: str | None
    operation: str
    """create, update, delete, link, conflict, resolve, close, dead, adopt."""
    cause: str
    """Why, for people: `left changed`, `policy right wins`, `answer lost, found again`, ..."""
    before: Fields = msgspec.field(default_factory=dict)
    """Canonical values that were overwritten or deleted."""
    after: Fields = msgspec.field(default_factory=dict)
    at: Instant = 0.0
    run_id: int | None = None
    link_id: int = 0
    id: int = 0
    sync: str = ""
    """Given by the store, as the next is."""
    across: str | None = None
    """Id that the link had on the other side."""


class Step(msgspec.Struct, frozen=True):
    """One durable step of settling a link, kept in one transaction."""

    link: Link
    """The link's row after this step; its `noticed` is ignored, newer evidence stays."""
    due_at: Instant | None = None
    """When to look again. None: quiet, unless something newer was noticed meanwhile."""
    closes: tuple[int, ...] = ()
    """Intents that are finished."""
    history: tuple[Entry, ...] = ()
    conflict: Conflict | Missing | None = MISSING
    """The conflict that is open after this step; None closes the open one, MISSING leaves it."""
    adopts: bool = False
    """The link gains an id: a bare one-sided link that holds this id is absorbed."""
    wakes: bool = False
    """Links that wait for either record of this link become due."""
    drops: bool = False
    """The link is done with (both records gone): its row goes, its history stays."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How one sync stands."""

    sync: str
    linked: int = 0
    """Links with a record on both sides."""
    due: int = 0
    due_linked: int = 0
    states: Mapping[LinkState, int] = field(default_factory=dict)
    conflicts: int = 0
    intents: int = 0
    oldest_due: Instant | None = None
    next_due: Instant | None = None
    scanned_at: Instant | None = None
    held: str | None = None
    """Why the brake holds this sync; None when it does not."""


class DeadLetter(msgspec.Struct, frozen=True):
    """A link that stopped, without its values."""

    link_id: int
    sync: str
    left_id: str | None
    right_id: str | None
    error: str
    """Code, and the field where one is to blame: `rejected:phone`."""
    detail: str
    cause: str
    """Fingerprint of what it died of."""
    at: Instant | None
    """When it was last told about in its history."""


class DeadGroup(msgspec.Struct, frozen=True):
    """Dead letters of one sync that died of the same thing."""

    sync: str
    cause: str
    count: int
    oldest: Instant | None
    newest: Instant | None
    sample: Sequence[DeadLetter]
    """The first few of them, by link."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, with its figures."""

    kind: str
    started: Instant
    ended: Instant | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    id: int = 0

    @property
    def was_cut_off(self) -> bool:
        """Its process ended before it did; `ended` is when that was found out."""
        return self.error == CUT_OFF
