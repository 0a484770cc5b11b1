"""Appointments as the API shows them: times with the offset of the location's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .desk import Appointment
from .location import Location
from .wire import Json


def local(location: Location, millis: int, *, exact: bool = False) -> str:
    """`2023-09-25T16:00:00+05:30`; with milliseconds where `exact`."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    moment = moment.astimezone(ZoneInfo(location.timezone))
    return moment.isoformat(timespec="milliseconds" if exact else "seconds")


def flat(location: Location, one: Appointment) -> Json:
    """As create and update answer it: without dates of its own."""
    shown = {
        "id": one.id,
        "calendarId": one.calendar_id,
        "locationId": location.id,
        "contactId": one.contact_id,
        "startTime": local(location, one.start),
        "endTime": local(location, one.end),
        "title": one.title,
        "meetingLocationType": one.place,
        "appointmentStatus": one.status,
        "assignedUserId": one.assigned_user,
        "address": one.address,
        "isRecurring": bool(one.rrule),
    }
    return {**shown, "rrule": one.rrule} if one.rrule else shown


def by_id(location: Location, one: Appointment) -> Json:
    """As a read by id shows it."""
    calendar = location.calendars.get(one.calendar_id)
    shown = {
        **flat(location, one),
        "groupId": calendar.group_id if calendar is not None else "",
        "users": [one.assigned_user] if one.assigned_user else [],
        "dateAdded": local(location, one.added, exact=True),
        "dateUpdated": local(location, one.updated, exact=True),
        "assignedResources": [],
        "createdBy": {"source": "third_party"},
    }
    del shown["meetingLocationType"]
    if one.description:
        shown["description"] = shown["notes"] = one.description
    return shown


def listed(location: Location, one: Appointment, *, naive: bool) -> Json:
    """As a row of a listing. naive: times without an offset, as some have seen them."""
    shown = by_id(location, one)
    return {**shown, **_naive(shown)} if naive else shown


def of_contact(location: Location, one: Appointment) -> Json:
    """As the contact's own list shows it: its times have no offset."""
    shown = by_id(location, one)
    kept = ("description", "isRecurring", "rrule", "createdBy")
    rest = {n: value for n, value in shown.items() if n not in kept}
    return {"status": "booked", **rest, **_naive(shown)}


def _naive(shown: Json) -> Json:
    names = ("startTime", "endTime", "dateAdded", "dateUpdated")
    return {n: f"{datetime.fromisoformat(shown[n]):%Y-%m-%d %H:%M:%S}" for n in names}
