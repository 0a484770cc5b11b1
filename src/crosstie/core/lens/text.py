"""Text, and ids that another sync translates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crosstie.core.lens.base import TwoWay, Unmappable, composed
from crosstie.core.values import Json

_EXPECTED = "expected text"
_WHOLE = frozenset("0123456789")


def check_empty(empty: str | None) -> None:
    """Raise ValueError unless `empty` is one of the two ways to write nothing."""
    if empty is not None and empty != "":
        raise ValueError('empty says how nothing is written; fix: use empty=None or empty=""')


@dataclass(frozen=True, slots=True)
class Text(TwoWay):
    """Text in Unicode NFC, trimmed unless told otherwise; a whole number reads as its digits."""

    trim: bool = True
    empty: str | None = None
    """How text is cleared: None, or "" for a column that is NOT NULL."""

    def __post_init__(self) -> None:
        check_empty(self.empty)

    @property
    def kind(self) -> str:
        return "text"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is str:
            if not raw.isascii():
                raw = composed(raw)
            return (raw.strip() if self.trim else raw) or None
        return digits(raw)

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str:
            raise Unmappable(_EXPECTED)
        return value

    def cleared(self, was: Json) -> Json:
        return self.empty


@dataclass(frozen=True, slots=True)
class Reference(TwoWay):
    """The id of a record that the sync `sync` links; the link translates it before it is written.

    `get` and `put` see one side's id at a time and never translate. Canonical: the id as text.
    `wire="number"` writes it as a number, for integer key columns.
    """

    sync: str
    wire: Literal["text", "number"] = "text"

    def __post_init__(self) -> None:
        if not self.sync.strip():
            raise ValueError('a reference needs the name of a sync; fix: Reference("contacts")')
        if self.wire not in ("text", "number"):
            raise ValueError('unknown wire of a reference; fix: use wire="text" or wire="number"')

    @property
    def kind(self) -> str:
        return "reference"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is str:
            return (raw if raw.isascii() else composed(raw)).strip() or None
        return digits(raw)

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str:
            raise Unmappable("expected an id as text")
        if self.wire == "text":
            return value
        if not _WHOLE.issuperset(value) or len(value) > 18 or str(int(value)) != value:
            raise Unmappable("expected an id that is a whole number without leading zeros")
        return int(value)


def digits(raw: Json) -> str:
    """A whole number as text: some systems show a postal code or an id as a number."""
    if type(raw) is not int or not -(2**63) <= raw < 2**64:
        raise Unmappable(_EXPECTED)
    return str(raw)
