"""The appointments on the page: a list, and a form to change or delete one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from . import appointments
from .appointment_shape import by_id
from .clock import iso
from .desk import Appointment
from .forms import Input
from .state import GhlSandbox
from .wire import Json, Refusal, invalid

_TEXTS = ("title", "appointmentStatus", "assignedUserId", "address", "description")
_TIMES = ("startTime", "endTime")


class Pages(Protocol):
    """What the page lends."""

    def show(self, template: str, **values: Any) -> web.Response: ...

    async def form(self, request: web.Request) -> Mapping[str, str]: ...


class Bookings:
    """The handlers for appointments. An edit made here books over whatever is there."""

    def __init__(self, sandbox: GhlSandbox, pages: Pages) -> None:
        self._sandbox = sandbox
        self._pages = pages

    def lines(self, words: str) -> list[dict[str, str]]:
        """All appointments that hold these words, the last changed first."""
        rows = sorted(self._sandbox.desk.appointments, key=lambda a: a.updated, reverse=True)
        shown = [self._line(row) for row in rows]
        return [line for line in shown if words in " ".join(line.values()).lower()]

    async def one(self, request: web.Request) -> web.Response:
        return self._form(self._found(request))

    async def save(self, request: web.Request) -> web.Response:
        form = await self._pages.form(request)
        found = self._found(request)
        try:
            body = self._body(form)
            self._sandbox.desk.appointments.put(appointments.changed(self._sandbox, found, body))
        except Refusal as refusal:
            return self._form(found, typed=form, problem=refusal)
        raise web.HTTPSeeOther("/")

    async def delete(self, request: web.Request) -> web.Response:
        await self._pages.form(request)
        self._sandbox.desk.drop_appointment(request.match_info["id"])
        raise web.HTTPSeeOther("/")

    def _found(self, request: web.Request) -> Appointment:
        found = self._sandbox.desk.appointments.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text="There is no such appointment.")
        return found

    def _line(self, one: Appointment) -> dict[str, str]:
        calendar = self._sandbox.location.calendars.get(one.calendar_id)
        contact = self._sandbox.contacts.get(one.contact_id)
        return {
            "id": one.id,
            "title": one.title,
            "calendar": calendar.name if calendar is not None else "",
            "start": self._local(one.start).replace("T", " "),
            "end": self._local(one.end).replace("T", " "),
            "status": one.status,
            "contact": contact.full_name if contact is not None else "",
            "description": one.description,
        }

    def _form(
        self,
        found: Appointment,
        *,
        typed: Mapping[str, str] | None = None,
        problem: Refusal | None = None,
    ) -> web.Response:
        return self._pages.show(
            "record.html",
            kind="appointments",
            title=found.title or found.id,
            record_id=found.id,
            inputs=self._inputs(found),
            updated=iso(found.updated),
            shown=by_id(self._sandbox.location, found),
            typed=typed or {},
            problem=problem,
        )

    def _inputs(self, one: Appointment) -> list[Input]:
        statuses = tuple((word, word) for word in appointments.STATUSES)
        users = self._sandbox.location.users.values()
        people = (("", "Nobody"), *((user.id, user.name) for user in users))
        clock = "datetime-local"
        return [
            Input("title", "Title", one.title),
            Input("startTime", "Start", self._local(one.start), clock),
            Input("endTime", "End", self._local(one.end), clock),
            Input("appointmentStatus", "Status", one.status, "select", statuses),
            Input("assignedUserId", "Assigned user", one.assigned_user, "select", people),
            Input("address", "Meeting location", one.address),
            Input("description", "Notes", one.description, "textarea"),
        ]

    def _body(self, form: Mapping[str, str]) -> Json:
        body: Json = {name: form[name].strip() for name in _TEXTS if name in form}
        if body.get("appointmentStatus", "new") not in appointments.STATUSES:
            invalid("appointmentStatus must be one of the statuses")
        for name in _TIMES:
            if name in form:
                body[name] = self._moment(form[name], name)
        return {**body, "ignoreFreeSlotValidation": True}

    def _moment(self, typed: str, name: str) -> str:
        """A time as it was typed, in the zone of the location, as the API takes it."""
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError:
            invalid(f"{name} must be a date with a time")
        zone = ZoneInfo(self._sandbox.location.timezone)
        return moment.replace(tzinfo=zone, microsecond=0).isoformat()

    def _local(self, millis: int) -> str:
        moment = datetime.fromtimestamp(millis / 1000, UTC)
        zone = ZoneInfo(self._sandbox.location.timezone)
        return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"
