"""Receiving webhooks: verified, kept durably, then answered. What they mean is worked out later.

The order is the promise: what was answered 2xx is in the inbox, whatever happens next. Who sent
something that cannot be proven to come from the system is told 401 and nothing else, whatever was
wrong with it; the reason is for the log.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from typing import Final, Literal, NamedTuple, TypeAlias

from crosstie.core.errors import CrosstieError
from crosstie.core.values import Instant
from crosstie.engine.hear import Ear
from crosstie.ports import Clock, Event, Forged, InboxStore
from crosstie.service.logs import Log

LIMIT = 2**20
"""Bytes that a body may have."""
SLOW = 10.0
"""Seconds in which it has to be here."""
TOGETHER = 500
"""Deliveries that one commit keeps, at most."""
NAME = 500
"""Bytes that the id and the type of a delivery may have."""
RETRY_AFTER = 30
"""Seconds after which a sender may try again what could not be kept."""
UNKEPT = 60.0
"""Seconds for which a process that could not keep something says so, unless it can again."""
QUIET = 60.0
"""Seconds for which an equal reason is only counted after it was logged."""
REASONS = 100
"""Different reasons that are counted by themselves; a sender must not fill our memory."""
UNKNOWN: Final = "unknown"
"""What an endpoint is called that is not declared: its name is whatever somebody typed."""

Outcome: TypeAlias = Literal["kept", "doubled", "refused", "too_large", "too_slow", "unstored"]
Headers: TypeAlias = Mapping[str, Sequence[str]]
"""Names in small letters, every value that came under them."""


class Answer(NamedTuple):
    """What the sender is told."""

    status: int
    body: bytes
    again: bool = False
    """It may come again after `RETRY_AFTER` seconds."""


TAKEN = Answer(200, b'{"received":true}')
REFUSED = Answer(401, b'{"error":"not accepted"}')
TOO_LARGE = Answer(413, b'{"error":"too large"}')
TOO_SLOW = Answer(408, b'{"error":"too slow"}')
_UNSTORED = b'{"error":"try again later"}'
TOO_MANY = Answer(429, _UNSTORED, again=True)


class Receiver:
    """Takes deliveries to these endpoints, with one commit for all that come at the same moment.

    kept: called after a commit that kept something new.
    """

    def __init__(
        self,
        ears: Sequence[Ear],
        inbox: InboxStore,
        clock: Clock,
        log: Log,
        kept: Callable[[], None],
    ) -> None:
        self._ears = {ear.endpoint: ear for ear in ears}
        self._clock = clock
        self._post = Post(inbox, clock, kept)
        self._complaints = Complaints(log)
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        """(endpoint or `UNKNOWN`, what became of it) -> how often."""
        self._unkept: Instant | None = None

    async def receive(self, name: str, headers: Headers, body: bytes) -> Answer:
        """Verify, keep, answer. Sent again, it is answered again, and kept once."""
        ear = self._ears.get(name)
        label = UNKNOWN if ear is None else name
        try:
            event = self._verified(ear, headers, body)
        except Forged as wrong:
            return self.refused(label, "refused", str(wrong), REFUSED)
        assert ear is not None
        try:
            new = await self._post.keep(name, event)
        except CrosstieError as wrong:
            self._unkept = self._clock.now()
            again = Answer(ear.webhooks.unstored, _UNSTORED, again=True)
            return self.refused(label, "unstored", str(wrong), again)
        self._unkept = None
        self.outcomes[label, "kept" if new else "doubled"] += 1
        return TAKEN

    @property
    def keeps(self) -> bool:
        """What was verified last could be kept, or it is a while ago that something could not."""
        return self._unkept is None or abs(self._clock.now() - self._unkept) > UNKEPT

    def refused(self, name: str, outcome: Outcome, why: str, answer: Answer) -> Answer:
        """Count and log what was not taken; what its sender is told."""
        label = name if name in self._ears else UNKNOWN
        self.outcomes[label, outcome] += 1
        self._complaints.tell(label, outcome, why, self._clock.now())
        return answer

    def _verified(self, ear: Ear | None, headers: Headers, body: bytes) -> Event:
        """Raises Forged. An endpoint that is not there takes as long as one that is."""
        if headers.get("content-encoding", ["identity"]) not in (["identity"], [""]):
            raise Forged("the body is compressed")
        known = ear or next(iter(self._ears.values()), None)
        if known is None:
            raise Forged("no endpoint is declared")
        if ear is None:
            with suppress(Forged):
                known.webhooks.verify(headers, body, self._clock.now())
            raise Forged("there is no such endpoint")
        event = ear.webhooks.verify(headers, body, self._clock.now())
        if not (_keepable(event.id, NAME) and _keepable(event.type, NAME)):
            raise Forged("its id or type cannot be kept")
        return event


def _keepable(text: str, most: int) -> bool:
    """Every database keeps it, and finds it again."""
    try:
        return 0 < len(text.encode()) <= most and "\0" not in text
    except UnicodeEncodeError:
        return False


class _Waiting(NamedTuple):
    endpoint: str
    event: Event
    new: asyncio.Future[bool]


class Post:
    """Group commit for what is received: nobody waits longer than for the commit before."""

    def __init__(self, inbox: InboxStore, clock: Clock, kept: Callable[[], None]) -> None:
        self._inbox, self._clock, self._kept = inbox, clock, kept
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def keep(self, endpoint: str, event: Event) -> bool:
        """Whether it is new, once it is durable. Raises what the store raises."""
        waiting = _Waiting(endpoint, event, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.ensure_future(self._carry())
        return await waiting.new

    async def _carry(self) -> None:
        try:
            # Those whose request is here already may come along.
            await asyncio.sleep(0)
            while self._waiting:
                group, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                await self._commit(group)
        finally:
            self._task = None

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            arrived = [(each.endpoint, each.event) for each in group]
            new = await self._inbox.receive(arrived, self._clock.now())
            for each, fresh in zip(group, new, strict=True):
                if not each.new.done():
                    each.new.set_result(fresh)
            if any(new):
                self._kept()
        except CrosstieError as wrong:
            for each in group:
                if not each.new.done():
                    each.new.set_exception(copy(wrong))
        finally:
            # Whatever else went wrong is told by the event loop, and nobody waits for ever.
            for each in group:
                each.new.cancel()


class Complaints:
    """Logs what was not taken: a reason at once, and then its number once a minute at most."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last: dict[tuple[str, str], Instant] = {}
        self._since: Counter[tuple[str, str]] = Counter()

    def tell(self, endpoint: str, outcome: Outcome, why: str, now: Instant) -> None:
        """It happened once more."""
        if (endpoint, why) not in self._last and len(self._last) >= REASONS:
            why = "for several other reasons"
        place = (endpoint, why)
        self._since[place] += 1
        last = self._last.get(place)
        if last is not None and 0 <= now - last < QUIET:
            return
        self._last[place] = now
        times = self._since.pop(place)
        facts = {"endpoint": endpoint, "outcome": outcome, "reason": why, "times": times}
        self._log("webhook_not_taken", facts)
