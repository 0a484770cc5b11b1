"""The part of the store that knows who may settle."""

from __future__ import annotations

from crosstie.core.values import Instant
from crosstie.ports.lease import Lease
from crosstie.store import leases
from crosstie.store.transacting import Transacting


class LeaseSide(Transacting):
    """`ports.lease.LeaseStore` on a database."""

    async def take(self, tenant: str, owner: str, now: Instant, seconds: float) -> Lease | None:
        """See `LeaseStore`."""
        return await self._leasing(leases.take, tenant, owner, now, seconds)

    async def renew(self, lease: Lease, now: Instant, seconds: float) -> Lease:
        """See `LeaseStore`."""
        renewed = await self._leasing(leases.renew, lease, now, seconds)
        if self._lease is not None and self._lease.epoch == renewed.epoch:
            self._lease = renewed
        return renewed

    async def release(self, lease: Lease) -> None:
        """See `LeaseStore`."""
        await self._leasing(leases.release, lease)

    async def holder(self, tenant: str) -> Lease | None:
        """See `LeaseStore`."""
        return await self._reading(leases.holder, tenant)

    async def last_lease(self, tenant: str) -> Lease | None:
        """See `LeaseStore`."""
        return await self._reading(leases.last, tenant)

    def work_under(self, lease: Lease | None) -> None:
        """See `LeaseStore`."""
        self._lease = lease

    def holds(self, until: Instant) -> bool:
        """See `LeaseStore`."""
        return self._lease is None or until <= self._lease.until
