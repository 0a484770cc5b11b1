"""Whole numbers and money: exact, never rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Literal, get_args

from crosstie.core.lens.base import TwoWay, Unmappable
from crosstie.core.lens.currencies import minor_digits
from crosstie.core.values import Json

_WHOLE = re.compile(r"[+-]?[0-9]{1,24}(?:\.0*)?")
_AMOUNT = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_EXACT = Context(prec=60)
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_FLOAT_EXACT = 2**53
"""Above this a JSON number read as a float has lost digits: 2**53 and 2**53 + 1 are one."""

_EXPECTED_WHOLE = "expected a whole number of at most 64 bits, such as 12"

Wire = Literal["text", "number", "minor"]


@dataclass(frozen=True, slots=True)
class Integer(TwoWay):
    """A whole number; 12, 12.0, "12" and "12.0" are one. Refuses halves, booleans, huge floats."""

    wire: Literal["number", "text"] = "number"

    def __post_init__(self) -> None:
        if self.wire not in ("number", "text"):
            raise ValueError('unknown wire of an integer; fix: use wire="number" or wire="text"')

    @property
    def kind(self) -> str:
        return "integer"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is int:
            if _SMALLEST <= raw <= _LARGEST:
                return raw
            raise Unmappable(_EXPECTED_WHOLE)
        if type(raw) is str:
            return self._from_text(raw.strip())
        if type(raw) is float and raw.is_integer() and abs(raw) <= _FLOAT_EXACT:
            return int(raw)
        raise Unmappable(_EXPECTED_WHOLE)

    def _from_text(self, text: str) -> int | None:
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise Unmappable(_EXPECTED_WHOLE)
        number = int(text.partition(".")[0])
        if not _SMALLEST <= number <= _LARGEST:
            raise Unmappable(_EXPECTED_WHOLE)
        return number

    def raw_of(self, value: Json) -> Json:
        if type(value) is not int or not _SMALLEST <= value <= _LARGEST:
            raise Unmappable(_EXPECTED_WHOLE)
        return str(value) if self.wire == "text" else value


@dataclass(frozen=True, slots=True)
class Money(TwoWay):
    """An amount in one currency. Canonical: text with the currency's digits, "12.50" or "-3.00".

    | wire   | the system shows and takes                | 12.50 EUR |
    |--------|-------------------------------------------|-----------|
    | text   | decimal text                              | "12.50"   |
    | number | a JSON number of major units              | 12.5      |
    | minor  | a whole number of minor units (cents)     | 1250      |

    Reading accepts text and numbers under each wire. More digits than the currency has are
    refused: rounding would change an amount behind people's backs.
    """

    currency: str
    wire: Wire = "text"
    _digits: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.wire not in get_args(Wire):
            raise ValueError('unknown wire of money; fix: use wire="text", "number" or "minor"')
        object.__setattr__(self, "_digits", minor_digits(self.currency))

    @property
    def kind(self) -> str:
        return "money"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        text = _plain(raw)
        if text == "":
            return None
        minor = self._minor(text, 0 if self.wire == "minor" else self._digits)
        return self._canonical(minor)

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str:
            raise Unmappable(self._expected())
        minor = self._minor(value, self._digits)
        if self._canonical(minor) != value:
            raise Unmappable(self._expected())
        if self.wire == "text":
            return value
        return minor if self.wire == "minor" else self._number(minor)

    def _minor(self, text: str | None, shift: int) -> int:
        if text is None or not _AMOUNT.fullmatch(text):
            raise Unmappable(self._expected())
        minor = _EXACT.scaleb(Decimal(text), shift)
        if minor != minor.to_integral_value() or abs(minor) > _LARGEST:
            raise Unmappable(self._expected())
        return int(minor)

    def _canonical(self, minor: int) -> str:
        sign = "-" if minor < 0 else ""
        whole, rest = divmod(abs(minor), 10**self._digits)
        return f"{sign}{whole}.{rest:0{self._digits}d}" if self._digits else f"{sign}{whole}"

    def _number(self, minor: int) -> int | float:
        whole, rest = divmod(minor, 10**self._digits)
        if rest == 0:
            number: int | float = whole
        else:
            number = float(self._canonical(minor))
        # JavaScript and most JSON readers hold a number as a double, and would show another one.
        if _EXACT.scaleb(Decimal(repr(float(number))), self._digits) != minor:
            raise Unmappable("expected an amount of at most 15 digits, to be sent as a number")
        return number

    def _expected(self) -> str:
        if self.wire == "minor":
            return f"expected a whole number of minor units of {self.currency}"
        return (
            f"expected an amount in {self.currency} with at most {self._digits} digits after "
            "the point, without currency sign or thousands separator"
        )


def _plain(raw: Json) -> str | None:
    """Decimal text of a number or text, not yet checked; None for what is neither."""
    if type(raw) is str:
        return raw.strip()
    if type(raw) is int:
        return str(raw) if abs(raw) <= _LARGEST else None
    if type(raw) is float and abs(raw) < _FLOAT_EXACT:
        # repr is the shortest text that reads back as this float: the digits the system sent.
        return format(Decimal(repr(raw)), "f")
    return None
