"""A location: its policy, pipelines, custom field definitions, tags and users."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .calendar import Calendar
from .clock import iso
from .settings import LocationSettings
from .wire import Json

OPTION_TYPES = frozenset({"SINGLE_OPTIONS", "RADIO", "MULTIPLE_OPTIONS", "CHECKBOX"})
NUMBER_TYPES = frozenset({"NUMERICAL", "FLOAT", "MONETORY"})
LIST_TYPES = frozenset({"MULTIPLE_OPTIONS", "CHECKBOX"})
OBJECT_TYPES = frozenset({"TEXTBOX_LIST", "FILE_UPLOAD", "SIGNATURE"})
TEXT_TYPES = frozenset({"TEXT", "LARGE_TEXT", "PHONE", "TIME", "SINGLE_OPTIONS", "RADIO"})
DATA_TYPES = (
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "FLOAT",
    "TIME",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "SIGNATURE",
    "RADIO",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pipeline."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline; its stages in order."""

    id: str
    name: str
    stages: tuple[Stage, ...]

    def has(self, stage_id: str) -> bool:
        """Whether the stage belongs here."""
        return any(stage.id == stage_id for stage in self.stages)

    def shown(self, location_id: str) -> Json:
        """As `GET /opportunities/pipelines` lists it."""
        stages = [
            {
                "id": stage.id,
                "name": stage.name,
                "position": position,
                "showInFunnel": True,
                "showInPieChart": True,
            }
            for position, stage in enumerate(self.stages)
        ]
        return {
            "id": self.id,
            "name": self.name,
            "stages": stages,
            "showInFunnel": True,
            "showInPieChart": True,
            "locationId": location_id,
            "colorRenderMode": "none",
        }


@dataclass(slots=True)
class FieldDefinition:
    """A custom field of contacts or of opportunities. Its key outlives a new name."""

    id: str
    name: str
    model: str
    key: str
    data_type: str
    position: int
    added: int
    placeholder: str = ""
    options: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def shown(self, location_id: str) -> Json:
        """As the custom field routes show it."""
        shown: Json = {
            "id": self.id,
            "name": self.name,
            "model": self.model,
            "fieldKey": self.key,
            "placeholder": self.placeholder,
            "dataType": self.data_type,
            "position": self.position,
            "documentType": "field",
            "parentId": self.extra.get("parentId", location_id),
            "locationId": location_id,
            "dateAdded": iso(self.added),
            "standard": False,
        }
        if self.data_type in OPTION_TYPES:
            shown["picklistOptions"] = self.options
        if self.data_type in ("CHECKBOX", "RADIO"):
            shown["isAllowedCustomOption"] = False
        if self.data_type == "FILE_UPLOAD":
            shown["picklistOptions"] = self.extra.get("acceptedFormat", [])
            shown["isMultiFileAllowed"] = bool(self.extra.get("isMultipleFile", False))
        return shown


def field_key(model: str, name: str) -> str:
    """`contact.trip_name` for the name "Trip name"."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"{model}.{slug}"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works in the location."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone: str = ""
    deleted: bool = False

    @property
    def name(self) -> str:
        """First and last name as one."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class Location:
    """One sub-account. Everything here is small; records live elsewhere."""

    id: str
    name: str
    company_id: str
    country: str = "US"
    timezone: str = "America/New_York"
    settings: LocationSettings = field(default_factory=LocationSettings)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    fields: dict[str, FieldDefinition] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def field_of(self, model: str, name: str) -> FieldDefinition | None:
        """The field of a model by id or by key (with or without the model's prefix)."""
        found = self.fields.get(name)
        if found is None:
            keys = (name, f"{model}.{name}")
            found = next((f for f in self.fields.values() if f.key in keys), None)
        return found if found is not None and found.model == model else None

    def shown(self) -> Json:
        """As `GET /locations/{id}` shows it."""
        policy = self.settings
        return {
            "id": self.id,
            "companyId": self.company_id,
            "name": self.name,
            "country": self.country,
            "timezone": self.timezone,
            "email": "office@sandbox.example",
            "business": {
                "name": self.name,
                "country": self.country,
                "timezone": self.timezone,
            },
            "social": {},
            "settings": {
                "allowDuplicateContact": policy.allowDuplicateContact,
                "allowDuplicateOpportunity": policy.allowDuplicateOpportunity,
                "allowFacebookNameMerge": policy.allowFacebookNameMerge,
                "disableContactTimezone": policy.disableContactTimezone,
            },
        }
