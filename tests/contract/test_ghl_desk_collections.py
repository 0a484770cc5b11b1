"""Appointments, tasks, businesses and users of GoHighLevel keep the contract, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ghl_ground import CrmPerson, GhlParts, Ground

from crosstie.core.values import Fields, Json
from crosstie.sandbox.ghl.location import User
from crosstie.testing.connector_contract import ConnectorContract, ReadOnlyContract

ZONE = ZoneInfo("America/New_York")
FIRST = datetime(2026, 1, 2, 15, tzinfo=UTC)


class DeskPerson(CrmPerson):
    """Somebody who works on records that have no room for a marker."""

    def add(self, fields: Fields) -> str:
        return self.ground.runner.run(self.hands.create(fields, "person")).id


class AppointmentPerson(DeskPerson):
    text = "description"

    def source(self, page_size: int) -> Any:
        return self.ground.account.appointments("consultation", page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        start = (FIRST + timedelta(days=number)).astimezone(ZONE)
        return {
            "title": f"Visit {number}",
            "appointmentStatus": "confirmed",
            "startTime": start.isoformat(),
            "endTime": (start + timedelta(minutes=90)).isoformat(),
            "contactId": self.contact(number),
            "assignedUserId": "SandboxUser000000001",
            "address": "Sea Road 1",
            self.text: f"ladder {number}",
        }

    def beyond(self) -> Json:
        return "2028-03-01T10:00:00-05:00"

    def edit(self, record_id: str, patch: Fields) -> None:
        start = patch.get("startTime")
        if start is not None:
            end = datetime.fromisoformat(str(start)) + timedelta(minutes=90)
            patch = {**patch, "endTime": end.isoformat()}
        super().edit(record_id, patch)


class TaskPerson(DeskPerson):
    text = "body"

    def source(self, page_size: int) -> Any:
        return self.ground.account.tasks(page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        return {
            "title": f"Call {number}",
            "dueDate": "2026-02-01T10:00:00.000Z",
            "completed": number % 2 == 0,
            "contactId": self.contact(number),
            "assignedTo": "SandboxUser000000002",
            self.text: f"about {number}",
        }

    def missing(self) -> str:
        return f"{self.contact(1)}.{super().missing()}"


class BusinessPerson(DeskPerson):
    text = "description"

    def source(self, page_size: int) -> Any:
        return self.ground.account.businesses(page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        return {
            "name": f"Engines {number}",
            "phone": f"+1202555{number:04d}",
            "city": "Rome",
            self.text: f"since {number}",
        }


class UserPerson(CrmPerson):
    """The administrator of the location: no token may do what they do."""

    text = "lastName"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.users = ground.hosted.sandbox.location.users
        self.users.clear()

    def source(self, page_size: int) -> Any:
        return self.ground.account.users(page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        email = f"ann{number}@sandbox.example"
        return {"firstName": "Ann", "lastName": f"Number{number}", "email": email}

    def add(self, fields: Fields) -> str:
        user_id = f"User{len(self.users) + 1:016d}"
        self._keep(user_id, fields)
        return user_id

    def edit(self, record_id: str, patch: Fields) -> None:
        user = self.users[record_id]
        before = {
            "firstName": user.first_name,
            "lastName": user.last_name,
            "email": user.email,
        }
        self._keep(record_id, {**before, **patch})

    def remove(self, record_id: str) -> None:
        del self.users[record_id]

    def _keep(self, user_id: str, fields: Fields) -> None:
        names = ("firstName", "lastName", "email")
        first, last, email = (str(fields.get(name) or "") for name in names)
        self.users[user_id] = User(user_id, first, last, email)


class DeskContract(GhlParts, ConnectorContract):
    """What those that can be written to share."""


class TestAppointments(DeskContract):
    people = AppointmentPerson


class TestAppointmentsListedWithoutOffsets(DeskContract):
    """A location that lists its events with bare local times."""

    people = AppointmentPerson

    @pytest.fixture
    def person(self, ground: Ground) -> Any:
        ground.hosted.control("settings", naive_event_times=True)
        return self.people(ground)


class TestTasks(DeskContract):
    people = TaskPerson


class TestBusinesses(DeskContract):
    people = BusinessPerson


class TestUsers(GhlParts, ReadOnlyContract):
    people = UserPerson
