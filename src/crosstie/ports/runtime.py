"""Time, chance, concurrency and network: given from outside, so that a test can own them."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Protocol

from crosstie.core.values import Instant
from crosstie.ports.http import Http, HttpAccount


class Clock(Protocol):
    """Tells the time; never waits."""

    def now(self) -> Instant:
        """Seconds since 1970 UTC."""
        ...


class Dice(Protocol):
    """Chance."""

    def roll(self) -> float:
        """A draw from [0, 1)."""
        ...

    def token(self) -> str:
        """A new unguessable name of at least 16 characters."""
        ...


class Tasks(Protocol):
    """Runs coroutines side by side."""

    async def run(self, work: Iterable[Coroutine[object, object, None]], limit: int) -> None:
        """Drive all of `work`, at most `limit` at once, taking the next only when there is room.

        The first exception stops the taking, waits for those in flight and is raised.
        """
        ...


class Doors(Protocol):
    """What a declared source gets to become a collection."""

    @property
    def clock(self) -> Clock:
        """The clock of this process."""
        ...

    def http(self, account: HttpAccount) -> Http:
        """Calls of that account. Asked twice with the same label: the same budget."""
        ...

    def secret(self, reference: str, what: str = "the secret") -> str:
        """The secret behind `env:NAME` or `file:/path`. what: what a person has to put there.

        Raises Misconfigured, naming the reference and never the secret.
        """
        ...
