"""Appointments as raw records, and raw fields as bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from crosstie.connectors.ghl import times
from crosstie.connectors.ghl.contact_shape import unwritable
from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.plain import blank, needs, stays
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import RemoteField

STATUSES = ("new", "confirmed", "cancelled", "showed", "noshow", "invalid")
NEWER_STATUSES = ("completed", "active")
"""Those that version 3 has besides."""
_TIMES = ("startTime", "endTime")
_TEXTS = ("title", "appointmentStatus", "assignedUserId", "address")
_READ_ONLY = ("id", "calendarId", "dateAdded", "dateUpdated")
STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        RemoteField("title", "text", "Title"),
        RemoteField("appointmentStatus", "choice", "Status", options=STATUSES),
        RemoteField("startTime", "datetime", "Start", required=True),
        RemoteField("endTime", "datetime", "End"),
        RemoteField("contactId", "id", "Contact", create_only=True, required=True),
        RemoteField("assignedUserId", "id", "Assigned user"),
        RemoteField("address", "text", "Meeting location"),
        RemoteField("description", "text", "Notes"),
        RemoteField("id", "id", "Id", writable=False),
        RemoteField("calendarId", "id", "Calendar", writable=False),
        RemoteField("dateAdded", "datetime", "Created", writable=False),
        RemoteField("dateUpdated", "datetime", "Changed", writable=False),
    )
}


def record(row: Row, zone: ZoneInfo, calendar: str, *, hint: bool = False) -> Record:
    """An appointment of that calendar as shown by a read, or (a hint) by a listing.

    The text under it is called `description` by some answers and `notes` by others.
    """
    get = row.get
    fields: dict[str, Json] = {name: get(name) or None for name in _TEXTS}
    fields["contactId"] = get("contactId") or None
    fields["description"] = get("description") or get("notes") or None
    for name in _TIMES:
        fields[name] = times.shown(get(name), zone)
    for name in _READ_ONLY:
        fields[name] = get(name) or None
    version, updated = times.stamp(get("dateUpdated"), zone) or (None, None)
    return Record(
        id=str(row["id"]),
        fields=fields,
        version=None if version is None else Version(version),
        updated=updated,
        hint=hint,
        outside=get("calendarId") not in (None, calendar),
    )


def body(fields: Fields, zone: ZoneInfo, *, creating: bool = False) -> dict[str, Any]:
    """What to send for raw fields. A create leaves empty ones out; an update clears them.

    The customer gets no message because of it, and a time is taken although it is not offered: the
    appointment was made elsewhere already. Raises Rejected for what cannot be written.
    """
    made: dict[str, Any] = {"toNotify": False, "ignoreFreeSlotValidation": True}
    for name, value in fields.items():
        if creating and blank(value):
            continue
        if name in _TIMES:
            if blank(value):
                raise needs(name, "appointment")
            made[name] = times.written(value, zone, name)
        elif name == "contactId" and not creating:
            raise stays(name, "appointment")
        elif name in STANDARD and name not in _READ_ONLY:
            made[name] = "" if blank(value) else value
        else:
            raise unwritable(name, "appointment")
    if creating:
        for name in ("contactId", "startTime"):
            if name not in made:
                raise needs(name, "appointment")
    return made
