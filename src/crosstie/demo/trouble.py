"""The second half of the play: people contradict each other, the CRM fails, records go."""

from __future__ import annotations

import time
from typing import Any

from crosstie.demo.compare import compared
from crosstie.demo.people import add_contact, add_trip, again, edit_trip, enrol, newest, synced
from crosstie.demo.stage import SEARCH_LAG, Stage
from crosstie.demo.waiting import check, until

_WAITING = "saved, not yet synced"


def same_field(stage: Stage) -> str:
    """Two people give one field two values: nothing is overwritten until a person decides."""
    stage.stop_engine()
    trip = stage.books.rows("trips", name="Iceland Ring Road")[0]
    remote_id = trip["ghl_opportunity_id"]
    edit_trip(stage, trip, destination="Akureyri")
    stage.crm.edit("opportunities", remote_id, {"destination": "Vik"})
    stage.start_engine()
    listed = until(lambda: _conflicts(stage), "the conflict to be listed")
    check(len(listed) == 1 and listed[0]["fields"] == ["destination"], "one conflict")
    check(again(stage, "trips", trip)["destination"] == "Akureyri", "the page's value to stay")
    check(stage.crm.opportunity(remote_id)["destination"] == "Vik", "the CRM's value to stay")
    stage.crosstie("conflicts", "resolve", str(listed[0]["id"]), "--take", "right")

    def decided() -> bool:
        ours = again(stage, "trips", trip)["destination"]
        theirs = stage.crm.opportunity(remote_id)["destination"]
        return bool(ours == theirs == "Vik")

    until(decided, "the decision on both sides")
    until(lambda: not _conflicts(stage), "the conflict to be closed")
    return "conflict listed, neither value lost, decided with `crosstie conflicts resolve`"


def _conflicts(stage: Stage) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = stage.crosstie("conflicts", "list", codes=(0, 6))["conflicts"]
    return listed


def server_errors(stage: Stage) -> str:
    """The CRM answers 500 to a create and to an update, having done nothing."""
    before = stage.crm.state()["faults_served"]
    for match in ("POST /opportunities/", "PUT /opportunities/{id}"):
        stage.crm.control("faults", match=match, status=500, times=1)
    iceland = stage.books.rows("trips", name="Iceland Ring Road")[0]
    edit_trip(stage, iceland, trip_vendor="Nordic Roads")
    trip = synced(stage, "trips", add_trip(stage, name="Kyoto in Spring", destination="Kyoto"))
    remote_id = iceland["ghl_opportunity_id"]
    until(
        lambda: stage.crm.opportunity(remote_id).get("tripvendor") == "Nordic Roads",
        "the update after the error",
    )
    _once(stage, trip["name"])
    check(stage.crm.state()["faults_served"] == before + 2, "both errors to be answered")
    return "2 errors, both writes arrive, 1 opportunity"


def lost_answers(stage: Stage) -> str:
    """The CRM does what it is asked, but the answer is lost: a time-out and a cut line."""
    before = stage.crm.state()["faults_served"]
    stage.crm.control("faults", match="POST /contacts/", status=504, when="after", times=1)
    stage.crm.control(
        "faults", match="POST /opportunities/", timeout="reset", when="after", times=1
    )
    trip = stage.books.rows("trips", name="Kyoto in Spring")[0]
    contact = add_contact(stage, first_name="Dana", last_name="Reyes", email="dana@reyes.example")
    enrol(stage, trip, contact, passport_number="Y7654321")
    passenger = synced(stage, "passengers", newest(stage, "passengers"))
    contact = synced(stage, "contacts", contact)
    stage.crm.settled()
    state = stage.crm.state()
    check(state["faults_served"] == before + 2, "both answers to be lost")
    found = [c for c in stage.crm.contacts() if c.get("email") == "dana@reyes.example"]
    theirs = [p for p in stage.crm.opportunities("Passenger") if p["contactId"] == found[0]["id"]]
    check(len(found) == len(theirs) == 1, "one contact and one opportunity")
    check(theirs[0]["id"] == passenger["ghl_opportunity_id"], "the passenger to know it")
    check(state["duplicates"]["by_marker"] == 0, "no duplicate in the CRM")
    return "504 and cut line after the record was stored: 1 contact, 1 opportunity"


