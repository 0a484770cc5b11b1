"""Keys and secrets, several at once while one takes the place of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.ports import Doors

T = TypeVar("T")
_REFERENCES = ("env:", "file:")


@dataclass(frozen=True, slots=True)
class Key:
    """A key or a secret, and how long it counts.

    text: itself, or `env:NAME` / `file:/path` that holds it; a secret is always given so.
    until: the last day on which it counts, in UTC, e.g. `2026-12-31`; for ever without it.
    """

    text: str = field(repr=False)
    until: str | None = None
    ends: Instant | None = field(init=False, repr=False)
    """The first moment at which it does not count any more."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", None if self.until is None else end_of(self.until))


def end_of(day: str) -> Instant:
    """The end of that day in UTC. Raises Misconfigured for what is no day."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        return (begins + timedelta(days=1)).timestamp()
    except (ValueError, TypeError, OverflowError):
        raise Misconfigured(
            f"{day!r} is not the last day of a key", fix="write it as `2026-12-31`"
        ) from None


def keys_of(given: Key | str | Sequence[Key | str]) -> tuple[Key, ...]:
    """One key or several, as keys."""
    several = (given,) if isinstance(given, Key | str) else given
    return tuple(key if isinstance(key, Key) else Key(key) for key in several)


def resolved(
    given: Key | str | Sequence[Key | str], doors: Doors, what: str, *, secret: bool
) -> tuple[Key, ...]:
    """The keys with what their references hold.

    what: that which a person has to put there.  secret: they may not stand in the declaration.
    Raises Misconfigured, never with a secret.
    """
    found = []
    for key in keys_of(given):
        if secret or key.text.startswith(_REFERENCES):
            key = replace(key, text=doors.secret(key.text, what))
        found.append(key)
    return tuple(found)


class Ring(Generic[T]):
    """What keys are, ready to verify with, and which of them count now."""

    __slots__ = ("_all",)

    def __init__(self, keys: Sequence[Key | str], made: Callable[[str], T], what: str) -> None:
        self._all = tuple((made(key.text.strip()), key.ends) for key in keys_of(keys))
        if not self._all:
            raise Misconfigured(f"{what}: there is none", fix="give at least one")

    def at(self, now: Instant) -> Sequence[T]:
        """Those that count; none may do any more."""
        return [made for made, ends in self._all if ends is None or now < ends]
