"""Contacts: list, create, edit, delete."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from tripbuilder.forms import Input, Typed, typed
from tripbuilder.models import Contact, db

pages = Blueprint("contacts", __name__, url_prefix="/contacts")

INPUTS = (
    Input("first_name", "First name"),
    Input("last_name", "Last name"),
    Input("email", "E-mail", "email"),
    Input("phone", "Phone", "tel", hint="With area code, or in full like +15551234567."),
    Input("tags", "Tags", hint="Separated by commas."),
)


@pages.get("/")
def listing() -> str:
    contacts = db.session.scalars(select(Contact).order_by(Contact.last_name, Contact.id)).all()
    return render_template("contacts.html", contacts=contacts)


@pages.get("/new")
def new() -> str:
    return _form(Contact())


@pages.post("/new")
def create() -> Response | tuple[str, int]:
    contact = Contact()
    read = typed(INPUTS, request.form)
    if _refused(contact, read):
        return _form(contact, read), 422
    db.session.add(contact)
    db.session.commit()
    flash(f"{contact.name} is saved.")
    return redirect(url_for("contacts.edit", contact_id=contact.id))


@pages.get("/<int:contact_id>")
def edit(contact_id: int) -> str:
    return _form(db.get_or_404(Contact, contact_id))


@pages.post("/<int:contact_id>")
def save(contact_id: int) -> Response | tuple[str, int]:
    contact = db.get_or_404(Contact, contact_id)
    read = typed(INPUTS, request.form)
    if _refused(contact, read):
        db.session.rollback()
        return _form(contact, read), 422
    db.session.commit()
    flash(f"{contact.name} is saved.")
    return redirect(url_for("contacts.edit", contact_id=contact.id))


@pages.post("/<int:contact_id>/delete")
def delete(contact_id: int) -> Response:
    contact = db.get_or_404(Contact, contact_id)
    name = contact.name
    db.session.delete(contact)
    db.session.commit()
    flash(f"{name} is deleted.")
    return redirect(url_for("contacts.listing"))


def _refused(contact: Contact, read: Typed) -> bool:
    """Take over what was typed; True when something about it is wrong."""
    if not read.errors:
        for name, value in read.values.items():
            setattr(contact, name, value)
        if not (contact.first_name or contact.last_name or contact.email or contact.phone):
            read.errors["first_name"] = "Give a name, an e-mail address or a phone number."
    return bool(read.errors)


def _form(contact: Contact, read: Typed | None = None) -> str:
    return render_template(
        "contact_form.html", contact=contact, inputs=INPUTS, typed=read or Typed()
    )
