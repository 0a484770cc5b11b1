"""The tasks of all contacts of a GoHighLevel location as a collection.

Quirks (2026): a task is read and written by way of its contact, so its id here is both ids with a
dot between them; a task has no time of change, so its values tell its states apart; nothing tells
what changed, and no webhook that a task was edited, so all are listed; a task stays with its
contact for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosstie.connectors.ghl.contact_shape import shows, unwritable
from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.plain import PagedCollection, blank, needs, stays
from crosstie.connectors.ghl.wire import iso_of, millis_of, one
from crosstie.core.budget import Urgency
from crosstie.core.values import Fields, Json, Record, Version
from crosstie.ports import Lookup, RemoteField

SEARCHABLE = ("contactId",)
_READ_ONLY = ("id",)
_NEEDED = ("title", "dueDate")
STANDARD: Mapping[str, RemoteField] = {
    field.name: field
    for field in (
        RemoteField("title", "text", "Title", required=True),
        RemoteField("body", "text", "Description"),
        RemoteField("dueDate", "datetime", "Due", required=True),
        RemoteField("completed", "boolean", "Completed"),
        RemoteField("assignedTo", "id", "Assigned user"),
        RemoteField("contactId", "id", "Contact", create_only=True, required=True),
        RemoteField("id", "id", "Id", writable=False),
    )
}


class Tasks(PagedCollection):
    """All tasks of the location."""

    model = "task"
    standard = STANDARD

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "tasks"

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """By contact. 1 call a page, and one that finds no more."""
        contact, size = lookup.equal.get("contactId"), self._can.page_size
        found: dict[str, Record] = {}
        while contact:
            rows = await self._found(contactId=[str(contact)], limit=size, skip=len(found))
            fresh = {record.id: record for record in map(self._record, rows)}
            if fresh.keys() <= found.keys():
                break
            found |= fresh
        return list(found.values())

    async def create(self, fields: Fields, key: str) -> Record:
        """Make a task, open unless it is said. 1 call; 2 where the answer lacks something sent.

        It leaves no marker.
        """
        contact = fields.get("contactId")
        sent = _body({n: v for n, v in fields.items() if n != "contactId"}, creating=True)
        for name, value in (("contactId", contact), *((n, sent.get(n)) for n in _NEEDED)):
            if blank(value):
                raise needs(name, self.model)
        path = one("contacts", str(contact), "/tasks")
        request = self._ground.wire.send("POST", path, {"completed": False, **sent})
        row = _whole(await self._created(request, "contactId"), str(contact))
        return await self._stored(row, complete=shows(row, sent))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change these fields. 1 call; 2 where the answer lacks something sent."""
        sent = _body(patch)
        request = self._ground.wire.send("PUT", self._path(record_id), sent)
        row = self._row(await self._answer(request), request)
        row = _whole(row, record_id.partition(".")[0])
        return await self._stored(row, complete=shows(row, sent))

    async def _page(self, place: int, size: int) -> Sequence[Row]:
        return await self._found(limit=size, skip=place)

    async def _found(self, **wanted: Json) -> Sequence[Row]:
        wire = self._ground.wire
        path = one("locations", wire.location, "/tasks/search")
        return await self._rows(wire.send("POST", path, wanted, Urgency.BACKFILL), "tasks")

    async def _one(self, record_id: str) -> Record | None:
        # An id without its contact is none of ours: nothing can be read by it.
        return await super()._one(record_id) if "." in record_id else None

    def _id(self, row: Row) -> str:
        return f"{row['contactId']}.{row['id']}"

    def _path(self, record_id: str) -> str:
        contact, _, task = record_id.partition(".")
        return one("contacts", contact, one("tasks", task))

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        fields: dict[str, Json] = {name: row.get(name) or None for name in STANDARD}
        due = millis_of(row.get("dueDate"))
        fields["dueDate"] = row.get("dueDate") or None if due is None else iso_of(due)
        fields["completed"] = bool(row.get("completed"))
        fields["id"] = self._id(row)
        return Record(id=self._id(row), fields=fields, hint=hint)


def _whole(row: Row, contact: str) -> Row:
    """Answers to writes have been seen without the contact."""
    return {"contactId": contact, **row}


def _body(fields: Fields, *, creating: bool = False) -> dict[str, Any]:
    """What to send. A create leaves empty fields out; an update clears them."""
    made: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "contactId":
            raise stays(name, "task")
        if name not in STANDARD or name in _READ_ONLY:
            raise unwritable(name, "task")
        if name == "completed":
            made[name] = bool(value)
        elif not blank(value):
            made[name] = value
        elif name in _NEEDED and not creating:
            raise needs(name, "task")
        elif not creating:
            made[name] = ""
    return made
