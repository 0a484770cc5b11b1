"""The part of the store that receives webhooks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crosstie.core.values import Instant
from crosstie.ports.inbox import Arrival, ArrivalState, InboxFigures
from crosstie.ports.webhooks import Event
from crosstie.store import inbox
from crosstie.store.transacting import Transacting


class InboxSide(Transacting):
    """`ports.inbox.InboxStore` on a database."""

    async def receive(self, arrived: Sequence[tuple[str, Event]], now: Instant) -> Sequence[bool]:
        """See `InboxStore`. Whoever does not hold the lease receives as well."""
        return await self._leasing(inbox.receive, arrived, now)

    async def waiting_arrivals(
        self, endpoints: Collection[str] | None, limit: int
    ) -> Sequence[Arrival]:
        """See `InboxStore`."""
        return await self._asking(inbox.waiting_arrivals, endpoints, limit)

    async def worked_off(self, ids: Sequence[int], now: Instant, failed: str | None = None) -> None:
        """See `InboxStore`."""
        await self._writing(inbox.worked_off, ids, now, failed)

    async def replay(
        self,
        ids: Sequence[int] | None,
        *,
        endpoint: str | None = None,
        since: Instant | None = None,
        failed: bool = False,
    ) -> int:
        """See `InboxStore`."""
        return await self._writing(inbox.replay, ids, endpoint, since, failed=failed)

    async def arrival(self, arrival_id: int) -> Arrival | None:
        """See `InboxStore`."""
        return await self._asking(inbox.arrival, arrival_id)

    async def arrivals(
        self, endpoint: str | None, state: ArrivalState | None, limit: int
    ) -> Sequence[Arrival]:
        """See `InboxStore`."""
        return await self._asking(inbox.arrivals, endpoint, state, limit)

    async def forget_arrivals(self, before: Instant) -> int:
        """See `InboxStore`."""
        return await self._writing(inbox.forget, before)

    async def inbox(self) -> Sequence[InboxFigures]:
        """See `InboxStore`."""
        return await self._reading(inbox.figures)

    async def received_at(self, endpoint: str, limit: int) -> Sequence[Instant]:
        """See `InboxStore`."""
        return await self._asking(inbox.received_at, endpoint, limit)
