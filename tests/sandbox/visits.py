"""One call of each operation on calendars, notes, tasks, users, businesses and messages."""

from __future__ import annotations

from typing import Any

from .client import Crm, Reply

CALENDAR = "ConsultationCalen001"
USER = "SandboxUser000000001"
APRIL = {"Version": "2021-04-15"}
NOON = 1_767_268_800
"""The clock of the tests: 2026-01-01 12:00 UTC, a Thursday."""
DAY = 86_400_000


def april(crm: Crm, method: str, path: str, body: Any = None) -> Reply:
    """A call of a family that has the older version."""
    return crm.call(method, path, body, APRIL)


def window(crm: Crm, start: int = -40, end: int = 400, **more: str) -> str:
    """The query of a listing of events, in days from now."""
    now = NOON * 1000
    query = {"locationId": crm.location, "startTime": str(now + start * DAY)}
    query |= {"endTime": str(now + end * DAY)} | more
    return "&".join(f"{name}={value}" for name, value in query.items())


def book(crm: Crm, contact: str, **fields: Any) -> dict[str, Any]:
    """A new appointment over whatever is there, as its create call answered."""
    body = {
        "calendarId": CALENDAR,
        "locationId": crm.location,
        "contactId": contact,
        "startTime": "2026-01-05T10:00:00-05:00",
        "ignoreFreeSlotValidation": True,
        "toNotify": False,
        **fields,
    }
    reply = april(crm, "POST", "/calendars/events/appointments", body)
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.json
    return found


def visit_desk(crm: Crm) -> None:
    """Every operation once, with all that an answer can show."""
    ada = crm.contact(firstName="Ada", email="desk@x.example", phone="+12025550188")["id"]
    _visit_calendars(crm, ada)
    _visit_notes_and_tasks(crm, ada)
    _visit_people(crm)
    _visit_messages(crm, ada)


def _visit_calendars(crm: Crm, contact: str) -> None:
    april(crm, "GET", f"/calendars/?locationId={crm.location}")
    april(crm, "GET", f"/calendars/{CALENDAR}")
    free = f"startDate={NOON * 1000}&endDate={NOON * 1000 + 7 * DAY}"
    april(crm, "GET", f"/calendars/{CALENDAR}/free-slots?{free}")
    rule = "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=5"
    made = book(crm, contact, rrule=rule, address="Hill 1", description="Bring a ladder")
    path = f"/calendars/events/appointments/{made['id']}"
    april(crm, "GET", path)
    april(crm, "PUT", path, {"appointmentStatus": "showed"})
    april(crm, "GET", f"/calendars/events?{window(crm, calendarId=CALENDAR)}")
    crm.get(f"/contacts/{contact}/appointments")
    notes = f"/calendars/appointments/{made['id']}/notes"
    note = april(crm, "POST", notes, {"body": "Called", "userId": USER}).json["note"]
    april(crm, "GET", f"{notes}?limit=20&offset=0")
    april(crm, "PUT", f"{notes}/{note['id']}", {"body": "Called twice"})
    april(crm, "DELETE", f"{notes}/{note['id']}")
    block = {"locationId": crm.location, "calendarId": CALENDAR, "title": "Holiday"}
    block |= {"startTime": "2026-01-07T10:00:00-05:00", "endTime": "2026-01-07T12:00:00-05:00"}
    kept = april(crm, "POST", "/calendars/events/block-slots", block).json
    april(crm, "PUT", f"/calendars/events/block-slots/{kept['id']}", {**block, "title": "Day off"})
    april(crm, "GET", f"/calendars/blocked-slots?{window(crm, calendarId=CALENDAR)}")
    april(crm, "DELETE", f"/calendars/events/{kept['id']}", {})
    april(crm, "DELETE", f"/calendars/events/{made['id']}", {})


def _visit_notes_and_tasks(crm: Crm, contact: str) -> None:
    notes, tasks = f"/contacts/{contact}/notes", f"/contacts/{contact}/tasks"
    note = crm.post(notes, body="Likes tea", title="Tea", color="#FFAA00", pinned=True, userId=USER)
    path = f"{notes}/{note.json['note']['id']}"
    crm.get(notes)
    crm.get(path)
    crm.put(path, body="Likes coffee")
    crm.delete(path)
    due = "2026-02-01T10:00:00Z"
    made = crm.post(tasks, title="Call", dueDate=due, completed=False, body="x", assignedTo=USER)
    path = f"{tasks}/{made.json['task']['id']}"
    crm.get(tasks)
    crm.get(path)
    crm.put(path, title="Call again")
    crm.put(f"{path}/completed", completed=True)
    crm.post(f"/locations/{crm.location}/tasks/search", contactId=[contact])
    crm.delete(path)


def _visit_people(crm: Crm) -> None:
    crm.get("/users/search", companyId="sandboxCompany000001", locationId=crm.location)
    crm.get("/users/", locationId=crm.location)
    crm.get(f"/users/{USER}")
    made = crm.post("/businesses/", name="Engines", locationId=crm.location, city="Rome")
    path = f"/businesses/{made.json['buiseness']['id']}"
    crm.get("/businesses/", locationId=crm.location)
    crm.get(path)
    crm.put(path, city="Oslo")
    crm.delete(path)


def _visit_messages(crm: Crm, contact: str) -> None:
    where = {"locationId": crm.location, "contactId": contact}
    april(crm, "POST", "/conversations/", where)
    sent = {"type": "SMS", "contactId": contact, "message": "We are on our way"}
    made = april(crm, "POST", "/conversations/messages", sent).json
    query = "&".join(f"{name}={value}" for name, value in where.items())
    april(crm, "GET", f"/conversations/search?{query}")
    april(crm, "GET", f"/conversations/messages/{made['messageId']}")
    april(crm, "GET", f"/conversations/{made['conversationId']}/messages")
