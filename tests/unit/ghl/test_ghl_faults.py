"""A connector over a bad day: nothing is lost, nothing is taken for what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientTimeout
from ghl_fakes import Crm, crm_of

from crosstie.core.errors import Halt, NotFound, Rejected, Retry
from crosstie.core.values import Json
from crosstie.ports import Lookup

ANN: dict[str, Json] = {"firstName": "Ann", "email": "ann@trips.example"}


@pytest.fixture
def crm() -> Iterator[Crm]:
    with crm_of("tripbuilder") as found:
        yield found


@pytest.mark.parametrize(
    "fault",
    [
        {"timeout": "reset", "when": "after"},
        {"status": 500, "when": "after"},
        {"status": 502, "body": "html", "when": "after"},
        {"status": 200, "body": "html", "when": "after"},
        {"status": 200, "body": "empty", "when": "after"},
        {"body": "cut", "when": "after"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_create_whose_answer_was_lost_is_unknown_and_found_by_its_marker(
    crm: Crm, fault: dict[str, Any]
):
    contacts = crm.contacts()
    crm.fault("POST /contacts/", **fault)
    with pytest.raises(Retry) as caught:
        crm.run(contacts.create(ANN, "state.7"))
    assert caught.value.unknown
    assert "ann@" not in str(caught.value)
    [found] = crm.run(contacts.find(Lookup(marker="state.7")))
    assert found.marker == "state.7"
    assert crm.stored == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 429},
        {"timeout": "reset"},
        {"status": 401, "message": "Invalid JWT"},
        {"status": 400, "message": "Contact not found"},
    ],
    ids=str,
)
def test_a_create_that_landed_and_could_not_be_looked_at_is_unknown(fault: dict[str, Any]):
    with crm_of("default") as crm:
        contacts = crm.contacts("contact.level")
        crm.fault("GET /contacts/{id}", **fault)
        # The CRM drops this value in silence, so that its answer alone does not tell all.
        with pytest.raises(Retry) as caught:
            crm.run(contacts.create({**ANN, "contact.level": "Platinum"}, "state.7"))
        assert caught.value.unknown
        assert crm.stored == 1


def test_no_answer_in_time_is_unknown(crm: Crm):
    contacts = crm.contacts()
    port = crm.doors.ports[-1]
    port._open()._timeout = ClientTimeout(total=0.1)
    crm.fault("PUT /contacts/", timeout="hang", when="after")
    made = crm.run(contacts.create(ANN, "k"))
    with pytest.raises(Retry) as caught:
        crm.run(contacts.update(made.id, {"city": "Rome"}, {}, None))
    assert caught.value.unknown and caught.value.counts
    assert crm.run(contacts.read([made.id])).records[made.id].fields["city"] == "Rome"


def test_a_create_that_was_refused_and_stored_all_the_same_is_found(crm: Crm):
    contacts = crm.contacts()
    crm.fault("POST /contacts/", status=422, message="email must be an email", when="after")
    with pytest.raises(Rejected) as caught:
        crm.run(contacts.create(ANN, "state.7"))
    assert caught.value.field == "email"
    assert len(crm.run(contacts.find(Lookup(marker="state.7")))) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502, "body": "html"},
        {"status": 200, "body": "empty"},
        {"timeout": "reset"},
        {"status": 404, "body": "html"},
        {"status": 404, "message": "Cannot GET /contacts/x"},
    ],
    ids=str,
)
def test_a_bad_answer_to_a_read_is_no_deletion(crm: Crm, fault: dict[str, Any]):
    contacts = crm.contacts()
    made = crm.run(contacts.create(ANN, "k"))
    crm.fault("GET /contacts/", **fault)
    with pytest.raises((Retry, Halt)) as caught:
        crm.run(contacts.read([made.id]))
    assert not isinstance(caught.value, NotFound)
    assert made.id in crm.run(contacts.read([made.id])).records


@pytest.mark.parametrize("fault", [{"status": 200, "body": "empty"}, {"status": 200}], ids=str)
def test_a_bad_answer_to_a_search_is_no_empty_listing(crm: Crm, fault: dict[str, Any]):
    contacts = crm.contacts()
    crm.fault("POST /contacts/search", **fault)
    with pytest.raises(Retry):
        crm.run(contacts.scan(None))


def test_a_429_waits_as_long_as_it_says_and_blames_no_record(crm: Crm):
    contacts = crm.contacts()
    before = crm.doors.time
    crm.fault("GET /contacts/", status=429, retry_after=7)
    with pytest.raises(Retry) as caught:
        crm.run(contacts.read(["Nobody00000000000000"]))
    assert (caught.value.after, caught.value.counts) == (7.0, False)
    crm.run(contacts.read(["Nobody00000000000000"]))
    assert crm.doors.time == before + 7.0


def test_a_system_that_is_down_blames_no_record_of_a_read(crm: Crm):
    contacts = crm.contacts()
    crm.hosted.control("down", down=True)
    with pytest.raises(Retry) as caught:
        crm.run(contacts.read(["Nobody00000000000000"]))
    assert not caught.value.unknown


def test_a_small_account_is_never_asked_more_than_it_allows():
    """The limit is learned from the first answer; the sandbox would refuse the 26th call."""
    with crm_of(rate_limit=True, burst=25) as crm:
        crm.doors.passes = lambda seconds: crm.hosted.control("clock", advance=seconds)
        contacts = crm.contacts()
        for _ in range(60):
            crm.run(contacts.read(["Nobody00000000000000"]))
        assert "429" not in crm.hosted.control("state")["statuses"]
        assert crm.doors.time > 1_767_268_800.0 + 20.0
