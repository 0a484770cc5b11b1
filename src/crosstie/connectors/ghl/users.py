"""The users of a GoHighLevel location as a collection to read only.

A location's token cannot change them. They are there to be referred to: by the owner of a contact,
the user of an appointment, the one who has a task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.plain import PagedCollection
from crosstie.connectors.ghl.wire import one
from crosstie.core.budget import Urgency
from crosstie.core.errors import Rejected
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import RemoteField

STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        RemoteField("name", "text", "Name", writable=False),
        RemoteField("firstName", "text", "First name", writable=False),
        RemoteField("lastName", "text", "Last name", writable=False),
        RemoteField("email", "text", "E-mail", writable=False),
        RemoteField("phone", "text", "Phone", writable=False),
        RemoteField("role", "text", "Role", writable=False),
        RemoteField("id", "id", "Id", writable=False),
    )
}


class Users(PagedCollection):
    """All users of the location."""

    model = "user"
    wraps = ("user", "")
    standard = STANDARD

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "users"

    async def create(self, fields: Fields, key: str) -> Record:
        """Refused."""
        raise _refused()

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Refused."""
        raise _refused()

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        """Refused."""
        raise _refused()

    async def _page(self, place: int, size: int) -> Sequence[Row]:
        ground = self._ground
        query = {
            "companyId": str(ground.settings.get("companyId", "")),
            "locationId": ground.wire.location,
            "limit": str(size),
            "skip": str(place),
        }
        return await self._rows(ground.wire.get("/users/search", query, Urgency.BACKFILL), "users")

    def _path(self, record_id: str) -> str:
        return one("users", record_id)

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        fields: dict[str, Json] = {name: row.get(name) or None for name in STANDARD}
        roles = row.get("roles") or {}
        fields["role"] = roles.get("role") or None
        places = roles.get("locationIds") or ()
        outside = bool(places) and self._ground.wire.location not in places
        return Record(id=str(row["id"]), fields=fields, hint=hint, outside=outside)


def _refused() -> Rejected:
    return Rejected(
        "users of GoHighLevel can only be read",
        fix="change the user in GoHighLevel (Settings, My Staff)",
    )
