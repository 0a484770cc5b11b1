"""Pipelines and opportunities by id."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Crm

SALES, SUPPORT = "SalesPipeline0000001", "SupportPipeline00001"


@pytest.fixture
def ada(crm: Crm) -> str:
    """The id of one contact."""
    found: str = crm.contact(firstName="Ada", email="ada@x.example", tags=["vip"])["id"]
    return found


def test_pipelines_list_their_stages_in_order(trips: Crm) -> None:
    reply = trips.get("/opportunities/pipelines", locationId=trips.location).json
    found = {p["id"]: [stage["name"] for stage in p["stages"]] for p in reply["pipelines"]}
    assert found == {
        "IlWdPtOpcczLpgsde2KF": ["New", "Planned", "Confirmed", "Travelled", "Cancelled"],
        "fnsdpRtY9o83Vr4z15bE": ["Enrolled", "Documents", "Confirmed", "Travelled", "Cancelled"],
    }
    assert reply["pipelines"][0]["stages"][1]["position"] == 1


def test_a_new_opportunity_goes_into_the_first_stage(crm: Crm, ada: str) -> None:
    made = crm.opportunity(ada, SALES, monetaryValue=12.5)
    found = crm.get(f"/opportunities/{made['id']}").json["opportunity"]
    pipelines = crm.get("/opportunities/pipelines", locationId=crm.location).json["pipelines"]
    assert found["pipelineStageId"] == pipelines[0]["stages"][0]["id"]
    assert found["monetaryValue"] == 12.5
    assert found["contact"] == {
        "id": ada,
        "name": "Ada",
        "email": "ada@x.example",
        "tags": ["vip"],
    }
    assert not {"assignedTo", "lostReasonId", "source"} & set(found)


def test_a_second_one_in_the_same_pipeline_is_400_and_names_the_first(crm: Crm, ada: str) -> None:
    made = crm.opportunity(ada, SALES, status="lost")
    body = {"pipelineId": SALES, "contactId": ada, "name": "B", "status": "open"}
    reply = crm.post("/opportunities/", locationId=crm.location, **body)
    assert reply.status == 400
    assert reply.message == "Can not create duplicate opportunity for the contact."
    assert reply.json["code"] == "OPPORTUNITY_NO_DUPLICATE"
    assert reply.json["meta"] == {"existingId": made["id"]}
    other = crm.opportunity(ada, SUPPORT)
    assert crm.put(f"/opportunities/{other['id']}", pipelineId=SALES).status == 400


def test_where_allowed_a_contact_has_many_in_one_pipeline(trips: Crm) -> None:
    desk = "TripDeskContact00001"
    ids = {trips.opportunity(desk, "IlWdPtOpcczLpgsde2KF")["id"] for _ in range(3)}
    assert len(ids) == 3


def test_an_unknown_opportunity_is_404(crm: Crm) -> None:
    for method, path in (
        ("GET", "/opportunities/nobody"),
        ("PUT", "/opportunities/nobody"),
        ("DELETE", "/opportunities/nobody"),
    ):
        assert crm.call(method, path, {}).status == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"pipelineId": "nope"}, 400),
        ({"pipelineStageId": "nope"}, 400),
        ({"contactId": "x"}, 422),
        ({"locationId": "x"}, 422),
        ({"status": "all"}, 422),
        ({"monetaryValue": "5"}, 422),
        ({"assignedTo": "nobody"}, 422),
    ],
)
def test_what_does_not_fit_is_refused(
    crm: Crm, ada: str, change: dict[str, Any], status: int
) -> None:
    made = crm.opportunity(ada, SALES)
    assert crm.put(f"/opportunities/{made['id']}", **change).status == status


def test_create_needs_five_things_and_a_contact(crm: Crm) -> None:
    reply = crm.post("/opportunities/")
    assert reply.status == 422
    assert len([text for text in reply.message if text.endswith("should not be empty")]) == 5
    body = {"pipelineId": SALES, "contactId": "nobody", "name": "A", "status": "open"}
    assert crm.post("/opportunities/", locationId=crm.location, **body).status == 400


def test_moving_to_another_pipeline_without_a_stage_takes_its_first(crm: Crm, ada: str) -> None:
    made = crm.opportunity(ada, SALES)
    crm.later()
    found = crm.put(f"/opportunities/{made['id']}", pipelineId=SUPPORT).json["opportunity"]
    pipelines = crm.get("/opportunities/pipelines", locationId=crm.location).json["pipelines"]
    assert found["pipelineStageId"] == pipelines[1]["stages"][0]["id"]
    assert found["lastStageChangeAt"] > found["createdAt"]
    assert found["lastStatusChangeAt"] == found["createdAt"]


def test_the_status_has_its_own_route(crm: Crm, ada: str) -> None:
    made = crm.opportunity(ada, SALES)
    reply = crm.put(f"/opportunities/{made['id']}/status", status="lost", lostReasonId="r1")
    assert reply.json["succeded"] is True
    found = crm.get(f"/opportunities/{made['id']}").json["opportunity"]
    assert (found["status"], found["lostReasonId"]) == ("lost", "r1")
    assert found["updatedAt"] > made["updatedAt"]


def test_custom_fields_are_typed_in_search_and_plain_by_id(crm: Crm, ada: str) -> None:
    ids = crm.fields("opportunity")
    written = {
        "opportunity.reference": "R-1",
        "opportunity.start_date": "2026-03-01",
        "opportunity.fee": 12.5,
        "opportunity.extras": ["Guide"],
    }
    made = crm.opportunity(
        ada, SALES, customFields=[{"id": ids[k], "field_value": v} for k, v in written.items()]
    )
    by_id = {entry["id"]: entry["fieldValue"] for entry in made["customFields"]}
    assert by_id[ids["opportunity.reference"]] == "R-1"
    crm.later()
    (row,) = crm.search_opportunities()
    typed = {entry.pop("id"): entry for entry in row["customFields"]}
    assert typed[ids["opportunity.reference"]] == {"type": "string", "fieldValueString": "R-1"}
    assert typed[ids["opportunity.fee"]] == {"type": "number", "fieldValueNumber": 12.5}
    assert typed[ids["opportunity.extras"]] == {"type": "array", "fieldValueArray": ["Guide"]}
    assert typed[ids["opportunity.start_date"]] == {
        "type": "date",
        "fieldValueDate": 1_772_323_200_000,
    }


def test_a_contacts_field_does_not_fit_an_opportunity(crm: Crm, ada: str) -> None:
    number = crm.fields("contact")["contact.customer_number"]
    entry = {"id": number, "field_value": "C-1"}
    assert crm.opportunity(ada, SALES, customFields=[entry])["customFields"] == []
