"""Custom field values: read from the four shapes they come in, written in the one they take.

| type                           | in `Record.fields`        | written                |
|--------------------------------|---------------------------|------------------------|
| NUMERICAL, FLOAT, MONETORY     | number                    | number                 |
| DATE                           | "2026-01-31"              | "2026-01-31"           |
| MULTIPLE_OPTIONS, CHECKBOX     | list of labels            | list of labels         |
| TEXTBOX_LIST, files, signature | object or list, untouched | as it is               |
| all others                     | text                      | text                   |

An empty value is None; writing None sends "", which clears (null is not documented to). Dates of
opportunities come as milliseconds of a UTC midnight, those of contacts as text. Years that people
mistyped reach beyond the calendar: such a number is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from crosstie.connectors.ghl.wire import number_of
from crosstie.core.values import Json

NUMBERS = frozenset({"NUMERICAL", "FLOAT", "MONETORY"})
LISTS = frozenset({"MULTIPLE_OPTIONS", "CHECKBOX"})
FILES = frozenset({"FILE_UPLOAD", "SIGNATURE"})
_EMPTY: tuple[Json, ...] = ("", [], {}, None)
_LAST_MILLIS = 253_402_300_800_000
_FIRST_MILLIS = -62_135_596_800_000


def entry_value(entry: Mapping[str, Json]) -> Json:
    """The value in one entry of `customFields`, under whichever name it came."""
    if "value" in entry:
        return entry["value"]
    if "fieldValue" in entry:
        return entry["fieldValue"]
    if "field_value" in entry:
        return entry["field_value"]
    return next((v for name, v in entry.items() if name.startswith("fieldValue")), None)


def read(kind: str, value: Json) -> Json:
    """The raw value of a field of that type; None for the system's empties."""
    if value in _EMPTY:
        return None
    if kind == "DATE":
        return day_of(value)
    if kind in NUMBERS:
        return number_of(value)
    if kind in LISTS:
        return value if isinstance(value, list) else [value]
    return value


def write(kind: str, value: Json) -> Json:
    """What to send for a raw value."""
    if value in _EMPTY:
        return ""
    return number_of(value) if kind in NUMBERS else value


def day_of(value: Json) -> Json:
    """The day of an ISO text or of milliseconds as "YYYY-MM-DD"; what is neither stays as it is."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if not (digits.isdigit() and len(digits) > 8):
            return value[:10] if value[10:11] in ("T", " ") else value
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not _FIRST_MILLIS <= value < _LAST_MILLIS:
        return value
    return datetime.fromtimestamp(value // 1000, UTC).date().isoformat()
