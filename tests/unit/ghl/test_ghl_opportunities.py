"""Opportunities of one pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ghl_fakes import Crm, crm_of

from crosstie.core.errors import Duplicate, Rejected
from crosstie.core.values import Json, Record
from crosstie.ports import Lookup

CREATE, SEARCH = "POST /opportunities/", "POST /opportunities/search"
ONE = "/opportunities/{id}"


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of() as found:
        yield found


@pytest.fixture
def ann(crm: Crm) -> str:
    return str(crm.run(crm.contacts().create({"email": "ann@trips.example"}, "a")).id)


def deal(ann: str, **more: Json) -> dict[str, Json]:
    return {"name": "Rome", "contactId": ann, **more}


def test_creating_takes_one_call_and_shows_what_was_stored(crm: Crm, ann: str):
    deals = crm.deals()
    fields = {
        "stage": "proposal sent",
        "monetaryValue": "12.50",
        "opportunity.start_date": "2026-03-01",
        "opportunity.extras": ["Guide"],
        "opportunity.fee": 7,
    }
    made = crm.run(deals.create(deal(ann, **fields), "k"))
    assert crm.calls == {CREATE: 1}
    expected = {**fields, "stage": "Proposal Sent", "monetaryValue": 12.5, "status": "open"}
    assert {name: made.fields[name] for name in expected} == expected
    assert made == crm.run(deals.read([made.id])).records[made.id]


def test_a_listing_row_shows_the_same_values_as_a_read(crm: Crm, ann: str):
    """Search rows hold custom values in another shape."""
    deals = crm.deals()
    fields = {"opportunity.start_date": "2026-03-01", "opportunity.fee": 7.5}
    made = crm.run(deals.create(deal(ann, **fields, monetaryValue=0), "k"))
    [row] = crm.run(deals.scan(None)).entries
    assert row.hint
    assert (row.fields, row.mark) == (made.fields, made.mark)


def test_without_a_stage_it_goes_into_the_default_one(crm: Crm, ann: str):
    made = crm.run(crm.deals(default_stage="closed").create(deal(ann), "k"))
    assert made.fields["stage"] == "Closed"


def test_an_update_takes_one_call(crm: Crm, ann: str):
    deals = crm.deals()
    made = crm.run(deals.create(deal(ann, monetaryValue=5), "k"))
    crm.hosted.control("calls/reset", "POST")
    patch = {"stage": "Closed", "status": "won", "monetaryValue": None, "opportunity.fee": None}
    after = crm.run(deals.update(made.id, patch, made.fields, made.version))
    assert crm.calls == {f"PUT {ONE}": 1}
    shown = tuple(after.fields[name] for name in patch)
    assert shown == ("Closed", "won", 0, None)


def test_an_unknown_stage_is_refused_with_those_there_are(crm: Crm, ann: str):
    deals = crm.deals()
    with pytest.raises(Rejected) as caught:
        crm.run(deals.create(deal(ann, stage="Booked"), "k"))
    assert caught.value.field == "stage"
    assert caught.value.fix == ("use one of the stages: New Lead, Contacted, Proposal Sent, Closed")
    assert crm.calls == {}


def test_the_contact_cannot_be_changed(crm: Crm, ann: str):
    deals = crm.deals()
    made = crm.run(deals.create(deal(ann), "k"))
    with pytest.raises(Rejected) as caught:
        crm.run(deals.update(made.id, {"contactId": "other"}, made.fields, None))
    assert caught.value.field == "contactId"
    assert "create_only" in str(caught.value.fix)


def test_without_a_contact_none_is_made(crm: Crm):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.deals().create({"name": "Rome"}, "k"))
    assert caught.value.field == "contactId"


def test_a_contact_that_is_gone_is_a_refusal(crm: Crm):
    with pytest.raises(Rejected) as caught:
        crm.run(crm.deals().create(deal("Nobody00000000000000"), "k"))
    assert caught.value.field == "contactId"


def test_a_second_one_of_the_contact_names_the_first(crm: Crm, ann: str):
    deals = crm.deals()
    made = crm.run(deals.create(deal(ann), "k"))
    with pytest.raises(Duplicate) as caught:
        crm.run(deals.create(deal(ann, name="Oslo"), "k2"))
    assert caught.value.existing == made.id


def test_finding_by_contact_looks_into_this_pipeline_only(crm: Crm, ann: str):
    sales, support = crm.deals(), crm.deals(pipeline="Support")
    made = crm.run(sales.create(deal(ann), "k"))
    crm.run(support.create(deal(ann), "k"))
    crm.hosted.control("calls/reset", "POST")
    found = crm.run(sales.find(Lookup(equal={"contactId": ann})))
    assert [record.id for record in found] == [made.id]
    assert crm.calls == {SEARCH: 1}


def test_one_of_another_pipeline_is_read_and_said_to_be_none_of_ours(crm: Crm, ann: str):
    sales, support = crm.deals(), crm.deals(pipeline="Support")
    made = crm.run(support.create(deal(ann), "k"))
    assert not made.outside
    assert crm.run(sales.read([made.id])).records[made.id].outside


def test_one_that_moved_to_another_pipeline_is_no_deletion_and_comes_back_with_a_stage(
    crm: Crm, ann: str
):
    sales, support = crm.deals(), crm.deals(pipeline="Support")
    made = crm.run(sales.create(deal(ann), "k"))
    crm.run(support.update(made.id, {"stage": "Waiting"}, {}, None))
    moved: Record = crm.run(sales.read([made.id])).records[made.id]
    assert moved.fields["stage"] == "Waiting"
    assert list(crm.run(sales.scan(None)).entries) == []
    back = crm.run(sales.update(made.id, {"stage": "Contacted"}, {}, None))
    assert back.fields["stage"] == "Contacted"
    assert len(crm.run(sales.scan(None)).entries) == 1


def test_a_listing_of_n_takes_a_call_a_page():
    with crm_of("tripbuilder") as crm:
        ann = crm.run(crm.contacts().create({"email": "ann@trips.example"}, "a")).id
        deals = crm.deals(pipeline="TripBooking")
        for number in range(25):
            crm.run(deals.create(deal(ann, name=f"Trip {number}"), f"k{number}"))
        small = crm.deals(pipeline="TripBooking", page_size=10)
        page = crm.run(small.scan(None))
        seen = [entry.id for entry in page.entries]
        while page.more:
            page = crm.run(small.scan(page.cursor))
            seen += [entry.id for entry in page.entries]
        assert (len(seen), len(set(seen)), crm.calls) == (25, 25, {SEARCH: 3})
        [found] = crm.run(small.find(Lookup(marker="k7")))
        assert found.marker == "k7"


def test_a_feed_tells_a_crowd_of_one_contact_and_one_moment():
    """Their search cursors are all the same, and would skip all but a page of them."""
    with crm_of("tripbuilder") as crm:
        ann = crm.run(crm.contacts().create({"email": "ann@trips.example"}, "a")).id
        deals = crm.deals(pipeline="TripBooking", page_size=4)
        cursor = crm.run(deals.changes(None)).cursor
        made = {crm.run(deals.create(deal(ann), f"k{n}")).id for n in range(11)}
        told: set[str] = set()
        more = True
        while more:
            page = crm.run(deals.changes(cursor))
            cursor, more = page.cursor, page.more
            told |= {entry.id for entry in page.entries}
        assert told == made
