"""Which webhooks a change of an appointment, a task or a note sends, and what they say.

As documented: no webhook tells that a task was edited; only that it was made, completed, deleted.
Of notes on appointments nothing is documented, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from .appointment_shape import by_id
from .clock import iso
from .desk import Appointment, Note, Task
from .location import Location
from .wire import Json

_APPOINTMENT_KEYS = (
    "id",
    "address",
    "title",
    "calendarId",
    "contactId",
    "groupId",
    "appointmentStatus",
    "assignedUserId",
    "users",
    "notes",
    "startTime",
    "endTime",
    "dateAdded",
    "dateUpdated",
)


def told(location: Location, before: object, after: object) -> Iterator[tuple[str, Json]]:
    """Types and bodies for a record that became another (None: not there)."""
    record = before if after is None else after
    verb = "Delete" if after is None else "Create" if before is None else "Update"
    match record:
        case Appointment():
            yield f"Appointment{verb}", {"appointment": _appointment(location, record)}
        case Note(appointment_id=""):
            yield f"Note{verb}", _note(record)
        case Task():
            completed = isinstance(before, Task) and record.completed and not before.completed
            if verb != "Update":
                yield f"Task{verb}", _task(record)
            elif completed:
                yield "TaskComplete", _task(record)
        case _:
            return


def _appointment(location: Location, one: Appointment) -> Json:
    shown = by_id(location, one)
    body = {name: shown.get(name) for name in _APPOINTMENT_KEYS}
    return _filled({**body, "source": "third_party"})


def _note(note: Note) -> Json:
    return _filled(
        {
            "id": note.id,
            "body": note.body,
            "contactId": note.contact_id,
            "dateAdded": iso(note.added),
        }
    )


def _task(task: Task) -> Json:
    return _filled(
        {
            "id": task.id,
            "assignedTo": task.assigned_to,
            "body": task.body,
            "contactId": task.contact_id,
            "title": task.title,
            "dateAdded": iso(task.added),
            "dueDate": iso(task.due),
        }
    )


def _filled(body: Json) -> Json:
    return {name: value for name, value in body.items() if value not in (None, "", [])}
