"""The first half of the play: records appear, people edit them on either side."""

from __future__ import annotations

from crosstie.demo.compare import (
    compared,
    contact_differs,
    passenger_differs,
    trip_differs,
)
from crosstie.demo.people import add_contact, add_trip, again, edit_trip, enrol, synced
from crosstie.demo.stage import Stage
from crosstie.demo.waiting import check, until

_IN_THE_CRM = (
    {
        "firstName": "Maria",
        "lastName": "Lopez",
        "email": "maria@lopez.example",
        "phone": "+14155550123",
    },
    {"firstName": "Chloe", "lastName": "Martin", "email": "chloe@martin.example"},
)


def two_full_sides_meet(stage: Stage) -> str:
    """Both sides have records already, one person on both; nobody is created twice."""
    add_contact(stage, first_name="Maria", last_name="Lopez", email="Maria@lopez.example")
    ben = add_contact(stage, first_name="Ben", last_name="Okafor", phone="(415) 555-2671")
    lisbon = add_trip(stage, name="Lisbon Weekend", destination="Lisbon", max_passengers="8")
    enrol(stage, lisbon, ben, passport_number="N7700112")
    add_trip(stage, name="Iceland Ring Road", destination="Reykjavik", stage="planned")
    for person in _IN_THE_CRM:
        stage.crm.person.submit("/_page/contacts/new", person)
    stage.start_engine()

    def in_step() -> bool:
        count, wrong = compared(stage.books, stage.crm)
        return not wrong and count == 6

    until(in_step, "the first run to bring both sides in step")
    maria = stage.books.rows("contacts", email="Maria@lopez.example")
    check(len(maria) == 1 and maria[0]["phone"] == "+14155550123", "one Maria, with her phone")
    check(len(stage.crm.contacts()) == 4, "three contacts and the trip desk in the CRM")
    return "3 contacts, 2 trips, 1 passenger on both sides, nobody twice"


def new_trip(stage: Stage) -> str:
    """A trip made on a page becomes an opportunity with all its fields."""
    trip = add_trip(
        stage,
        name="Hawaii Adventure",
        destination="Honolulu, Hawaii",
        arrival_date="2027-06-01",
        return_date="2027-06-08",
        max_passengers="20",
        trip_vendor="Aloha Tours",
        internal_trip_details="Pay the deposit\nby the end of March.",
    )
    trip = synced(stage, "trips", trip)
    remote = stage.crm.opportunity(trip["ghl_opportunity_id"])
    check(trip_differs(trip, remote) == [], "the opportunity to show all fields of the trip")
    page = stage.agency.open(f"/trips/{trip['id']}")
    check(trip["ghl_opportunity_id"] in page.text, "the page of the trip to show the CRM's id")
    return "opportunity with 10 equal fields, its id on the page"


def passenger_with_contact(stage: Stage) -> str:
    """A new person on a trip: first the contact, then the opportunity that needs it."""
    trip = stage.books.rows("trips", name="Hawaii Adventure")[0]
    ann = add_contact(
        stage,
        first_name="Ann",
        last_name="Lee",
        email="ann@lee.example",
        phone="+14155550142",
        tags="VIP, Sea",
    )
    passenger = enrol(
        stage,
        trip,
        ann,
        passport_number="X1234567",
        passport_expire="2030-12-31",
        health_state="No nuts.",
        room_occupancy="Double",
    )
    passenger = synced(stage, "passengers", passenger)
    ann = synced(stage, "contacts", ann)
    opportunity = stage.crm.opportunity(passenger["ghl_opportunity_id"])
    contact = stage.crm.contact(ann["ghl_contact_id"])
    check(passenger_differs(passenger, opportunity) == [], "all fields of the passenger")
    check(contact_differs(ann, contact) == [], "all fields of the contact")
    check(opportunity["contactId"] == contact["id"], "the opportunity to belong to the contact")
    check(contact["dateAdded"] <= opportunity["createdAt"], "the contact to be made first")
    return "contact made first, opportunity belongs to it, 13 equal fields"


def different_fields(stage: Stage) -> str:
    """Two people edit one trip, one on each side, while the engine stands still.

    The CRM's webhook finds nobody: the engine looks for itself when it starts.
    """
    stage.stop_engine()
    trip = stage.books.rows("trips", name="Hawaii Adventure")[0]
    edit_trip(stage, trip, trip_vendor="Pacific Tours")
    lost = stage.crm.control("webhooks")["given_up"]
    stage.crm.edit("opportunities", trip["ghl_opportunity_id"], {"destination": "Kauai, Hawaii"})
    until(lambda: stage.crm.control("webhooks")["given_up"] > lost, "the webhook to get lost")
    stage.start_engine()

    def both() -> bool:
        now, remote = again(stage, "trips", trip), stage.crm.opportunity(trip["ghl_opportunity_id"])
        ours = (now["trip_vendor"], now["destination"])
        theirs = (remote["tripvendor"], remote["destination"])
        return ours == theirs == ("Pacific Tours", "Kauai, Hawaii")

    until(both, "both edits on both sides")
    return "both edits survive on both sides; the webhook found no engine, which looked for itself"
