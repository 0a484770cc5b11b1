"""Opening a collection: names to ids, and what is wrong with a set-up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from ghl_fakes import LOCATION_ID, Crm, FakeDoors, ScriptedHttp, crm_of, scripted

from crosstie.connectors.ghl import GoHighLevel
from crosstie.core.errors import Halt, Misconfigured, Retry


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of() as found:
        yield found


def refused(crm: Crm, *fields: str, pipeline: str = "Sales", stage: str | None = None) -> str:
    """What a person is told who set up these opportunities."""
    with pytest.raises(Misconfigured) as caught:
        crm.deals(*fields, pipeline=pipeline, default_stage=stage)
    return f"{caught.value} fix: {caught.value.fix}"


def test_a_declaration_is_a_value_and_shows_no_secret():
    account = GoHighLevel("L1")
    assert account == GoHighLevel("L1")
    assert (account.connector, account.label) == ("ghl", "GoHighLevel L1")
    assert account.contacts().name == "contacts"
    assert account.opportunities("Sales").name == "opportunities of Sales"


@pytest.mark.parametrize("size", [0, 501])
def test_a_page_size_beyond_the_limits_is_refused(size: int):
    with pytest.raises(Misconfigured, match=f"page_size of GoHighLevel L1 is {size}"):
        GoHighLevel("L1").contacts(page_size=size).bind(FakeDoors(), [])


def test_opening_contacts_takes_two_calls_and_opportunities_three(crm: Crm):
    for bound, calls in (
        (crm.account.contacts().bind(crm.doors, []), 2),
        (crm.account.opportunities("Sales").bind(crm.doors, []), 3),
    ):
        crm.hosted.control("calls/reset", "POST")
        crm.run(bound.open())
        crm.run(bound.open())
        assert sum(crm.calls.values()) == calls


def test_a_location_may_be_a_reference(crm: Crm):
    crm.location = "env:LOCATION"
    assert crm.run(crm.contacts().scan(None)).entries == []


def test_a_pipeline_goes_by_name_in_any_case_or_by_id(crm: Crm):
    for pipeline in ("Sales", "sales", "SalesPipeline0000001"):
        assert crm.deals(pipeline=pipeline).name == f"opportunities of {pipeline}"


def test_an_unknown_pipeline_is_answered_with_those_there_are(crm: Crm):
    text = refused(crm, pipeline="Trips")
    assert "no pipeline 'Trips' fix: use one of the pipelines: Sales, Support" in text


def test_an_unknown_default_stage_is_answered_with_those_there_are(crm: Crm):
    text = refused(crm, stage="Booked")
    assert "fix: use one of the stages: New Lead, Contacted, Proposal Sent, Closed" in text


def test_an_unknown_field_is_answered_with_near_names(crm: Crm):
    assert "fix: did you mean opportunity.start_date?" in refused(crm, "opportunity.startdate")
    assert "fix: use one of: name, status" in refused(crm, "qqqqq")


def test_a_mapped_field_that_is_read_only_is_fine_for_reading(crm: Crm):
    assert crm.deals("source", "createdAt").name


def test_the_marker_is_known_after_opening(crm: Crm):
    assert not crm.contacts().can.marker
    with crm_of("tripbuilder") as trips:
        assert trips.contacts().can.marker
        assert trips.deals(pipeline="TripBooking").can.marker


def test_the_schema_tells_types_options_and_what_cannot_be_written(crm: Crm):
    fields = crm.run(crm.deals().schema()).fields
    assert fields["opportunity.extras"].options == ("Breakfast", "Transfer", "Guide")
    assert fields["opportunity.extras"].kind == "choices"
    assert fields["opportunity.fee"].kind == "money"
    assert fields["stage"].options == ("New Lead", "Contacted", "Proposal Sent", "Closed")
    assert fields["contactId"].create_only and fields["contactId"].required
    assert not fields["createdAt"].writable


def test_the_schema_notes_what_check_should_tell(crm: Crm):
    [note] = crm.run(crm.contacts().schema()).notes
    assert "no text field contact.crosstie_id" in note
    crm.hosted.control("settings", allowDuplicateContact=True)
    assert "allowDuplicateContact" in crm.run(crm.contacts().schema()).notes[1]


def test_a_wrong_token_halts_and_names_where_it_comes_from(crm: Crm):
    crm.doors.token = "pit-wrong"
    with pytest.raises(Halt) as caught:
        crm.contacts()
    assert caught.value.login
    assert "env:GHL_TOKEN" in str(caught.value.fix)
    assert "pit-wrong" not in f"{caught.value} {caught.value.fix}"


def test_a_missing_scope_halts_and_names_it(crm: Crm):
    crm.hosted.control(
        "tokens", token="pit-few", scopes=["locations.readonly", "contacts.readonly"]
    )
    crm.doors.token = "pit-few"
    with pytest.raises(Halt, match=r"lacks the scope locations/customFields\.readonly"):
        crm.contacts()


def test_a_foreign_location_halts(crm: Crm):
    crm.location = "SomebodyElses0000001"
    with pytest.raises(Halt, match="no access to this location"):
        crm.contacts()


@pytest.mark.parametrize("call", ["", "/customFields"])
def test_an_empty_answer_while_opening_is_no_empty_location(call: str):
    http = ScriptedHttp(scripted({f"GET /locations/{LOCATION_ID}{call}": None}))
    bound = GoHighLevel(LOCATION_ID).contacts().bind(FakeDoors(http), [])
    with pytest.raises(Retry):
        asyncio.run(bound.open())
