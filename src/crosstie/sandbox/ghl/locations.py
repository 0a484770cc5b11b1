"""The location itself, its custom field definitions and its tags."""

from __future__ import annotations

import msgspec

from . import validate as v
from .location import DATA_TYPES, FieldDefinition
from .presets import add_field
from .records import Contact, Opportunity
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, bad

_FIELD: dict[str, v.Check] = {
    "name": v.string,
    "placeholder": v.string,
    "acceptedFormat": v.strings,
    "isMultipleFile": v.boolean,
    "maxNumberOfFiles": v.number,
    "textBoxListOptions": v.objects,
    "position": v.number,
    "model": v.one_of(("contact", "opportunity")),
    "options": v.strings,
    "parentId": v.string,
    "description": v.string,
}
NEW_FIELD = v.Shape(
    {**_FIELD, "dataType": v.one_of(DATA_TYPES), "fieldKey": v.string}, ("name", "dataType")
)
CHANGED_FIELD = v.Shape(_FIELD, ("name",))
TAG = v.Shape({"name": v.string}, ("name",))
FIELDS_QUERY = v.Shape({"model": v.one_of(("contact", "opportunity", "all"))})
_EXTRA = ("acceptedFormat", "isMultipleFile", "maxNumberOfFiles", "textBoxListOptions", "parentId")


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /locations/{id}`: with the duplicate policy in `settings`."""
    return Answer(200, {"location": sandbox.location.shown()})


def list_fields(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /locations/{id}/customFields`: of contacts unless `model` says otherwise."""
    model = call.query.get("model", "contact")
    location = sandbox.location
    shown = [f.shown(location.id) for f in location.fields.values() if model in ("all", f.model)]
    return Answer(200, {"customFields": shown})


def read_field(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /locations/{id}/customFields/{id or key}`."""
    return Answer(200, {"customField": _field(sandbox, call).shown(sandbox.location.id)})


def create_field(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /locations/{id}/customFields`: the key comes from the name and stays."""
    body = call.body
    model = body.get("model", "contact")
    made = add_field(sandbox, model, body["name"], body["dataType"], tuple(body.get("options", ())))
    same = [f for f in sandbox.location.fields.values() if f.key == made.key and f is not made]
    if same:
        del sandbox.location.fields[made.id]
        bad(f"Custom field with key {made.key} already exists")
    _describe(made, body)
    return Answer(201, {"customField": made.shown(sandbox.location.id)})


def update_field(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /locations/{id}/customFields/{id}`: name and looks; the type cannot change."""
    definition = _field(sandbox, call)
    definition.name = call.body["name"]
    if "options" in call.body:
        definition.options = list(call.body["options"])
    _describe(definition, call.body)
    return Answer(200, {"customField": definition.shown(sandbox.location.id)})


def delete_field(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /locations/{id}/customFields/{id}`: its values are lost."""
    gone = _field(sandbox, call).id
    del sandbox.location.fields[gone]
    for contact in [c for c in sandbox.contacts.values() if gone in c.custom]:
        sandbox.contacts[contact.id] = _contact_without(contact, gone)
    for opportunity in [o for o in sandbox.opportunities.values() if gone in o.custom]:
        sandbox.opportunities[opportunity.id] = _opportunity_without(opportunity, gone)
    return Answer(200, {"succeded": True})


def list_tags(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /locations/{id}/tags`."""
    return Answer(200, {"tags": [_tag(sandbox, name) for name in sandbox.location.tags]})


def create_tag(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /locations/{id}/tags`: lower-cased and trimmed; a known one is answered as it is."""
    name = call.body["name"].strip().lower()
    if name not in sandbox.location.tags:
        sandbox.location.tags[name] = sandbox.ids.record()
    return Answer(200, {"tag": _tag(sandbox, name)})


def _tag(sandbox: GhlSandbox, name: str) -> Json:
    location = sandbox.location
    return {"id": location.tags[name], "name": name, "locationId": location.id}


def _field(sandbox: GhlSandbox, call: Call) -> FieldDefinition:
    wanted = call.params[1]
    for model in ("contact", "opportunity"):
        found = sandbox.location.field_of(model, wanted)
        if found is not None:
            return found
    raise Refusal(404, f"Custom field with id {wanted} not found")


def _describe(definition: FieldDefinition, body: Json) -> None:
    definition.placeholder = body.get("placeholder", definition.placeholder)
    definition.position = body.get("position", definition.position)
    definition.extra.update({name: body[name] for name in _EXTRA if name in body})


def _contact_without(contact: Contact, field_id: str) -> Contact:
    custom = {name: value for name, value in contact.custom.items() if name != field_id}
    return msgspec.structs.replace(contact, custom=custom)


def _opportunity_without(opportunity: Opportunity, field_id: str) -> Opportunity:
    custom = {name: value for name, value in opportunity.custom.items() if name != field_id}
    return msgspec.structs.replace(opportunity, custom=custom)
