"""Passengers: enrol a contact on a trip, edit, remove."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from tripbuilder.forms import Input, Typed, chosen, typed
from tripbuilder.models import PASSENGER_STAGES, STATUSES, Contact, Passenger, Trip, db

pages = Blueprint("passengers", __name__)

INPUTS = (
    Input("passport_number", "Passport number"),
    Input("passport_expire", "Passport valid until", "date"),
    Input("health_state", "Health", "textarea"),
    Input("user_roomate", "Shares a room with"),
    Input("room_occupancy", "Room", hint="Single, double, triple, …"),
    Input("stage", "Stage", "select", chosen(PASSENGER_STAGES), required=True),
    Input("status", "Status", "select", chosen(STATUSES), required=True),
)


@pages.get("/trips/<int:trip_id>/enroll")
def new(trip_id: int) -> str:
    return _form(Passenger(stage="enrolled", status="open"), db.get_or_404(Trip, trip_id))


@pages.post("/trips/<int:trip_id>/enroll")
def enroll(trip_id: int) -> Response | tuple[str, int]:
    trip = db.get_or_404(Trip, trip_id)
    passenger = Passenger(stage="enrolled", status="open")
    read = typed(INPUTS, request.form)
    who = request.form.get("contact_id", "")
    contact = db.session.get(Contact, int(who)) if who.isdigit() else None
    if contact is None:
        read.errors["contact_id"] = "Choose who travels."
    if trip.places_left == 0:
        read.errors["contact_id"] = "All places of this trip are taken."
    if read.errors or contact is None:
        return _form(passenger, trip, read), 422
    _take(passenger, read)
    passenger.contact_id, passenger.trip_id, passenger.trip_name = contact.id, trip.id, trip.name
    db.session.add(passenger)
    db.session.commit()
    flash(f"{contact.name} is enrolled.")
    return redirect(url_for("trips.show", trip_id=trip.id))


@pages.get("/passengers/<int:passenger_id>")
def edit(passenger_id: int) -> str:
    passenger = db.get_or_404(Passenger, passenger_id)
    return _form(passenger, passenger.trip)


@pages.post("/passengers/<int:passenger_id>")
def save(passenger_id: int) -> Response | tuple[str, int]:
    passenger = db.get_or_404(Passenger, passenger_id)
    read = typed(INPUTS, request.form)
    if read.errors:
        return _form(passenger, passenger.trip, read), 422
    _take(passenger, read)
    db.session.commit()
    flash(f"Passenger {passenger.contact.name} is saved.")
    return redirect(url_for("passengers.edit", passenger_id=passenger.id))


@pages.post("/passengers/<int:passenger_id>/remove")
def remove(passenger_id: int) -> Response:
    passenger = db.get_or_404(Passenger, passenger_id)
    trip_id, name = passenger.trip_id, passenger.contact.name
    db.session.delete(passenger)
    db.session.commit()
    flash(f"{name} no longer travels.")
    if trip_id is None:
        return redirect(url_for("trips.listing"))
    return redirect(url_for("trips.show", trip_id=trip_id))


def _take(passenger: Passenger, read: Typed) -> None:
    for name, value in read.values.items():
        setattr(passenger, name, value)


def _form(passenger: Passenger, trip: Trip | None, read: Typed | None = None) -> str:
    return render_template(
        "passenger_form.html",
        passenger=passenger,
        trip=trip,
        contacts=db.session.scalars(select(Contact).order_by(Contact.last_name)).all(),
        inputs=INPUTS,
        typed=read or Typed(),
    )
