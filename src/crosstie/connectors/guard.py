"""When a call of one account may leave, and what its end teaches: one guard an account.

| asked in this order | says no by                                                          |
|---------------------|---------------------------------------------------------------------|
| the breaker         | Retry: the account does not answer, and a probe is not due          |
| room in flight      | waiting until a call has ended, live calls first                    |
| the rate budget     | waiting up to `PATIENCE`, then Retry                                |
| the state           | counting some calls in advance, so that a restart forgets none      |
| the lease           | Retry: it may be somebody else's before the call has ended          |
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from crosstie.core.breaker import Breaker, Opened, Outcome
from crosstie.core.budget import Budget, Lease, Urgency
from crosstie.core.errors import Retry, SyncError
from crosstie.core.flight import Flight
from crosstie.core.values import Instant
from crosstie.ports.accounts import AccountPause, AccountStore
from crosstie.ports.http import HttpAccount

PATIENCE = 30.0
"""Seconds that a call waits for its turn here; for longer waits it comes back as Retry."""
LASTING = 60.0
"""A pause of so many seconds is kept in the state: a new process must heed it."""
_PAUSE = 10.0
_LEAST_PAUSE = 1.0
_MOST_PAUSE = 300.0
_SOON = 1.0
"""Seconds until it is worth asking again what a probe has shown."""


class Lost(Retry):
    """There was no answer, or not all of one."""


class Guard:
    """The breaker, the room in flight and the rate budget of one account.

    Every `enter` that returns is followed by one of `answered`, `lost`, `given_up`.
    memory: where calls are counted that a restart must not forget; None: nowhere.  holds: whether
    this process is the one that works until then: one that was paused while a call waited here
    finds that somebody else does by now, and what left would be done twice.
    """

    def __init__(
        self,
        account: HttpAccount,
        *,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], Instant],
        dice: Callable[[], float],
        memory: AccountStore | None = None,
        holds: Callable[[Instant], bool] | None = None,
    ) -> None:
        self.budget = Budget(account.windows)
        self.breaker = Breaker()
        self.flight = Flight()
        self.inside = 0
        """Calls under way."""
        self.timed: Callable[[float, bool], None] | None = None
        """Told of each call that ended: seconds, and whether it was answered well."""
        self._label = account.label
        self._shortest = min((window.seconds for window in account.windows), default=_PAUSE)
        self._sleep = sleep
        self._now = now
        self._dice = dice
        self._memory = memory
        self._holds = holds
        self._longest = account.timeout
        self._loaded = memory is None
        self._lease = Lease()
        self._refused = 0
        """Refusals for the rate, one after the other."""
        self._waiting: dict[Urgency, deque[asyncio.Future[None]]] = {u: deque() for u in Urgency}

    async def enter(self, urgency: Urgency) -> Instant:
        """Wait for a turn; when the call leaves.

        Raises Retry, without a call, where that would take long. For a live call it is none of the
        record's doing, and the whole account may rest; for backfill live calls may still go on.
        """
        if not self._loaded:
            await self._load()
        waited = 0.0
        while True:
            now = self._now()
            if self.inside >= self.flight.limit or not (self.breaker.closed or self._open(now)):
                await self._room(urgency)
                continue
            wait = self.budget.ask(now, urgency)
            if not wait:
                break
            waited += wait
            if waited > PATIENCE:
                text = f"{self._label}: the rate budget is used up for now"
                raise Retry(text, after=wait, counts=urgency is Urgency.BACKFILL)
            await self._sleep(wait)
        lease = self._lease
        if self._memory is not None and (not lease.left or now >= lease.until):
            await self._renew(self._memory, now)
        if self._holds is not None and not self._holds(self._now() + self._longest):
            text = f"{self._label}: the lease on the state is not renewed at present"
            raise Retry(text, after=_SOON, counts=False)
        lease.left -= 1
        lease.made += 1
        self.inside += 1
        if not self.breaker.closed:
            self.breaker.begin(now)
        return now

    async def answered(self, begun: Instant, now: Instant, status: int, unwell: str) -> None:
        """It answered with that status.  unwell: why no system in good health answers so, or ""."""
        self.flight.landed(now - begun, self.inside, now)
        if self.timed is not None:
            self.timed(now - begun, not unwell and status != 429)
        if status != 429:
            self._refused = 0
        await self._ended(Outcome.BAD if unwell else Outcome.GOOD, begun, now, unwell)

    async def lost(self, begun: Instant, told: str) -> None:
        """It did not answer."""
        if self.timed is not None:
            self.timed(self._now() - begun, False)
        await self._ended(Outcome.SILENT, begun, self._now(), told)

    def given_up(self, begun: Instant) -> None:
        """Nobody waits for the answer any more."""
        self.inside -= 1
        self.breaker.forget(begun)
        self._wake()

    async def refused(self, asked: float | None, now: Instant) -> float:
        """It refuses for the rate: the whole account pauses. Seconds that it does.

        asked: what the answer asks for. Without that, the shortest window, and twice as long each
        time in a row.
        """
        self._refused += 1
        wait = asked
        if wait is None:
            wait = min(self._shortest * 2.0 ** min(self._refused - 1, 20), _MOST_PAUSE)
        wait = max(wait, _LEAST_PAUSE)
        self.budget.pause(now + wait)
        self.flight.refused(now)
        if wait >= LASTING:
            told = f"{self._label} answered 429"
            await self._keep(AccountPause(self._label, "limit", told, now, now + wait))
        return wait

    async def close(self) -> None:
        """Give back what was counted in advance. A later call begins anew."""
        if self._memory is not None:
            now = self._now()
            counted = self._lease.close(self.budget.state(now), now)
            if counted:
                # Without it too many calls are counted, which is safe.
                with suppress(SyncError):
                    await self._memory.count_calls(self._label, counted, now)

    def _open(self, now: Instant) -> bool:
        """The breaker is open: may this call be a probe? False: another one will tell soon."""
        wait = self.breaker.wait(now)
        if not wait:
            return True
        if self.breaker.half:
            return False
        opened = self.breaker.opened
        assert opened is not None
        text = f"{self._label} is left alone for a while: {opened.reason}"
        raise Retry(text, after=_SOON if self.breaker.probing else wait, counts=False)

    async def _ended(self, outcome: Outcome, begun: Instant, now: Instant, told: str) -> None:
        self.inside -= 1
        news = self.breaker.told(outcome, begun, now, self._dice, told)
        if news:
            await self._keep_breaker()
        if any(self._waiting.values()):
            self._wake(everyone=news or self.breaker.half)

    async def _room(self, urgency: Urgency) -> None:
        """Wait until a call has ended."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[urgency].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake()
            raise

    def _wake(self, *, everyone: bool = False) -> None:
        """Let as many go on as there is room for, live calls first."""
        room = self.flight.limit - self.inside
        for turns in self._waiting.values():
            while turns and (room > 0 or everyone):
                turn = turns.popleft()
                if not turn.done():
                    turn.set_result(None)
                    room -= 1

    async def _load(self) -> None:
        """What earlier processes made of this account."""
        assert self._memory is not None
        now = self._now()
        counted = await self._memory.counted_calls(self._label, now)
        pauses = [p for p in await self._memory.pauses() if p.account == self._label]
        if self._loaded:
            return
        self._loaded = True
        self.budget.load([each for _, each in counted], now)
        for pause in pauses:
            if pause.kind == "breaker":
                self.breaker = Breaker(Opened(pause.reason, pause.since, pause.until))
            elif pause.kind == "limit" and pause.until > now:
                self.budget.pause(pause.until)

    async def _renew(self, memory: AccountStore, now: Instant) -> None:
        counted = self._lease.renew(self.budget.state(now), now)
        if not counted:
            return
        try:
            await memory.count_calls(self._label, counted, now)
        except BaseException:
            self._lease.forget()
            raise

    async def _keep_breaker(self) -> None:
        opened = self.breaker.opened
        if opened is not None:
            told = AccountPause(
                self._label, "breaker", opened.reason, opened.since, opened.probe_at
            )
            await self._keep(told)
        elif self._memory is not None:
            with suppress(SyncError):
                await self._memory.end_pause(self._label, "breaker")

    async def _keep(self, pause: AccountPause) -> None:
        if self._memory is not None:
            # What became of the call must not be hidden by a state that is locked for a moment.
            with suppress(SyncError):
                await self._memory.keep_pause(pause)
