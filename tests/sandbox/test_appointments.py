"""Calendars of the sandbox: appointments, free slots, blocked time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .client import Crm
from .visits import CALENDAR, DAY, NOON, april, book, window

TEAM = "TeamVisitCalendar001"
TAKEN = "The slot you have selected is no longer available."


@pytest.fixture
def ada(crm: Crm) -> str:
    made: str = crm.contact(firstName="Ada", email="ada@x.example")["id"]
    return made


def ask(crm: Crm, contact: str, start: str, **more: Any) -> Any:
    """Book as a customer does, among what is free."""
    body = {"calendarId": CALENDAR, "locationId": crm.location, "contactId": contact}
    body |= {"startTime": start, **more}
    return april(crm, "POST", "/calendars/events/appointments", body)


def free(crm: Crm, days: int = 7, **more: str) -> list[str]:
    query = {"startDate": str(NOON * 1000), "endDate": str(NOON * 1000 + days * DAY), **more}
    text = "&".join(f"{name}={value}" for name, value in query.items())
    found = april(crm, "GET", f"/calendars/{CALENDAR}/free-slots?{text}").json
    days_shown = [day for day in found if re.fullmatch(r"\d{4}-\d\d-\d\d", day)]
    return [slot for day in days_shown for slot in found[day]["slots"]]


def listed(crm: Crm, **more: Any) -> list[dict[str, Any]]:
    found = april(crm, "GET", f"/calendars/events?{window(crm, calendarId=CALENDAR, **more)}")
    rows: list[dict[str, Any]] = found.json["events"]
    return rows


def test_a_booking_is_answered_flat_and_without_dates(crm: Crm, ada: str) -> None:
    made = book(crm, ada, title="Service")
    assert made["startTime"] == "2026-01-05T10:00:00-05:00"
    assert made["endTime"] == "2026-01-05T11:00:00-05:00", "as long as a slot"
    assert made["appointmentStatus"] == "confirmed"
    assert made["assignedUserId"] == "SandboxUser000000001", "the only one there is"
    assert "dateUpdated" not in made
    found = april(crm, "GET", f"/calendars/events/appointments/{made['id']}").json["event"]
    assert found["dateUpdated"] == "2026-01-01T07:00:00.000-05:00"


def test_only_free_slots_can_be_booked_and_each_once(crm: Crm, ada: str) -> None:
    slot = free(crm)[0]
    assert ask(crm, ada, slot).status == 200
    assert slot not in free(crm)
    refused = ask(crm, ada, slot)
    assert (refused.status, refused.message) == (400, TAKEN)
    assert ask(crm, ada, slot.replace(":00:00-", ":10:00-")).message == TAKEN
    assert ask(crm, ada, slot, ignoreFreeSlotValidation=True).status == 200


def test_a_slot_rewritten_to_z_is_refused(crm: Crm, ada: str) -> None:
    assert "2026-01-05T10:00:00-05:00" in free(crm)
    assert ask(crm, ada, "2026-01-05T15:00:00Z").message == TAKEN
    assert ask(crm, ada, "2026-01-05T10:00:00-05:00").status == 200


def test_slots_come_in_the_time_zone_that_is_asked_for(crm: Crm) -> None:
    here, there = free(crm), free(crm, timezone="Europe/Berlin")
    assert (here[0], there[0]) == ("2026-01-01T09:00:00-05:00", "2026-01-01T15:00:00+01:00")
    assert len(here) == len(there)
    query = f"startDate={NOON * 1000}&endDate={NOON * 1000 + 40 * DAY}"
    assert april(crm, "GET", f"/calendars/{CALENDAR}/free-slots?{query}").status == 400
    query = f"startDate={NOON * 1000}&endDate={NOON * 1000}&timezone=Nowhere"
    assert april(crm, "GET", f"/calendars/{CALENDAR}/free-slots?{query}").status == 422
    query = f"startDate={'9' * 20}&endDate={'9' * 21}"
    assert april(crm, "GET", f"/calendars/{CALENDAR}/free-slots?{query}").status in (400, 422)


def test_blocked_and_cancelled_time(crm: Crm, ada: str) -> None:
    block = {"locationId": crm.location, "calendarId": CALENDAR, "title": "Holiday"}
    block |= {"startTime": "2026-01-05T09:00:00-05:00", "endTime": "2026-01-05T12:00:00-05:00"}
    made = april(crm, "POST", "/calendars/events/block-slots", block)
    assert made.status == 201
    assert ask(crm, ada, "2026-01-05T10:00:00-05:00").message == TAKEN
    assert april(crm, "DELETE", f"/calendars/events/{made.json['id']}", {}).status == 201
    booked = ask(crm, ada, "2026-01-05T10:00:00-05:00").json
    path = f"/calendars/events/appointments/{booked['id']}"
    april(crm, "PUT", path, {"appointmentStatus": "cancelled"})
    assert "2026-01-05T10:00:00-05:00" in free(crm), "cancelling gives the time back"
    assert [row["appointmentStatus"] for row in listed(crm)] == ["cancelled"]
    both = april(crm, "POST", "/calendars/events/block-slots", {**block, "assignedUserId": "x"})
    assert both.status == 422


def test_a_slot_too_far_ahead_is_only_booked_without_the_range(crm: Crm, ada: str) -> None:
    far = "2026-06-01T10:00:00-04:00"
    assert ask(crm, ada, far).message == TAKEN
    assert ask(crm, ada, far, ignoreDateRange=True).status == 200


def test_two_spellings_of_time_in_one_call_are_a_bare_400(crm: Crm, ada: str) -> None:
    reply = ask(crm, ada, "2026-01-05T10:00:00-05:00", endTime="2026-01-05T16:00:00Z")
    assert reply.json.keys() == {"statusCode", "message", "traceId"}
    assert ask(crm, ada, "2026-01-05T10:00:00.000-05:00").message == "Bad Request"
    for odd in ("0001-01-01T01:00:00+00:00", "9999-12-31T23:00:00-05:00", "2026-13-01T10:00:00Z"):
        assert ask(crm, ada, odd, ignoreFreeSlotValidation=True).message == "Bad Request"
    early = "2026-01-05T09:00:00-05:00"
    assert ask(crm, ada, "2026-01-05T10:00:00-05:00", endTime=early).status == 400


def test_a_calendar_of_several_wants_to_know_who(crm: Crm, ada: str) -> None:
    body = {"calendarId": TEAM, "ignoreFreeSlotValidation": True}
    reply = ask(crm, ada, "2026-01-05T10:00:00-05:00", **body)
    assert reply.status == 422
    assert reply.message == ["A team member needs to be selected. assignedUserId is missing"]
    reply = ask(crm, ada, "2026-01-05T10:00:00-05:00", assignedUserId="nobody", **body)
    assert reply.status == 422
    reply = ask(
        crm, ada, "2026-01-05T10:00:00-05:00", assignedUserId="SandboxUser000000002", **body
    )
    assert reply.status == 200


def test_a_listing_is_of_a_window_and_of_one_calendar_user_or_group(crm: Crm, ada: str) -> None:
    made = book(crm, ada)
    assert [row["id"] for row in listed(crm)] == [made["id"]]
    assert listed(crm, startTime=str(NOON * 1000 + 30 * DAY)) == []
    for query in ("userId=SandboxUser000000001", "groupId="):
        found = april(crm, "GET", f"/calendars/events?{window(crm)}&{query}").json["events"]
        assert [row["id"] for row in found] == [made["id"]]
    for query in ("", f"&userId=x&calendarId={CALENDAR}"):
        assert april(crm, "GET", f"/calendars/events?{window(crm)}{query}").status == 422
    own = crm.get(f"/contacts/{ada}/appointments").json["events"]
    assert [row["startTime"] for row in own] == ["2026-01-05 10:00:00"]


def test_a_deleted_contact_takes_its_appointments_tasks_and_notes_along(crm: Crm, ada: str) -> None:
    made = book(crm, ada)
    crm.post(f"/contacts/{ada}/notes", body="Tea")
    task = {"title": "Call", "dueDate": "2026-02-01T10:00:00Z", "completed": False}
    crm.post(f"/contacts/{ada}/tasks", **task)
    crm.delete(f"/contacts/{ada}")
    path = f"/calendars/events/appointments/{made['id']}"
    assert april(crm, "GET", path).status == 404
    assert crm.post(f"/locations/{crm.location}/tasks/search").json["tasks"] == []
    assert crm.get(f"/contacts/{ada}/tasks").status == 400


def test_the_older_version_and_a_scope_of_its_own_are_wanted(crm: Crm, ada: str) -> None:
    path = f"/calendars/events?{window(crm, calendarId=CALENDAR)}"
    assert crm.call("GET", path).message == "Bad Request"
    crm.control("tokens", token="pit-narrow", scopes=["calendars.readonly"])
    crm.token = "pit-narrow"
    assert april(crm, "GET", f"/calendars/?locationId={crm.location}").status == 200
    assert april(crm, "GET", path).message == "The token is not authorized for this scope."


def test_faults_are_ordered_for_the_new_routes_too(crm: Crm, ada: str) -> None:
    fault = {"match": "POST /calendars/events/appointments", "status": 500, "when": "after"}
    crm.post_control("faults", fault)
    assert ask(crm, ada, "2026-01-05T10:00:00-05:00").status == 500
    assert len(listed(crm)) == 1, "it was stored all the same"
    crm.post_control("faults", {"match": "PUT /contacts/{id}/tasks/{id}", "status": 503})
    assert crm.put(f"/contacts/{ada}/tasks/none").status == 503


def test_a_rule_of_recurrence_counts_only_over_all_slots(crm: Crm, ada: str) -> None:
    rule = "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=5"
    assert book(crm, ada, rrule=rule)["isRecurring"] is True
    slot = next(s for s in free(crm) if s.startswith("2026-01-06"))
    assert ask(crm, ada, slot, rrule=rule).json["isRecurring"] is False


def test_the_location_of_staycool_has_its_calendar_and_fields(crm: Crm) -> None:
    crm.control("reset", preset="staycool")
    found = april(crm, "GET", f"/calendars/?locationId={crm.location}").json["calendars"]
    assert [calendar["name"] for calendar in found] == ["Airco service"]
    assert {"contact.appointment_status", "contact.next_appointment_date"} <= set(
        crm.fields("contact")
    )
