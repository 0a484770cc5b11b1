"""The part of the play about webhooks: told at once, forged, lost, sent twice and too late."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from crosstie.demo.books import Row
from crosstie.demo.engine import Figures
from crosstie.demo.people import again
from crosstie.demo.stage import POLLED, Stage
from crosstie.demo.waiting import check, until
from crosstie.sandbox.ghl import LOCATION_ID
from crosstie.sandbox.ghl.webhook_key import WebhookKey
from crosstie.sandbox.ghl.webhooks import APP_ID

_SIGNATURE = "X-GHL-Signature"


def edit_in_the_crm(stage: Stage) -> str:
    """Somebody works in the CRM; a webhook tells of it, and the page shows it at once."""
    trip = _hawaii(stage)
    changes = {"destination": "Maui, Hawaii", "returndate": "2027-06-10", "maxpassengers": "18"}
    before = stage.rested()
    began = time.monotonic()
    stage.crm.edit("opportunities", trip["ghl_opportunity_id"], changes)

    def arrived() -> bool:
        now = again(stage, "trips", trip)
        shown = (now["destination"], now["return_date"], now["max_passengers"])
        return shown == ("Maui, Hawaii", "2027-06-10", 18)

    until(arrived, "the edit to reach the database", seconds=POLLED / 10)
    took = time.monotonic() - began
    page = stage.agency.open(f"/trips/{trip['id']}")
    check("Maui, Hawaii" in page.text, "the page to show the new destination")
    check(stage.engine.figures().kept > before.kept, "a webhook to be received")
    return f"text, date and number on the page after {took:.2f} s; polls are {POLLED:.0f} s apart"


def forged(stage: Stage) -> str:
    """Somebody else sends webhooks; the CRM's own was lost, so that there is news to tell."""
    trip = _hawaii(stage)
    stage.crm.control("webhooks/faults", kind="lost", type="OpportunityUpdate")
    _moved(stage, trip, "Molokai, Hawaii")
    before = stage.rested()
    body, other = _told(trip), _told(trip)
    for headers in (
        {},
        {_SIGNATURE: WebhookKey().sign(body)},
        {_SIGNATURE: stage.key.sign(other)},
    ):
        check(stage.engine.tell(body, headers) == 401, "a forged webhook to be answered 401")
    after = stage.rested()
    check(after == replace(before, refused=before.refused + 3), "no call because of a forged one")
    check(again(stage, "trips", trip) == trip, "the trip to stay as it is")
    genuine = {_SIGNATURE: stage.key.sign(body)}
    check(stage.engine.tell(body, genuine) == 200, "the signed webhook to be answered 200")
    _shows(stage, trip, "Molokai, Hawaii")
    return "unsigned, foreign key, other bytes: 401, no call; signed by the CRM: the edit arrives"


def twice_and_late(stage: Stage) -> str:
    """Two edits: the webhook of the second one comes twice, and then that of the first one."""
    trip = _hawaii(stage)
    before = stage.rested()
    for kind in ("reordered", "twice"):
        stage.crm.control("webhooks/faults", kind=kind, type="OpportunityUpdate")
    _moved(stage, trip, "Lanai, Hawaii")
    _moved(stage, trip, "Oahu, Hawaii")
    stored = stage.crm.state()["stored"]
    arrived = _shows(stage, trip, "Oahu, Hawaii")

    def all_told() -> Figures | None:
        now = stage.engine.figures()
        return now if now.kept + now.doubled == before.kept + before.doubled + 3 else None

    until(all_told, "all three webhooks to be answered")
    after = stage.rested()
    check(after.doubled == before.doubled + 1, "the one that came twice to be known")
    check(again(stage, "trips", trip) == arrived, "the trip to keep the newest value")
    check(stage.crm.state()["stored"] == stored, "no write in the CRM")
    return "the newest value stays: the repeat is known, the late one changes nothing, 0 writes"


def _hawaii(stage: Stage) -> Row:
    return stage.books.rows("trips", name="Hawaii Adventure")[0]


def _moved(stage: Stage, trip: Row, destination: str) -> None:
    """Somebody changes the destination in the CRM."""
    stage.crm.edit("opportunities", trip["ghl_opportunity_id"], {"destination": destination})


def _shows(stage: Stage, trip: Row, destination: str) -> Row:
    """Wait until the trip goes there; the row as it is then."""

    def look() -> Row | None:
        now = again(stage, "trips", trip)
        return now if now["destination"] == destination else None

    return until(look, f"{destination} to reach the database", seconds=POLLED / 10)


def _told(trip: Row) -> bytes:
    """A webhook about that trip as the CRM writes them; each with an id of its own."""
    told = {
        "type": "OpportunityUpdate",
        "locationId": LOCATION_ID,
        "id": trip["ghl_opportunity_id"],
        "appId": APP_ID,
        "timestamp": datetime.now(UTC).isoformat(),
        "webhookId": str(uuid4()),
    }
    return json.dumps(told).encode()
