"""What happens, counted in memory: settlings, failures, calls, and how long each took.

Once a minute the figures become roll-ups in the state; nothing is written for a single record.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import partial
from typing import TypeAlias

from crosstie.connectors.http import AioHttp
from crosstie.core.errors import NotFound, Retry, Stale
from crosstie.core.fingerprint import fingerprint
from crosstie.core.tally import Tally
from crosstie.core.values import Instant, Link, LinkState
from crosstie.ports import Clock, HttpAccount, Rollup, Step
from crosstie.ports.watch import Watched
from crosstie.service.doors import ServiceDoors
from crosstie.service.grouped import GroupedStore

MOST = 100_000
"""Links of which it is remembered since when they are due."""

_LATER = (Retry.code, Stale.code, NotFound.code)
_QUIET = (LinkState.ACTIVE, LinkState.CLOSED)
_Place: TypeAlias = tuple[Watched, str]


class Meter:
    """The figures since they were taken last. Cheap: a few additions a record and a call."""

    def __init__(self) -> None:
        self._tallies: dict[_Place, Tally] = {}

    def settled(self, sync: str, seconds: float | None) -> None:
        """A link of that sync is settled, so long after it was due; None: nobody knows."""
        tally = self._of("sync", sync)
        tally.settled += 1
        if seconds is not None:
            tally.took.add(seconds)

    def failed(self, sync: str, error: str, text: str, *, dead: bool) -> None:
        """A try failed.  error: its code, with the field where one is to blame."""
        tally = self._of("sync", sync)
        tally.failed += 1
        tally.dead += dead
        tally.blame(f"{fingerprint(error, text)} {error}")

    def called(self, account: str, seconds: float, *, well: bool) -> None:
        """A call of that account has ended."""
        tally = self._of("account", account)
        tally.settled += well
        tally.failed += not well
        tally.took.add(seconds)

    def waits(self, sync: str, due: int, oldest: Instant | None) -> None:
        """So many links of that sync are due now. Nothing is kept of an idle sync."""
        if due or ("sync", sync) in self._tallies:
            tally = self._of("sync", sync)
            tally.due, tally.oldest = due, oldest

    def take(self, at: Instant) -> Sequence[Rollup]:
        """The figures as roll-ups of that moment; counting begins anew."""
        taken, self._tallies = self._tallies, {}
        return [Rollup(kind, name, at, tally) for (kind, name), tally in taken.items()]

    def give_back(self, rollups: Sequence[Rollup]) -> None:
        """Those could not be kept: they go with the next."""
        for each in rollups:
            newer = self._tallies.pop((each.kind, each.name), None)
            if newer is not None:
                each.tally.take_in(newer)
            self._tallies[each.kind, each.name] = each.tally

    def _of(self, kind: Watched, name: str) -> Tally:
        return self._tallies.setdefault((kind, name), Tally())


class MeasuredStore(GroupedStore):
    """The store of a running engine, which counts what is kept."""

    meter: Meter | None = None
    clock: Clock | None = None

    def measure(self, meter: Meter, clock: Clock) -> None:
        """From now on, count there."""
        self.meter, self.clock = meter, clock
        self._since: dict[int, Instant] = {}

    async def claim(self, sync: str, now: Instant, limit: int, skip: Set[int]) -> Sequence[Link]:
        """See `LinkStore`."""
        return await self._claimed(await super().claim(sync, now, limit, skip))

    async def newest_due(
        self, sync: str, now: Instant, limit: int, skip: Set[int]
    ) -> Sequence[Link]:
        """See `LinkStore`."""
        return await self._claimed(await super().newest_due(sync, now, limit, skip))

    async def keep(self, steps: Sequence[Step]) -> None:
        """See `JournalStore`."""
        await super().keep(steps)
        if self.meter is not None and self.clock is not None:
            now = self.clock.now()
            for step in steps:
                self._count(self.meter, step, now)

    async def _claimed(self, links: Sequence[Link]) -> Sequence[Link]:
        """Remember since when they are due; of one that failed before, since when it first was."""
        if self.meter is not None:
            new = [link.id for link in links if link.id not in self._since]
            if len(self._since) + len(new) > MOST:
                self._since.clear()
            if new:
                self._since.update(await self.due_times(new))
        return links

    def _count(self, meter: Meter, step: Step, now: Instant) -> None:
        link = step.link
        if link.state is LinkState.DEAD:
            self._since.pop(link.id, None)
            meter.failed(link.sync, link.error or "", link.detail or "", dead=True)
        elif link.error in _LATER and step.due_at is not None:
            # A step in the middle of a try still holds what the one before failed of.
            if not (step.closes or step.history):
                meter.failed(link.sync, link.error or "", link.detail or "", dead=False)
        elif step.drops or _is_done(step):
            since = self._since.pop(link.id, 0.0)
            # A link that was woken for another's sake is due since the beginning of time.
            meter.settled(link.sync, now - since if since > 0.0 else None)
        elif link.state not in _QUIET:
            self._since.pop(link.id, None)


def _is_done(step: Step) -> bool:
    link = step.link
    settled = link.error is None and link.settled >= link.noticed
    return settled and step.due_at is None and link.state in _QUIET


class MeasuredDoors(ServiceDoors):
    """The doors of a running engine, which count the calls that go through them."""

    meter: Meter | None = None

    def http(self, account: HttpAccount) -> AioHttp:
        """See `Doors`."""
        port = super().http(account)
        if self.meter is not None and port.guard.timed is None:
            port.guard.timed = partial(self._called, self.meter, account.label)
        return port

    def _called(self, meter: Meter, label: str, seconds: float, well: bool) -> None:
        meter.called(label, seconds, well=well)
