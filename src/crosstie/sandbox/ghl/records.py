"""The two kinds of records. They are never changed, only replaced: indexes keep old versions."""

from __future__ import annotations

from typing import Any

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact. `fields` holds what is filled, by its name on the wire; dates in milliseconds."""

    id: str
    fields: dict[str, Any]
    tags: tuple[str, ...]
    custom: dict[str, Any]
    added: int
    updated: int

    def text(self, name: str) -> str:
        """A field as text, "" when empty."""
        return str(self.fields.get(name) or "")

    @property
    def full_name(self) -> str:
        """First and last name as one."""
        return f"{self.text('firstName')} {self.text('lastName')}".strip()


class Opportunity(msgspec.Struct, frozen=True, kw_only=True):
    """An opportunity; dates in milliseconds."""

    id: str
    contact_id: str
    pipeline_id: str
    stage_id: str
    name: str
    status: str
    custom: dict[str, Any]
    added: int
    updated: int
    status_changed: int
    stage_changed: int
    monetary_value: int | float = 0
    assigned_to: str | None = None
    lost_reason_id: str | None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token: what it may do, and where. `scopes` None means all of them.

    `expires` in milliseconds since 1970; None: never.
    """

    location_id: str
    scopes: frozenset[str] | None = None
    user_type: str = "Location"
    revoked: bool = False
    expires: int | None = None

    def allows(self, scope: str) -> bool:
        """Whether the token carries the scope."""
        return self.scopes is None or scope in self.scopes
