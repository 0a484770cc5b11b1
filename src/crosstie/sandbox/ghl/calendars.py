"""Calendars, and the times that can still be booked in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from . import validate as v
from .calendar import Calendar
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Refusal, bad, invalid

LIST = v.Shape(
    {"locationId": v.string, "groupId": v.string, "showDrafted": v.string}, ("locationId",)
)
FREE = v.Shape(
    {
        "startDate": v.digits,
        "endDate": v.digits,
        "timezone": v.string,
        "userId": v.string,
        "userIds": v.anything,
    },
    ("startDate", "endDate"),
)
_LONGEST = timedelta(days=31)
_IDLE = ("cancelled", "noshow", "invalid")


def find(sandbox: GhlSandbox, calendar_id: str) -> Calendar:
    """The calendar. Refuses an unknown id with 404."""
    calendar = sandbox.location.calendars.get(calendar_id)
    if calendar is None:
        raise Refusal(404, f"Calendar with id {calendar_id} not found")
    return calendar


def list_all(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/`."""
    location = sandbox.location
    wanted = call.query.get("groupId")
    shown = [
        each.shown(location.id)
        for each in location.calendars.values()
        if wanted in (None, each.group_id)
    ]
    return Answer(200, {"calendars": shown})


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/{id}`."""
    calendar = find(sandbox, call.params[0])
    return Answer(200, {"calendar": calendar.shown(sandbox.location.id)})


def free_slots(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /calendars/{id}/free-slots`: by day, at most 31 days, in the time zone asked for."""
    calendar = find(sandbox, call.params[0])
    start, end = _moment(call.query["startDate"]), _moment(call.query["endDate"])
    if end - start > _LONGEST:
        bad("The date range cannot be more than 31 days")
    zone = zone_of(call.query.get("timezone") or sandbox.location.timezone)
    days: dict[str, dict[str, list[str]]] = {}
    for slot in Diary(sandbox, calendar).free(start, end):
        local = slot.astimezone(zone)
        days.setdefault(f"{local:%Y-%m-%d}", {"slots": []})["slots"].append(local.isoformat())
    return Answer(200, dict(days))


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name. Refuses an unknown one with 422."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        invalid("timezone must be a valid IANA time zone")


@dataclass(frozen=True, slots=True)
class Diary:
    """One calendar with what is booked in it. `ignore_range`: notice and horizon do not count."""

    sandbox: GhlSandbox
    calendar: Calendar
    but: str = ""
    """An appointment that is about to move, and so is in nobody's way."""
    ignore_range: bool = False

    def free(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The starts that can be booked from `start` to `end`, both included."""
        for slot in self._offered(start, end):
            if start <= slot <= end and self._in_range(slot) and self._has_room(slot):
                yield slot

    def takes(self, start: datetime) -> bool:
        """Whether an appointment may begin then."""
        return next(self.free(start, start), None) is not None

    def _offered(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every start inside the opening hours, in the time zone of the location."""
        zone = zone_of(self.sandbox.location.timezone)
        calendar = self.calendar
        day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        while day <= end:
            if day.isoweekday() % 7 in calendar.days:
                slot = day.replace(hour=calendar.opens)
                closes = day.replace(hour=calendar.closes)
                while slot + calendar.duration <= closes:
                    yield slot
                    slot += calendar.interval
            day += timedelta(days=1)

    def _in_range(self, slot: datetime) -> bool:
        now = datetime.fromtimestamp(self.sandbox.clock.now() / 1000, UTC)
        return self.ignore_range or now <= slot <= now + self.calendar.horizon

    def _has_room(self, slot: datetime) -> bool:
        start = round(slot.timestamp() * 1000)
        end = start + round(self.calendar.duration.total_seconds() * 1000)
        desk, own = self.sandbox.desk, self.calendar.id
        blocked = any(
            b.start < end and start < b.end
            for b in desk.blocks
            if b.calendar_id == own or b.assigned_user in self.calendar.members
        )
        booked = sum(
            a.start < end and start < a.end
            for a in desk.appointments
            if a.calendar_id == own and a.id != self.but and a.status not in _IDLE
        )
        return not blocked and booked < self.calendar.per_slot


def _moment(millis: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(millis) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        bad("Invalid date range")
