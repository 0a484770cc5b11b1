"""Record ids: the text form of a row's key, the same in records and in the capture triggers.

A single key is its value as text ("12", "BER-1"); a composite one is the JSON list of its values
(`["BER",12]`). Lists, never joined text: ("x-y", "z") and ("x", "y-z") are two keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from crosstie.connectors.sql.codec import DoesNotFitError, Stored, odd
from crosstie.connectors.sql.shape import ColumnShape, Kind
from crosstie.connectors.sql.typed import storer

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})")
KEY_KINDS = frozenset(
    {
        Kind.TEXT,
        Kind.INTEGER,
        Kind.DECIMAL,
        Kind.DATE,
        Kind.DATETIME,
        Kind.TIME,
        Kind.UUID,
        Kind.CHOICE,
    }
)
"""Kinds whose stored values have exactly one text form."""

_encode = msgspec.json.encode
Key = tuple[Stored, ...]


def id_of(key: Sequence[Stored]) -> str:
    """The record id of a row with these key values."""
    if len(key) == 1:
        return str(odd(key[0]))
    return _encode([odd(value) for value in key]).decode()


def key_of(record_id: str, columns: Sequence[ColumnShape]) -> Key | None:
    """The key values of a record id; None where no row can have that id."""
    values = [record_id] if len(columns) == 1 else _listed(record_id)
    if values is None or len(values) != len(columns):
        return None
    if not all(type(value) in (str, int) for value in values):
        return None
    try:
        return tuple(map(_value, values, columns))
    except DoesNotFitError:
        return None


def same_id(captured: str, columns: int) -> str:
    """A captured id in our own spelling, whatever JSON writer the database has."""
    if columns == 1:
        return captured
    values = _listed(captured)
    return captured if values is None else id_of(values)


def _value(told: Stored, column: ColumnShape) -> Stored:
    """Raises DoesNotFitError where that column can hold nothing of the kind."""
    if column.strict:
        key: Stored = storer(column)(told)
        return key
    if type(told) is str and column.kind is not Kind.TEXT and _WHOLE.fullmatch(told):
        number = int(told)
        if -(2**63) <= number < 2**63:
            return number
    return told


def _listed(text: str) -> list[Stored] | None:
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return values if isinstance(values, list) else None
