"""The lease on a tenant: who settles it, and the store that lets nobody else."""

from __future__ import annotations

from typing import Protocol

import msgspec

from crosstie.core.values import Instant

TENANT = "default"
"""The tenant that a state holds."""


class Lease(msgspec.Struct, frozen=True):
    """The right to settle a tenant, until it ends or is given back."""

    tenant: str
    owner: str
    """Who holds it, told to people; different for every process."""
    epoch: int
    """Higher than that of every lease on this tenant before."""
    since: Instant
    """When it was taken."""
    until: Instant
    """When somebody else may take it, unless it is renewed."""


class LeaseStore(Protocol):
    """Leases. Times are those of the callers: their clocks have to agree to within seconds."""

    async def take(self, tenant: str, owner: str, now: Instant, seconds: float) -> Lease | None:
        """A lease on a tenant that nobody holds, or whose lease ended: with a higher epoch.

        None while somebody else holds it. Whoever holds it already is given it again, renewed.
        """
        ...

    async def renew(self, lease: Lease, now: Instant, seconds: float) -> Lease:
        """The same lease, ending that many seconds from now; one that ended, if nobody took it.

        Raises Fenced when somebody else took it, or it was given back.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back. Nothing happens to one that is somebody else's by now."""
        ...

    async def holder(self, tenant: str) -> Lease | None:
        """The lease that was taken last and not given back, even if it ended."""
        ...

    async def last_lease(self, tenant: str) -> Lease | None:
        """The lease that was taken last; without an owner once it was given back.

        It then says until when it would have lasted. None: there was none yet.
        """
        ...

    def work_under(self, lease: Lease | None) -> None:
        """From now on this store writes only while that lease is not taken by somebody else.

        Every call that writes, except on leases, then raises Fenced and writes nothing, however
        late it comes. None: it writes without a lease, as a person's answers are.
        """
        ...

    def holds(self, until: Instant) -> bool:
        """Whether nobody else may take its lease before then, as far as it was renewed.

        For calls to other systems, which no state can take back. True without a lease.
        """
        ...
