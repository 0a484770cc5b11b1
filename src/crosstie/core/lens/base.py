"""What a lens is, and what all two-way lenses share.

A lens turns the raw value of one side into the canonical value and back. Canonical values are
JSON-native, deterministic and compared with `==`; None, a missing field and, for text-like lenses,
"" are one absence: None. What has no way back is refused with `Unmappable`, never guessed.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from typing import Protocol

from crosstie.core.values import Json


class Unmappable(ValueError):
    """This value has no counterpart. The text says what is expected and never holds the value."""


class Lens(Protocol):
    """One side's raw value <-> the canonical value. The laws are in `crosstie.core.lens.laws`."""

    @property
    def kind(self) -> str:
        """One word for people: "text", "phone", ..."""

    @property
    def one_way(self) -> bool:
        """True for a value that is made, not read: see `Derived`, which has `value_of`."""

    def get(self, raw: Json) -> Json:
        """The canonical value. Raises Unmappable."""

    def put(self, value: Json, was: Json) -> Json:
        """The raw value to write where `was` stands now (None when creating). Raises Unmappable.

        Gives `was` itself when it already shows `value`, so asking twice changes nothing.
        """

    def sides(self) -> tuple[Lens, Lens]:
        """The half for the left and the half for the right system."""


class TwoWay(ABC):
    """The frame of a two-way lens: `get` and `raw_of` are its own, the laws hold by `put`."""

    __slots__ = ()

    @property
    @abstractmethod
    def kind(self) -> str: ...

    @property
    def one_way(self) -> bool:
        return False

    @abstractmethod
    def get(self, raw: Json) -> Json: ...

    @abstractmethod
    def raw_of(self, value: Json) -> Json:
        """The raw form of a canonical value other than None. Raises Unmappable outside the range.

        Promises `get(raw_of(value)) == value`.
        """

    def cleared(self, was: Json) -> Json:
        """The raw form of nothing, where `was` stands now and is something."""
        return None

    def put(self, value: Json, was: Json) -> Json:
        if was is not None and shows(self, value, was):
            return was
        if value is not None:
            return self.raw_of(value)
        return None if was is None else self.cleared(was)

    def sides(self) -> tuple[Lens, Lens]:
        return self, self


def shows(lens: Lens, value: Json, raw: Json) -> bool:
    """Whether `raw` already reads as `value`. A raw value that cannot be read shows nothing."""
    try:
        return same(lens.get(raw), value)
    except Unmappable:
        return False


def same(one: Json, other: Json) -> bool:
    """Equal in value and in JSON type all the way down: 1, 1.0 and True are three values.

    Python's `==` takes True for 1, and a changed flag inside a JSON column would not be written.
    """
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if type(one) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def composed(raw: str) -> str:
    """Unicode NFC, so that one accent typed in two ways is one text. Raises Unmappable.

    Half a surrogate pair is refused: no system could be sent it and no database could keep it.
    """
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise Unmappable("expected text that is valid Unicode") from None
    return unicodedata.normalize("NFC", raw)


def folded(raw: str) -> str:
    """Trimmed and without case: equal for texts that differ only in capitals or blanks."""
    if raw.isascii():
        return raw.strip().lower()
    decomposed = unicodedata.normalize("NFD", composed(raw))
    return unicodedata.normalize("NFC", decomposed.casefold()).strip()
