"""Tasks of contacts, and the search for tasks of the whole location."""

from __future__ import annotations

from typing import Any

import msgspec

from . import validate as v
from .clock import iso, millis_of, sane
from .contacts import find as find_contact
from .desk import Task
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, invalid

_FIELDS: dict[str, v.Check] = {
    "title": v.string,
    "body": v.string,
    "dueDate": v.string,
    "completed": v.boolean,
    "assignedTo": v.string,
}
NEW = v.Shape(_FIELDS, ("title", "dueDate", "completed"))
CHANGED = v.Shape(_FIELDS)
COMPLETED = v.Shape({"completed": v.boolean}, ("completed",))
SEARCH = v.Shape(
    {
        "contactId": v.strings,
        "completed": v.boolean,
        "assignedTo": v.strings,
        "query": v.string,
        "limit": v.between(1, 1000),
        "skip": v.between(0, 1_000_000),
        "businessId": v.string,
    }
)


def search(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /locations/{id}/tasks/search`: oldest first, 25 unless `limit` says otherwise.

    Which order the original has, and how many it gives at most, is not known. Nobody is linked to a
    business here, so one that is asked for has no tasks.
    """
    body = call.body
    words = body.get("query", "").lower()
    found = [
        task
        for task in sandbox.desk.tasks
        if task.contact_id in body.get("contactId", (task.contact_id,))
        and task.assigned_to in body.get("assignedTo", (task.assigned_to,))
        and task.completed is body.get("completed", task.completed)
        and words in f"{task.title} {task.body}".lower()
        and "businessId" not in body
    ]
    skip = body.get("skip", 0)
    page = found[skip : skip + body.get("limit", 25)]
    return Answer(200, {"tasks": [_shown(task) for task in page]})


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}/tasks`."""
    contact = find_contact(sandbox, call.params[0])
    own = [task for task in sandbox.desk.tasks if task.contact_id == contact.id]
    return Answer(200, {"tasks": [_shown(task) for task in own]})


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /contacts/{id}/tasks`."""
    contact = find_contact(sandbox, call.params[0])
    now = sandbox.clock.now()
    blank = Task(id="", contact_id=contact.id, title="", due=now, completed=False, added=now)
    task = msgspec.structs.replace(_after(sandbox, blank, call.body), id=sandbox.ids.record())
    sandbox.desk.tasks.put(task)
    return Answer(201, {"task": _shown(task)})


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /contacts/{id}/tasks/{id}`: never stale."""
    return Answer(200, {"task": _shown(_find(sandbox, call))})


def update(sandbox: GhlSandbox, call: Call) -> Answer:
    """`PUT /contacts/{id}/tasks/{id}`, and `…/completed`: only what is sent changes."""
    task = _after(sandbox, _find(sandbox, call), call.body)
    sandbox.desk.tasks.put(task)
    return Answer(200, {"task": _shown(task)})


def delete(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /contacts/{id}/tasks/{id}`."""
    sandbox.desk.tasks.drop(_find(sandbox, call).id)
    return Answer(200, {"succeded": True})


def _find(sandbox: GhlSandbox, call: Call) -> Task:
    contact = find_contact(sandbox, call.params[0])
    task = sandbox.desk.tasks.get(call.params[1])
    if task is None or task.contact_id != contact.id:
        raise Refusal(404, f"Task with id {call.params[1]} not found")
    return task


def _after(sandbox: GhlSandbox, task: Task, body: Json) -> Task:
    changes: dict[str, Any] = {n: body[n] for n in ("title", "body", "completed") if n in body}
    if "dueDate" in body:
        due = millis_of(body["dueDate"])
        if not sane(due) or "T" not in body["dueDate"]:
            invalid("dueDate must be a valid ISO 8601 date string")
        changes["due"] = due
    if "assignedTo" in body:
        if body["assignedTo"] and body["assignedTo"] not in sandbox.location.users:
            invalid("assignedTo must be a user of this location")
        changes["assigned_to"] = body["assignedTo"]
    return msgspec.structs.replace(task, **changes)


def _shown(task: Task) -> Json:
    shown: Json = {
        "id": task.id,
        "title": task.title,
        "dueDate": iso(task.due),
        "completed": task.completed,
        "contactId": task.contact_id,
    }
    optional = {"body": task.body, "assignedTo": task.assigned_to}
    return {**shown, **{name: value for name, value in optional.items() if value}}
