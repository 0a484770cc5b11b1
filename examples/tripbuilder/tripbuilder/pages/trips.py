"""Trips: list, create, look at, edit, delete."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import and_, or_, select
from werkzeug.wrappers import Response

from tripbuilder.forms import Input, Typed, chosen, typed
from tripbuilder.models import STAGES, STATUSES, Passenger, Trip, db

pages = Blueprint("trips", __name__, url_prefix="/trips")

INPUTS = (
    Input("name", "Name", required=True),
    Input("destination", "Destination"),
    Input("arrival_date", "Arrival", "date"),
    Input("return_date", "Return", "date"),
    Input("max_passengers", "Places", "number"),
    Input("trip_vendor", "Vendor"),
    Input("stage", "Stage", "select", chosen(STAGES), required=True),
    Input("status", "Status", "select", chosen(STATUSES), required=True),
    Input("internal_trip_details", "Internal details", "textarea", hint="Not for passengers."),
)


@pages.get("/")
def listing() -> str:
    trips = db.session.scalars(select(Trip).order_by(Trip.arrival_date, Trip.id)).all()
    return render_template("trips.html", trips=trips)


@pages.get("/new")
def new() -> str:
    return _form(Trip(stage="new", status="open"))


@pages.post("/new")
def create() -> Response | tuple[str, int]:
    trip = Trip(stage="new", status="open")
    read = typed(INPUTS, request.form)
    if _refused(trip, read):
        return _form(trip, read), 422
    db.session.add(trip)
    db.session.commit()
    flash(f"Trip “{trip.name}” is saved.")
    return redirect(url_for("trips.show", trip_id=trip.id))


@pages.get("/<int:trip_id>")
def show(trip_id: int) -> str:
    trip = db.get_or_404(Trip, trip_id)
    return render_template("trip.html", trip=trip, passengers=_aboard(trip), inputs=INPUTS)


@pages.get("/<int:trip_id>/edit")
def edit(trip_id: int) -> str:
    return _form(db.get_or_404(Trip, trip_id))


@pages.post("/<int:trip_id>/edit")
def save(trip_id: int) -> Response | tuple[str, int]:
    trip = db.get_or_404(Trip, trip_id)
    read = typed(INPUTS, request.form)
    if _refused(trip, read):
        db.session.rollback()
        return _form(trip, read), 422
    if "name" in read.values:
        for passenger in trip.passengers:
            passenger.trip_name = trip.name
    db.session.commit()
    flash(f"Trip “{trip.name}” is saved.")
    return redirect(url_for("trips.show", trip_id=trip.id))


@pages.post("/<int:trip_id>/delete")
def delete(trip_id: int) -> Response:
    trip = db.get_or_404(Trip, trip_id)
    db.session.delete(trip)
    db.session.commit()
    flash(f"Trip “{trip.name}” and its passengers are deleted.")
    return redirect(url_for("trips.listing"))


def _aboard(trip: Trip) -> list[Passenger]:
    """The passengers of a trip, with those that the CRM ties to it by its name."""
    by_name = and_(Passenger.trip_id.is_(None), Passenger.trip_name == trip.name)
    wanted = select(Passenger).where(or_(Passenger.trip_id == trip.id, by_name))
    return list(db.session.scalars(wanted.order_by(Passenger.id)))


def _refused(trip: Trip, read: Typed) -> bool:
    """Take over what was typed; True when something about it is wrong."""
    if not read.errors:
        for name, value in read.values.items():
            setattr(trip, name, value)
        if not trip.name:
            read.errors["name"] = "Name must not be empty."
        if trip.arrival_date and trip.return_date and trip.return_date < trip.arrival_date:
            read.errors["return_date"] = "Return must not be before arrival."
    return bool(read.errors)


def _form(trip: Trip, read: Typed | None = None) -> str:
    return render_template("trip_form.html", trip=trip, inputs=INPUTS, typed=read or Typed())
