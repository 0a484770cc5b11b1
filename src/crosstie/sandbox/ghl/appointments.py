"""Appointments: one by one, those of a calendar in a window of time, those of a contact.

Where the live behaviour is not known: a change of the start alone keeps the end, and an end that is
not after the start is refused with 400; a recurring one is kept as one, with its rule; an unknown
user is refused with 422; deleting a contact deletes its appointments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from . import validate as v
from .appointment_shape import by_id, flat, listed, of_contact
from .calendar import Calendar
from .calendars import Diary
from .calendars import find as find_calendar
from .clock import sane
from .contacts import find as find_contact
from .desk import Appointment
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, BareBadRequest, Json, Refusal, bad, invalid

STATUSES = ("new", "confirmed", "cancelled", "showed", "noshow", "invalid")
_V3 = ("completed", "active")
_PLACES = ("custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google")
_CHANGED: dict[str, v.Check] = {
    "title": v.string,
    "meetingLocationType": v.one_of(_PLACES),
    "meetingLocationId": v.string,
    "overrideLocationConfig": v.boolean,
    "appointmentStatus": v.one_of((*STATUSES, *_V3)),
    "assignedUserId": v.string,
    "description": v.string,
    "address": v.string,
    "ignoreDateRange": v.boolean,
    "toNotify": v.boolean,
    "ignoreFreeSlotValidation": v.boolean,
    "rrule": v.string,
    "calendarId": v.string,
    "startTime": v.string,
    "endTime": v.string,
}
UPDATE = v.Shape(_CHANGED)
CREATE = v.Shape(
    {**_CHANGED, "locationId": v.string, "contactId": v.string},
    ("calendarId", "locationId", "contactId", "startTime"),
)
DELETE = v.Shape({})
WINDOW = v.Shape(
    {
        "locationId": v.string,
        "userId": v.string,
        "calendarId": v.string,
        "groupId": v.string,
        "startTime": v.digits,
        "endTime": v.digits,
    },
    ("locationId", "startTime", "endTime"),
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(Z|[+-]\d\d:\d\d)")
_NAMES = {
    "title": "title",
    "meetingLocationType": "place",
    "appointmentStatus": "status",
    "assignedUserId": "assigned_user",
    "description": "description",
    "address": "address",
    "calendarId": "calendar_id",
}


def find(sandbox: GhlSandbox, appointment_id: str) -> Appointment:
    """The appointment as it is now. Refuses an unknown id with 404."""
    appointment = sandbox.desk.appointments.get(appointment_id)
    if appointment is None:
        raise Refusal(404, f"Appointment with id {appointment_id} not found")
    return appointment


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/events/appointments/{id}`: never stale."""
    return Answer(200, {"event": by_id(sandbox.location, find(sandbox, call.params[0]))})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /calendars/events/appointments`: 200 and no wrapper; the answer has no dates."""
    body = call.body
    contact = find_contact(sandbox, body["contactId"])
    calendar = find_calendar(sandbox, body["calendarId"])
    now = sandbox.clock.now()
    members = calendar.members
    blank = Appointment(
        id="",
        calendar_id=calendar.id,
        contact_id=contact.id,
        start=0,
        end=0,
        title=contact.full_name or contact.text("email"),
        status="confirmed" if calendar.auto_confirm else "new",
        assigned_user=members[0] if len(members) == 1 else "",
        added=now,
        updated=now,
    )
    made = _after(sandbox, calendar, blank, body)
    made = msgspec.structs.replace(made, id=sandbox.ids.record())
    sandbox.desk.appointments.put(made)
    return Answer(200, flat(sandbox.location, made))


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /calendars/events/appointments/{id}`: only what is sent changes."""
    made = changed(sandbox, find(sandbox, call.params[0]), call.body)
    sandbox.desk.appointments.put(made)
    return Answer(200, flat(sandbox.location, made))


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /calendars/events/{id}`: 201, of an appointment or of blocked time."""
    desk, wanted = sandbox.desk, call.params[0]
    if desk.blocks.get(wanted) is not None:
        desk.blocks.drop(wanted)
    else:
        desk.drop_appointment(find(sandbox, wanted).id)
    return Answer(201, {"succeeded": True})


