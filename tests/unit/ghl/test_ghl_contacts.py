"""Contacts: what is sent, what is shown, how many calls it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from ghl_fakes import LOCATION_ID, Crm, FakeDoors, ScriptedHttp, crm_of, scripted

from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.ghl.contacts import MOST_TWINS
from crosstie.core.errors import Duplicate, Halt, Rejected, Retry
from crosstie.core.values import Json, Record
from crosstie.ports import Collection, Lookup
from crosstie.sandbox.ghl.presets import add_field

ANN: dict[str, Json] = {"firstName": "Ann", "lastName": "Lee", "email": "ann@trips.example"}
ONE = "/contacts/{contactId}"


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of() as found:
        yield found


def changed(crm: Crm, contacts: Collection, made: Record, patch: dict[str, Json]) -> Record:
    """The record after an update; the calls of the update alone are counted."""
    crm.hosted.control("calls/reset", "POST")
    record: Record = crm.run(contacts.update(made.id, patch, made.fields, made.version))
    return record


def test_creating_takes_one_call_and_shows_what_was_stored(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "tags": ["Sea", " VIP "], "dnd": True}, "k"))
    assert crm.calls == {"POST /contacts/": 1}
    assert made.fields["name"] == "Ann Lee"
    assert made.fields["tags"] == ["sea", "vip"]
    assert made.fields["dnd"] is True
    assert made.fields["city"] is None
    assert made == crm.run(contacts.read([made.id])).records[made.id]
    assert made.version == made.fields["dateUpdated"]
    assert made.updated == 1_767_268_800.0


def test_an_update_sends_the_patch_alone_in_one_call(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "city": "Rome", "contact.score": 3}, "k"))
    after = changed(crm, contacts, made, {"city": "Oslo", "contact.score": "4.5"})
    assert crm.calls == {f"PUT {ONE}": 1}
    assert (after.fields["city"], after.fields["contact.score"]) == ("Oslo", 4.5)
    assert after.fields["email"] == made.fields["email"]


@pytest.mark.parametrize("name", ["postalCode", "country", "city", "contact.notes", "dateOfBirth"])
def test_every_kind_of_field_can_be_emptied(crm: Crm, name: str):
    value = {"country": "IT", "dateOfBirth": "1990-09-25"}.get(name, "00184")
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, name: value}, "k"))
    assert made.fields[name] == value
    assert changed(crm, contacts, made, {name: None}).fields[name] is None


def test_tags_change_by_their_difference_and_never_by_put(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "tags": ["a", "b"]}, "k"))
    crm.run(contacts.update(made.id, {"tags": ["a", "b", "theirs"]}, made.fields, None))
    after = changed(crm, contacts, made, {"tags": ["B", "c"], "city": "Oslo"})
    assert after.fields["tags"] == ["b", "c", "theirs"]
    assert crm.calls == {f"POST {ONE}/tags": 1, f"DELETE {ONE}/tags": 1, f"PUT {ONE}": 1}


def test_tags_alone_take_their_calls_and_one_read(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "tags": ["a"]}, "k"))
    after = changed(crm, contacts, made, {"tags": None})
    assert after.fields["tags"] == []
    assert crm.calls == {f"DELETE {ONE}/tags": 1, f"GET {ONE}": 1}
    assert after == crm.run(contacts.read([made.id])).records[made.id]


@pytest.mark.parametrize("name", ["id", "dateAdded", "nonsense"])
def test_what_cannot_be_written_is_refused_without_a_call(crm: Crm, name: str):
    contacts = crm.contacts()
    made = crm.run(contacts.create(ANN, "k"))
    with pytest.raises(Rejected) as caught:
        changed(crm, contacts, made, {name: "x"})
    assert caught.value.field == name
    assert crm.calls == {}


def test_a_company_can_be_set_at_creation_and_a_refused_change_says_how_to_map_it(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "companyName": "Acme"}, "k"))
    assert made.fields["companyName"] == "Acme"
    with pytest.raises(Rejected) as caught:
        changed(crm, contacts, made, {"companyName": "Other"})
    assert caught.value.field == "companyName"
    assert "create_only" in str(caught.value.fix)


def test_a_duplicate_names_the_one_that_exists(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create(ANN, "k"))
    with pytest.raises(Duplicate) as caught:
        crm.run(contacts.create({"email": "ANN@trips.example"}, "k2"))
    assert caught.value.existing == made.id


def test_email_and_phone_may_belong_to_two_contacts_and_both_are_found(crm: Crm):
    contacts = crm.contacts()
    ann = crm.run(contacts.create(ANN, "k"))
    bob = crm.run(contacts.create({"firstName": "Bob", "phone": "+12025550123"}, "k2"))
    crm.hosted.control("calls/reset", "POST")
    equal = {"email": "ann@trips.example", "phone": "+12025550123", "city": "Rome"}
    found = crm.run(contacts.find(Lookup(equal=equal)))
    assert {record.id for record in found} == {ann.id, bob.id}
    assert crm.calls == {"GET /contacts/search/duplicate": 2}


def twins(crm: Crm, size: int) -> tuple[Collection, list[str]]:
    """Contacts of a location that allows duplicates, so many of them with Ann's e-mail."""
    crm.hosted.control("settings", allowDuplicateContact=True)
    contacts = crm.contacts()
    ids = [crm.run(contacts.create(ANN, f"k{number}")).id for number in range(size)]
    crm.hosted.control("calls/reset", "POST")
    return contacts, ids


