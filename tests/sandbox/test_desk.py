"""Notes, tasks, users, businesses and messages of the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Crm
from .visits import USER, april, book

TASK = {"title": "Call", "dueDate": "2026-02-01T10:00:00Z", "completed": False}


@pytest.fixture
def ada(crm: Crm) -> str:
    made: str = crm.contact(firstName="Ada", email="ada@x.example", phone="+12025550188")["id"]
    return made


def test_the_same_note_sent_twice_is_two_notes(crm: Crm, ada: str) -> None:
    for _ in range(2):
        assert crm.post(f"/contacts/{ada}/notes", body="Tea").status == 201
    notes = crm.get(f"/contacts/{ada}/notes").json["notes"]
    assert [note["body"] for note in notes] == ["Tea", "Tea"]
    assert "dateUpdated" not in notes[0]


def test_notes_of_an_appointment_come_in_pages_and_apart_from_the_contacts(
    crm: Crm, ada: str
) -> None:
    made = book(crm, ada)
    path = f"/calendars/appointments/{made['id']}/notes"
    for number in range(3):
        assert april(crm, "POST", path, {"body": f"n{number}"}).status == 201
    page = april(crm, "GET", f"{path}?limit=2&offset=0").json
    assert ([note["body"] for note in page["notes"]], page["hasMore"]) == (["n2", "n1"], True)
    assert april(crm, "GET", f"{path}?limit=2&offset=2").json["hasMore"] is False
    assert april(crm, "GET", f"{path}?limit=21&offset=0").status == 422
    assert april(crm, "POST", path, {"body": "x" * 5001}).status == 422
    assert crm.get(f"/contacts/{ada}/notes").json["notes"] == []
    note = page["notes"][0]["id"]
    assert crm.get(f"/contacts/{ada}/notes/{note}").status == 404


def test_tasks_are_searched_in_the_whole_location(crm: Crm, ada: str) -> None:
    other = crm.contact(email="bo@x.example")["id"]
    crm.post(f"/contacts/{ada}/tasks", **TASK, assignedTo=USER)
    made = crm.post(f"/contacts/{other}/tasks", **{**TASK, "title": "Write"}).json["task"]
    crm.put(f"/contacts/{other}/tasks/{made['id']}/completed", completed=True)
    path = f"/locations/{crm.location}/tasks/search"

    def found(**wanted: Any) -> list[str]:
        return [task["title"] for task in crm.post(path, **wanted).json["tasks"]]

    assert found() == ["Call", "Write"]
    assert found(limit=1) == ["Call"] and found(skip=1) == ["Write"]
    assert found(contactId=[other]) == found(completed=True) == ["Write"]
    assert found(assignedTo=[USER]) == found(query="CALL") == ["Call"]
    assert found(businessId="none") == []


@pytest.mark.parametrize("wrong", [{"dueDate": "tomorrow"}, {"assignedTo": "nobody"}, {"x": 1}])
def test_a_task_that_makes_no_sense_is_refused(crm: Crm, ada: str, wrong: dict[str, Any]) -> None:
    assert crm.post(f"/contacts/{ada}/tasks", **{**TASK, **wrong}).status == 422


def test_a_task_is_only_found_at_its_own_contact(crm: Crm, ada: str) -> None:
    other = crm.contact(email="bo@x.example")["id"]
    made = crm.post(f"/contacts/{ada}/tasks", **TASK).json["task"]
    assert crm.get(f"/contacts/{other}/tasks/{made['id']}").status == 404
    assert crm.get(f"/contacts/{ada}/tasks/{made['id']}").json["task"]["title"] == "Call"


def test_users_are_searched_by_company(crm: Crm) -> None:
    company = "sandboxCompany000001"
    found = crm.get("/users/search", companyId=company, query="cleo").json
    assert ([user["firstName"] for user in found["users"]], found["count"]) == (["Cleo"], 1)
    page = crm.get("/users/search", companyId=company, limit="1", skip="1").json
    assert (len(page["users"]), page["count"]) == (1, 2)
    assert crm.get("/users/search", companyId=company, ids=USER).json["count"] == 1
    assert crm.get("/users/search", companyId="another").status == 400
    assert crm.get("/users/search", companyId=company, limit="101").status == 422
    assert crm.get("/users/nobody").status == 400


def test_a_business_is_misspelt_where_it_was_written(crm: Crm) -> None:
    made = crm.post("/businesses/", name="Engines", locationId=crm.location, city="Rome").json
    path = f"/businesses/{made['buiseness']['id']}"
    done = crm.put(path, city="").json["buiseness"]
    assert "city" not in done, "an empty text clears"
    assert done["updatedAt"] > made["buiseness"]["updatedAt"]
    assert crm.get(path).json["business"]["name"] == "Engines"
    assert crm.put(path, name="").status == 422
    assert crm.get("/businesses/", locationId=crm.location, limit="101").status == 422
    assert crm.delete(path).json["success"] is True
    assert crm.get(path).status == 404


def sms(crm: Crm, contact: str, **more: Any) -> Any:
    body = {"type": "SMS", "contactId": contact, "message": "We are on our way", **more}
    return april(crm, "POST", "/conversations/messages", body)


def test_a_message_that_was_sent_can_be_found_again(crm: Crm, ada: str) -> None:
    made = sms(crm, ada).json
    assert made["status"] == "pending"
    query = f"locationId={crm.location}&contactId={ada}"
    [found] = april(crm, "GET", f"/conversations/search?{query}").json["conversations"]
    assert found["id"] == made["conversationId"]
    page = april(crm, "GET", f"/conversations/{found['id']}/messages").json
    assert [message["body"] for message in page["messages"]] == ["We are on our way"]
    path = f"/conversations/messages/{made['messageId']}"
    assert april(crm, "GET", path).json["status"] == "pending"
    crm.later(2)
    assert april(crm, "GET", path).json["status"] == "delivered"


def test_a_message_sent_twice_is_two_messages_of_one_conversation(crm: Crm, ada: str) -> None:
    first, second = sms(crm, ada).json, sms(crm, ada, message="Again").json
    assert first["conversationId"] == second["conversationId"]
    path = f"/conversations/{first['conversationId']}/messages"
    assert crm.state()["messages"] == 2
    page = april(crm, "GET", f"{path}?limit=1").json
    assert (page["lastMessageId"], page["nextPage"]) == (second["messageId"], True)
    rest = april(crm, "GET", f"{path}?lastMessageId={second['messageId']}").json
    assert [message["id"] for message in rest["messages"]] == [first["messageId"]]
    assert april(crm, "GET", f"{path}?lastMessageId=nobody").json["messages"] == []


def test_nothing_is_sent_to_who_wants_none_or_has_no_phone(crm: Crm, ada: str) -> None:
    crm.put(f"/contacts/{ada}", dndSettings={"SMS": {"status": "active"}})
    assert "DND is active" in sms(crm, ada).message
    other = crm.contact(email="bo@x.example")["id"]
    assert sms(crm, other).status == 400
    assert sms(crm, ada, message="").status == 422
    assert april(crm, "GET", "/conversations/messages/nobody").status == 404
    assert april(crm, "GET", "/conversations/nobody/messages").status == 404


def test_a_scheduled_message_waits(crm: Crm, ada: str) -> None:
    made = sms(crm, ada, scheduledTimestamp=1_767_268_800 + 60).json
    path = f"/conversations/messages/{made['messageId']}"
    assert april(crm, "GET", path).json["status"] == "scheduled"
    crm.later(62)
    assert april(crm, "GET", path).json["status"] == "delivered"
