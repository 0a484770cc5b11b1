"""The two searches over opportunities."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Crm

TRIP, PASSENGER, DESK = "IlWdPtOpcczLpgsde2KF", "fnsdpRtY9o83Vr4z15bE", "TripDeskContact00001"


@pytest.fixture
def booked(trips: Crm) -> Crm:
    """Trips A, B, C of the desk a second apart and a passenger P, all indexed."""
    ada = trips.contact(firstName="Ada", email="ada@x.example")["id"]
    trips.opportunity(DESK, TRIP, name="A", monetaryValue=300)
    trips.later()
    trips.opportunity(DESK, TRIP, name="B", monetaryValue=100, status="won")
    trips.later()
    trips.opportunity(DESK, TRIP, name="C", monetaryValue=200)
    trips.later()
    trips.opportunity(ada, PASSENGER, name="P")
    trips.later()
    return trips


def names(rows: list[dict[str, Any]]) -> str:
    return "".join(row["name"] for row in rows)


def test_rows_lag_and_show_empties_as_null(trips: Crm) -> None:
    made = trips.opportunity(DESK, TRIP)
    assert trips.search_opportunities() == []
    trips.later()
    (row,) = trips.search_opportunities()
    assert row["pipelineStageUId"] == row["pipelineStageId"]
    assert (row["assignedTo"], row["source"], row["lostReasonId"]) == (None, None, None)
    assert row["sort"] == [1_767_268_800_000, DESK]
    assert row["relations"][0]["recordId"] == DESK
    assert row["id"] == made["id"]


def test_the_newest_come_first(booked: Crm) -> None:
    assert names(booked.search_opportunities()) == "PCBA"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"field": "pipeline_id", "operator": "eq", "value": TRIP}], "CBA"),
        ([{"field": "status", "operator": "eq", "value": "won"}], "B"),
        ([{"field": "monetary_value", "operator": "range", "value": {"gte": 200}}], "CA"),
        ([{"field": "contact_name", "operator": "contains", "value": "ada"}], "P"),
        ([{"field": "email", "operator": "eq", "value": "ada@x.example"}], "P"),
        (
            [
                {
                    "field": "date_updated",
                    "operator": "range",
                    "value": {"gte": "2026-01-01T12:00:02.000Z"},
                }
            ],
            "PC",
        ),
    ],
)
def test_filters_are_in_snake_case(booked: Crm, filters: list[Any], found: str) -> None:
    assert names(booked.search_opportunities(filters=filters)) == found


def test_a_camel_case_filter_is_an_invalid_field(booked: Crm) -> None:
    wanted = {"field": "pipelineId", "operator": "eq", "value": TRIP}
    body = {"locationId": booked.location, "filters": [wanted]}
    reply = booked.call("POST", "/opportunities/search", body)
    assert (reply.status, reply.message) == (400, "Invalid field pipelineId")


def test_a_marker_is_found_by_its_custom_field(booked: Crm) -> None:
    marker = booked.fields("opportunity")["opportunity.crosstie_id"]
    entry = {"id": marker, "field_value": "trip-9"}
    booked.opportunity(DESK, TRIP, name="M", customFields=[entry])
    booked.later()
    wanted = {"field": f"custom_fields.{marker}", "operator": "eq", "value": "trip-9"}
    assert names(booked.search_opportunities(filters=[wanted])) == "M"


def test_the_cursor_walks_by_date_updated(booked: Crm) -> None:
    sort = [{"field": "date_updated", "direction": "asc"}]
    found, page = "", booked.search_opportunities(sort=sort, limit=1)
    while page:
        found += names(page)
        page = booked.search_opportunities(sort=sort, limit=1, searchAfter=page[-1]["sort"])
    assert found == "ABCP"


def test_rows_sharing_moment_and_contact_are_skipped_at_a_page_edge(trips: Crm) -> None:
    for name in "XYZ":
        trips.opportunity(DESK, TRIP, name=name)
    trips.later()
    first = trips.search_opportunities(limit=1)
    assert trips.search_opportunities(limit=1, searchAfter=first[-1]["sort"]) == []
    assert len({row["id"] for row in trips.search_opportunities()}) == 3


def test_the_get_search_takes_camel_case_and_pages(booked: Crm) -> None:
    path = "/opportunities/search"
    first = booked.get(path, locationId=booked.location, pipelineId=TRIP, limit="2").json
    assert names(first["opportunities"]) == "CB"
    meta = first["meta"]
    assert (meta["total"], meta["currentPage"], meta["nextPage"]) == (3, 1, 2)
    following = meta["nextPageUrl"].removeprefix(booked.hosted.url)
    assert names(booked.get(following).json["opportunities"]) == "A"
    asc = booked.get(path, locationId=booked.location, order="added_asc", status="all").json
    assert names(asc["opportunities"]) == "ABCP"


def test_the_get_search_refuses_snake_case_unless_told_otherwise(booked: Crm) -> None:
    reply = booked.get("/opportunities/search", location_id=booked.location)
    assert reply.status == 422
    assert "property location_id should not exist" in reply.message
    booked.control("settings", opportunity_search_snake_case=True)
    reply = booked.get("/opportunities/search", location_id=booked.location, pipeline_id=PASSENGER)
    assert names(reply.json["opportunities"]) == "P"


def test_the_get_search_filters_by_the_day_of_creation(booked: Crm) -> None:
    path = "/opportunities/search"
    today = {"locationId": booked.location, "date": "01-01-2026", "endDate": "01-01-2026"}
    assert booked.get(path, **today).json["meta"]["total"] == 4
    later = {"locationId": booked.location, "date": "01-02-2026"}
    assert booked.get(path, **later).json["meta"]["total"] == 0
    assert booked.get(path, locationId=booked.location, date="soon").status == 400
    assert booked.get(path, locationId=booked.location, limit="101").status == 422
