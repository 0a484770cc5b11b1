"""Many records at once, for measurements: no duplicate check, visible to searches at once."""

from __future__ import annotations

from .contact_shape import written_fields
from .custom_values import merged
from .records import Contact, Opportunity
from .state import GhlSandbox
from .wire import Json


def load(sandbox: GhlSandbox, body: Json) -> Json:
    """`{"contacts": [...], "opportunities": [...]}` in the shape of their create calls.

    Answers the new ids in the order given. An `id` in a record is kept. Phones must already be
    E.164: they are stored as they come, since reading 100,000 of them takes seconds.
    """
    contacts = [_contact(sandbox, each) for each in body.get("contacts", ())]
    opportunities = [_opportunity(sandbox, each) for each in body.get("opportunities", ())]
    sandbox.settle(lag=0)
    return {"contacts": contacts, "opportunities": opportunities}


def _contact(sandbox: GhlSandbox, body: Json) -> str:
    phone = body.get("phone")
    rest = {name: value for name, value in body.items() if name not in ("phone", "id")}
    fields = written_fields(sandbox.location, rest, {})
    if phone:
        fields["phone"] = phone
    now = sandbox.clock.now()
    custom = body.get("customFields", [])
    contact = Contact(
        id=body.get("id") or sandbox.ids.record(),
        fields=fields,
        tags=tuple(body.get("tags", ())),
        custom=merged(sandbox.location, "contact", {}, custom, strict=True),
        added=now,
        updated=now,
    )
    sandbox.put_contact(contact)
    return contact.id


def _opportunity(sandbox: GhlSandbox, body: Json) -> str:
    pipeline = sandbox.location.pipelines[body["pipelineId"]]
    now = sandbox.clock.now()
    custom = body.get("customFields", [])
    opportunity = Opportunity(
        id=body.get("id") or sandbox.ids.record(),
        contact_id=body["contactId"],
        pipeline_id=pipeline.id,
        stage_id=body.get("pipelineStageId") or pipeline.stages[0].id,
        name=body["name"],
        status=body.get("status", "open"),
        custom=merged(sandbox.location, "opportunity", {}, custom, strict=True),
        added=now,
        updated=now,
        status_changed=now,
        stage_changed=now,
        monetary_value=body.get("monetaryValue", 0),
    )
    sandbox.put_opportunity(opportunity)
    return opportunity.id
