"""The page: what a person sees, and edits as a person in the CRM."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from .client import Crm, Reply, send
from .visits import april, book

TRIP = "IlWdPtOpcczLpgsde2KF"


def look(crm: Crm, path: str = "/") -> str:
    reply = send(crm.hosted.url, "GET", path)
    assert reply.status == 200
    return reply.raw.decode()


def submit(crm: Crm, path: str, headers: dict[str, str] | None = None, **form: str) -> Reply:
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": crm.hosted.url}
    return send(crm.hosted.url, "POST", path, urlencode(form), {**sent, **(headers or {})})


def test_records_are_listed_with_their_fields_and_can_be_filtered(trips: Crm) -> None:
    vendor = trips.fields("opportunity")["opportunity.tripvendor"]
    entry = {"id": vendor, "field_value": "Sunways"}
    trips.opportunity("TripDeskContact00001", TRIP, name="Lisbon", customFields=[entry])
    text = look(trips)
    for word in ("Trip Desk", "desk@trips.example", "Lisbon", "TripBooking", "Sunways"):
        assert word in text
    assert "Lisbon" not in look(trips, "/?q=nothing+like+it")
    assert "Lisbon" in look(trips, "/?q=SUNWAYS")


def test_what_people_type_is_escaped(crm: Crm) -> None:
    crm.contact(firstName="<script>alert(1)</script>", email="a@b.example")
    assert "<script>" not in look(crm)
    assert "&lt;script&gt;" in look(crm)
    assert "<script>" not in look(crm, "/?q=%3Cscript%3E")


def test_the_page_asks_nobody_else_and_runs_no_script(crm: Crm) -> None:
    reply = send(crm.hosted.url, "GET", "/")
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert b"http" not in reply.raw.replace(crm.hosted.url.encode(), b"")
    assert "prefers-color-scheme: dark" in look(crm, "/_page/style.css")


def test_an_edit_bumps_the_date_and_reaches_the_search_late(crm: Crm) -> None:
    made = crm.contact(firstName="Ada", email="a@b.example", city="Rome", tags=["one"])
    crm.later()
    path = f"/_page/contacts/{made['id']}"
    assert 'value="Rome"' in look(crm, path)
    reply = submit(crm, path, city="Oslo", tags="Two, three", lastName="")
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    found = crm.get(f"/contacts/{made['id']}").json["contact"]
    assert (found["city"], found["tags"], found["firstName"]) == ("Oslo", ["two", "three"], "Ada")
    assert found["dateUpdated"] > made["dateUpdated"]
    assert crm.search()[0]["city"] == "Rome"
    crm.later()
    assert crm.search()[0]["city"] == "Oslo"
    assert crm.state()["writes"] == 1


def test_a_contact_can_be_made_and_deleted(crm: Crm) -> None:
    assert submit(crm, "/_page/contacts/new", firstName="Bo", phone="202 555 0100").status == 303
    crm.later()
    (row,) = crm.search()
    assert row["phone"] == "+12025550100"
    assert submit(crm, f"/_page/contacts/{row['id']}/delete").status == 303
    assert crm.state()["contacts"] == 0


def test_what_cannot_be_saved_is_said_and_kept_in_the_form(crm: Crm) -> None:
    made = crm.contact(email="a@b.example")
    reply = submit(crm, f"/_page/contacts/{made['id']}", phone="call me", city="Rome")
    assert reply.status == 422
    assert b"phone must be a valid phone number" in reply.raw
    assert b'value="call me"' in reply.raw
    assert "city" not in crm.get(f"/contacts/{made['id']}").json["contact"]


def test_an_opportunity_can_be_edited_and_deleted(trips: Crm) -> None:
    ids = trips.fields("opportunity")
    made = trips.opportunity("TripDeskContact00001", TRIP, name="Lisbon")
    pipelines = trips.get("/opportunities/pipelines", locationId=trips.location).json["pipelines"]
    planned = pipelines[0]["stages"][1]["id"]
    path = f"/_page/opportunities/{made['id']}"
    assert "Planned" in look(trips, path)
    custom = {f"custom.{ids['opportunity.arrivaldate']}": "2026-05-01"}
    form = {"name": "Porto", "pipelineStageId": planned, "status": "won", "monetaryValue": "12.5"}
    assert submit(trips, path, None, **form, **custom).status == 303
    found = trips.get(f"/opportunities/{made['id']}").json["opportunity"]
    assert (found["name"], found["pipelineStageId"], found["status"]) == ("Porto", planned, "won")
    assert found["monetaryValue"] == 12.5
    assert found["customFields"][0]["fieldValue"] == 1_777_593_600_000
    assert 'value="2026-05-01"' in look(trips, path)
    assert submit(trips, path, monetaryValue="much").status == 422
    assert submit(trips, f"{path}/delete").status == 303
    assert trips.state()["opportunities"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
def test_a_form_from_another_site_is_refused(crm: Crm, headers: dict[str, str]) -> None:
    assert submit(crm, "/_page/contacts/new", headers, firstName="Eve").status == 403
    assert submit(crm, "/_page/faults", headers, do="down").status == 403
    assert crm.state()["contacts"] == 0


def test_the_faults_panel_fails_calls_and_goes_down_and_up(crm: Crm) -> None:
    submit(crm, "/_page/faults", do="fail", times="2")
    statuses = [crm.get(f"/locations/{crm.location}").status for _ in range(3)]
    assert statuses == [500, 500, 200]
    submit(crm, "/_page/faults", do="down")
    assert "every call is cut off" in look(crm)
    submit(crm, "/_page/faults", do="up")
    assert crm.get(f"/locations/{crm.location}").status == 200
    submit(crm, "/_page/faults", do="fail", times="5")
    submit(crm, "/_page/faults", do="clear")
    assert crm.state()["faults"] == []


def test_pages_of_unknown_records_are_404(crm: Crm) -> None:
    for path in ("/_page/contacts/nobody", "/_page/opportunities/nobody"):
        assert send(crm.hosted.url, "GET", path).status == 404
        assert submit(crm, path, name="x").status == 404


def booked(crm: Crm) -> str:
    ada = crm.contact(firstName="Ada", email="a@b.example")["id"]
    return str(book(crm, ada, title="Airco", description="Ladder")["id"])


def test_appointments_are_listed_and_can_be_moved_and_cancelled(crm: Crm) -> None:
    made = booked(crm)
    text = look(crm)
    for word in ("Airco", "Consultation", "2026-01-05 10:00", "confirmed"):
        assert word in text
    assert "Airco" not in look(crm, "/?q=nothing+like+it")
    path = f"/_page/appointments/{made}"
    assert 'value="2026-01-05T10:00"' in look(crm, path)
    moved = {"startTime": "2026-07-06T14:30", "endTime": "2026-07-06T15:30"}
    assert submit(crm, path, appointmentStatus="cancelled", **moved).status == 303
    found = april(crm, "GET", f"/calendars/events/appointments/{made}").json["event"]
    assert found["startTime"] == "2026-07-06T14:30:00-04:00", "in summer time"
    assert (found["appointmentStatus"], found["description"]) == ("cancelled", "Ladder")
    assert submit(crm, f"{path}/delete").status == 303
    assert "Airco" not in look(crm)


def test_an_appointment_that_cannot_be_is_not_saved(crm: Crm) -> None:
    path = f"/_page/appointments/{booked(crm)}"
    for wrong in (
        {"startTime": "", "title": "Kept"},
        {"startTime": "2026-07-06T14:30", "endTime": "2026-07-06T14:30", "title": "Kept"},
        {"appointmentStatus": "maybe", "title": "Kept"},
    ):
        reply = submit(crm, path, **wrong)
        assert reply.status in (400, 422)
        assert b"Not saved" in reply.raw and b'value="Kept"' in reply.raw
    assert send(crm.hosted.url, "GET", "/_page/appointments/none").status == 404
    assert "Appointments" not in look_at_preset(crm, "tripbuilder")


def look_at_preset(crm: Crm, preset: str) -> str:
    crm.control("reset", preset=preset)
    return look(crm)