def events(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/events`: all that begin in the window, cancelled ones too, on one page."""
    first, last = window(call.query)
    naive = sandbox.settings.naive_event_times
    rows = [
        listed(sandbox.location, each, naive=naive)
        for each in sandbox.desk.appointments
        if first <= each.start <= last and _meant(sandbox, call.query, each)
    ]
    return Answer(200, {"events": rows})


def contacts_own(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}/appointments`: all of them, whenever they are."""
    contact = find_contact(sandbox, call.params[0])
    own = [a for a in sandbox.desk.appointments if a.contact_id == contact.id]
    return Answer(200, {"events": [of_contact(sandbox.location, each) for each in own]})


def window(query: Mapping[str, str]) -> tuple[int, int]:
    """The bounds of a listing, in milliseconds. Refuses a query that says not whose it is."""
    if sum(name in query for name in ("userId", "calendarId", "groupId")) != 1:
        invalid("Either of userId, calendarId or groupId is required")
    return int(query["startTime"]), int(query["endTime"])


def changed(sandbox: GhlSandbox, appointment: Appointment, body: Json) -> Appointment:
    """An appointment after a write, not yet stored. Refuses a time that is not free."""
    calendar = find_calendar(sandbox, body.get("calendarId", appointment.calendar_id))
    made = _after(sandbox, calendar, appointment, body)
    moment = max(sandbox.clock.now(), appointment.updated + 1)
    return msgspec.structs.replace(made, updated=moment)


def _after(sandbox: GhlSandbox, calendar: Calendar, before: Appointment, body: Json) -> Appointment:
    changes: dict[str, Any] = {_NAMES[n]: value for n, value in body.items() if n in _NAMES}
    user = changes.get("assigned_user", before.assigned_user)
    if user and user not in sandbox.location.users:
        invalid("assignedUserId must be a user of this location")
    if not user and len(calendar.members) > 1:
        invalid("A team member needs to be selected. assignedUserId is missing")
    changes.update(_times(calendar, before, body))
    if body.get("rrule") and body.get("ignoreFreeSlotValidation"):
        changes["rrule"] = body["rrule"]
    made = msgspec.structs.replace(before, **changes)
    if made.end <= made.start:
        bad("The end time must be after the start time")
    if "startTime" in body and not body.get("ignoreFreeSlotValidation"):
        _demand_free(sandbox, calendar, made, body)
    return made


def _times(calendar: Calendar, before: Appointment, body: Json) -> dict[str, int]:
    """The new times. Two spellings in one call, or milliseconds, are a bare 400."""
    found = {n: _TIME.fullmatch(body[n]) for n in ("startTime", "endTime") if n in body}
    zones = {match[1] == "Z" for match in found.values() if match is not None}
    if None in found.values() or len(zones) > 1:
        raise BareBadRequest
    try:
        moments = {n: datetime.fromisoformat(body[n]).timestamp() * 1000 for n in found}
    except (ValueError, OverflowError):
        raise BareBadRequest from None
    times = {
        ours: round(moments[theirs])
        for theirs, ours in (("startTime", "start"), ("endTime", "end"))
        if theirs in moments
    }
    if not all(map(sane, times.values())):
        raise BareBadRequest
    if "start" in times and "end" not in times and not before.id:
        times["end"] = times["start"] + round(calendar.duration.total_seconds() * 1000)
    return times


def _demand_free(sandbox: GhlSandbox, calendar: Calendar, made: Appointment, body: Json) -> None:
    diary = Diary(sandbox, calendar, made.id, bool(body.get("ignoreDateRange")))
    start = datetime.fromisoformat(body["startTime"])
    # A slot that was rewritten to Z is none of those that were offered.
    if body["startTime"].endswith("Z") or not diary.takes(start):
        bad("The slot you have selected is no longer available.")


def _meant(sandbox: GhlSandbox, query: Mapping[str, str], each: Appointment) -> bool:
    calendar = sandbox.location.calendars.get(each.calendar_id)
    group = calendar.group_id if calendar is not None else ""
    own = {"userId": each.assigned_user, "calendarId": each.calendar_id, "groupId": group}
    return all(query[name] == value for name, value in own.items() if name in query)
