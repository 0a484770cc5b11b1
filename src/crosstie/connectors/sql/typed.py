"""Values of one column, whichever the database: what it holds <-> what a record shows.

Columns of a database that keeps every value to its declared type (`strict`) are looked after here,
all others in `codec`. A value that does not fit is refused before it is sent, so that the error
names the column, and nothing is ever rounded or cut off on the way:

| kind     | shown                                  | written                                      |
|----------|----------------------------------------|----------------------------------------------|
| decimal  | text with the scale's digits           | text or number of at most as many digits     |
| datetime | "2026-01-31T10:00:00", an instant with | the same; an instant in any zone. No more    |
|          | its offset from UTC                    | digits of a second than the column keeps     |
| uuid     | lower case, with hyphens               | any spelling of it                           |
| choice   | one of the options                     | the same                                     |
| list     | list                                   | list of texts, numbers, booleans             |
| opaque   | the database's text for it             | the same, if the database takes it           |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from crosstie.connectors.sql import codec
from crosstie.connectors.sql.codec import DoesNotFitError, Stored, exact
from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.core.values import Json

Show = Callable[[Stored], Json]
Store = Callable[[Json], Any]


def shower(column: ColumnShape) -> Show | None:
    """The function that shows a stored value; None where it is shown as it is."""
    if column.strict and column.kind is Kind.DATETIME and column.zoned:
        return _show_instant
    return codec.shower(column)


@lru_cache(maxsize=4096)
def storer(column: ColumnShape) -> Store:
    """The function that makes a stored value of a shown one. It raises DoesNotFitError."""
    if not column.strict:
        return codec.storer(column)
    store = _MAKE.get(column.kind, codec.storer)(column)

    def stored(value: Json) -> Any:
        return None if value is None else store(value)

    return stored


def _show_instant(raw: Stored) -> Json:
    if type(raw) is str:
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            return raw
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
    return codec.odd(raw)


def _text(column: ColumnShape) -> Store:
    base, most = codec.storer(column), column.size

    def store(value: Json) -> Any:
        base(value)
        if not column.nul and "\0" in value:
            raise DoesNotFitError("text without the character zero")
        if most is not None and len(value) > most:
            raise DoesNotFitError(f"text of at most {most} characters")
        return value

    return store


def _integer(column: ColumnShape) -> Store:
    base, bounds = codec.storer(column), column.bounds

    def store(value: Json) -> Any:
        number = base(value)
        if bounds is not None and not bounds[0] <= number <= bounds[1]:  # type: ignore[operator]
            raise DoesNotFitError(f"a whole number between {bounds[0]} and {bounds[1]}")
        return number

    return store


def _decimal(column: ColumnShape) -> Store:
    scale, size = column.scale, column.size
    digits = "" if scale is None else f" with at most {scale} digits after the point"
    whole = None if size is None else size - (scale or 0)

    def store(value: Json) -> Any:
        number = None if isinstance(value, bool) else exact(value)
        if number is None or not number.is_finite():
            raise DoesNotFitError(f"a number{digits}, such as 12.50")
        if scale is not None and number != number.quantize(_step(scale), context=codec.WIDE):
            raise DoesNotFitError(f"a number{digits}")
        if whole is not None and abs(number) >= Decimal(10) ** whole:
            raise DoesNotFitError(f"a number of at most {whole} digits before the point")
        return format(number, "f")

    return store


def _step(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)


def _datetime(column: ColumnShape) -> Store:
    zoned = column.zoned
    expected = "a date and time like 2026-01-31T10:00:00"
    expected += "+00:00" if zoned else " without offset, as the column has none"
    scale = 6 if column.scale is None else column.scale
    unit = 10 ** (6 - scale)

    def store(value: Json) -> Any:
        try:
            if type(value) is not str or len(value) < 12:
                raise DoesNotFitError(expected)
            moment = datetime.fromisoformat(value)
            if zoned and moment.tzinfo is not None:
                moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise DoesNotFitError(expected) from None
        if (moment.tzinfo is not None) is not zoned:
            raise DoesNotFitError(expected)
        if moment.microsecond % unit:
            raise DoesNotFitError(f"a date and time with at most {scale} digits of a second")
        # Our sessions are in UTC, so an instant needs no offset there.
        return moment.replace(tzinfo=None).isoformat(" ", "microseconds")

    return store


def _time(column: ColumnShape) -> Store:
    def store(value: Json) -> Any:
        try:
            if type(value) is str and time.fromisoformat(value) is not None:
                return value
        except ValueError:
            pass
        raise DoesNotFitError("a time of day like 10:00:00")

    return store


def _boolean(column: ColumnShape) -> Store:
    base = codec.storer(column)
    return lambda value: bool(base(value))


def _uuid(column: ColumnShape) -> Store:
    def store(value: Json) -> Any:
        try:
            if type(value) is str and len(value) <= 45:
                return str(UUID(value))
        except ValueError:
            pass
        raise DoesNotFitError("a UUID like 12345678-1234-1234-1234-123456789abc")

    return store


def _choice(column: ColumnShape) -> Store:
    def store(value: Json) -> Any:
        if value not in column.options:
            raise DoesNotFitError("one of: " + ", ".join(column.options))
        return value

    return store


def _list(column: ColumnShape) -> Store:
    """An array as the server reads it from text, whatever the type of its elements."""

    def store(value: Json) -> Any:
        if type(value) is not list:
            raise DoesNotFitError("a list")
        return "{" + ",".join(map(_element, value)) + "}"

    return store


def _element(value: Json) -> str:
    if value is None:
        return "NULL"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in (int, float):
        return repr(value)
    if type(value) is not str or "\0" in value:
        raise DoesNotFitError("a list of texts, numbers or booleans")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _opaque(column: ColumnShape) -> Store:
    def store(value: Json) -> Any:
        if type(value) in (int, float):
            return str(value)
        if type(value) is not str or "\0" in value:
            raise DoesNotFitError("the text form of its type")
        return value

    return store


_MAKE: Final[dict[Kind, Callable[[ColumnShape], Store]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _boolean,
    Kind.UUID: _uuid,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.TIME: _time,
    Kind.OPAQUE: _opaque,
}
