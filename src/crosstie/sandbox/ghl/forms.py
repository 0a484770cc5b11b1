"""The page's forms: fields to show, and what a person typed turned into a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .custom_values import date_text
from .location import LIST_TYPES, OBJECT_TYPES, FieldDefinition
from .records import Contact, Opportunity
from .state import GhlSandbox
from .wire import Json, invalid

_CONTACT_FIELDS = (
    ("firstName", "First name"),
    ("lastName", "Last name"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("companyName", "Company"),
    ("address1", "Street"),
    ("city", "City"),
    ("state", "State"),
    ("postalCode", "Postal code"),
    ("country", "Country"),
    ("website", "Website"),
    ("source", "Source"),
    ("dateOfBirth", "Date of birth"),
    ("tags", "Tags"),
)


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form. `options` makes it a list to choose from: (value, words)."""

    name: str
    label: str
    value: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()


def contact_inputs(sandbox: GhlSandbox, contact: Contact | None) -> list[Input]:
    """The form of a contact; None for a new one."""
    fields: Mapping[str, Any] = contact.fields if contact is not None else {}
    inputs = [
        Input(name, label, str(fields.get(name, "")))
        for name, label in _CONTACT_FIELDS
        if name != "tags"
    ]
    tags = ", ".join(contact.tags) if contact is not None else ""
    inputs.append(Input("tags", "Tags (with commas)", tags))
    return inputs + _custom_inputs(sandbox, "contact", contact.custom if contact else {})


def opportunity_inputs(sandbox: GhlSandbox, opportunity: Opportunity) -> list[Input]:
    """The form of an opportunity; its pipeline stays."""
    pipeline = sandbox.location.pipelines[opportunity.pipeline_id]
    stages = tuple((stage.id, stage.name) for stage in pipeline.stages)
    statuses = tuple((word, word) for word in ("open", "won", "lost", "abandoned"))
    inputs = [
        Input("name", "Name", opportunity.name),
        Input("pipelineStageId", "Stage", opportunity.stage_id, "select", stages),
        Input("status", "Status", opportunity.status, "select", statuses),
        Input("monetaryValue", "Value", str(opportunity.monetary_value)),
    ]
    return inputs + _custom_inputs(sandbox, "opportunity", opportunity.custom)


def _custom_inputs(sandbox: GhlSandbox, model: str, values: Mapping[str, Any]) -> list[Input]:
    inputs = []
    for definition in sandbox.location.fields.values():
        if definition.model != model or definition.data_type in OBJECT_TYPES:
            continue
        text = shown_value(definition, values.get(definition.id))
        kind = {"DATE": "date", "LARGE_TEXT": "textarea"}.get(definition.data_type, "text")
        inputs.append(Input(f"custom.{definition.id}", definition.name, text, kind))
    return inputs


def shown_value(definition: FieldDefinition, value: Any) -> str:
    """A custom value in words."""
    if value is None:
        return ""
    if definition.data_type == "DATE":
        return date_text(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)


def contact_body(sandbox: GhlSandbox, form: Mapping[str, str]) -> Json:
    """What a person typed as the body of a write: an emptied field clears."""
    body: Json = {name: form[name].strip() for name, _ in _CONTACT_FIELDS if name in form}
    if "tags" in body:
        body["tags"] = body["tags"].split(",")
    return {**body, "customFields": _custom_body(sandbox, form)}


def opportunity_body(sandbox: GhlSandbox, form: Mapping[str, str]) -> Json:
    """What a person typed as the body of a write."""
    names = ("name", "pipelineStageId", "status")
    body: Json = {name: form[name].strip() for name in names if name in form}
    if "monetaryValue" in form:
        try:
            amount = float(form["monetaryValue"] or 0)
        except ValueError:
            invalid("monetaryValue must be a number")
        body["monetaryValue"] = int(amount) if amount.is_integer() else amount
    return {**body, "customFields": _custom_body(sandbox, form)}


def _custom_body(sandbox: GhlSandbox, form: Mapping[str, str]) -> list[Json]:
    written: list[Json] = []
    for definition in sandbox.location.fields.values():
        typed = form.get(f"custom.{definition.id}")
        if typed is None:
            continue
        value: str | list[str] = typed.strip()
        if definition.data_type in LIST_TYPES:
            value = [part.strip() for part in typed.split(",") if part.strip()]
        written.append({"id": definition.id, "field_value": value})
    return written
