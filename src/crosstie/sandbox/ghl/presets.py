"""The locations a sandbox can start with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from .calendar import Calendar
from .location import FieldDefinition, Pipeline, Stage, User, field_key
from .records import Contact

if TYPE_CHECKING:
    from .state import GhlSandbox

TRIP_PIPELINE = "IlWdPtOpcczLpgsde2KF"
PASSENGER_PIPELINE = "fnsdpRtY9o83Vr4z15bE"
TRIP_DESK = "TripDeskContact00001"
AIRCO_CALENDAR = "AircoServiceCalen001"

_TRIP_FIELDS = (
    ("tripname", "TEXT"),
    ("destination", "TEXT"),
    ("arrivaldate", "DATE"),
    ("returndate", "DATE"),
    ("maxpassengers", "NUMERICAL"),
    ("tripvendor", "TEXT"),
    ("internaltripdetails", "LARGE_TEXT"),
    ("passportnumber", "TEXT"),
    ("passportexpire", "DATE"),
    ("healthstate", "LARGE_TEXT"),
    ("userroomate", "TEXT"),
    ("roomoccupancy", "TEXT"),
)


def apply_preset(sandbox: GhlSandbox, name: str) -> None:
    """Fill an empty location. Raises ValueError for a name that is not in `PRESETS`."""
    fill = PRESETS.get(name)
    if fill is None:
        raise ValueError(f"unknown preset {name!r}. fix: choose one of {', '.join(PRESETS)}.")
    fill(sandbox)


def _pipeline(sandbox: GhlSandbox, pipeline_id: str, name: str, stages: tuple[str, ...]) -> None:
    made = tuple(Stage(sandbox.ids.uuid(), stage) for stage in stages)
    sandbox.location.pipelines[pipeline_id] = Pipeline(pipeline_id, name, made)


def add_field(
    sandbox: GhlSandbox,
    model: str,
    name: str,
    data_type: str,
    options: tuple[str, ...] = (),
) -> FieldDefinition:
    """Define one more custom field."""
    location = sandbox.location
    definition = FieldDefinition(
        id=sandbox.ids.record(),
        name=name,
        model=model,
        key=field_key(model, name),
        data_type=data_type,
        position=50 * (1 + sum(f.model == model for f in location.fields.values())),
        added=sandbox.clock.now(),
        options=list(options),
    )
    location.fields[definition.id] = definition
    return definition


def add_calendar(
    sandbox: GhlSandbox, calendar_id: str, name: str, members: tuple[str, ...]
) -> Calendar:
    """One more calendar, open on weekdays from 9 to 17 in slots of an hour."""
    calendar = Calendar(calendar_id, name, members)
    sandbox.location.calendars[calendar_id] = calendar
    return calendar


def _team(sandbox: GhlSandbox, *names: tuple[str, str]) -> None:
    for number, (first, last) in enumerate(names, 1):
        user_id, email = f"SandboxUser{number:09d}", f"{first.lower()}@sandbox.example"
        sandbox.location.users[user_id] = User(user_id, first, last, email)


def _default(sandbox: GhlSandbox) -> None:
    stages = ("New Lead", "Contacted", "Proposal Sent", "Closed")
    _pipeline(sandbox, "SalesPipeline0000001", "Sales", stages)
    _pipeline(sandbox, "SupportPipeline00001", "Support", ("Open", "Waiting", "Solved"))
    _team(sandbox, ("Ada", "Bern"), ("Cleo", "Dorn"))
    alone, both = tuple(sandbox.location.users)[:1], tuple(sandbox.location.users)
    add_calendar(sandbox, "ConsultationCalen001", "Consultation", alone)
    add_calendar(sandbox, "TeamVisitCalendar001", "Team Visit", both)
    add_field(sandbox, "contact", "Customer Number", "TEXT")
    add_field(sandbox, "contact", "Notes", "LARGE_TEXT")
    add_field(sandbox, "contact", "Score", "NUMERICAL")
    add_field(sandbox, "contact", "Member Since", "DATE")
    add_field(sandbox, "contact", "Level", "SINGLE_OPTIONS", ("Bronze", "Silver", "Gold"))
    add_field(sandbox, "contact", "Interests", "MULTIPLE_OPTIONS", ("Sea", "City", "Hills"))
    add_field(sandbox, "opportunity", "Reference", "TEXT")
    add_field(sandbox, "opportunity", "Start Date", "DATE")
    add_field(sandbox, "opportunity", "Fee", "MONETORY")
    add_field(sandbox, "opportunity", "Extras", "CHECKBOX", ("Breakfast", "Transfer", "Guide"))


def _tripbuilder(sandbox: GhlSandbox) -> None:
    location = sandbox.location
    location.name = "TripBuilder"
    location.settings = msgspec.structs.replace(location.settings, allowDuplicateOpportunity=True)
    trip_stages = ("New", "Planned", "Confirmed", "Travelled", "Cancelled")
    _pipeline(sandbox, TRIP_PIPELINE, "TripBooking", trip_stages)
    passenger_stages = ("Enrolled", "Documents", "Confirmed", "Travelled", "Cancelled")
    _pipeline(sandbox, PASSENGER_PIPELINE, "Passenger", passenger_stages)
    _team(sandbox, ("Ada", "Bern"))
    for name, data_type in _TRIP_FIELDS:
        add_field(sandbox, "opportunity", name, data_type)
    add_field(sandbox, "contact", "crosstie_id", "TEXT")
    add_field(sandbox, "opportunity", "crosstie_id", "TEXT")
    now = sandbox.clock.now()
    desk = Contact(
        id=TRIP_DESK,
        fields={"firstName": "Trip", "lastName": "Desk", "email": "desk@trips.example"},
        tags=(),
        custom={},
        added=now,
        updated=now,
    )
    sandbox.put_contact(desk)


def _staycool(sandbox: GhlSandbox) -> None:
    location = sandbox.location
    location.name = "StayCool"
    location.country, location.timezone = "NL", "Europe/Amsterdam"
    _team(sandbox, ("Sam", "Koel"))
    add_calendar(sandbox, AIRCO_CALENDAR, "Airco service", tuple(location.users))
    states = ("pending", "confirmed", "cancelled", "completed")
    add_field(sandbox, "contact", "appointment_status", "SINGLE_OPTIONS", states)
    add_field(sandbox, "contact", "next_appointment_date", "DATE")
    add_field(sandbox, "contact", "crosstie_id", "TEXT")


PRESETS: dict[str, Callable[[GhlSandbox], None]] = {
    "default": _default,
    "tripbuilder": _tripbuilder,
    "staycool": _staycool,
}
