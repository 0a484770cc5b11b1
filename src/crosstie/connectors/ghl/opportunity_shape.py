"""Opportunities as raw records, and raw fields as bodies. Stages go by name, status by its word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstie.connectors.ghl.contact_shape import unwritable
from crosstie.connectors.ghl.fields import Catalogue
from crosstie.connectors.ghl.pipelines import Pipelines
from crosstie.connectors.ghl.wire import instant_of, number_of
from crosstie.core.errors import Rejected
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import RemoteField

READ_ONLY = ("id", "source", "createdAt", "updatedAt")
STATUSES = ("open", "won", "lost", "abandoned")
STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        RemoteField("name", "text", "Name", required=True),
        RemoteField("status", "choice", "Status", options=STATUSES),
        RemoteField("monetaryValue", "money", "Value"),
        RemoteField("stage", "choice", "Stage"),
        RemoteField("contactId", "id", "Contact", create_only=True, required=True),
        RemoteField("assignedTo", "id", "Assigned user"),
        RemoteField("source", "text", "Source", writable=False),
        RemoteField("id", "id", "Id", writable=False),
        RemoteField("createdAt", "datetime", "Created", writable=False),
        RemoteField("updatedAt", "datetime", "Changed", writable=False),
    )
}


def record(
    row: Mapping[str, Json], catalogue: Catalogue, pipelines: Pipelines, *, hint: bool = False
) -> Record:
    """An opportunity as shown by a read, a write or a search row."""
    get = row.get
    fields: dict[str, Json] = {
        "name": get("name") or None,
        "status": get("status") or None,
        "monetaryValue": number_of(get("monetaryValue")),
        "stage": pipelines.stage_name(get("pipelineStageId")),
        "contactId": get("contactId") or (get("contact") or {}).get("id"),
        "assignedTo": get("assignedTo") or None,
    }
    for name in READ_ONLY:
        fields[name] = get(name) or None
    fields.update(catalogue.read(row))
    updated = get("updatedAt")
    marker = catalogue.marker
    return Record(
        id=str(row["id"]),
        fields=fields,
        version=Version(updated) if isinstance(updated, str) else None,
        updated=instant_of(updated),
        marker=fields.get(marker.key) if marker is not None else None,
        hint=hint,
        outside=get("pipelineId") not in (None, pipelines.own.id),
    )


def body(
    fields: Fields, catalogue: Catalogue, pipelines: Pipelines, *, creating: bool = False
) -> dict[str, Any]:
    """What to send for raw fields. A create leaves empty ones out; an update clears them.

    A stage is sent with its pipeline, so that an opportunity that somebody moved to another
    pipeline comes back. Raises Rejected for what cannot be written.
    """
    made: dict[str, Any] = {}
    custom = []
    for name, value in fields.items():
        empty = value is None or value == "" or value == []
        if creating and empty:
            continue
        if name in catalogue.by_key:
            custom.append(catalogue.write(name, value))
        elif name == "stage":
            made["pipelineStageId"] = pipelines.stage_id(value)
            made["pipelineId"] = pipelines.own.id
        elif name == "monetaryValue":
            made[name] = 0 if empty else number_of(value)
        elif name == "contactId" and not creating:
            raise Rejected(
                "GoHighLevel cannot give an opportunity another contact",
                field=name,
                fix="map contactId with create_only=True",
            )
        elif name in STANDARD and name not in READ_ONLY:
            made[name] = "" if empty else value
        else:
            raise unwritable(name, "opportunity")
    if custom:
        made["customFields"] = custom
    return made