def test_where_duplicates_are_allowed_all_with_one_email_are_found_whole(crm: Crm):
    contacts, ids = twins(crm, 3)
    found = crm.run(contacts.find(Lookup(equal={"email": ANN["email"]})))
    assert {record.id for record in found} == set(ids)
    assert [record.fields["firstName"] for record in found] == ["Ann"] * 3
    assert crm.calls == {
        "GET /contacts/search/duplicate": 1,
        "POST /contacts/search": 1,
        f"GET {ONE}": 2,
    }


def test_where_nobody_has_the_email_allowed_duplicates_cost_nothing(crm: Crm):
    contacts, _ = twins(crm, 0)
    assert crm.run(contacts.find(Lookup(equal={"email": ANN["email"]}))) == []
    assert crm.calls == {"GET /contacts/search/duplicate": 1}


def test_of_very_many_with_one_email_enough_are_found(crm: Crm):
    contacts, ids = twins(crm, MOST_TWINS + 5)
    found = crm.run(contacts.find(Lookup(equal={"email": ANN["email"]})))
    assert MOST_TWINS <= len(found) <= MOST_TWINS + 1
    assert {record.id for record in found} < set(ids)


def test_a_twin_that_the_search_still_shows_and_is_gone_is_not_found(crm: Crm):
    contacts, ids = twins(crm, 3)
    first, gone, _ = crm.run(contacts.find(Lookup(equal={"email": ANN["email"]})))
    crm.hosted.control("settings", index_lag=10.0)
    crm.run(contacts.delete(gone.id, {}, None))
    assert gone.id in {row.id for row in crm.run(contacts.scan(None)).entries}
    found = crm.run(contacts.find(Lookup(equal={"email": ANN["email"]})))
    assert first.id in {record.id for record in found}
    assert {record.id for record in found} == set(ids) - {gone.id}


def test_a_listing_row_is_a_hint_with_the_same_mark_as_a_read(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create({**ANN, "address1": "1 Sea Road"}, "k"))
    [row] = crm.run(contacts.scan(None)).entries
    assert row.hint and row.mark == made.mark
    assert row.fields["firstName"] == "ann"
    assert row.fields["address1"] == "1 Sea Road"
    assert row.fields["email"] == "ann@trips.example"


def test_a_listing_of_n_takes_a_call_a_page(crm: Crm):
    contacts = crm.contacts()
    for number in range(25):
        crm.run(contacts.create({"email": f"a{number}@trips.example"}, "k"))
    small = crm.contacts(page_size=10)
    page = crm.run(small.scan(None))
    seen = len(page.entries)
    while page.more:
        page = crm.run(small.scan(page.cursor))
        seen += len(page.entries)
    assert (seen, crm.calls) == (25, {"POST /contacts/search": 3})


