"""When a worker looks into the inbox: as soon as something was received, else each second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crosstie.core.errors import Halt, Retry
from crosstie.core.values import SIDES, Instant
from crosstie.engine.hear import Ear, Heard, disown, hear
from crosstie.engine.work import Work
from crosstie.ports.inbox import KEPT
from crosstie.service.wiring import Opened

LISTEN = 1.0
"""Seconds between two looks into the inbox: another process may receive as well."""
TIDY = 3_600.0
"""Seconds between two looks for deliveries that are old enough to be forgotten."""


class Pulse:
    """What receiving and working tell each other, in one event loop."""

    def __init__(self) -> None:
        self._told: list[Callable[[], None]] = []
        self._turns: dict[str, Instant] = {}

    def listen(self, told: Callable[[], None]) -> None:
        """Call this each time that it is rung."""
        self._told.append(told)

    def ring(self) -> None:
        """Something was received."""
        for told in self._told:
            told()

    def beat(self, lane: str, now: Instant) -> None:
        """Those who work on these syncs have come round to the next turn."""
        self._turns[lane] = now

    @property
    def turned(self) -> Instant | None:
        """When the slowest of them came round; None before anybody works."""
        return min(self._turns.values(), default=None)


def ears(opened: Opened) -> tuple[Ear, ...]:
    """The declared endpoints. Raises Misconfigured where a key cannot be had."""
    return tuple(
        Ear(each.name, each.source.account.label, each.source.bind(opened.doors))
        for each in opened.app.webhooks
    )


class Listener:
    """Looks into the inbox for syncs that are worked on one after the other.

    It listens to the endpoints of their accounts. works: those syncs; others of these accounts are
    told as well, so that nothing is missed when they are worked on later.
    tidies: it sees to deliveries that are nobody's, and forgets old ones.
    """

    def __init__(
        self,
        opened: Opened,
        ears: Sequence[Ear],
        works: Sequence[Work],
        pulse: Pulse | None,
        *,
        tidies: bool,
    ) -> None:
        self.pulse = pulse
        self._opened = opened
        self._name = works[0].name
        named = {work.name: work for work in works}
        self._works = [named.get(work.name, work) for work in opened.works]
        self._store, self._clock = opened.store, works[0].clock
        self._ears, self._tidies = ears, tidies
        self._declared = opened.app.webhooks
        self._heard_at: Instant | None = None
        self._tidied_at: Instant | None = None

    async def turn(self, *, rung: bool) -> bool:
        """Look, if something was received or it is time; whether links became due.

        While the state is locked or away what was received waits there.
        """
        now = self._clock.now()
        if self.pulse is not None:
            self.pulse.beat(self._name, now)
        if not rung and self._heard_at is not None and 0 <= now - self._heard_at < LISTEN:
            return False
        self._heard_at = now
        try:
            return (await self.once()).marked > 0
        except (Retry, Halt):
            return False

    async def once(self) -> Heard:
        """Look now. Raises what the store raises."""
        await self._tidy(self._clock.now())
        if not self._ears:
            return Heard()
        return await hear(
            self._store, self._ears, self._works, self._clock, ended=self._opened.doors.ended
        )

    async def _tidy(self, now: Instant) -> None:
        """Forget what is too old to come again."""
        last = self._tidied_at
        if not self._tidies or (last is not None and 0 <= now - last < TIDY):
            return
        if last is None:
            declared = {each.name for each in self._declared}
            await disown(self._store, declared, self._clock)
        self._tidied_at = now
        await self._store.forget_arrivals(now - KEPT)


def listeners(
    opened: Opened, lanes: Sequence[Sequence[Work]], pulse: Pulse | None = None
) -> list[Listener]:
    """One for each of these lanes; every endpoint is listened to in one of them.

    Raises Misconfigured where a key cannot be had.
    """
    left, out = list(ears(opened)), list[Listener]()
    for number, works in enumerate(lanes):
        here = {work.account(side) for work in works for side in SIDES}
        # The last lane also listens to what is about none of these syncs.
        last = number == len(lanes) - 1
        mine = [ear for ear in left if last or ear.account in here]
        left = [ear for ear in left if ear not in mine]
        out.append(Listener(opened, mine, works, pulse, tidies=last))
    return out
