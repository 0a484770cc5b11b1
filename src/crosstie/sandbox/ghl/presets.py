"""The locations a sandbox can start with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from .location import FieldDefinition, Pipeline, Stage, field_key
from .records import Contact

if TYPE_CHECKING:
    from .state import GhlSandbox

TRIP_PIPELINE = "IlWdPtOpcczLpgsde2KF"
PASSENGER_PIPELINE = "fnsdpRtY9o83Vr4z15bE"
TRIP_DESK = "TripDeskContact00001"

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


def _default(sandbox: GhlSandbox) -> None:
    stages = ("New Lead", "Contacted", "Proposal Sent", "Closed")
    _pipeline(sandbox, "SalesPipeline0000001", "Sales", stages)
    _pipeline(sandbox, "SupportPipeline00001", "Support", ("Open", "Waiting", "Solved"))
    sandbox.location.users = {"SandboxUser000000001", "SandboxUser000000002"}
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
    location.users = {"SandboxUser000000001"}
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


PRESETS: dict[str, Callable[[GhlSandbox], None]] = {
    "default": _default,
    "tripbuilder": _tripbuilder,
}