def test_a_new_custom_field_is_learned_once(crm: Crm):
    contacts = crm.contacts()
    made = crm.run(contacts.create(ANN, "k"))
    add_field(crm.hosted.sandbox, "contact", "Pet", "TEXT")
    crm.run(crm.contacts().update(made.id, {"contact.pet": "Rex"}, {}, None))
    crm.hosted.control("calls/reset", "POST")
    for _ in range(2):
        record = crm.run(contacts.read([made.id])).records[made.id]
        assert record.fields["contact.pet"] == "Rex"
    assert crm.calls["GET /locations/{locationId}/customFields"] == 1


def alone(rows: dict[str, Json], *fields: str) -> tuple[Collection, ScriptedHttp]:
    """Contacts, opened, of a system that answers by a script."""
    http = ScriptedHttp(scripted(rows))
    bound = GoHighLevel(LOCATION_ID).contacts().bind(FakeDoors(http), fields)
    asyncio.run(bound.open())
    http.asked.clear()
    return bound, http


def definition(number: int) -> Json:
    return {"id": f"f{number}", "fieldKey": "contact.pet", "dataType": "TEXT", "name": "Pet"}


def test_a_mapped_field_that_is_gone_halts():
    path = f"GET /locations/{LOCATION_ID}/customFields"
    row = {"id": "C1", "customFields": [{"id": "f9", "value": "x"}]}
    rows = {
        path: [{"customFields": [definition(1)]}, {"customFields": []}],
        "GET /contacts/C1": {"contact": row},
    }
    contacts, _ = alone(rows, "contact.pet")
    with pytest.raises(Halt, match=r"no longer has the contact field contact\.pet"):
        asyncio.run(contacts.read(["C1"]))


def test_a_field_that_was_made_again_is_found_under_its_new_id():
    path = f"GET /locations/{LOCATION_ID}/customFields"
    row = {"id": "C1", "customFields": [{"id": "f2", "value": "x"}]}
    rows = {
        path: [{"customFields": [definition(1)]}, {"customFields": [definition(2)]}],
        "GET /contacts/C1": {"contact": row},
    }
    contacts, _ = alone(rows, "contact.pet")
    assert asyncio.run(contacts.read(["C1"])).records["C1"].fields["contact.pet"] == "x"


def test_what_an_answer_to_a_create_lacks_is_read_not_invented():
    made = {"id": "C1", "email": "ann@trips.example"}
    rows = {
        "POST /contacts/": {"contact": made},
        "GET /contacts/C1": {"contact": {**made, "timezone": "Europe/Rome"}},
    }
    contacts, http = alone(rows)
    sent = {"email": "ann@trips.example", "timezone": "Europe/Oslo"}
    record = asyncio.run(contacts.create(sent, "k"))
    assert record.fields["timezone"] == "Europe/Rome"
    assert [request.method for request in http.asked] == ["POST", "GET"]


def test_a_contact_shown_as_deleted_is_missing():
    contacts, _ = alone({"GET /contacts/C1": {"contact": {"id": "C1", "deleted": True}}})
    assert asyncio.run(contacts.read(["C1"])).missing == {"C1"}


@pytest.mark.parametrize("answer", [None, {}, {"contact": None}, {"contact": {}}, "text"])
def test_an_answer_without_a_contact_is_no_deletion(answer: Json):
    contacts, _ = alone({"GET /contacts/C1": answer, "PUT /contacts/C1": answer})
    with pytest.raises(Retry) as caught:
        asyncio.run(contacts.read(["C1"]))
    assert not caught.value.unknown
    with pytest.raises(Retry) as caught:
        asyncio.run(contacts.update("C1", {"city": "Rome"}, {}, None))
    assert caught.value.unknown


@pytest.mark.parametrize("answer", [None, {}, {"contacts": None}])
def test_an_answer_without_rows_is_no_empty_listing(answer: Any):
    contacts, _ = alone({"POST /contacts/search": answer})
    with pytest.raises(Retry):
        asyncio.run(contacts.scan(None))
