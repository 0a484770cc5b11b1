"""The pages: they save what a person changed, say what is wrong, and call nobody."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

from people import Person
from sqlalchemy import select

import tripbuilder
from tripbuilder.models import Contact, Passenger, Trip, db

TRIP = {"name": "Hawaii", "stage": "new", "status": "open"}
WAITING = "saved, not yet synced"


def trip(**more: object) -> Trip:
    made = Trip(name="Hawaii", stage="new", status="open", **more)
    db.session.add(made)
    db.session.commit()
    return made


def contact() -> Contact:
    made = Contact(first_name="Ann", last_name="Lee")
    db.session.add(made)
    db.session.commit()
    return made


def test_a_new_trip_is_saved_and_waits_for_its_remote_id(person: Person) -> None:
    answer = person.send("/trips/new", {**TRIP, "arrival_date": "2027-06-01"})
    assert answer.status_code == 302
    [saved] = db.session.scalars(select(Trip))
    assert (saved.name, saved.arrival_date) == ("Hawaii", dt.date(2027, 6, 1))
    assert WAITING in person.open(f"/trips/{saved.id}")


def test_the_remote_id_is_shown_once_it_is_there(person: Person) -> None:
    made = trip(ghl_opportunity_id="Opp123")
    for path in ("/trips/", f"/trips/{made.id}", f"/trips/{made.id}/edit"):
        page = person.open(path)
        assert "Opp123" in page
        assert WAITING not in page


def test_a_form_leaves_alone_what_the_person_did_not_change(person: Person) -> None:
    made = trip(destination="Honolulu", trip_vendor="Aloha")
    path = f"/trips/{made.id}/edit"
    shown = person.open(path)
    assert 'name="was-destination" value="Honolulu"' in shown
    made.destination = "Maui"
    db.session.commit()
    stale = {"was-destination": "Honolulu", "destination": "Honolulu", "trip_vendor": "Pacific"}
    assert person.send(path, stale).status_code == 302
    db.session.refresh(made)
    assert (made.destination, made.trip_vendor) == ("Maui", "Pacific")


def test_wrong_values_are_told_and_nothing_is_saved(person: Person) -> None:
    for field, text, words in (
        ("name", " ", "Name must not be empty"),
        ("arrival_date", "soon", "must be a day like"),
        ("max_passengers", "0", "whole number from 1"),
        ("stage", "lost", "one of the list"),
    ):
        answer = person.send("/trips/new", {**TRIP, field: text})
        assert answer.status_code == 422
        assert words in answer.text
    days = {"arrival_date": "2027-06-08", "return_date": "2027-06-01"}
    assert "before arrival" in person.send("/trips/new", {**TRIP, **days}).text
    assert db.session.scalars(select(Trip)).all() == []


def test_a_passenger_is_enrolled_edited_and_removed(person: Person) -> None:
    made, ann = trip(max_passengers=1), contact()
    form = {"contact_id": str(ann.id), "passport_number": "X1", "stage": "enrolled"}
    path = f"/trips/{made.id}/enroll"
    assert person.send(path, {**form, "status": "open"}).status_code == 302
    [aboard] = db.session.scalars(select(Passenger))
    assert (aboard.trip_name, aboard.contact_id) == ("Hawaii", ann.id)
    assert "All places" in person.send(path, {**form, "status": "open"}).text
    person.send(f"/passengers/{aboard.id}", {"room_occupancy": "Double"})
    db.session.refresh(aboard)
    assert (aboard.room_occupancy, aboard.passport_number) == ("Double", "X1")
    here = f"/passengers/{aboard.id}"
    assert person.send(f"{here}/remove", {}, page=here).status_code == 302
    assert db.session.scalars(select(Passenger)).all() == []


def test_nobody_is_enrolled_without_a_contact(person: Person) -> None:
    made = trip()
    answer = person.send(f"/trips/{made.id}/enroll", {"stage": "enrolled", "status": "open"})
    assert answer.status_code == 422
    assert "Choose who travels" in answer.text


def test_a_renamed_trip_renames_itself_for_its_passengers(person: Person) -> None:
    made, ann = trip(), contact()
    db.session.add(Passenger(contact_id=ann.id, trip_id=made.id, trip_name="Hawaii"))
    db.session.commit()
    person.send(f"/trips/{made.id}/edit", {"name": "Hawaii and Maui"})
    [aboard] = db.session.scalars(select(Passenger))
    db.session.refresh(aboard)
    assert aboard.trip_name == "Hawaii and Maui"


def test_a_passenger_from_the_crm_is_shown_on_the_trip_of_that_name(person: Person) -> None:
    made, ann = trip(), contact()
    db.session.add(Passenger(contact_id=ann.id, trip_name="Hawaii", ghl_opportunity_id="Opp9"))
    db.session.commit()
    assert "Opp9" in person.open(f"/trips/{made.id}")


def test_a_deleted_trip_takes_its_passengers_along_and_its_id_is_not_used_again(
    person: Person,
) -> None:
    made, ann = trip(), contact()
    first = made.id
    db.session.add(Passenger(contact_id=ann.id, trip_id=first, trip_name="Hawaii"))
    db.session.commit()
    person.send(f"/trips/{first}/delete", {}, page=f"/trips/{first}")
    db.session.expire_all()
    assert db.session.scalars(select(Passenger)).all() == []
    assert trip().id > first


def test_contacts_are_made_edited_and_deleted(person: Person) -> None:
    assert "Give a name" in person.send("/contacts/new", {"tags": "vip"}).text
    person.send("/contacts/new", {"first_name": "Ann", "email": "ann@lee.example"})
    [ann] = db.session.scalars(select(Contact))
    path = f"/contacts/{ann.id}"
    assert "must look like" in person.send(path, {"email": "ann"}).text
    person.send(path, {"phone": "+14155550142"})
    db.session.refresh(ann)
    assert (ann.phone, ann.email) == ("+14155550142", "ann@lee.example")
    person.send(f"{path}/delete", {}, page=path)
    assert db.session.scalars(select(Contact)).all() == []


def test_a_form_from_elsewhere_is_refused(person: Person) -> None:
    for token in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        assert person.client.post("/trips/new", data={**TRIP, **token}).status_code == 400
    assert db.session.scalars(select(Trip)).all() == []


def test_what_people_type_is_shown_as_text(person: Person) -> None:
    made = trip(destination="<script>alert(1)</script>")
    assert "<script>" not in person.open(f"/trips/{made.id}")
    assert "default-src 'none'" in person.client.get("/trips/").headers["Content-Security-Policy"]


def test_pages_ask_nobody_outside(person: Person) -> None:
    trip()
    style = (Path(tripbuilder.__file__).parent / "static" / "style.css").read_text()
    pages = [person.open(path) for path in ("/trips/", "/trips/new", "/contacts/new")]
    assert not [text for text in (style, *pages) if "http:" in text or "https:" in text]


def test_no_page_knows_of_the_sync() -> None:
    root = Path(tripbuilder.__file__).parent
    for file in [*root.glob("pages/*.py"), root / "models.py", root / "forms.py"]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [n for n in names if n.startswith(("crosstie", "tripbuilder.crosstie"))]
