"""What has to be shown before records are deleted, or a restored system is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from crosstie.core.values import Instant, Json, Side


class Origin(msgspec.Struct, frozen=True):
    """What the state knows of the past that one side of a sync shares with it."""

    pending: int = 0
    """The generation that is being written there, or was."""
    confirmed: int = 0
    """The newest generation that was certainly written there; 0: none yet."""
    height: int | None = None
    """The highest number that its change feed has given out, as far as it was seen."""
    checked_at: Instant | None = None
    """When the generation was last moved on, or linked records were last looked up there."""
    doubt: str | None = None
    """Why it is not the system that the links were made with; None when it is."""
    beyond: int = 0
    """The highest link number, in a marker there, that a person accepted as not remembered."""


class Remembered(NamedTuple):
    """What a system remembers of a state."""

    generation: int | None
    """None: it has never been told one, or has forgotten it."""
    height: int | None = None
    """The highest number that its change feed has ever given out; None where it cannot tell."""


class Scan(NamedTuple):
    """A complete scan, as far as what it did not show is concerned."""

    began: Instant
    lag: float
    """Seconds that the system's listing may be late."""
    pause: float
    """Seconds after which a first suspicion wants another scan."""
    early: bool = False
    """Made for older suspicions, before its time: new ones wait for the next scan of all."""


@runtime_checkable
class Remembering(Protocol):
    """A collection that keeps a number for us: `can.remembers` says so, once it is open.

    A copy of the system keeps the number that it had on the day it was made, so an older copy is
    known by it. Both methods may raise the errors of `core.errors`.
    """

    async def remembered(self, name: str) -> Remembered:
        """What it keeps under that name."""
        ...

    async def remember(self, name: str, generation: int, now: Instant) -> None:
        """Keep that number, durably, in place of the one before."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A collection whose `scan` shows a moving part: `can.window` names the field it goes by."""

    def shows(self, value: Json) -> bool:
        """A scan of just now certainly showed every live record with that raw value in the field.

        False for what is no value of it, and near the ends of the window.
        """
        ...


class ProofStore(Protocol):
    """Deletions that are not proven yet, and systems that may not be who they were."""

    async def absent(
        self, sync: str, side: Side, ids: Sequence[str], scan: Scan, *, keep: bool = True
    ) -> Sequence[str]:
        """A complete scan of that side did not show these linked records.

        Gives those of them that are proven to be gone: by a tombstone, or since an earlier scan,
        begun `scan.lag` seconds before at least, did not show them either. The others are
        suspected. An earlier scan of the future, from a clock that was set back, counts as none.
        keep=False: only tells; nothing is kept.
        """
        ...

    async def suspect(self, link_id: int, side: Side, again: Instant) -> None:
        """A read did not find the link's record there: it wants a complete scan at `again`."""
        ...

    async def proven(self, link_ids: Sequence[int], side: Side) -> frozenset[int]:
        """Those of these links whose record on that side is proven to be gone."""
        ...

    async def found(self, link_id: int, side: Side) -> None:
        """The record is there: whatever was suspected of it is forgotten."""
        ...

    async def suspected(self, sync: str) -> frozenset[int]:
        """Links of which a record is suspected or proven to be gone."""
        ...

    async def wanted(self, sync: str) -> Mapping[Side, Instant]:
        """Side -> when the earliest suspicion wants a complete scan of it; sides without none."""
        ...

    async def origin(self, sync: str, side: Side) -> Origin:
        """What is known of that side's past; nothing at first."""
        ...

    async def keep_origin(self, sync: str, side: Side, origin: Origin) -> None:
        """Keep what is known of that side's past."""
        ...

    async def doubt(self, sync: str, side: Side, why: str) -> None:
        """That side is not the system that the links were made with.

        The sync is held for that reason, and its next scan is a complete one, whatever its rhythm.
        """
        ...

    async def hasten(self, sync: str, now: Instant) -> None:
        """The clock was set back: what was to be tried again later is due now."""
        ...

    async def given_out(self) -> int:
        """The highest link number of ours that may stand in a marker."""
        ...
