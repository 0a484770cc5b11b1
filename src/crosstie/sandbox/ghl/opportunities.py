"""Pipelines, and opportunities by id."""

from __future__ import annotations

from typing import Any

import msgspec

from .custom_values import merged
from .location import Pipeline
from .opportunity_shape import by_id
from .records import Opportunity
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, bad, invalid


def find(sandbox: GhlSandbox, opportunity_id: str) -> Opportunity:
    """The opportunity as it is now. Refuses an unknown id with 404."""
    opportunity = sandbox.opportunities.get(opportunity_id)
    if opportunity is None:
        raise Refusal(404, f"Opportunity with id {opportunity_id} not found")
    return opportunity


def pipelines(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /opportunities/pipelines`."""
    location = sandbox.location
    shown = [pipeline.shown(location.id) for pipeline in location.pipelines.values()]
    return Answer(200, {"pipelines": shown})


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /opportunities/{id}`: never stale; notes, tasks and events are always empty."""
    shown = by_id(sandbox, find(sandbox, call.params[0]))
    shown.update(notes=[], tasks=[], calendarEvents=[])
    return Answer(200, {"opportunity": shown})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /opportunities/`: without a stage it goes into the first one."""
    body = call.body
    if body["contactId"] not in sandbox.contacts:
        bad(f"Contact with id {body['contactId']} not found")
    pipeline = _pipeline(sandbox, body["pipelineId"])
    _refuse_duplicate(sandbox, body["contactId"], pipeline.id, None)
    now = sandbox.clock.now()
    blank = Opportunity(
        id="",
        contact_id=body["contactId"],
        pipeline_id=pipeline.id,
        stage_id=pipeline.stages[0].id,
        name=body["name"],
        status=body["status"],
        custom={},
        added=now,
        updated=now,
        status_changed=now,
        stage_changed=now,
    )
    changes = _changes(sandbox, blank, body)
    opportunity = msgspec.structs.replace(blank, **changes, id=sandbox.ids.record())
    sandbox.put_opportunity(opportunity)
    return Answer(201, {"opportunity": by_id(sandbox, opportunity)})


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /opportunities/{id}`: only what is sent changes."""
    opportunity = changed(sandbox, find(sandbox, call.params[0]), call.body)
    sandbox.put_opportunity(opportunity)
    return Answer(200, {"opportunity": by_id(sandbox, opportunity)})


def set_status(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /opportunities/{id}/status`."""
    opportunity = changed(sandbox, find(sandbox, call.params[0]), {"status": call.body["status"]})
    reason = call.body.get("lostReasonId")
    if reason:
        opportunity = msgspec.structs.replace(opportunity, lost_reason_id=reason)
    sandbox.put_opportunity(opportunity)
    return Answer(200, _done(call))


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /opportunities/{id}`."""
    sandbox.drop_opportunity(find(sandbox, call.params[0]).id)
    return Answer(200, _done(call))


def changed(sandbox: GhlSandbox, opportunity: Opportunity, body: Json) -> Opportunity:
    """An opportunity after a write, not yet stored.

    Moved to another pipeline without a stage, it goes into the first one there. Refuses
    unknown pipelines and stages, and a second opportunity of the contact in a pipeline.
    """
    changes = _changes(sandbox, opportunity, body)
    moment = max(sandbox.clock.now(), opportunity.updated + 1)
    changes["updated"] = moment
    if changes.get("stage_id", opportunity.stage_id) != opportunity.stage_id:
        changes["stage_changed"] = moment
    if changes.get("status", opportunity.status) != opportunity.status:
        changes["status_changed"] = moment
    return msgspec.structs.replace(opportunity, **changes)


def _changes(sandbox: GhlSandbox, before: Opportunity, body: Json) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    pipeline = _pipeline(sandbox, body.get("pipelineId", before.pipeline_id))
    if pipeline.id != before.pipeline_id:
        _refuse_duplicate(sandbox, before.contact_id, pipeline.id, before.id)
        changes.update(pipeline_id=pipeline.id, stage_id=pipeline.stages[0].id)
    stage = body.get("pipelineStageId")
    if stage:
        if not pipeline.has(stage):
            bad("The pipeline stage id is invalid.")
        changes["stage_id"] = stage
    names = {"name": "name", "status": "status", "monetaryValue": "monetary_value"}
    changes.update({ours: body[theirs] for theirs, ours in names.items() if theirs in body})
    if "assignedTo" in body:
        if body["assignedTo"] and body["assignedTo"] not in sandbox.location.users:
            invalid("assignedTo must be a user of this location")
        changes["assigned_to"] = body["assignedTo"] or None
    if body.get("customFields"):
        strict = sandbox.settings.strict_custom_fields
        changes["custom"] = merged(
            sandbox.location, "opportunity", before.custom, body["customFields"], strict=strict
        )
    return changes


def _pipeline(sandbox: GhlSandbox, pipeline_id: str) -> Pipeline:
    pipeline = sandbox.location.pipelines.get(pipeline_id)
    if pipeline is None:
        bad("The pipeline id is invalid.")
    return pipeline


def _refuse_duplicate(
    sandbox: GhlSandbox, contact_id: str, pipeline_id: str, but: str | None
) -> None:
    if sandbox.location.settings.allowDuplicateOpportunity:
        return
    for existing in sandbox.opportunities_of.get(contact_id, ()):
        if existing != but and sandbox.opportunities[existing].pipeline_id == pipeline_id:
            bad(
                "Can not create duplicate opportunity for the contact.",
                code="OPPORTUNITY_NO_DUPLICATE",
                meta={"existingId": existing},
            )


def _done(call: Call) -> Json:
    done: Json = {"succeded": True}
    if call.version == "v3":
        done["success"] = True
    return done
