"""Contacts by id: what is stored, what is shown, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Crm


def test_a_contact_is_readable_by_id_at_once_and_omits_empties(crm: Crm) -> None:
    made = crm.contact(firstName="Ada", lastName="Byron", email="Ada@Example.org", city="")
    found = crm.get(f"/contacts/{made['id']}").json["contact"]
    assert found["email"] == "Ada@Example.org"
    assert found["emailLowerCase"] == "ada@example.org"
    assert found["name"] == "Ada Byron"
    assert not {"city", "phone", "address1", "companyName"} & set(found)
    assert found["dateAdded"] == "2026-01-01T12:00:00.000Z"
    assert len(made["id"]) == 20


def test_ids_are_the_same_in_every_run(crm: Crm) -> None:
    first = crm.contact(email="a@b.example")["id"]
    crm.control("reset", preset="default")
    assert crm.contact(email="a@b.example")["id"] == first


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("(202) 555-0143", "+12025550143"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+4407700900123", "+447700900123"),
    ],
)
def test_phones_are_stored_as_e164(crm: Crm, typed: str, stored: str) -> None:
    assert crm.contact(phone=typed)["phone"] == stored


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"phone": "call me"}, "phone must be a valid phone number"),
        ({"email": "nobody"}, "email must be an email"),
        ({"email": "a@b.example", "country": "Atlantis"}, "country must be a valid ISO31661"),
        ({"email": "a@b.example", "dateOfBirth": "31/12/1990"}, "dateOfBirth must be a valid"),
        ({"email": "a@b.example", "assignedTo": "nobody"}, "assignedTo must be a user"),
        ({"email": "a@b.example", "additionalEmails": []}, "property additionalEmails should not"),
        ({"email": 5}, "email must be a string"),
        ({"email": "a@b.example", "tags": "one"}, "tags must be an array"),
        ({"email": "a@b.example", "dnd": "no"}, "dnd must be a boolean value"),
    ],
)
def test_what_does_not_fit_is_422_with_a_list(
    crm: Crm, body: dict[str, Any], complaint: str
) -> None:
    reply = crm.post("/contacts/", locationId=crm.location, **body)
    assert reply.status == 422
    assert reply.json["error"] == "Unprocessable Entity"
    assert any(text.startswith(complaint) for text in reply.message)
    assert crm.state()["contacts"] == 0


def test_missing_required_and_unknown_properties_are_listed_together(crm: Crm) -> None:
    reply = crm.post("/contacts/", foo=1, bar=2)
    assert reply.status == 422
    assert "property foo should not exist" in reply.message
    assert "property bar should not exist" in reply.message
    assert "locationId should not be empty" in reply.message


@pytest.mark.parametrize("name", ["gender", "locationId", "companyName"])
def test_update_refuses_what_only_create_takes(crm: Crm, name: str) -> None:
    made = crm.contact(email="a@b.example")
    reply = crm.put(f"/contacts/{made['id']}", **{name: "x"})
    assert (reply.status, reply.message) == (422, [f"property {name} should not exist"])


def test_broken_json_is_400(crm: Crm) -> None:
    for raw in ("{", "[1]", "7"):
        assert crm.call("POST", "/contacts/", raw).status == 400


def test_a_contact_needs_something_to_be_known_by(crm: Crm) -> None:
    assert crm.post("/contacts/", locationId=crm.location, city="Rome").status == 400


def test_a_name_alone_is_split(crm: Crm) -> None:
    made = crm.contact(name="Ada King Byron")
    assert (made["firstName"], made["lastName"]) == ("Ada", "King Byron")


def test_dates_of_birth_come_back_in_two_shapes(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", dateOfBirth="12/31/1990")
    assert made["dateOfBirth"] == "1990-12-31T00:00:00.000Z"
    assert crm.get(f"/contacts/{made['id']}").json["contact"]["dateOfBirth"] == "1990-12-31"


def test_update_changes_only_what_is_sent_and_null_clears(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", city="Rome", state="RM")
    reply = crm.put(f"/contacts/{made['id']}", city=None, website="https://x.example")
    assert reply.json["succeded"] is True
    found = reply.json["contact"]
    assert "city" not in found
    assert (found["state"], found["website"]) == ("RM", "https://x.example")


def test_date_updated_strictly_increases_even_when_the_clock_stands(crm: Crm) -> None:
    made = crm.contact(email="a@b.example")
    stamps = [made["dateUpdated"]]
    for city in ("Rome", "Rome", "Oslo"):
        reply = crm.put(f"/contacts/{made['id']}", city=city)
        stamps.append(reply.json["contact"]["dateUpdated"])
    assert stamps == sorted(set(stamps))


def test_tags_are_lower_case_and_an_update_replaces_them(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", tags=[" VIP ", "Old", "vip"])
    assert made["tags"] == ["vip", "old"]
    found = crm.put(f"/contacts/{made['id']}", tags=["New"]).json["contact"]
    assert found["tags"] == ["new"]


def test_adding_and_removing_tags_is_idempotent(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", tags=["one"])
    path = f"/contacts/{made['id']}/tags"
    added = crm.post(path, tags=["Two", "ONE"])
    assert (added.status, added.json["tags"], added.json["tagsAdded"]) == (
        201,
        ["one", "two"],
        ["two"],
    )
    assert crm.post(path, tags=["two"]).json["tagsAdded"] == []
    removed = [crm.call("DELETE", path, {"tags": ["TWO"]}) for _ in range(2)]
    assert [reply.status for reply in removed] == [200, 200]
    assert [reply.json["tagsRemoved"] for reply in removed] == [["two"], []]
    assert removed[-1].json["tags"] == ["one"]
    assert crm.post(path).status == 422


def test_a_duplicate_is_400_and_names_the_contact(crm: Crm) -> None:
    made = crm.contact(
        firstName="Jane", lastName="Doe", email="jane@x.example", phone="+12025550100"
    )
    for body, field in (
        ({"email": "JANE@x.example"}, "email"),
        ({"phone": "202 555 0100"}, "phone"),
    ):
        reply = crm.post("/contacts/", locationId=crm.location, **body)
        assert reply.status == 400
        assert reply.message == "This location does not allow duplicated contacts."
        assert reply.json["meta"] == {
            "contactId": made["id"],
            "contactName": "jane doe",
            "matchingField": field,
        }


def test_an_update_to_anothers_email_is_the_same_400_and_to_its_own_is_fine(crm: Crm) -> None:
    first = crm.contact(email="a@b.example")
    second = crm.contact(email="b@b.example")
    reply = crm.put(f"/contacts/{second['id']}", email="a@b.example")
    assert (reply.status, reply.json["meta"]["contactId"]) == (400, first["id"])
    assert crm.put(f"/contacts/{second['id']}", email="B@b.example").status == 200


def test_duplicates_are_fine_where_the_location_allows_them(crm: Crm) -> None:
    crm.control("settings", allowDuplicateContact=True)
    ids = {crm.contact(email="a@b.example")["id"] for _ in range(3)}
    assert len(ids) == 3
    assert crm.state()["duplicates"]["contacts_by_email"] == 2


def test_the_duplicate_check_may_lag_so_that_two_creates_both_succeed(crm: Crm) -> None:
    crm.control("settings", duplicate_check_reads_index=True)
    crm.contact(email="a@b.example")
    crm.contact(email="a@b.example")
    crm.later()
    assert crm.post("/contacts/", locationId=crm.location, email="a@b.example").status == 400


def test_an_unknown_contact_is_400_not_404(crm: Crm) -> None:
    for method in ("GET", "PUT", "DELETE"):
        reply = crm.call(method, "/contacts/nobody", {} if method == "PUT" else None)
        assert (reply.status, reply.message) == (400, "Contact with id nobody not found")


def test_deleting_a_contact_deletes_its_opportunities(trips: Crm) -> None:
    made = trips.contact(email="a@b.example")
    lead = trips.opportunity(made["id"], "IlWdPtOpcczLpgsde2KF")
    assert trips.delete(f"/contacts/{made['id']}").json["succeded"] is True
    assert trips.get(f"/contacts/{made['id']}").status == 400
    assert trips.get(f"/opportunities/{lead['id']}").status == 404


def test_a_deleted_contacts_email_is_free_again(crm: Crm) -> None:
    made = crm.contact(email="a@b.example")
    crm.delete(f"/contacts/{made['id']}")
    assert crm.contact(email="a@b.example")["id"] != made["id"]


def test_upsert_creates_then_updates(crm: Crm) -> None:
    first = crm.post("/contacts/upsert", locationId=crm.location, email="a@b.example")
    assert (first.status, first.json["new"]) == (200, True)
    again = crm.post(
        "/contacts/upsert", locationId=crm.location, email="A@b.example", city="Rome", gender="x"
    )
    assert again.json["new"] is False
    assert again.json["contact"]["id"] == first.json["contact"]["id"]
    assert again.json["contact"]["city"] == "Rome"
    assert "gender" not in again.json["contact"]


def test_upsert_that_matches_two_contacts_drops_the_second_key(crm: Crm) -> None:
    by_mail = crm.contact(email="a@b.example")
    by_phone = crm.contact(phone="+12025550100")
    both = {"locationId": crm.location, "email": "a@b.example", "phone": "+12025550100"}
    found = crm.call("POST", "/contacts/upsert", both).json["contact"]
    assert found["id"] == by_mail["id"]
    assert "phone" not in found
    crm.control("settings", duplicate_priority=["phone", "email"])
    assert crm.call("POST", "/contacts/upsert", both).json["contact"]["id"] == by_phone["id"]


def test_upsert_creates_always_when_asked_and_allowed(crm: Crm) -> None:
    body = {"locationId": crm.location, "email": "a@b.example", "createNewIfDuplicateAllowed": True}
    news = [crm.call("POST", "/contacts/upsert", body).json["new"] for _ in range(2)]
    crm.control("settings", allowDuplicateContact=True)
    news.append(crm.call("POST", "/contacts/upsert", body).json["new"])
    assert news == [True, False, True]


def test_the_duplicate_search_finds_exactly_and_at_once(crm: Crm) -> None:
    made = crm.contact(email="a@b.example", phone="+12025550100")
    path = "/contacts/search/duplicate"
    for query in ({"email": "A@B.example"}, {"number": "+12025550100"}):
        found = crm.get(path, locationId=crm.location, **query).json["contact"]
        assert found["id"] == made["id"]
    assert crm.get(path, locationId=crm.location, email="x@b.example").json["contact"] is None
    reply = crm.get(path, locationId=crm.location)
    assert (reply.status, "at least one" in reply.message) == (400, True)


def test_custom_fields_merge_one_by_one_and_an_empty_text_clears(crm: Crm) -> None:
    ids = crm.fields("contact")
    number, since = ids["contact.customer_number"], ids["contact.member_since"]
    score, interests = ids["contact.score"], ids["contact.interests"]
    made = crm.contact(
        email="a@b.example",
        customFields=[
            {"id": number, "field_value": "C-1"},
            {"key": "member_since", "field_value": "2020-02-29"},
            {"key": "contact.score", "fieldValue": "7"},
            {"id": interests, "field_value": ["Sea", "City"]},
        ],
    )
    values = {entry["id"]: entry["value"] for entry in made["customFields"]}
    assert values == {number: "C-1", since: "2020-02-29", score: 7, interests: ["Sea", "City"]}
    changes = [{"id": number, "field_value": ""}, {"id": score, "field_value": 8}]
    found = crm.put(f"/contacts/{made['id']}", customFields=changes).json["contact"]
    values = {entry["id"]: entry["value"] for entry in found["customFields"]}
    assert values == {since: "2020-02-29", score: 8, interests: ["Sea", "City"]}


def test_unfit_custom_values_are_left_out_in_silence_or_refused_when_strict(crm: Crm) -> None:
    ids = crm.fields("contact")
    unfit = (
        {"id": "noSuchField", "field_value": "x"},
        {"id": ids["contact.level"], "field_value": "Platinum"},
        {"id": ids["contact.score"], "field_value": "many"},
        {"id": ids["contact.member_since"], "field_value": "soon"},
        {"id": ids["contact.interests"], "field_value": ["Sea", "Moon"]},
    )
    made = crm.contact(email="a@b.example", customFields=list(unfit))
    assert made["customFields"] == []
    crm.control("settings", strict_custom_fields=True)
    for entry in unfit:
        assert crm.put(f"/contacts/{made['id']}", customFields=[entry]).status == 400
