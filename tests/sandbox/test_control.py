"""Control calls: state, reset, settings, clock, tokens, bulk, counts."""

from __future__ import annotations

import pytest

from crosstie.sandbox.ghl import GhlSandbox

from .client import Crm, send


def test_calls_are_counted_by_route_as_reads_and_writes(crm: Crm) -> None:
    made = crm.contact(email="a@b.example")
    crm.get(f"/contacts/{made['id']}")
    crm.put(f"/contacts/{made['id']}", city="Rome")
    crm.put("/contacts/nobody", city="Rome")
    crm.search()
    state = crm.state()
    assert state["calls"]["PUT /contacts/{contactId}"] == {"count": 2, "kind": "write"}
    assert state["calls"]["POST /contacts/search"] == {"count": 1, "kind": "read"}
    assert (state["reads"], state["writes"], state["stored"]) == (2, 3, 2)
    assert state["statuses"] == {"200": 3, "201": 1, "400": 1}
    crm.control("calls/reset")
    assert (crm.state()["reads"], crm.state()["writes"]) == (0, 0)


def test_a_call_that_a_fault_ended_is_counted_too(crm: Crm) -> None:
    crm.control("faults", status=500)
    assert crm.get("/contacts/nobody").status == 500
    assert crm.state()["reads"] == 1


def test_reset_starts_again_with_a_preset(crm: Crm) -> None:
    crm.contact(email="a@b.example")
    crm.control("faults", status=500)
    crm.control("reset", preset="tripbuilder")
    state = crm.state()
    assert (state["preset"], state["contacts"], state["faults"]) == ("tripbuilder", 1, [])
    assert state["settings"]["allowDuplicateOpportunity"] is True
    with pytest.raises(ValueError, match="unknown preset"):
        crm.control("reset", preset="shoe")


def test_the_tripbuilder_preset_is_indexed_from_the_start(trips: Crm) -> None:
    assert [row["id"] for row in trips.search()] == ["TripDeskContact00001"]


@pytest.mark.parametrize(
    "change", [{"index_lag": 11}, {"burst": 0}, {"shoe": 1}, {"latency": "long"}, {"burst": -1}]
)
def test_settings_that_make_no_sense_change_nothing(crm: Crm, change: dict[str, object]) -> None:
    before = crm.state()["settings"]
    with pytest.raises(ValueError, match=r"."):
        crm.post_control("settings", {"allowDuplicateContact": True, **change})
    assert crm.state()["settings"] == before


def test_the_clock_only_moves_forward(crm: Crm) -> None:
    before = crm.state()["now"]
    assert crm.control("clock", advance=1.5)["now"] == before + 1500
    with pytest.raises(ValueError, match="forward"):
        crm.control("clock", advance=-1)


def test_bulk_loads_records_that_are_searchable_at_once(trips: Crm) -> None:
    made = trips.control(
        "bulk",
        contacts=[{"email": f"p{i}@x.example", "phone": f"+1202555{i:04d}"} for i in range(600)],
        opportunities=[
            {
                "contactId": "TripDeskContact00001",
                "pipelineId": "IlWdPtOpcczLpgsde2KF",
                "name": f"T{i}",
            }
            for i in range(3)
        ],
    )
    assert (len(set(made["contacts"])), len(made["opportunities"])) == (600, 3)
    assert trips.state()["indexed"] == {"contacts": 601, "opportunities": 3}
    found = trips.get(f"/contacts/{made['contacts'][7]}").json["contact"]
    assert (found["email"], found["phone"]) == ("p7@x.example", "+12025550007")
    assert len(trips.search(pageLimit=500)) == 500


def test_duplicates_by_marker_are_counted(trips: Crm) -> None:
    marker = trips.fields("opportunity")["opportunity.crosstie_id"]
    for _ in range(3):
        entry = {"id": marker, "field_value": "trip-1"}
        trips.opportunity("TripDeskContact00001", "IlWdPtOpcczLpgsde2KF", customFields=[entry])
    found = trips.state()["duplicates"]
    assert (found["by_marker"], found["opportunities_by_contact_and_pipeline"]) == (2, 2)


def test_latency_slows_every_call_and_changes_nothing(crm: Crm) -> None:
    crm.control("settings", latency=0.01)
    assert crm.contact(email="a@b.example")["id"]


def test_control_is_refused_to_other_sites(crm: Crm) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert send(crm.hosted.url, "POST", "/_sandbox/down", "{}", foreign).status == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert send(crm.hosted.url, "POST", "/_sandbox/down", "{}", foreign).status == 403
    rebound = {"Host": "evil.example"}
    assert send(crm.hosted.url, "GET", "/_sandbox/state", None, rebound).status == 403
    assert crm.state()["down"] is False


def test_a_control_body_must_be_an_object(crm: Crm) -> None:
    for raw in ("[]", "{"):
        assert send(crm.hosted.url, "POST", "/_sandbox/clock", raw).status == 400


def test_an_unknown_preset_is_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="fix: choose one of default, tripbuilder"):
        GhlSandbox("shoe")
