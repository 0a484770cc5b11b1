"""What a connector says of the webhooks of its system: who sent it, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crosstie.core.values import Instant

LOGIN = "log-in"
"""`Hint.kind` of what is about the log-in to the account itself; `gone`: it may have ended."""


class Forged(Exception):
    """A delivery that is not proven to come from the system. Its text is for the log alone.

    It names what is wrong, never a value of the delivery.
    """


@dataclass(frozen=True, slots=True)
class Event:
    """A delivery that the system sent for certain. What it tells is a hint, never truth."""

    id: str
    """The same each time that the system sends it again; unique in its endpoint."""
    type: str
    """As the system calls it, e.g. `ContactUpdate`."""
    kept: bytes
    """The part of the body that is stored: a JSON object with ids and times, no personal value."""
    sent: Instant | None = None
    """When the system says that it happened."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may have changed."""

    kind: str
    """`Source.kind` of the collections that it may be in, e.g. `contacts`."""
    id: str
    gone: bool = False
    """It was deleted, says the system."""


class Webhooks(Protocol):
    """The webhooks of one account. Pure: no I/O, no clock."""

    @property
    def unstored(self) -> int:
        """The status that makes the system send again later: 429 or 503."""
        ...

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> Event:
        """What arrived, if the system sent it, to us.

        headers: names in small letters, every value that came under them.  body: the bytes as they
        came.  Raises Forged for whatever else, and nothing but that, whatever the bytes are.
        """
        ...

    def hints(self, type_: str, kept: bytes) -> Sequence[Hint]:
        """What an event of that type is about; empty for a type that means nothing to a sync.

        kept: as `verify` gave it, maybe days ago.
        """
        ...
