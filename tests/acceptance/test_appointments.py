"""A table of visits in step with a calendar, by the command, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crosstie.sandbox.ghl.desk import Appointment

from .world import World

TABLE = """
CREATE TABLE visits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  contact TEXT,
  title TEXT,
  starts_at TEXT,
  ends_at TEXT,
  status TEXT,
  notes TEXT
)
"""
FIELDS = """
    field("contact", "contactId", create_only=True),
    field("title", "title"),
    field("starts_at", "startTime", DateTime()),
    field("ends_at", "endTime", DateTime()),
    field("status", "appointmentStatus"),
    field("notes", "description"),
"""
CALENDAR = 'ghl.appointments("consultation", search_lag=0.0)'
STAFF = "CREATE TABLE staff (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, name TEXT)"


@pytest.fixture
def clinic(world: World) -> World:
    """Three visits of one contact, in step with the calendar."""
    world.sql(TABLE)
    world.declare(table="visits", right=CALENDAR, fields=FIELDS, match="[]")
    assert world.crosstie("capture", "install").code == 0
    contact = world.add_contact(firstName="Ada", email="ada@x.example")
    for number in range(3):
        add(world, contact, number + 1)
    assert world.crosstie("run", "--once").code == 0
    return world


def moment(world: World, days: int) -> datetime:
    """Ten o'clock, so many days from now."""
    now = datetime.fromtimestamp(world.control("state")["now"] / 1000, UTC)
    return (now + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)


def spelled(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def add(world: World, contact: str, days: int) -> None:
    start = moment(world, days)
    values = (contact, f"Visit {days}", spelled(start), spelled(start + timedelta(hours=1)))
    statement = "INSERT INTO visits (contact, title, starts_at, ends_at, status) VALUES (?,?,?,?,?)"
    world.sql(statement, *values, "confirmed")


def booked(world: World) -> dict[str, Appointment]:
    """The appointments in the CRM by title."""
    assert world.sandbox is not None
    return {each.title: each for each in world.sandbox.sandbox.desk.appointments}


def edit(world: World, appointment_id: str, **fields: Any) -> None:
    """A person changes an appointment in the CRM."""
    assert world.sandbox is not None
    path = f"/calendars/events/appointments/{appointment_id}"
    body = {**fields, "ignoreFreeSlotValidation": True}
    world.api("PUT", path, body, version="2021-04-15")


def test_visits_become_appointments_and_come_back_changed(clinic: World) -> None:
    made = booked(clinic)
    assert sorted(made) == ["Visit 1", "Visit 2", "Visit 3"]
    start = moment(clinic, 1)
    assert made["Visit 1"].start == round(start.timestamp() * 1000)
    edit(clinic, made["Visit 1"].id, appointmentStatus="cancelled", description="ill")
    clinic.sql("UPDATE visits SET title = 'Moved' WHERE id = 2")
    assert clinic.crosstie("run", "--once").code == 0
    assert clinic.sql("SELECT status, notes FROM visits WHERE id = 1") == [("cancelled", "ill")]
    assert sorted(booked(clinic)) == ["Moved", "Visit 1", "Visit 3"]
    assert clinic.crosstie("run", "--once").code == 0
    assert clinic.crosstie("status").code == 0


def test_one_that_leaves_the_window_is_no_deletion_and_one_inside_it_is(clinic: World) -> None:
    made, far = booked(clinic), moment(clinic, 800)
    hour = timedelta(hours=1)
    edit(
        clinic, made["Visit 1"].id, startTime=spelled(far), endTime=spelled(far + hour), title="Far"
    )
    clinic.api("DELETE", f"/calendars/events/{made['Visit 2'].id}", {}, version="2021-04-15")
    for _ in range(3):
        assert clinic.crosstie("run", "--once", "--full").code == 0
    rows = clinic.sql("SELECT title, starts_at FROM visits ORDER BY id")
    assert [title for title, _ in rows] == ["Far", "Visit 3"]
    assert rows[0][1] == spelled(far)
    assert sorted(booked(clinic)) == ["Far", "Visit 3"]


def test_an_answer_that_is_lost_books_no_second_time(clinic: World) -> None:
    fault = {"match": "POST /calendars/events/appointments", "status": 500, "when": "after"}
    clinic.control("faults", **fault)
    [(contact,)] = clinic.sql("SELECT contact FROM visits WHERE id = 1")
    add(clinic, contact, 4)
    clinic.crosstie("run", "--once")
    clinic.state("UPDATE link SET due_at = 0 WHERE due_at > 0")
    assert clinic.crosstie("run", "--once").code == 0
    made = booked(clinic)
    assert sorted(made) == ["Visit 1", "Visit 2", "Visit 3", "Visit 4"]
    assert len(made) == clinic.control("state")["stored"] - 1, "one write is the contact"


def test_check_and_fields_know_appointments(clinic: World) -> None:
    said = clinic.crosstie("check")
    assert said.code == 0
    assert "appointments of consultation" in said.out
    shown = clinic.crosstie("fields", "contacts").out
    for word in ("startTime", "appointmentStatus", "noshow"):
        assert word in shown


def test_users_that_would_be_written_are_refused_with_what_to_say(world: World) -> None:
    world.sql(STAFF)
    fields = 'field("email", "email", Email()), field("name", "name"),'
    world.declare(table="staff", right="ghl.users()", fields=fields)
    said = world.crosstie("check")
    assert said.code == 3
    assert "users of GoHighLevel" in said.out and "can only be read" in said.out
    assert 'creates="left"' in said.out and "email, name" in said.out


def test_users_come_into_a_table(world: World) -> None:
    world.sql(STAFF)
    fields = """
        field("email", "email", Email(), direction="to_left"),
        field("name", "name", direction="to_left"),
    """
    world.declare(table="staff", right="ghl.users()", fields=fields, extra='creates="left",')
    assert world.crosstie("check").code == 0
    assert world.crosstie("run", "--once").code == 0
    assert world.sql("SELECT name FROM staff ORDER BY name") == [("Ada Bern",), ("Cleo Dorn",)]
