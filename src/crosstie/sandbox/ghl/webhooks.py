"""The webhooks of a sandbox: what is still to be sent, and what became of the rest.

The envelope around a body is that of live ones; `posting.py` carries them.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from .clock import SandboxClock, iso
from .webhook_settings import WebhookFault, WebhookSettings
from .wire import Json, encode

if TYPE_CHECKING:
    from .webhook_key import WebhookKey

APP_ID = "66f1c0ffee00000000000001"
VERSION_ID = "66f1c0ffee00000000000002"
_REMEMBERED = 1_000
_JITTER = 0.1


@dataclass(slots=True)
class Delivery:
    """One webhook. Tried again, it is the same to the byte."""

    id: str
    type: str
    body: bytes
    headers: dict[str, str]
    attempts: int = 0


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to send a webhook. `status` None: no answer came."""

    webhook: str
    type: str
    attempt: int
    status: int | None
    again_in: float | None = None


@dataclass(slots=True)
class Counts:
    """What became of webhooks so far."""

    told: int = 0
    sent: int = 0
    """Answered with 2xx."""
    given_up: int = 0
    faults: Counter[str] = field(default_factory=Counter)


class Webhooks:
    """What is to be sent, earliest first. One event loop owns it.

    key: what they are signed with; None makes one when it is first needed.
    """

    def __init__(self, clock: SandboxClock, key: WebhookKey | None = None) -> None:
        self.settings = WebhookSettings()
        self.counts = Counts()
        self.attempts: deque[Attempt] = deque(maxlen=_REMEMBERED)
        self.wake: Callable[[], None] = lambda: None
        """Called when there may be something to send."""
        self._clock = clock
        self._given = key
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] = []
        self._faults: list[WebhookFault] = []
        self._number = 0
        self._chance = random.Random()

    @cached_property
    def key(self) -> WebhookKey:
        """The key pair of this sandbox."""
        from .webhook_key import WebhookKey

        return self._given or WebhookKey()

    def tell(self, location: str, type_: str, body: Json) -> None:
        """Send a webhook of that type in the background; nothing without an address."""
        if not self.settings.url:
            return
        self.counts.told += 1
        self._order(self._made(location, type_, body))
        self.wake()

    def take(self) -> Delivery | None:
        """The next one that is due, no longer waiting; None for now."""
        if not self._waiting or self._waiting[0][0] > self._clock.now():
            return None
        return heapq.heappop(self._waiting)[2]

    def seconds_to_next(self) -> float | None:
        """How long until one is due, None if none waits."""
        if not self._waiting:
            return None
        return max(0.0, (self._waiting[0][0] - self._clock.now()) / 1000)

    def answered(self, delivery: Delivery, status: int | None) -> None:
        """Note what came back, and try again as the settings say."""
        delivery.attempts += 1
        fine = status is not None and 200 <= status < 300
        wait = None if fine else self.settings.wait_after(delivery.attempts, status)
        if wait is not None:
            wait *= 1 + _JITTER * self._chance.random()
            self._queue(delivery, wait)
        elif fine:
            self.counts.sent += 1
        else:
            self.counts.given_up += 1
        self.attempts.append(
            Attempt(
                webhook=delivery.id,
                type=delivery.type,
                attempt=delivery.attempts,
                status=status,
                again_in=wait,
            )
        )

    def spoil(self, fault: WebhookFault) -> None:
        """Order a fault, after those already there."""
        self._faults.append(fault)

    def clear_faults(self) -> None:
        """Take back the faults still to come, and let go what one of them holds back."""
        self._faults.clear()
        self._release()
        self.wake()

    def forget(self) -> None:
        """Send nothing of what still waits."""
        self._waiting.clear()
        self._held.clear()

    def shown(self) -> Json:
        """Settings, public key, counts, the faults to come and the latest attempts."""
        return {
            **msgspec.to_builtins(self.settings),
            "public_key": self.key.public,
            "app": APP_ID,
            "told": self.counts.told,
            "sent": self.counts.sent,
            "given_up": self.counts.given_up,
            "waiting": len(self._waiting),
            "held": len(self._held),
            "faults": msgspec.to_builtins(self._faults),
            "faults_served": dict(self.counts.faults),
            "attempts": msgspec.to_builtins(list(self.attempts)),
        }

    def _made(self, location: str, type_: str, body: Json) -> Delivery:
        name = str(uuid4())
        envelope = {
            "appId": APP_ID,
            "versionId": VERSION_ID,
            "timestamp": iso(self._clock.now()),
            "webhookId": name,
        }
        raw = encode({"type": type_, "locationId": location, **body, **envelope})
        headers = {
            "Content-Type": "application/json",
            "X-GHL-Signature": self.key.sign(raw),
            "deliveryId": str(uuid4()),
        }
        return Delivery(name, type_, raw, headers)

    def _order(self, delivery: Delivery) -> None:
        fault = self._fault_for(delivery.type)
        kind = fault.kind if fault is not None else None
        if kind == "lost":
            return
        if kind == "reordered":
            self._held.append(delivery)
            return
        seconds = fault.seconds if fault is not None else 0.0
        self._queue(delivery, seconds)
        if kind == "twice":
            self._queue(replace(delivery), seconds)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for delivery in held:
            self._queue(delivery, 0.0)

    def _queue(self, delivery: Delivery, seconds: float) -> None:
        self._number += 1
        due = self._clock.now() + seconds * 1000
        heapq.heappush(self._waiting, (due, self._number, delivery))

    def _fault_for(self, type_: str) -> WebhookFault | None:
        for fault in self._faults:
            if fault.type in (None, type_):
                fault.times -= 1
                self.counts.faults[fault.kind] += 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None
