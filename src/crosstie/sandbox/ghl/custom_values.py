"""Custom field values: how they are written, stored and read back.

Written `{id|key, field_value}`. Stored per field id: text, number, list of labels, object,
or, for a date, milliseconds of UTC midnight. Read back differently on contacts and on
opportunities. `""`, null and `[]` clear a value; what is not sent stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .clock import iso, millis_of
from .location import LIST_TYPES, NUMBER_TYPES, OBJECT_TYPES, FieldDefinition, Location
from .wire import Json, bad

_DAY = 86_400_000
_VALUE_NAMES = ("field_value", "fieldValue", "value")


class _Unfit(Exception):
    """The value does not suit the type of the field."""


def merged(
    location: Location,
    model: str,
    stored: Mapping[str, Any],
    written: list[Json],
    *,
    strict: bool,
) -> dict[str, Any]:
    """The stored values with the written ones laid over them, as a new dict.

    Not strict: an unknown field and an unfit value are left out in silence. Strict: 400.
    """
    values = dict(stored)
    for entry in written:
        name = entry.get("id") or entry.get("key") or ""
        definition = location.field_of(model, str(name))
        if definition is None:
            if strict:
                bad(f"Custom field {name} does not exist")
            continue
        raw = next((entry[key] for key in _VALUE_NAMES if key in entry), None)
        if raw in ("", None) or raw == []:
            values.pop(definition.id, None)
            continue
        try:
            values[definition.id] = _stored(definition, raw)
        except _Unfit:
            if strict:
                bad(f"Invalid value for custom field {definition.id}")
    return values


def _stored(definition: FieldDefinition, raw: Any) -> Any:
    kind = definition.data_type
    if kind in NUMBER_TYPES:
        return _number(raw)
    if kind == "DATE":
        millis = millis_of(raw)
        if millis is None:
            raise _Unfit
        return millis - millis % _DAY
    if kind in LIST_TYPES:
        return _labels(definition, raw)
    if kind in OBJECT_TYPES:
        if not isinstance(raw, dict | list):
            raise _Unfit
        return raw
    if isinstance(raw, dict | list | bool):
        raise _Unfit
    text = str(raw)
    if definition.options and text not in definition.options:
        raise _Unfit
    return text


def _number(raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise _Unfit
    if not isinstance(raw, str):
        return raw
    try:
        return int(raw)
    except ValueError:
        pass
    try:
        return float(raw)
    except ValueError:
        raise _Unfit from None


def _labels(definition: FieldDefinition, raw: Any) -> list[str]:
    labels = [raw] if isinstance(raw, str) else raw
    if not isinstance(labels, list):
        raise _Unfit
    if definition.options and any(label not in definition.options for label in labels):
        raise _Unfit
    return [str(label) for label in labels]


def date_text(millis: int) -> str:
    """YYYY-MM-DD; the bare milliseconds for a year that no calendar has."""
    try:
        return iso(millis)[:10]
    except OverflowError:
        return str(millis)


def on_contact(location: Location, values: Mapping[str, Any]) -> list[Json]:
    """`{id, value}`; a date as YYYY-MM-DD."""
    fields = location.fields
    return [
        {"id": name, "value": date_text(value) if fields[name].data_type == "DATE" else value}
        for name, value in values.items()
        if name in fields
    ]


def on_opportunity(location: Location, values: Mapping[str, Any]) -> list[Json]:
    """`{id, fieldValue}`, as reads by id show it; a date in milliseconds."""
    fields = location.fields
    return [{"id": name, "fieldValue": v} for name, v in values.items() if name in fields]


def in_opportunity_search(location: Location, values: Mapping[str, Any]) -> list[Json]:
    """`{id, type, fieldValueString|Number|Date|Array|Files}`, as search rows show it."""
    rows = []
    for name, value in values.items():
        definition = location.fields.get(name)
        if definition is not None:
            rows.append({"id": name, **_typed(definition.data_type, value)})
    return rows


def _typed(kind: str, value: Any) -> Json:
    if kind in NUMBER_TYPES:
        return {"type": "number", "fieldValueNumber": value}
    if kind == "DATE":
        return {"type": "date", "fieldValueDate": value}
    if kind in ("FILE_UPLOAD", "SIGNATURE"):
        files = value if isinstance(value, list) else list(value.values())
        return {"type": "array", "fieldValueFiles": files}
    if kind in LIST_TYPES:
        return {"type": "array", "fieldValueArray": value}
    if kind == "TEXTBOX_LIST":
        return {"type": "object", "fieldValueObject": value}
    return {"type": "string", "fieldValueString": value}
