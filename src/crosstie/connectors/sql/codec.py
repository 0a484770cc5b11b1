"""One column's values: what the database holds <-> what a record shows.

| kind     | shown                           | written                                           |
|----------|---------------------------------|---------------------------------------------------|
| text     | text                            | text                                              |
| integer  | whole number                    | whole number, or text of one ("12")               |
| number   | number                          | finite number, or text of one                     |
| decimal  | text with the scale's digits    | text or number that is kept without loss          |
| date     | "2026-01-31"                    | the same                                          |
| datetime | "2026-01-31T10:00:00"           | the same, in the form that the column already has |
| boolean  | true, false                     | the same                                          |
| json     | the value                       | any JSON value                                    |
| any      | as it is                        | text, number or boolean                           |

A value that contradicts its column's type is shown as it is: reading never fails on it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Final

import msgspec

from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.core.values import Instant, Json

Stored = str | int | float | bytes | None
"""A value as the database driver gives and takes it."""

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
WIDE: Final = Context(prec=400)


class DoesNotFitError(ValueError):
    """The value does not fit the column. The text says what is expected, never what was given."""


def odd(raw: Stored) -> Json:
    """Show what has no JSON form (bytes, infinity) as a text that a person can recognise."""
    if isinstance(raw, bytes):
        return f"x'{raw.hex()}'"
    if isinstance(raw, float) and not math.isfinite(raw):
        return str(raw)
    return raw


def instant(shown: Json) -> Instant | None:
    """Seconds since 1970 of a shown date and time, in UTC where it has no offset; else None."""
    try:
        moment = datetime.fromisoformat(shown) if isinstance(shown, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def shower(column: ColumnShape) -> Callable[[Stored], Json] | None:
    """The function that shows a stored value; None where it is shown as it is."""
    if column.kind is Kind.DECIMAL:
        return _decimal_shower(column.scale)
    return _SHOW.get(column.kind)


def storer(column: ColumnShape) -> Callable[[Json], Stored]:
    """The function that makes a stored value of a shown one. It raises DoesNotFitError."""
    if column.kind is Kind.DECIMAL:
        store = _decimal_storer(column.scale)
    elif column.kind is Kind.DATETIME:
        store = _datetime_storer(column.sample)
    else:
        store = _STORE[column.kind]

    def stored(value: Json) -> Stored:
        return None if value is None else store(value)

    return stored


def _show_boolean(raw: Stored) -> Json:
    return bool(raw) if type(raw) is int and raw in (0, 1) else odd(raw)


def _show_datetime(raw: Stored) -> Json:
    if type(raw) is str and len(raw) > 10:
        try:
            return datetime.fromisoformat(raw).isoformat()
        except ValueError:
            return raw
    return odd(raw)


def _show_json(raw: Stored) -> Json:
    if type(raw) is str:
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return raw
    return odd(raw)


def exact(raw: Stored) -> Decimal | None:
    """The number that a stored value is, to the last digit; None where it is none."""
    if isinstance(raw, float):
        return Decimal(repr(raw)) if math.isfinite(raw) else None
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        return Decimal(raw)
    return None


def _decimal_shower(scale: int | None) -> Callable[[Stored], Json]:
    step = None if scale is None else Decimal(1).scaleb(-scale)
    # Up to 15 digits a decimal and its binary neighbour tell each other exactly.
    exact_below = 0.0 if scale is None else 10.0 ** (15 - scale)

    def show(raw: Stored) -> Json:
        if type(raw) is float and abs(raw) < exact_below:
            text = f"{raw:.{scale}f}"
            if float(text) == raw and raw:
                return text
        value = exact(raw)
        if value is None:
            return odd(raw)
        if step is not None:
            scaled = value.quantize(step, context=WIDE)
            if scaled == value:
                return format(scaled, "f")
        if value == value.to_integral_value():
            return format(value.to_integral_value(), "f")
        return format(value, "f")

    return show


def _text(value: Json) -> Stored:
    if type(value) is not str:
        raise DoesNotFitError("text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DoesNotFitError("text that is valid Unicode") from None
    return value


def _integer(value: Json) -> Stored:
    expected = "a whole number of at most 64 bits, such as 12"
    whole = type(value) is float and value.is_integer() and abs(value) <= 2**53
    if whole or (type(value) is str and _INTEGER.fullmatch(value)):
        value = int(value)
    if type(value) is not int or not _SMALLEST <= value <= _LARGEST:
        raise DoesNotFitError(expected)
    return value


def _number(value: Json) -> Stored:
    if type(value) is str and _DECIMAL.fullmatch(value):
        value = float(value)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise DoesNotFitError("a finite number, such as 12.5")
    return float(value)


def _decimal_storer(scale: int | None) -> Callable[[Json], Stored]:
    digits = "" if scale is None else f" with at most {scale} digits after the point"

    def store(value: Json) -> Stored:
        number = None if isinstance(value, bool) else exact(value)
        if number is None:
            raise DoesNotFitError(f"a number{digits}, such as 12.50")
        if scale is not None and number != number.quantize(Decimal(1).scaleb(-scale), context=WIDE):
            raise DoesNotFitError(f"a number{digits}")
        if number == number.to_integral_value() and _SMALLEST <= number <= _LARGEST:
            return int(number)
        # Past 15 digits the database's binary number is another one: a cent that nobody changed.
        if not number.is_finite() or Decimal(repr(float(number))) != number:
            raise DoesNotFitError("a number of no more digits than the database keeps exactly")
        return float(number)

    return store


def _date(value: Json) -> Stored:
    try:
        if type(value) is str and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise DoesNotFitError("a date like 2026-01-31")


def _datetime_storer(sample: str | None) -> Callable[[Json], Stored]:
    """Write in the form of a value that the column holds: other writers compare these as text."""
    separator = "T" if sample is not None and sample[10:11] == "T" else " "
    zoned = sample is not None and _OFFSET.search(sample) is not None
    whole = sample is not None and "." not in sample
    expected = "a date and time like 2026-01-31T10:00:00"
    if zoned:
        expected += "+00:00"
    else:
        expected += " without offset, as the column holds them"

    def store(value: Json) -> Stored:
        try:
            if type(value) is not str or len(value) < 12:
                raise DoesNotFitError(expected)
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise DoesNotFitError(expected) from None
        if (moment.tzinfo is not None) is not zoned:
            raise DoesNotFitError(expected)
        timespec = "seconds" if whole and not moment.microsecond else "microseconds"
        text = moment.isoformat(separator, timespec)
        if sample is not None and sample.endswith("Z") and text.endswith("+00:00"):
            return text.removesuffix("+00:00") + "Z"
        return text

    return store


def _boolean(value: Json) -> Stored:
    if type(value) is bool or (type(value) is int and value in (0, 1)):
        return int(value)
    raise DoesNotFitError("true or false")


def _json(value: Json) -> Stored:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError):
        raise DoesNotFitError("a JSON value") from None


def _any(value: Json) -> Stored:
    if type(value) is str:
        return _text(value)
    if type(value) is bool:
        return int(value)
    if type(value) is int:
        return _integer(value)
    return _number(value)


def _blob(value: Json) -> Stored:
    raise DoesNotFitError("binary data, which no record can carry")


_SHOW: Final = {
    Kind.NUMBER: odd,
    Kind.BOOLEAN: _show_boolean,
    Kind.DATETIME: _show_datetime,
    Kind.JSON: _show_json,
    Kind.ANY: odd,
}
_STORE: Final[dict[Kind, Callable[[Json], Stored]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.TIME: _text,
    Kind.UUID: _text,
    Kind.CHOICE: _text,
    Kind.OPAQUE: _text,
    Kind.LIST: _json,
    Kind.BOOLEAN: _boolean,
    Kind.JSON: _json,
    Kind.BLOB: _blob,
    Kind.ANY: _any,
}
