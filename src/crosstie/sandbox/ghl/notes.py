"""Notes on contacts and on appointments. The same note sent twice is two notes."""

from __future__ import annotations

from typing import Any

import msgspec

from . import validate as v
from .appointments import find as find_appointment
from .clock import iso
from .contacts import find as find_contact
from .desk import Note
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, invalid

_FIELDS: dict[str, v.Check] = {
    "userId": v.string,
    "body": v.string,
    "title": v.string,
    "color": v.string,
    "pinned": v.boolean,
}
NEW = v.Shape(_FIELDS, ("body",))
CHANGED = v.Shape(_FIELDS)
OF_APPOINTMENT = v.Shape({"userId": v.string, "body": v.at_most(5000)}, ("body",))
PAGE = v.Shape({"limit": v.digits, "offset": v.digits}, ("limit", "offset"))
_MOST = 20


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}/notes`: all of them, newest first."""
    contact = find_contact(sandbox, call.params[0])
    own = [n for n in sandbox.desk.notes if n.contact_id == contact.id and not n.appointment_id]
    return Answer(200, {"notes": [_shown(note) for note in reversed(own)]})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /contacts/{id}/notes`."""
    contact = find_contact(sandbox, call.params[0])
    note = Note(id=sandbox.ids.record(), contact_id=contact.id, body="", added=sandbox.clock.now())
    return _kept(sandbox, note, call.body, 201)


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}/notes/{id}`."""
    return Answer(200, {"note": _shown(_of_contact(sandbox, call))})


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /contacts/{id}/notes/{id}`: only what is sent changes."""
    return _kept(sandbox, _of_contact(sandbox, call), call.body, 200)


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /contacts/{id}/notes/{id}`."""
    sandbox.desk.notes.drop(_of_contact(sandbox, call).id)
    return Answer(200, {"succeded": True})


def list_of_appointment(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/appointments/{id}/notes`: newest first, 20 at most."""
    appointment = find_appointment(sandbox, call.params[0])
    limit, offset = int(call.query["limit"]), int(call.query["offset"])
    if not 1 <= limit <= _MOST:
        invalid(f"limit must not be greater than {_MOST}")
    own = [n for n in sandbox.desk.notes if n.appointment_id == appointment.id][::-1]
    page = own[offset : offset + limit]
    shown = [_shown(note) for note in page]
    return Answer(200, {"notes": shown, "hasMore": offset + limit < len(own)})


def create_of_appointment(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /calendars/appointments/{id}/notes`."""
    appointment = find_appointment(sandbox, call.params[0])
    note = Note(
        id=sandbox.ids.record(),
        contact_id=appointment.contact_id,
        appointment_id=appointment.id,
        body="",
        added=sandbox.clock.now(),
    )
    return _kept(sandbox, note, call.body, 201)


def update_of_appointment(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /calendars/appointments/{id}/notes/{id}`."""
    return _kept(sandbox, _of_appointment(sandbox, call), call.body, 200)


def delete_of_appointment(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /calendars/appointments/{id}/notes/{id}`."""
    sandbox.desk.notes.drop(_of_appointment(sandbox, call).id)
    return Answer(200, {"success": True})


def _of_contact(sandbox: GhlSandbox, call: Call) -> Note:
    contact = find_contact(sandbox, call.params[0])
    note = sandbox.desk.notes.get(call.params[1])
    if note is None or note.contact_id != contact.id or note.appointment_id:
        raise Refusal(404, f"Note with id {call.params[1]} not found")
    return note


def _of_appointment(sandbox: GhlSandbox, call: Call) -> Note:
    appointment = find_appointment(sandbox, call.params[0])
    note = sandbox.desk.notes.get(call.params[1])
    if note is None or note.appointment_id != appointment.id:
        raise Refusal(404, f"Note with id {call.params[1]} not found")
    return note


def _kept(sandbox: GhlSandbox, note: Note, body: Json, status: int) -> Answer:
    user = body.get("userId")
    if user and user not in sandbox.location.users:
        invalid("userId must be a user of this location")
    changes: dict[str, Any] = {
        n: body[n] for n in ("body", "title", "color", "pinned") if n in body
    }
    if user is not None:
        changes["user_id"] = user
    note = msgspec.structs.replace(note, **changes)
    sandbox.desk.notes.put(note)
    return Answer(status, {"note": _shown(note)})


def _shown(note: Note) -> Json:
    shown = {
        "id": note.id,
        "body": note.body,
        "userId": note.user_id,
        "dateAdded": iso(note.added),
        "contactId": note.contact_id,
    }
    if note.appointment_id:
        return {**shown, "createdBy": {"id": note.user_id, "name": ""}}
    return {**shown, "title": note.title, "color": note.color, "pinned": note.pinned}
