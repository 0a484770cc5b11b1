"""Appointments of one calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ghl_fakes import NOON, Crm, FakeDoors, ScriptedHttp, crm_of, scripted

from crosstie.connectors.ghl import GoHighLevel, times
from crosstie.connectors.ghl.window import DAY, HOUR, Span, Window
from crosstie.core.errors import Halt, Misconfigured, NotFound, Rejected, Retry
from crosstie.core.values import Json
from crosstie.ports import Capabilities, Lookup, Request
from crosstie.sandbox.ghl import LOCATION_ID

CREATE = "POST /calendars/events/appointments"
ONE = "/calendars/events/appointments/{eventId}"
LIST = "GET /calendars/events"
TEN = "2026-01-05T10:00:00-05:00"


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of() as found:
        yield found


@pytest.fixture
def ann(crm: Crm) -> str:
    return str(crm.run(crm.contacts().create({"email": "ann@trips.example"}, "a")).id)


def visit(ann: str, **more: Json) -> dict[str, Json]:
    return {"title": "Airco", "contactId": ann, "startTime": TEN, **more}


def test_a_write_is_followed_by_a_read_for_it_lacks_the_time_of_the_change(crm: Crm, ann: str):
    bookings = crm.bookings()
    made = crm.run(bookings.create(visit(ann), "k"))
    assert crm.calls == {CREATE: 1, f"GET {ONE}": 1}
    assert made.version is not None
    after = crm.run(bookings.update(made.id, {"title": "Airco 2"}, made.fields, made.version))
    assert crm.calls == {CREATE: 1, f"GET {ONE}": 2, f"PUT {ONE}": 1}
    assert after.version != made.version
    assert made.updated == NOON


def test_times_are_shown_in_one_spelling_and_taken_in_any(crm: Crm, ann: str):
    fields = visit(ann, startTime="2026-07-01T08:00:00Z", endTime="2026-07-01T05:00:00.000-04:00")
    made = crm.run(crm.bookings().create(fields, "k"))
    assert made.fields["startTime"] == "2026-07-01T04:00:00-04:00"
    assert made.fields["endTime"] == "2026-07-01T05:00:00-04:00"
    naive = crm.run(crm.bookings().update(made.id, {"endTime": "2026-07-01T06:00"}, {}, None))
    assert naive.fields["endTime"] == "2026-07-01T06:00:00-04:00"


def test_no_write_sends_a_message_and_none_asks_whether_the_time_is_free():
    asked = _asked("create", "update")
    for request in asked:
        assert request.json["toNotify"] is False
        assert request.json["ignoreFreeSlotValidation"] is True
        assert request.headers["Version"] == "2021-04-15"


def _asked(*verbs: str) -> list[Request]:
    """The writes of a collection whose answers say little."""
    row = {"id": "e1", "calendarId": "c1", "contactId": "p1", "startTime": TEN}
    http = ScriptedHttp(
        scripted(
            {
                f"GET /locations/{LOCATION_ID}": {"location": {"timezone": "UTC"}},
                "GET /calendars/": {"calendars": [{"id": "c1", "name": "Airco"}]},
                CREATE: row,
                "GET /calendars/events/appointments/e1": {"appointment": row},
                "PUT /calendars/events/appointments/e1": row,
            }
        )
    )
    made = GoHighLevel(LOCATION_ID).appointments("airco").bind(FakeDoors(http), [])

    async def go() -> None:
        await made.open()
        if "create" in verbs:
            await made.create({"contactId": "p1", "startTime": TEN}, "k")
        if "update" in verbs:
            await made.update("e1", {"title": "A"}, {}, None)

    _drive(go())
    return [request for request in http.asked if request.method != "GET"]


def _drive(work: Any) -> None:
    with pytest.raises(StopIteration):
        work.send(None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"startTime": TEN}, "contactId"),
        ({"contactId": "p"}, "startTime"),
        ({"contactId": "p", "startTime": "soon"}, "startTime"),
        ({"contactId": "p", "startTime": 5}, "startTime"),
        ({"contactId": "p", "startTime": TEN, "dateAdded": TEN}, "dateAdded"),
    ],
)
def test_what_cannot_be_booked_is_refused_without_a_call(crm: Crm, fields: Any, field: str):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.bookings().create(fields, "k"))
    assert caught.value.field == field and caught.value.fix
    assert crm.calls == {}


@pytest.mark.parametrize("patch", [{"contactId": "other"}, {"startTime": None}, {"endTime": ""}])
def test_what_cannot_be_changed_is_refused_without_a_call(crm: Crm, ann: str, patch: Any):
    bookings = crm.bookings()
    made = crm.run(bookings.create(visit(ann), "k"))
    before = crm.calls
    with pytest.raises(Rejected) as caught:
        crm.run(bookings.update(made.id, patch, made.fields, made.version))
    assert caught.value.field == next(iter(patch))
    assert crm.calls == before


ENDS = "2026-01-05T11:30:00-05:00"


def test_an_end_that_is_not_mapped_moves_along_with_the_start(crm: Crm, ann: str):
    bookings = crm.bookings("startTime")
    made = crm.run(bookings.create(visit(ann, endTime=ENDS), "k"))
    patch = {"startTime": "2026-07-06T23:00:00-04:00"}
    after = crm.run(bookings.update(made.id, patch, made.fields, made.version))
    assert after.fields["endTime"] == "2026-07-07T00:30:00-04:00"


def test_an_end_that_is_mapped_stays_where_it_is(crm: Crm, ann: str):
    bookings = crm.bookings("startTime", "endTime")
    made = crm.run(bookings.create(visit(ann, endTime=ENDS), "k"))
    patch = {"startTime": "2026-01-05T09:00:00-05:00"}
    after = crm.run(bookings.update(made.id, patch, made.fields, made.version))
    assert after.fields["endTime"] == ENDS
    longer = "2026-01-05T12:00:00-05:00"
    after = crm.run(bookings.update(made.id, {"endTime": longer}, after.fields, None))
    assert (after.fields["startTime"], after.fields["endTime"]) == (patch["startTime"], longer)
    with pytest.raises(Rejected, match="end time"):
        crm.run(bookings.update(made.id, {"startTime": "2026-01-06T09:00"}, after.fields, None))


def test_a_start_at_the_end_of_all_times_is_left_to_gohighlevel(crm: Crm, ann: str):
    bookings = crm.bookings("startTime")
    made = crm.run(bookings.create(visit(ann, endTime=ENDS), "k"))
    last = {"startTime": "9999-12-31T18:59:00-05:00"}
    with pytest.raises(Rejected, match="answered 400"):
        crm.run(bookings.update(made.id, last, made.fields, None))


def test_a_start_that_is_no_time_is_refused_whatever_the_end_is(crm: Crm, ann: str):
    bookings = crm.bookings("startTime")
    made = crm.run(bookings.create(visit(ann, endTime=ENDS), "k"))
    with pytest.raises(Rejected) as caught:
        crm.run(bookings.update(made.id, {"startTime": "soon"}, made.fields, None))
    assert caught.value.field == "startTime"


def test_a_contact_that_is_gone_is_no_appointment_that_is_gone(crm: Crm):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.bookings().create(visit("nobody"), "k"))
    assert caught.value.field == "contactId"


def test_a_calendar_that_is_gone_meanwhile_is_said_so(crm: Crm, ann: str):
    bookings = crm.bookings()
    crm.hosted.sandbox.location.calendars.clear()
    with pytest.raises(Rejected, match="does not exist"):
        crm.run(bookings.create(visit(ann), "k"))


def test_a_window_of_a_year_is_listed_in_slices_and_only_its_own(crm: Crm, ann: str):
    bookings = crm.bookings(page_size=2)
    days = ("2025-12-03", "2026-01-05", "2026-04-15", "2026-12-30")
    made = [
        crm.run(bookings.create(visit(ann, startTime=f"{day}T10:00:00Z"), "k")).id for day in days
    ]
    for day in ("2025-11-30", "2027-02-01"):
        crm.run(bookings.create(visit(ann, startTime=f"{day}T10:00:00Z"), "k"))
    crm.hosted.control("calls/reset", "POST")
    seen, cursor, pages = [], None, 0
    while True:
        page = crm.run(bookings.scan(cursor))
        seen += [entry.id for entry in page.entries]
        cursor, pages = page.cursor, pages + 1
        if not page.more:
            break
    assert seen == made
    assert crm.calls == {LIST: 4}, "395 days, a hundred a call"


def test_the_contacts_own_list_finds_it_whenever_it_is_and_in_this_calendar_only(
    crm: Crm, ann: str
):
    bookings = crm.bookings()
    far = crm.run(bookings.create(visit(ann, startTime="2031-01-05T10:00:00Z"), "k"))
    team = crm.bookings(calendar="Team Visit")
    crm.run(team.create(visit(ann, assignedUserId="SandboxUser000000002"), "k"))
    found = crm.run(bookings.find(Lookup(equal={"contactId": ann})))
    assert [(record.id, record.hint) for record in found] == [(far.id, True)]
    assert found[0].fields["startTime"] == "2031-01-05T05:00:00-05:00"
    assert crm.run(bookings.find(Lookup(equal={"contactId": "nobody"}))) == ()
    assert crm.run(bookings.find(Lookup(marker="k"))) == ()


def test_one_that_moved_to_another_calendar_is_read_as_outside(crm: Crm, ann: str):
    bookings, team = crm.bookings(), crm.bookings(calendar="Team Visit")
    user = "SandboxUser000000002"
    made = crm.run(team.create(visit(ann, assignedUserId=user), "k"))
    assert crm.run(bookings.read([made.id])).records[made.id].outside
    assert not made.outside


def test_a_listing_without_events_is_no_empty_calendar(crm: Crm):
    bookings = crm.bookings()
    crm.fault("GET /calendars/events", status=200, body="empty")
    with pytest.raises(Retry):
        crm.run(bookings.scan(None))


def test_deleting_twice_and_a_missing_scope(crm: Crm, ann: str):
    bookings = crm.bookings()
    made = crm.run(bookings.create(visit(ann), "k"))
    for _ in range(2):
        crm.run(bookings.delete(made.id, {}, None))
    with pytest.raises(NotFound):
        crm.run(bookings.update(made.id, {"title": "A"}, {}, None))
    crm.hosted.control("tokens", token=crm.doors.token, scopes=["calendars.readonly"])
    with pytest.raises(Halt, match=r"calendars/events\.readonly"):
        crm.run(bookings.scan(None))


def test_a_calendar_goes_by_name_in_any_case_or_by_id(crm: Crm):
    for calendar in ("consultation", " Consultation ", "ConsultationCalen001"):
        assert crm.bookings(calendar=calendar).name == f"appointments of {calendar}"
    with pytest.raises(Misconfigured) as caught:
        crm.bookings(calendar="Airco")
    assert caught.value.fix == "use one of the calendars: Consultation, Team Visit"
    calendars = crm.hosted.sandbox.location.calendars
    calendars["copy"] = replace(calendars["ConsultationCalen001"], id="copy")
    with pytest.raises(Misconfigured) as caught:
        crm.bookings()
    assert caught.value.fix and "copy" in caught.value.fix


def test_an_unknown_time_zone_or_field_or_window_is_refused_at_the_start(crm: Crm):
    with pytest.raises(Misconfigured) as caught:
        crm.bookings("startsAt")
    assert "startTime" in str(caught.value.fix)
    for days in ({"days_back": -1}, {"days_ahead": 0}):
        with pytest.raises(Misconfigured):
            crm.bookings(**days)
    crm.hosted.sandbox.location.timezone = "Mars/Olympus"
    with pytest.raises(Misconfigured, match="time zone"):
        crm.bookings()


def test_an_answer_without_calendars_is_tried_again(crm: Crm):
    crm.fault("GET /calendars/", status=200, body="empty")
    with pytest.raises(Retry):
        crm.bookings()


def test_the_newer_version_knows_more_statuses(crm: Crm):
    schema = crm.run(crm.bookings().schema())
    assert "completed" not in schema.fields["appointmentStatus"].options
    newer = replace(crm.account, version="v3").appointments("Consultation")
    bound = newer.bind(crm.doors, [])
    crm.run(bound.open())
    assert "completed" in crm.run(bound.schema()).fields["appointmentStatus"].options


def test_it_has_no_feed_and_says_so(crm: Crm):
    bookings = crm.bookings()
    assert bookings.can == replace(Capabilities(), **_can(bookings.can))
    with pytest.raises(Rejected, match="no change feed"):
        crm.run(bookings.changes(None))


def _can(can: Capabilities) -> dict[str, Any]:
    assert not (can.has_changes or can.marker or can.conditional_write or can.full_rows)
    return {
        "full_rows": False,
        "searchable": ("contactId",),
        "twins": True,
        "search_lag": 10.0,
        "page_size": 500,
        "window": "startTime",
    }


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:30:00-05:00", "soon", ""])
def test_a_time_that_no_calendar_has_is_shown_as_it_is(text: str):
    zone = ZoneInfo("Europe/Berlin")
    assert times.moment_of(text, zone) is None
    assert times.shown(text, zone) == (text or None)
    assert times.stamp(text, zone) is None


def test_the_end_of_a_slice_is_shown_once():
    span = Span(0, 250 * DAY)
    at_end = [(100 * DAY, "a", "row")]
    page, following = span.page(at_end, 10)
    assert (page, following) == ([], Span(100 * DAY, 250 * DAY))
    assert following is not None
    assert following.page(at_end, 10)[0] == ["row"]
    last = Span(200 * DAY, 250 * DAY)
    assert last.page([(250 * DAY, "b", "row")], 10) == (["row"], None)


def test_near_the_ends_of_the_window_nothing_is_concluded():
    window, now = Window(30, 365), NOON
    millis = round(NOON * 1000)
    first, last = millis - 30 * DAY, millis + 365 * DAY
    assert [window.holds(at, now) for at in (first, first + HOUR, last - HOUR, last)] == [
        False,
        True,
        True,
        False,
    ]
