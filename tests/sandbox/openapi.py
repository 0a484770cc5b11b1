"""The official OpenAPI files as JSON Schema, with the places where they are known wrong mended."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

FAMILIES = (
    "contacts",
    "opportunities",
    "locations",
    "calendars",
    "users",
    "businesses",
    "conversations",
)
_NULLABLE_TEXT = {"type": "string", "nullable": True}
_ANY_VALUE: dict[str, Any] = {}
_ANY_OBJECT = {"type": "object"}
_TIME = {"type": "string"}

EXCEPTIONS: dict[tuple[str, str, str], tuple[Any, str]] = {
    ("opportunities", "PipelinesResponseSchema", "stages"): (
        {"type": "array", "items": _ANY_OBJECT},
        "stages are objects; the file says a list of lists",
    ),
    ("opportunities", "CustomFieldResponseSchema", "fieldValue"): (
        _ANY_VALUE,
        "numbers and dates are numbers; the file knows text, lists and objects",
    ),
    ("opportunities", "CustomFieldResponseSchema", "required"): (
        ["id"],
        "search rows carry typed keys (fieldValueString, ...) instead of fieldValue",
    ),
    ("opportunities", "SearchOpportunitiesResponseSchema", "assignedTo"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchOpportunitiesResponseSchema", "source"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchOpportunitiesResponseSchema", "lostReasonId"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchOpportunitiesContactResponseSchema", "companyName"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchOpportunitiesContactResponseSchema", "email"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchOpportunitiesContactResponseSchema", "phone"): (
        _NULLABLE_TEXT,
        "null in search rows",
    ),
    ("opportunities", "SearchMetaResponseSchema", "nextPage"): (
        {"type": "number", "nullable": True},
        "null on the last page",
    ),
    ("opportunities", "SearchMetaResponseSchema", "prevPage"): (
        {"type": "number", "nullable": True},
        "null on the first page",
    ),
    ("contacts", "CustomFieldSchema", "value"): (
        _ANY_VALUE,
        "the value has the type of the field; the file knows text alone",
    ),
    ("calendars", "CalendarEventDTO", "startTime"): (
        _TIME,
        "times are text; the file says objects",
    ),
    ("calendars", "CalendarEventDTO", "endTime"): (_TIME, "times are text; the file says objects"),
    ("calendars", "CalendarEventDTO", "dateAdded"): (
        _TIME,
        "times are text; the file says objects",
    ),
    ("calendars", "CalendarEventDTO", "dateUpdated"): (
        _TIME,
        "times are text; the file says objects",
    ),
    ("calendars", "BlockedSlotSuccessfulResponseDto", "startTime"): (
        _TIME,
        "times are text; the file says objects",
    ),
    ("calendars", "BlockedSlotSuccessfulResponseDto", "endTime"): (
        _TIME,
        "times are text; the file says objects",
    ),
    ("locations", "LocationTaskListSuccessfulResponseDto", "tasks"): (
        {"type": "array", "items": _ANY_OBJECT},
        "tasks are objects; the file says a list of lists",
    ),
}

LEFT_OUT: dict[str, tuple[frozenset[str], str]] = {
    "GET /users/{userId}": (
        frozenset({"phone", "extension", "scopes"}),
        "this user has no phone and no extension; scopes are one word in the file",
    ),
    "POST /conversations/messages": (
        frozenset({"emailMessageId", "messageIds", "forwardData"}),
        "those are of e-mails, of group messages and of forwarded ones",
    ),
    "GET /conversations/messages/{id}": (
        frozenset({"meta", "userId", "conversationProviderId", "chatWidgetId"}),
        "those are of calls, of users, of providers of one's own and of chats",
    ),
}
"""Properties that an answer may lack, and why."""


def contracts() -> Path | None:
    """The folder of the official files, if it is there."""
    named = os.environ.get("CROSSTIE_CONTRACTS")
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "contracts"
    folder = (Path(named) if named else beside) / "ghl"
    return folder if (folder / "apps" / "contacts.json").is_file() else None


class Contract:
    """The operations of these families, by "METHOD template"."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[Path, Any] = {}
        self.operations: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._folder = folder
        for family in FAMILIES:
            spec = self._load(folder / "apps" / f"{family}.json")
            for (owner, schema, name), (mended, _) in EXCEPTIONS.items():
                if owner == family:
                    target = spec["components"]["schemas"][schema]
                    place = target if name == "required" else target["properties"]
                    assert name in place, f"{schema}.{name} is no longer in the file"
                    place[name] = mended
            for path, methods in spec["paths"].items():
                for method, operation in methods.items():
                    self.operations[f"{method.upper()} {path}"] = (family, operation)

    def body(self, key: str) -> Mapping[str, Any] | None:
        """The schema of an operation's body."""
        family, operation = self.operations[key]
        return self._content(operation.get("requestBody", {}), family)

    def described(self, key: str, status: int) -> bool:
        """Whether the file says anything about this status."""
        return str(status) in self.operations[key][1]["responses"]

    def response(self, key: str, status: int) -> Mapping[str, Any] | None:
        """The schema of an answer, None where the file leaves it open."""
        family, operation = self.operations[key]
        return self._content(operation["responses"][str(status)], family)

    def _content(self, part: Mapping[str, Any], family: str) -> Mapping[str, Any] | None:
        schema = part.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return None
        found: Mapping[str, Any] = self._plain(schema, self._folder / "apps" / f"{family}.json")
        return found

    def _plain(self, node: Any, file: Path) -> Any:
        if isinstance(node, list):
            return [self._plain(item, file) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            name, _, pointer = node["$ref"].partition("#/")
            where = (file.parent / name).resolve() if name else file
            found = self._load(where)
            for part in pointer.split("/"):
                found = found[part]
            return self._plain(found, where)
        plain = {
            k: self._plain(v, file) for k, v in node.items() if k not in ("example", "nullable")
        }
        if node.get("nullable"):
            return {"anyOf": [plain, {"type": "null"}]}
        return plain

    def _load(self, file: Path) -> Any:
        if file not in self._files:
            self._files[file] = json.loads(file.read_text())
        return self._files[file]


def complaints(
    schema: Mapping[str, Any], answer: Any, but: frozenset[str] = frozenset()
) -> list[str]:
    """Where an answer does not fit; every described top-level property, `but` those, is there."""
    if "additionalProperties" in schema:
        # The file takes every key for a day; the answer carries its trace beside them.
        answer = {name: value for name, value in answer.items() if name != "traceId"}
    validator = jsonschema.Draft202012Validator(schema)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]
    missing = set(schema.get("properties", {})) - set(answer) - but
    return found + [f"{name} is missing" for name in sorted(missing)]
