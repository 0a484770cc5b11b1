"""Time that nobody can book. It is deleted as an appointment is."""

from __future__ import annotations

from typing import Any

import msgspec

from . import validate as v
from .appointment_shape import local
from .appointments import window
from .calendars import find as find_calendar
from .clock import millis_of, sane
from .desk import Block
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, bad, invalid

_FIELDS: dict[str, v.Check] = {
    "title": v.string,
    "calendarId": v.string,
    "assignedUserId": v.string,
    "locationId": v.string,
    "startTime": v.string,
    "endTime": v.string,
}
BLOCK = v.Shape(_FIELDS, ("locationId",))


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /calendars/events/block-slots`: of a calendar or of a user, never of both."""
    now = sandbox.clock.now()
    blank = Block(id="", title="", start=0, end=0, added=now, updated=now)
    block = msgspec.structs.replace(_after(sandbox, blank, call.body), id=sandbox.ids.record())
    sandbox.desk.blocks.put(block)
    return Answer(201, _shown(sandbox, block))


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /calendars/events/block-slots/{id}`: 201, as documented."""
    block = sandbox.desk.blocks.get(call.params[0])
    if block is None:
        raise Refusal(404, f"Event with id {call.params[0]} not found")
    moved = _after(sandbox, block, call.body)
    moment = max(sandbox.clock.now(), block.updated + 1)
    sandbox.desk.blocks.put(msgspec.structs.replace(moved, updated=moment))
    return Answer(201, _shown(sandbox, moved))


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/blocked-slots`: those that begin in the window."""
    first, last = window(call.query)
    own = {"calendarId": "calendar_id", "userId": "assigned_user"}
    rows = [
        {
            **_shown(sandbox, block),
            "contactId": "",
            "groupId": "",
            "appointmentStatus": "confirmed",
            "users": [],
            "dateAdded": local(sandbox.location, block.added, exact=True),
            "dateUpdated": local(sandbox.location, block.updated, exact=True),
        }
        for block in sandbox.desk.blocks
        if first <= block.start <= last
        and all(getattr(block, own[n]) == call.query[n] for n in own if n in call.query)
    ]
    return Answer(200, {"events": rows})


def _after(sandbox: GhlSandbox, before: Block, body: Json) -> Block:
    calendar, user = body.get("calendarId", ""), body.get("assignedUserId", "")
    if bool(calendar) == bool(user):
        invalid("Either of calendarId or assignedUserId is required")
    if calendar:
        find_calendar(sandbox, calendar)
    elif user not in sandbox.location.users:
        invalid("assignedUserId must be a user of this location")
    changes: dict[str, Any] = {"calendar_id": calendar, "assigned_user": user}
    for theirs, ours in (("startTime", "start"), ("endTime", "end")):
        if theirs in body:
            changes[ours] = millis_of(body[theirs])
            if not sane(changes[ours]):
                bad("Invalid date")
    changes["title"] = body.get("title", before.title)
    block = msgspec.structs.replace(before, **changes)
    if block.end <= block.start:
        bad("The end time must be after the start time")
    return block


def _shown(sandbox: GhlSandbox, block: Block) -> Json:
    return {
        "id": block.id,
        "locationId": sandbox.location.id,
        "title": block.title,
        "startTime": local(sandbox.location, block.start),
        "endTime": local(sandbox.location, block.end),
        "calendarId": block.calendar_id,
        "assignedUserId": block.assigned_user,
    }