def crm_down(stage: Stage) -> str:
    """The CRM cannot be reached: pages work as always, and it is made up for later."""
    calls = stage.rested().calls
    stage.crm.control("down", down=True)
    trip = add_trip(stage, name="Andes Trek", destination="Cusco", arrival_date="2027-09-03")
    page = stage.agency.open(f"/trips/{trip['id']}")
    check(_WAITING in page.text, f"the page to say “{_WAITING}”")
    kyoto = stage.books.rows("trips", name="Kyoto in Spring")[0]
    edit_trip(stage, kyoto, max_passengers="12")
    until(lambda: stage.engine.figures().calls >= calls + 2, "the engine to try")
    check(again(stage, "trips", trip)["ghl_opportunity_id"] is None, "the trip to wait")
    stage.crm.control("down", down=False)
    trip = synced(stage, "trips", trip)
    remote_id = kyoto["ghl_opportunity_id"]
    until(
        lambda: stage.crm.opportunity(remote_id).get("maxpassengers") == 12,
        "the edit made meanwhile",
    )
    page = stage.agency.open(f"/trips/{trip['id']}")
    check(_WAITING not in page.text, "the page to show the CRM's id")
    _once(stage, "Andes Trek")
    return f"page saves and says “{_WAITING}”; in the CRM later by itself"


def deletions(stage: Stage) -> str:
    """A trip with a passenger is deleted on a page, another in the CRM: both go on both sides."""
    hawaii = stage.books.rows("trips", name="Hawaii Adventure")[0]
    [aboard] = stage.books.rows("passengers", trip_id=hawaii["id"])
    stage.agency.submit(f"/trips/{hawaii['id']}", {}, button="/delete")
    ids = [row["ghl_opportunity_id"] for row in (hawaii, aboard)]
    until(lambda: all(map(stage.crm.gone, ids)), "both opportunities to be deleted")
    check(stage.books.row("contacts", id=aboard["contact_id"]) is not None, "the contact to stay")
    lisbon = stage.books.rows("trips", name="Lisbon Weekend")[0]
    stage.crm.delete("opportunities", lisbon["ghl_opportunity_id"])
    stage.stop_engine()
    stage.crm.settled()
    stage.crosstie("run", "--once", "--full")
    gone = stage.books.row("trips", id=lisbon["id"]) is None
    check(not gone, "the trip to stay until a second listing misses it as well")
    time.sleep(SEARCH_LAG)
    for _ in range(2):
        stage.crosstie("run", "--once", "--full")
    check(stage.books.row("trips", id=lisbon["id"]) is None, "the trip to be deleted")
    return "trip and passenger deleted here -> there; trip deleted there -> here"


def nothing_to_do(stage: Stage) -> str:
    """A complete comparison of everything, when nothing changed, writes nothing."""
    stage.crm.settled()
    stage.crosstie("run", "--once", "--full")
    stage.crm.settled()
    books, stored = stage.books.everything(), stage.crm.state()["stored"]
    stage.crosstie("run", "--once", "--full")
    check(stage.crm.state()["stored"] == stored, "no write in the CRM")
    check(stage.books.everything() == books, "no write in the database")
    return "0 writes in the CRM, 0 in the database"


def _once(stage: Stage, name: str) -> None:
    stage.crm.settled()
    found = [o for o in stage.crm.opportunities("TripBooking") if o["name"] == name]
    check(len(found) == 1, f"one opportunity “{name}” in the CRM, not {len(found)}")


def final_count(stage: Stage) -> tuple[int, list[str]]:
    """Records compared and differences, both sides read by hand."""
    stage.crm.settled()
    return compared(stage.books, stage.crm)
