"""How an opportunity is shown: by id, and in a search row."""

from __future__ import annotations

from typing import Any

from . import validate as v
from .clock import iso
from .custom_values import in_opportunity_search, on_opportunity
from .records import Contact, Opportunity
from .state import GhlSandbox
from .wire import Json

_EMPTY = (None, "")
STATUSES = ("open", "won", "lost", "abandoned")
_UPDATE: dict[str, v.Check] = {
    "pipelineId": v.string,
    "name": v.string,
    "pipelineStageId": v.string,
    "status": v.one_of(STATUSES),
    "monetaryValue": v.number,
    "assignedTo": v.string,
    "customFields": v.objects,
}
UPDATE = v.Shape(_UPDATE)
CREATE = v.Shape(
    {**_UPDATE, "locationId": v.string, "contactId": v.string},
    ("pipelineId", "locationId", "name", "status", "contactId"),
)
STATUS = v.Shape({"status": v.one_of(STATUSES), "lostReasonId": v.string}, ("status",))


def by_id(sandbox: GhlSandbox, opportunity: Opportunity) -> Json:
    """As reads and writes by id show it: what is empty is left out."""
    shown = _common(sandbox, opportunity)
    for name in ("assignedTo", "lostReasonId", "source"):
        if shown[name] is None:
            del shown[name]
    shown["customFields"] = on_opportunity(sandbox.location, opportunity.custom)
    shown["contact"] = {k: value for k, value in shown["contact"].items() if value not in _EMPTY}
    return shown


def row(sandbox: GhlSandbox, opportunity: Opportunity, cursor: list[Any]) -> Json:
    """As a search row shows it: typed custom values, empties as null, its cursor in `sort`."""
    shown = _common(sandbox, opportunity)
    contact = shown["contact"]
    contact["score"] = []
    shown["pipelineStageUId"] = opportunity.stage_id
    shown["customFields"] = in_opportunity_search(sandbox.location, opportunity.custom)
    shown["sort"] = cursor
    shown["attributions"] = []
    shown["relations"] = [
        {
            "associationId": "OPPORTUNITIES_CONTACTS_ASSOCIATION",
            "relationId": opportunity.id,
            "primary": True,
            "objectKey": "contact",
            "recordId": opportunity.contact_id,
            "fullName": contact["name"],
            "contactName": contact["name"],
            "companyName": contact["companyName"],
            "email": contact["email"],
            "phone": contact["phone"],
            "tags": contact["tags"],
            "attributed": None,
        }
    ]
    return shown


def _common(sandbox: GhlSandbox, opportunity: Opportunity) -> Json:
    return {
        "id": opportunity.id,
        "name": opportunity.name,
        "monetaryValue": opportunity.monetary_value,
        "pipelineId": opportunity.pipeline_id,
        "pipelineStageId": opportunity.stage_id,
        "assignedTo": opportunity.assigned_to,
        "status": opportunity.status,
        "source": None,
        "lastStatusChangeAt": iso(opportunity.status_changed),
        "lastStageChangeAt": iso(opportunity.stage_changed),
        "createdAt": iso(opportunity.added),
        "updatedAt": iso(opportunity.updated),
        "contactId": opportunity.contact_id,
        "locationId": sandbox.location.id,
        "lostReasonId": opportunity.lost_reason_id,
        "followers": [],
        "contact": _contact(sandbox.contacts.get(opportunity.contact_id), opportunity.contact_id),
    }


def _contact(contact: Contact | None, contact_id: str) -> Json:
    if contact is None:
        nothing = dict.fromkeys(("companyName", "email", "phone"))
        return {"id": contact_id, "name": "", **nothing, "tags": []}
    return {
        "id": contact_id,
        "name": contact.full_name,
        "companyName": contact.fields.get("companyName"),
        "email": contact.fields.get("email"),
        "phone": contact.fields.get("phone"),
        "tags": contact.tags,
    }
