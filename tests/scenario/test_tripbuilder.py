"""TripBuilder end to end: its tables, its declaration, the engine, and a CRM over real HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("flask_sqlalchemy", reason="TripBuilder needs the extra `demo`")

from crosstie.connectors.sql import capture_install
from crosstie.connectors.sql.database import TableSource
from crosstie.demo.books import Books
from crosstie.demo.compare import compared
from crosstie.demo.crm import Crm
from crosstie.demo.example import folder
from crosstie.engine.run import Options, Report, run
from crosstie.ports import Event, Forged
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, TRIP_DESK, GhlSandbox
from crosstie.sandbox.ghl import Settings as SandboxSettings
from crosstie.sandbox.ghl.webhook_key import WebhookKey
from crosstie.sandbox.ghl.webhooks import APP_ID
from crosstie.sandbox.hosted import Hosted
from crosstie.service.hearing import ears
from crosstie.service.wiring import opened
from crosstie.sync import Crosstie

sys.path.insert(0, str(folder("tripbuilder")))

from tripbuilder import create_app
from tripbuilder.crosstie_app import declared
from tripbuilder.models import Contact, Passenger, Trip, db
from tripbuilder.settings import Settings


@dataclass(frozen=True, slots=True)
class World:
    """The database, the CRM, and runs of the engine when the test says so."""

    app: Crosstie
    crm: Crm
    books: Books
    key: WebhookKey

    def received(self, body: bytes, key: WebhookKey) -> Event:
        """What is made of a webhook that was signed with that key. Raises Forged."""

        async def once() -> Event:
            async with opened(self.app) as ready:
                [ear] = ears(ready)
                headers = {"x-ghl-signature": [key.sign(body)]}
                return ear.webhooks.verify(headers, body, 0.0)

        return asyncio.run(once())

    def run(self, *, full: bool = False) -> Report:
        async def once() -> Report:
            async with opened(self.app) as ready:
                return await run(ready.works, ready.store, Options(full=full))

        return asyncio.run(once())

    def quiet(self) -> None:
        """Run until a complete comparison writes nothing."""
        for _ in range(6):
            if not self.run(full=True).writes:
                return
        raise AssertionError("the engine writes and writes")

    def add(self, *rows: Contact | Trip | Passenger) -> None:
        db.session.add_all(rows)
        db.session.commit()

    def again(self, row: Any) -> Any:
        db.session.refresh(row)
        return row

    def in_step(self, records: int) -> None:
        assert compared(self.books, self.crm) == (records, [])


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GHL_TOKEN", DEFAULT_TOKEN)
    monkeypatch.setenv("GHL_LOCATION", LOCATION_ID)
    sandbox = GhlSandbox("tripbuilder", settings=SandboxSettings(index_lag=0, rate_limit=False))
    with Hosted(sandbox) as hosted:
        settings = Settings(
            database=f"sqlite:///{tmp_path / 'trips.db'}",
            state=f"sqlite:///{tmp_path / 'state.db'}",
            secret_key="key",
            base_url=hosted.url,
            search_lag=0,
            webhook_app=APP_ID,
            webhook_key=sandbox.webhooks.key.public,
        )
        application, app = create_app(settings), declared(settings)
        capture_install(s.left for s in app.syncs if isinstance(s.left, TableSource))
        with application.app_context():
            yield World(app, Crm(hosted), Books(tmp_path / "trips.db"), sandbox.webhooks.key)
            db.session.remove()
            db.engine.dispose()


def people(world: World) -> tuple[Trip, Contact, Passenger]:
    """A trip, a contact on it and the passenger, and another one of each, in step."""
    trip = Trip(
        name="Hawaii",
        destination="Honolulu",
        arrival_date=dt.date(2027, 6, 1),
        return_date=dt.date(2027, 6, 8),
        max_passengers=20,
        trip_vendor="Aloha",
        internal_trip_details="Two\nlines",
        stage="planned",
    )
    ann = Contact(first_name="Ann", email="Ann@Lee.example", phone="(415) 555-2671", tags="Sea")
    ben = Contact(first_name="Ben", email="ben@okafor.example")
    other = Trip(name="Kyoto")
    world.add(trip, ann, ben, other)
    aboard = Passenger(
        contact_id=ann.id,
        trip_id=trip.id,
        trip_name=trip.name,
        passport_number="X1",
        passport_expire=dt.date(2030, 12, 31),
        health_state="No nuts",
        user_roomate="Ben",
        room_occupancy="Double",
        stage="documents",
    )
    also = Passenger(contact_id=ben.id, trip_id=other.id, trip_name=other.name)
    world.add(aboard, also)
    world.quiet()
    return trip, ann, aboard


def test_all_fields_of_all_three_tables_arrive_and_the_ids_come_back(world: World) -> None:
    trip, ann, aboard = people(world)
    world.in_step(6)
    held = world.crm.opportunity(world.again(trip).ghl_opportunity_id)
    assert held["contactId"] == TRIP_DESK
    assert held["tripname"] == "Hawaii"
    of_ann = world.crm.opportunity(world.again(aboard).ghl_opportunity_id)
    assert of_ann["contactId"] == world.again(ann).ghl_contact_id
    assert of_ann["name"] == f"Hawaii, passenger {aboard.id}"


def test_a_second_complete_comparison_writes_nothing(world: World) -> None:
    people(world)
    stored = world.crm.state()["stored"]
    assert world.run(full=True).writes == 0
    assert world.crm.state()["stored"] == stored


def test_edits_in_the_crm_arrive_in_the_table_with_their_types(world: World) -> None:
    trip, ann, aboard = people(world)
    world.crm.edit(
        "opportunities",
        trip.ghl_opportunity_id or "",
        {"arrivaldate": "2027-07-01", "maxpassengers": "7", "status": "won", "Name": "Maui"},
    )
    world.crm.edit("contacts", ann.ghl_contact_id or "", {"Tags (with commas)": "sea, vip"})
    world.crm.edit("opportunities", aboard.ghl_opportunity_id or "", {"healthstate": ""})
    world.quiet()
    world.again(trip)
    assert (trip.arrival_date, trip.max_passengers) == (dt.date(2027, 7, 1), 7)
    assert (trip.status, trip.name) == ("won", "Maui")
    assert world.again(ann).tags == "sea, vip"
    assert world.again(aboard).health_state is None
    world.in_step(6)


def test_tags_of_both_sides_are_joined(world: World) -> None:
    _, ann, _ = people(world)
    ann.tags = "Sea, Hills"
    db.session.commit()
    world.crm.edit("contacts", ann.ghl_contact_id or "", {"Tags (with commas)": "sea, city"})
    world.quiet()
    assert world.again(ann).tags == "city, hills, sea"
    world.in_step(6)


def test_records_made_in_the_crm_come_over_and_the_house_contact_stays_there(world: World) -> None:
    people(world)
    world.crm.person.submit("/_page/contacts/new", {"firstName": "Chloe", "phone": "+14155550188"})
    world.quiet()
    names = [row["first_name"] for row in world.books.rows("contacts")]
    assert names == ["Ann", "Ben", "Chloe"]
    world.in_step(7)


def test_a_person_who_is_on_both_sides_already_is_linked_and_not_made_twice(world: World) -> None:
    theirs = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example"}
    world.crm.person.submit("/_page/contacts/new", theirs)
    people(world)
    [ann] = world.books.rows("contacts", first_name="Ann")
    assert ann["last_name"] == "Lee"
    world.in_step(6)


def test_rows_that_know_their_remote_id_are_linked_and_not_made_twice(world: World) -> None:
    trip, _, aboard = people(world)
    known = str(trip.ghl_opportunity_id), str(aboard.ghl_opportunity_id)
    afresh = replace(world, app=replace(world.app, state=world.app.state.replace("state", "new")))
    assert afresh.run().writes == 0
    assert (world.again(trip).ghl_opportunity_id, aboard.ghl_opportunity_id) == known
    afresh.in_step(6)


def test_a_deleted_trip_and_its_passenger_are_deleted_in_the_crm(world: World) -> None:
    trip, ann, aboard = people(world)
    ids = [str(trip.ghl_opportunity_id), str(aboard.ghl_opportunity_id)]
    contact = str(ann.ghl_contact_id)
    db.session.delete(trip)
    db.session.commit()
    world.run()
    assert all(map(world.crm.gone, ids))
    assert world.crm.contact(contact)["id"] == contact
    world.in_step(4)


def test_a_trip_deleted_in_the_crm_goes_when_two_comparisons_miss_it(world: World) -> None:
    trip, _, aboard = people(world)
    trip_id, of_passenger = trip.id, str(aboard.ghl_opportunity_id)
    world.crm.delete("opportunities", str(trip.ghl_opportunity_id))
    assert world.run(full=True).writes == 0
    assert world.books.row("trips", id=trip_id) is not None
    world.quiet()
    assert world.books.row("trips", id=trip_id) is None
    assert world.books.rows("passengers", trip_id=trip_id) == []
    assert world.crm.gone(of_passenger)
    world.in_step(4)


def test_a_passenger_removed_while_its_create_is_in_doubt_goes_in_the_crm_too(
    world: World,
) -> None:
    trip, ann, _ = people(world)
    twice = Passenger(contact_id=ann.id, trip_id=trip.id, trip_name=trip.name)
    world.add(twice)
    world.crm.control("faults", match="POST /opportunities/", timeout="reset", when="after")
    world.run()
    db.session.delete(twice)
    db.session.commit()
    world.quiet()
    world.in_step(6)


def test_a_stage_that_is_not_declared_waits_for_a_person_and_harms_nothing(world: World) -> None:
    trip, *_ = people(world)
    trip.stage = "postponed"
    db.session.commit()
    report = world.run()
    assert report.total("dead") == 1
    assert world.crm.opportunity(str(trip.ghl_opportunity_id))["stage"] == "Planned"


def test_while_the_crm_is_down_rows_wait_and_then_go(world: World) -> None:
    people(world)
    world.crm.control("down", down=True)
    late = Trip(name="Andes Trek")
    world.add(late)
    assert world.run().writes == 0
    assert world.again(late).ghl_opportunity_id is None
    world.crm.control("down", down=False)
    world.quiet()
    assert world.again(late).ghl_opportunity_id is not None
    world.in_step(7)


def test_a_webhook_is_taken_from_the_app_that_was_named_and_with_the_key_that_was_given(
    world: World,
) -> None:
    told = {"type": "OpportunityUpdate", "locationId": LOCATION_ID, "id": "a", "appId": APP_ID}
    body = json.dumps(told).encode()
    assert world.received(body, world.key).type == "OpportunityUpdate"
    with pytest.raises(Forged):
        world.received(body, WebhookKey())
    with pytest.raises(Forged, match="another app"):
        world.received(json.dumps({**told, "appId": "other"}).encode(), world.key)
