"""Who is whom when two populations meet: certain, likely, ambiguous, alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crosstie.core.values import Fields, Side


class Certainty(StrEnum):
    """How sure a pair is."""

    CERTAIN = "certain"
    """Every match key that both have agrees."""
    LIKELY = "likely"
    """The best key agrees and another one differs."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A record for which a person has to say who its counterpart is."""

    side: Side
    id: str
    candidates: tuple[str, ...]
    """Ids on the other side that share the key; none where only its own side has it twice."""
    rivals: tuple[str, ...]
    """Ids on its own side that share the key."""


def keys_agree(one: Sequence[str | None], other: Sequence[str | None]) -> Certainty:
    """Certain unless a key that both have differs."""
    if one == other:
        return Certainty.CERTAIN
    pairs = zip(one, other, strict=True)
    differs = any(a is not None and b is not None and a != b for a, b in pairs)
    return Certainty.LIKELY if differs else Certainty.CERTAIN


def ambiguous(left: Sequence[str], right: Sequence[str]) -> tuple[Ambiguous, ...]:
    """The records of both sides that share one key, by id, where they are more than a pair."""
    return tuple(
        Ambiguous(
            side=side,
            id=own,
            candidates=tuple(others),
            rivals=tuple(rival for rival in owns if rival != own),
        )
        for side, owns, others in ((Side.LEFT, left, right), (Side.RIGHT, right, left))
        for own in owns
    )


def resembles(sent: object, shown: object) -> bool:
    """Whether a system may show `shown` for what it was sent as `sent`.

    Blanks, case, the order of a list and an added time or zone are what systems rewrite. Used only
    to tell after a crash whether our own write arrived; never to compare two people's edits.
    """
    if sent == shown:
        return True
    if isinstance(sent, list) and isinstance(shown, list):
        return sorted(map(_plain, sent)) == sorted(map(_plain, shown))
    return type(sent) is type(shown) and _plain(sent) == _plain(shown)


def all_resemble(sent: Fields, shown: Fields) -> bool:
    """Every value that was sent may be what is shown."""
    return all(resembles(value, shown.get(name)) for name, value in sent.items())


def _plain(value: object) -> str:
    return "".join(str(value).split()).casefold()
