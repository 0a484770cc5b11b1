"""The appointments of one GoHighLevel calendar as a collection.

Quirks (2026): nothing tells which appointments changed, and a listing covers a span of time, so a
window of days around now is listed each time; one outside it is read by its id all the same.
Answers to writes lack the time of the change, so every write is followed by a read. Times come with
the offset of the location, in some listings without. Deleting is no cancelling: a cancelled one is
still listed, with that status. One that was moved to another calendar is still read by its id, and
not listed any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from crosstie.connectors.ghl import times
from crosstie.connectors.ghl.appointment_shape import (
    NEWER_STATUSES,
    STANDARD,
    STATUSES,
    body,
    record,
)
from crosstie.connectors.ghl.base import Ground
from crosstie.connectors.ghl.calendars import Calendar, calendar_of
from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.paging import cursor_of
from crosstie.connectors.ghl.place import Place
from crosstie.connectors.ghl.plain import PlainCollection
from crosstie.connectors.ghl.window import Span, Window, span_of
from crosstie.connectors.ghl.wire import one
from crosstie.core.budget import Urgency
from crosstie.core.errors import NotFound
from crosstie.core.values import Cursor, Fields, Json, Page, Record, Version
from crosstie.ports import Capabilities, Doors, Lookup, RemoteField

SEARCHABLE = ("contactId",)
WINDOW = "startTime"
_EVENTS = "/calendars/events"
_ONE = "calendars/events/appointments"


@dataclass(frozen=True, slots=True)
class Booked(Ground):
    """What the collection knows once it is open."""

    calendar: Calendar
    zone: ZoneInfo


class Appointments(PlainCollection):
    """The appointments of one calendar."""

    model = "appointment"
    wraps = ("event", "appointment", "")
    standard = STANDARD

    def __init__(
        self,
        place: Place,
        doors: Doors,
        fields: Sequence[str],
        can: Capabilities,
        calendar: str,
        window: Window,
    ) -> None:
        super().__init__(place, doors, fields, can)
        self._wanted = calendar
        self._window = window

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"appointments of {self._wanted}"

    def shows(self, value: Json) -> bool:
        """A listing of the last hour certainly covered an appointment that begins then."""
        moment = times.moment_of(value, self._booked.zone)
        now = self._doors.clock.now()
        return moment is not None and self._window.holds(round(moment.timestamp() * 1000), now)

    async def scan(self, cursor: Cursor | None) -> Page:
        """Those in the window, as hints, earliest first. 1 call for 100 days, more for many."""
        size = self._can.page_size
        span = self._window.span(self._doors.clock.now()) if cursor is None else span_of(cursor)
        while True:
            page, following = span.page(await self._listed(span), size)
            if page or following is None:
                break
            span = following
        hints = [self._record(row, hint=True) for row in page]
        return Page(
            hints, None if following is None else cursor_of(following), following is not None
        )

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """By contact: the contact's own list, whenever they are, as hints. 1 call."""
        contact = lookup.equal.get("contactId")
        if not contact:
            return ()
        path = one("contacts", str(contact), "/appointments")
        try:
            rows = await self._rows(self._booked.wire.get(path), "events")
        except NotFound:
            return ()
        own = self._booked.calendar.id
        return [self._record(row, hint=True) for row in rows if row.get("calendarId") == own]

    async def create(self, fields: Fields, key: str) -> Record:
        """Make an appointment; nobody is told. 2 calls. It leaves no marker."""
        booked = self._booked
        sent = body(fields, booked.zone, creating=True)
        sent["calendarId"] = booked.calendar.id
        sent["locationId"] = booked.wire.location
        request = booked.wire.send("POST", f"/{_ONE}", sent)
        return await self._stored(await self._created(request, "contactId"), complete=False)

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change these fields; nobody is told. 2 calls.

        Both times are sent where one is changed. Where the end is not mapped, it moves along with
        the start.
        """
        booked = self._booked
        whole = times.both(patch, was, booked.zone, moves="endTime" not in self._fields)
        request = booked.wire.send("PUT", self._path(record_id), body(whole, booked.zone))
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=False)

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        """Remove it, which is more than cancelling it. 1 call; gone already is success."""
        booked = self._booked
        try:
            path = one("calendars/events", record_id)
            await booked.http.send(booked.wire.send("DELETE", path, {}))
        except NotFound:
            return

    async def _begun(self, ground: Ground) -> Booked:
        await super()._begun(ground)
        http, wire, settings = ground.http, ground.wire, ground.settings
        zone = times.zone_of(settings, self._place.label)
        return Booked(http, wire, settings, await calendar_of(http, wire, self._wanted), zone)

    @property
    def _booked(self) -> Booked:
        assert isinstance(self._ready, Booked), "open() comes first"
        return self._ready

    async def _listed(self, span: Span) -> list[tuple[int, str, Row]]:
        """The rows of one slice with their start and id; what has no start that can be read is
        listed as if it began with the slice."""
        booked = self._booked
        query = {
            "locationId": booked.wire.location,
            "calendarId": booked.calendar.id,
            "startTime": str(span.since),
            "endTime": str(span.end),
        }
        request = booked.wire.get(_EVENTS, query, Urgency.BACKFILL)
        found = []
        for row in await self._rows(request, "events"):
            moment = times.moment_of(row.get("startTime"), booked.zone)
            start = span.since if moment is None else round(moment.timestamp() * 1000)
            if row.get("deleted") is not True:
                found.append((start, str(row["id"]), row))
        return found

    def _schema_fields(self) -> Mapping[str, RemoteField]:
        newer = NEWER_STATUSES if self._place.version == "v3" else ()
        status = replace(STANDARD["appointmentStatus"], options=(*STATUSES, *newer))
        return {**STANDARD, "appointmentStatus": status}

    def _path(self, record_id: str) -> str:
        return one(_ONE, record_id)

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        return record(row, self._booked.zone, self._booked.calendar.id, hint=hint)
