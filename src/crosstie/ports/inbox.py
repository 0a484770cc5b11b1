"""The inbox: deliveries of webhooks, kept before they are answered and worked on afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from crosstie.core.values import Instant
from crosstie.ports.webhooks import Event

KEPT = 14 * 86_400.0
"""Seconds that a delivery is remembered: longer than any system sends the same one again."""


class ArrivalState(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DONE = "done"
    """The links of its records were marked due."""
    FAILED = "failed"
    """Nobody could say what it is about. A person may replay it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as the inbox keeps it."""

    id: int
    endpoint: str
    event: Event
    received: Instant
    """When it came first; sent again it stays the one it is."""
    state: ArrivalState = ArrivalState.PENDING
    worked: Instant | None = None
    """When it was worked on last; None: not yet, or a person replays it."""
    detail: str | None = None
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class InboxFigures:
    """How the inbox of one endpoint stands."""

    endpoint: str
    waiting: int
    oldest: Instant | None
    """When the one was received that has waited longest."""
    failed: int
    last: Instant
    """When the newest was received."""


class InboxStore(Protocol):
    """Deliveries. Receiving them needs no lease: a worker that stands by receives as well."""

    async def receive(self, arrived: Sequence[tuple[str, Event]], now: Instant) -> Sequence[bool]:
        """Keep events with the names of their endpoints, durably, in one transaction.

        For each, in order, whether it is new: one whose id the endpoint has already, worked on or
        not, changes nothing.
        """
        ...

    async def waiting_arrivals(
        self, endpoints: Collection[str] | None, limit: int
    ) -> Sequence[Arrival]:
        """Those that nobody has worked on, in the order in which they came. None: of all."""
        ...

    async def worked_off(self, ids: Sequence[int], now: Instant, failed: str | None = None) -> None:
        """These were worked on; with `failed` they could not be, for that reason."""
        ...

    async def replay(
        self,
        ids: Sequence[int] | None,
        *,
        endpoint: str | None = None,
        since: Instant | None = None,
        failed: bool = False,
    ) -> int:
        """Make deliveries pending again: those with these numbers, None for all of them.

        endpoint: only its own.  since: only what was received then or later.  failed: only what
        failed.  Says how many of them were not pending already.
        """
        ...

    async def arrival(self, arrival_id: int) -> Arrival | None:
        """One delivery; None for one that never was or is forgotten."""
        ...

    async def arrivals(
        self, endpoint: str | None, state: ArrivalState | None, limit: int
    ) -> Sequence[Arrival]:
        """The newest deliveries first."""
        ...

    async def forget_arrivals(self, before: Instant) -> int:
        """Forget those that were received before then and are not pending; says how many."""
        ...

    async def inbox(self) -> Sequence[InboxFigures]:
        """How the inbox stands, by endpoint; nothing of one without deliveries."""
        ...

    async def received_at(self, endpoint: str, limit: int) -> Sequence[Instant]:
        """When the newest were received, oldest of them first."""
        ...
