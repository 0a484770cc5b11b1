"""Which webhooks a change of a record sends, and what they say.

Names and keys as documented; that one change sends several, and that a deletion sends an update as
well, as observed. Not documented and chosen here: a write that changes nothing sends nothing, and a
change of tags or of do-not-disturb alone sends its own webhook and no ContactUpdate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .clock import iso
from .contact_shape import by_id
from .location import Location
from .records import Contact, Opportunity
from .wire import Json

_CONTACT_KEYS = (
    "id",
    "address1",
    "city",
    "state",
    "companyName",
    "country",
    "source",
    "dateAdded",
    "dnd",
    "email",
    "name",
    "firstName",
    "lastName",
    "phone",
    "postalCode",
    "tags",
    "website",
    "assignedTo",
)
_DND = ("dnd", "dndSettings")
_UNTOLD = ("inboundDndSettings",)
_OPPORTUNITY_CHANGES = (
    ("status", "OpportunityStatusUpdate"),
    ("stage_id", "OpportunityStageUpdate"),
    ("monetary_value", "OpportunityMonetaryValueUpdate"),
    ("assigned_to", "OpportunityAssignedToUpdate"),
)
_TIMES = ("updated", "status_changed", "stage_changed")


def of_contact(
    location: Location, before: Contact | None, after: Contact
) -> Iterator[tuple[str, Json]]:
    """Types and bodies for a contact that was made (before: None) or became another."""
    body = contact_body(location, after)
    if before is None:
        yield "ContactCreate", body
        return
    if _plain(before) != _plain(after):
        yield "ContactUpdate", body
    if set(before.tags) != set(after.tags):
        yield "ContactTagUpdate", body
    if any(before.fields.get(name) != after.fields.get(name) for name in _DND):
        settings = after.fields.get("dndSettings")
        yield "ContactDndUpdate", {**body, "dndSettings": settings} if settings else body


def of_gone_contact(location: Location, contact: Contact) -> Iterator[tuple[str, Json]]:
    """The same for one that was deleted."""
    yield "ContactDelete", contact_body(location, contact)


def of_opportunity(before: Opportunity | None, after: Opportunity) -> Iterator[tuple[str, Json]]:
    """Types and bodies for an opportunity that was made (before: None) or became another."""
    body = opportunity_body(after)
    if before is None:
        yield "OpportunityCreate", body
        yield "OpportunityUpdate", body
        return
    if _told(before) == _told(after):
        return
    yield "OpportunityUpdate", body
    for name, type_ in _OPPORTUNITY_CHANGES:
        if getattr(before, name) != getattr(after, name):
            yield type_, body


def of_gone_opportunity(opportunity: Opportunity) -> Iterator[tuple[str, Json]]:
    """The same for one that was deleted: an update of what is no longer there comes after it."""
    body = opportunity_body(opportunity)
    yield "OpportunityDelete", body
    yield "OpportunityUpdate", body


def contact_body(location: Location, contact: Contact) -> Json:
    """A contact as webhooks show it: what is empty is left out, so no clearing can be told."""
    shown = by_id(location, contact)
    body = {name: shown[name] for name in _CONTACT_KEYS if shown.get(name) not in (None, "", ())}
    born = contact.fields.get("dateOfBirth")
    if born:
        body["dateOfBirth"] = f"{born}T00:00:00.000Z"
    if shown["customFields"]:
        body["customFields"] = shown["customFields"]
    return body


def opportunity_body(opportunity: Opportunity) -> Json:
    """An opportunity as webhooks show it: no custom fields, no time of the change."""
    body: Json = {
        "id": opportunity.id,
        "assignedTo": opportunity.assigned_to,
        "contactId": opportunity.contact_id,
        "monetaryValue": opportunity.monetary_value or None,
        "name": opportunity.name,
        "pipelineId": opportunity.pipeline_id,
        "pipelineStageId": opportunity.stage_id,
        "status": opportunity.status,
        "dateAdded": iso(opportunity.added),
    }
    return {name: value for name, value in body.items() if value is not None}


def _plain(contact: Contact) -> tuple[Json, Json]:
    fields = contact.fields
    return {k: v for k, v in fields.items() if k not in _DND + _UNTOLD}, contact.custom


def _told(opportunity: Opportunity) -> dict[str, Any]:
    names = opportunity.__struct_fields__
    return {name: getattr(opportunity, name) for name in names if name not in _TIMES}
