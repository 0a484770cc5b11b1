"""A calendar of a location: who serves it, when it is open, how its time is cut into slots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .wire import Json


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar. Opening hours are those of the location's time zone."""

    id: str
    name: str
    members: tuple[str, ...]
    """Ids of the users who serve it."""
    group_id: str = ""
    days: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Days of the week that it is open; 0 is Sunday."""
    opens: int = 9
    closes: int = 17
    """Hours of the day."""
    duration: timedelta = timedelta(hours=1)
    interval: timedelta = timedelta(hours=1)
    per_slot: int = 1
    """Appointments that one slot takes."""
    horizon: timedelta = timedelta(days=60)
    """How far ahead can be booked."""
    auto_confirm: bool = True

    def shown(self, location_id: str) -> Json:
        """As the calendar routes show it."""
        hours = {"openHour": self.opens, "openMinute": 0, "closeHour": self.closes}
        return {
            "id": self.id,
            "locationId": location_id,
            "groupId": self.group_id,
            "name": self.name,
            "description": "",
            "slug": self.name.lower().replace(" ", "-"),
            "isActive": True,
            "calendarType": "round_robin",
            "eventType": "RoundRobin_OptimizeForAvailability",
            "eventTitle": "{{contact.name}}",
            "eventColor": "#039be5",
            "teamMembers": [
                {"userId": user, "priority": 0.5, "isPrimary": number == 0}
                for number, user in enumerate(self.members)
            ],
            "slotDuration": self.duration // timedelta(minutes=1),
            "slotDurationUnit": "mins",
            "slotInterval": self.interval // timedelta(minutes=1),
            "slotIntervalUnit": "mins",
            "appoinmentPerSlot": self.per_slot,
            "allowBookingFor": self.horizon.days,
            "allowBookingForUnit": "days",
            "openHours": [
                {"daysOfTheWeek": [day], "hours": [{**hours, "closeMinute": 0}]}
                for day in self.days
            ],
            "autoConfirm": self.auto_confirm,
            "allowReschedule": True,
            "allowCancellation": True,
        }
