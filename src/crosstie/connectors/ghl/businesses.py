"""The businesses of a GoHighLevel location (the companies of its CRM) as a collection.

Quirks (2026): there is no search and nothing tells what changed, so all are listed; answers to
writes call a business `buiseness`; custom fields of businesses are written elsewhere and left
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.connectors.ghl.contact_shape import shows, unwritable
from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.plain import PagedCollection, blank, needs
from crosstie.connectors.ghl.wire import instant_of, one
from crosstie.core.budget import Urgency
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import RemoteField

_READ_ONLY = ("id", "createdAt", "updatedAt")
STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        RemoteField("name", "text", "Name", required=True),
        RemoteField("phone", "text", "Phone"),
        RemoteField("email", "text", "E-mail"),
        RemoteField("website", "text", "Website"),
        RemoteField("address", "text", "Street"),
        RemoteField("city", "text", "City"),
        RemoteField("state", "text", "State"),
        RemoteField("postalCode", "text", "Postal code"),
        RemoteField("country", "text", "Country"),
        RemoteField("description", "text", "Description"),
        RemoteField("id", "id", "Id", writable=False),
        RemoteField("createdAt", "datetime", "Created", writable=False),
        RemoteField("updatedAt", "datetime", "Changed", writable=False),
    )
}


class Businesses(PagedCollection):
    """All businesses of the location."""

    model = "business"
    wraps = ("business", "buiseness")
    standard = STANDARD

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "businesses"

    async def create(self, fields: Fields, key: str) -> Record:
        """Make a business. 1 call; 2 where the answer lacks something sent. It leaves no marker."""
        ground = self._ground
        sent = _body(fields, creating=True)
        if "name" not in sent:
            raise needs("name", self.model)
        request = ground.wire.send(
            "POST", "/businesses/", {**sent, "locationId": ground.wire.location}
        )
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change these fields. 1 call; 2 where the answer lacks something sent."""
        sent = _body(patch)
        request = self._ground.wire.send("PUT", self._path(record_id), sent)
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def _page(self, place: int, size: int) -> Sequence[Row]:
        wire = self._ground.wire
        query = {"locationId": wire.location, "limit": str(size), "skip": str(place)}
        return await self._rows(wire.get("/businesses/", query, Urgency.BACKFILL), "businesses")

    def _path(self, record_id: str) -> str:
        return one("businesses", record_id)

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        fields: dict[str, Json] = {name: row.get(name) or None for name in STANDARD}
        updated = row.get("updatedAt")
        return Record(
            id=str(row["id"]),
            fields=fields,
            version=Version(updated) if isinstance(updated, str) else None,
            updated=instant_of(updated),
            hint=hint,
        )


def _body(fields: Fields, *, creating: bool = False) -> dict[str, Any]:
    """What to send. A create leaves empty fields out; an update clears them."""
    made: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in STANDARD or name in _READ_ONLY:
            raise unwritable(name, "business")
        if not blank(value):
            made[name] = value
        elif name == "name" and not creating:
            raise needs("name", "business")
        elif not creating:
            made[name] = ""
    return made
