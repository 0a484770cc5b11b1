"""Contacts as raw records, and raw fields as bodies.

Search rows have names in small letters only and call the street `address`; creates answer without
`name`. Reads leave empty fields out, rows show null: both are None here. Tags are a set in small
letters, sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstie.connectors.ghl.fields import Catalogue
from crosstie.connectors.ghl.values import day_of
from crosstie.connectors.ghl.wire import instant_of
from crosstie.core.errors import Rejected
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import RemoteField

READ_ONLY = ("id", "dateAdded", "dateUpdated")
_PLAIN = (
    "email",
    "phone",
    "city",
    "state",
    "postalCode",
    "country",
    "companyName",
    "website",
    "timezone",
    "source",
    "assignedTo",
)
_NOT_NULL = frozenset({"postalCode", "country"})
"""Fields that are cleared with an empty text, because null is refused."""

STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        *(
            RemoteField(name, "text", label)
            for name, label in (
                ("firstName", "First name"),
                ("lastName", "Last name"),
                ("name", "Full name"),
                ("email", "E-mail"),
                ("phone", "Phone"),
                ("address1", "Street"),
                ("city", "City"),
                ("state", "State"),
                ("postalCode", "Postal code"),
                ("country", "Country (two letters)"),
                ("companyName", "Company"),
                ("website", "Website"),
                ("timezone", "Time zone"),
                ("source", "Source"),
            )
        ),
        RemoteField("dateOfBirth", "date", "Date of birth"),
        RemoteField("dnd", "boolean", "Do not disturb"),
        RemoteField("assignedTo", "id", "Assigned user"),
        RemoteField("tags", "choices", "Tags"),
        RemoteField("id", "id", "Id", writable=False),
        RemoteField("dateAdded", "datetime", "Created", writable=False),
        RemoteField("dateUpdated", "datetime", "Changed", writable=False),
    )
}


def record(row: Mapping[str, Json], catalogue: Catalogue, *, hint: bool = False) -> Record:
    """A contact as shown by a read, a write or (a hint) a search row."""
    get = row.get
    fields: dict[str, Json] = {name: get(name) or None for name in _PLAIN}
    first = get("firstName") or get("firstNameRaw") or get("firstNameLowerCase")
    last = get("lastName") or get("lastNameRaw") or get("lastNameLowerCase")
    fields["firstName"], fields["lastName"] = first or None, last or None
    fields["name"] = get("name") or " ".join(filter(None, (first, last))) or None
    fields["address1"] = get("address1") or get("address") or None
    fields["dateOfBirth"] = day_of(get("dateOfBirth")) or None
    fields["dnd"] = bool(get("dnd"))
    fields["tags"] = normal_tags(get("tags"))
    for name in READ_ONLY:
        fields[name] = get(name)
    fields.update(catalogue.read(row))
    updated = get("dateUpdated")
    marker = catalogue.marker
    return Record(
        id=str(row["id"]),
        fields=fields,
        version=Version(updated) if isinstance(updated, str) else None,
        updated=instant_of(updated),
        marker=fields.get(marker.key) if marker is not None else None,
        hint=hint,
    )


def normal_tags(tags: Json) -> list[str]:
    """Trimmed, in small letters, each once, sorted: as GoHighLevel keeps them, in one order."""
    return sorted({str(tag).strip().lower() for tag in tags} - {""}) if tags else []


def body(fields: Fields, catalogue: Catalogue, *, creating: bool = False) -> dict[str, Any]:
    """What to send for raw fields. A create leaves empty ones out; an update clears them.

    Raises Rejected for a field that cannot be written.
    """
    made: dict[str, Any] = {}
    custom = []
    for name, value in fields.items():
        empty = value is None or value == "" or value == []
        if creating and empty:
            continue
        if name in catalogue.by_key:
            custom.append(catalogue.write(name, value))
        elif name == "dnd":
            made[name] = bool(value)
        elif name == "tags":
            made[name] = normal_tags(value)
        elif name in STANDARD and name not in READ_ONLY:
            made[name] = ("" if name in _NOT_NULL else None) if empty else value
        else:
            raise unwritable(name, "contact")
    if custom:
        made["customFields"] = custom
    return made


def unwritable(name: str, model: str) -> Rejected:
    """The error for a field that GoHighLevel lets nobody write."""
    return Rejected(
        f"the {model} field {name} of GoHighLevel cannot be written",
        field=name,
        fix=f"map {name} in the direction from GoHighLevel only",
    )


def shows(row: Mapping[str, Json], sent: Mapping[str, Any]) -> bool:
    """Whether an answer shows all that was sent; otherwise only a read tells what was stored."""
    for name, value in sent.items():
        if name in ("locationId", "customFields") or value in ("", None, [], False):
            continue
        if name == "name":
            if not (row.get("name") or row.get("firstName") or row.get("lastName")):
                return False
        elif row.get(name) in ("", None):
            return False
    shown = {entry.get("id") for entry in row.get("customFields") or ()}
    return all(
        entry["id"] in shown
        for entry in sent.get("customFields", ())
        if entry.get("field_value", entry.get("fieldValue")) not in ("", None, [])
    )
