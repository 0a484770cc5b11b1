"""Whatever is sent, the API answers; it never breaks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstie.sandbox.ghl import (
    DEFAULT_TOKEN,
    LOCATION_ID,
    TRIP_DESK,
    TRIP_PIPELINE,
    GhlSandbox,
    Settings,
    gate,
)
from crosstie.sandbox.ghl.bulk import load
from crosstie.sandbox.ghl.desk import Appointment, Block, Business, Note, Task
from crosstie.sandbox.ghl.presets import add_calendar
from crosstie.sandbox.ghl.routes import ROUTES as ALL
from crosstie.sandbox.ghl.routing import Route
from crosstie.sandbox.ghl.wire import encode

TRIP = {"pipelineId": TRIP_PIPELINE, "name": "A"}
HEADERS = {"Authorization": f"Bearer {DEFAULT_TOKEN}", "Version": "v3"}
ROUTES = [route for route in ALL if route.body is not None]
WORDS = ("dateUpdated", "email", "tags", "eq", "range", "exists", "asc", "gte", "AND", "open")
TEXT = st.sampled_from((*WORDS, TRIP_DESK, LOCATION_ID)) | st.text(max_size=5)
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
KEYS = st.sampled_from(("field", "operator", "value", "group", "filters", "direction", "id"))
VALUE: st.SearchStrategy[Any] = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=4),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries(
    {"key": st.sampled_from(("arrivaldate", "maxpassengers", "tripname", "crosstie_id", "x"))},
    optional={"field_value": VALUE | st.integers(-(10**17), 10**17)},
)
FILTER = st.fixed_dictionaries(
    {"field": st.sampled_from(("date_updated", "dateUpdated", "tags", "dnd", "monetary_value"))},
    optional={"operator": st.sampled_from(("eq", "range", "contains", "exists")), "value": VALUE},
)
SORT = st.fixed_dictionaries(
    {"field": st.sampled_from(("dateUpdated", "date_updated", "email", "name"))},
    optional={"direction": st.sampled_from(("asc", "desc"))},
)
PLAUSIBLE: dict[str, Any] = {
    **TRIP,
    "locationId": LOCATION_ID,
    "pageLimit": 10,
    "contactId": TRIP_DESK,
    "status": "open",
    "tags": ["a"],
    "dataType": "TEXT",
    "calendarId": TRIP_DESK,
    "startTime": "2026-01-05T10:00:00-05:00",
    "title": "A",
    "body": "A",
    "dueDate": "2026-01-05T10:00:00Z",
    "completed": False,
    "type": "SMS",
}
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "sort": st.lists(SORT, max_size=3),
    "searchAfter": st.lists(LEAF, max_size=3),
    "name": TEXT,
    "email": TEXT,
    "phone": TEXT,
    "country": TEXT,
    "dateOfBirth": TEXT | st.dates().map(str),
    "position": st.floats(allow_nan=False),
    "customFields": st.lists(ENTRY, max_size=3),
    "filters": st.lists(FILTER, max_size=3),
    "startTime": TEXT | st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}+01:00"),
    "endTime": TEXT | st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"),
    "dueDate": TEXT | st.datetimes().map(datetime.isoformat),
    "ignoreFreeSlotValidation": st.booleans(),
    "message": TEXT,
    "limit": st.integers(),
    "skip": st.integers(),
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
@given(st.data())
def test_any_body_is_answered_and_the_answer_is_json(route: Route, data: st.DataObject) -> None:
    sandbox = GhlSandbox("tripbuilder", settings=Settings(rate_limit=False, index_lag=0))
    assert route.body is not None
    names = st.lists(st.sampled_from(sorted(route.body.fields) or ["x"]), max_size=2, unique=True)
    fitting = {name: PLAUSIBLE[name] for name in route.body.required}
    drawn = {name: data.draw(LIKELY.get(name, VALUE)) for name in data.draw(names)}
    body = {**fitting, **drawn}
    load(sandbox, {"opportunities": [{**TRIP, "id": TRIP_DESK, "contactId": TRIP_DESK}]})
    _lay_out(sandbox)
    params = tuple(
        LOCATION_ID if part == "{locationId}" else TRIP_DESK
        for part in route.template.split("/")
        if part.startswith("{")
    )
    raw = json.dumps(body).encode()
    reply = gate.answer(sandbox, (route, params), HEADERS, {}, raw)
    assert reply.status in (200, 201, 400, 403, 404, 422)
    assert encode(reply.payload)


def _lay_out(sandbox: GhlSandbox) -> None:
    """One record of each kind under the id that every path names."""
    own, desk = TRIP_DESK, sandbox.desk
    add_calendar(sandbox, own, "Visits", ())
    desk.appointments.put(
        Appointment(
            id=own,
            calendar_id=own,
            contact_id=own,
            start=0,
            end=1,
            status="new",
            added=0,
            updated=0,
        )
    )
    desk.notes.put(Note(id=own, contact_id=own, body="A", added=0))
    desk.tasks.put(Task(id=own, contact_id=own, title="A", due=0, completed=False, added=0))
    desk.businesses.put(Business(id=own, fields={"name": "A"}, added=0, updated=0))
    desk.blocks.put(Block(id=own, title="A", start=0, end=1, added=0, updated=0))
