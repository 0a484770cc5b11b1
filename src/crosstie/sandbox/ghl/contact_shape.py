"""How a contact is written and how it is shown: by id, when created, in a search row."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from . import validate as v
from .clock import iso
from .custom_values import on_contact
from .location import Location
from .phones import e164, is_country
from .records import Contact
from .wire import Json, invalid

_UPDATE: dict[str, v.Check] = {
    "firstName": v.string_or_null,
    "lastName": v.string_or_null,
    "name": v.string_or_null,
    "email": v.string_or_null,
    "phone": v.string_or_null,
    "address1": v.string_or_null,
    "city": v.string_or_null,
    "state": v.string_or_null,
    "postalCode": v.string,
    "website": v.string_or_null,
    "timezone": v.string_or_null,
    "dnd": v.boolean,
    "dndSettings": v.mapping,
    "inboundDndSettings": v.mapping,
    "tags": v.strings,
    "customFields": v.objects,
    "source": v.string_or_null,
    "dateOfBirth": v.string_or_null,
    "country": v.string,
    "assignedTo": v.string_or_null,
}
_CREATE: dict[str, v.Check] = {
    **_UPDATE,
    "locationId": v.string,
    "gender": v.string,
    "companyName": v.string_or_null,
    "assignedTo": v.string,
}
UPDATE = v.Shape(_UPDATE)
CREATE = v.Shape(_CREATE, ("locationId",))
UPSERT = v.Shape(
    {**_CREATE, "source": v.string, "createNewIfDuplicateAllowed": v.boolean}, ("locationId",)
)
_NOT_FIELDS = frozenset(
    {"locationId", "name", "tags", "customFields", "createNewIfDuplicateAllowed"}
)
_PLAIN = frozenset(_CREATE) - _NOT_FIELDS - {"email", "phone", "country", "dateOfBirth"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DATE = re.compile(
    r"(\d{4})[-/._](\d{1,2})[-/._](\d{1,2})(T.*)?|(\d{1,2})[-/._](\d{1,2})[-/._](\d{4})"
)
_EMPTY = ("", None)
_ROW_FIELDS = (
    "email",
    "phone",
    "city",
    "state",
    "postalCode",
    "country",
    "companyName",
    "assignedTo",
    "source",
    "website",
)


def written_fields(location: Location, body: Json, stored: Json) -> Json:
    """The fields of a contact after a write: only what was sent changes, empties are dropped.

    Refuses with 422 an e-mail, phone, country, date or user that is none.
    """
    fields = dict(stored)
    if body.get("name") and not (body.get("firstName") or body.get("lastName")):
        first, _, last = body["name"].strip().partition(" ")
        fields["firstName"], fields["lastName"] = first, last.strip()
    for name, value in body.items():
        if name in _PLAIN:
            fields[name] = value
        elif name not in _NOT_FIELDS:
            fields[name] = None if value in _EMPTY else _normal(location, name, value)
    user = body.get("assignedTo")
    if user and user not in location.users:
        invalid("assignedTo must be a user of this location")
    for name in [name for name, value in fields.items() if value is None or value == ""]:
        del fields[name]
    return fields


def _normal(location: Location, name: str, value: str) -> str:
    if name == "email":
        if _EMAIL.fullmatch(value) is None:
            invalid("email must be an email")
        return value
    if name == "phone":
        number = e164(value, location.country)
        if number is None:
            invalid("phone must be a valid phone number")
        return number
    if name == "country":
        if not is_country(value):
            invalid("country must be a valid ISO31661 Alpha2 country code")
        return value.upper()
    return _birthday(value)


def _birthday(value: str) -> str:
    match = _DATE.fullmatch(value)
    if match is None:
        invalid("dateOfBirth must be a valid date")
    year, month, day, _, month_first, day_second, year_last = match.groups()
    try:
        found = date(int(year or year_last), int(month or month_first), int(day or day_second))
    except ValueError:
        invalid("dateOfBirth must be a valid date")
    return found.isoformat()


def normal_tags(tags: list[str]) -> tuple[str, ...]:
    """Lower-case, trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))


def by_id(location: Location, contact: Contact) -> Json:
    """As GET, PUT and upsert show it: what is empty is left out."""
    first, last = contact.text("firstName"), contact.text("lastName")
    shown: Json = {"id": contact.id, "locationId": location.id, "type": "lead", "dnd": False}
    shown.update(contact.fields)
    if first or last:
        full = contact.full_name
        shown["name"] = full
        shown["fullNameLowerCase"] = full.lower()
    if first:
        shown["firstNameLowerCase"] = first.lower()
    if last:
        shown["lastNameLowerCase"] = last.lower()
    if "email" in shown:
        shown["emailLowerCase"] = shown["email"].lower()
    shown["tags"] = contact.tags
    shown["customFields"] = on_contact(location, contact.custom)
    shown["dateAdded"] = iso(contact.added)
    shown["dateUpdated"] = iso(contact.updated)
    return shown


def created(location: Location, contact: Contact) -> Json:
    """As the answer to a create shows it: the birthday as a full date."""
    shown = by_id(location, contact)
    shown.pop("name", None)
    shown["deleted"] = False
    born = contact.fields.get("dateOfBirth")
    if born:
        shown["dateOfBirth"] = f"{born}T00:00:00.000Z"
        shown["birthMonth"], shown["birthDay"] = int(born[5:7]), int(born[8:10])
    return shown


def row(location: Location, contact: Contact, cursor: list[Any]) -> Json:
    """As a search row shows it: names in lower case only, `address`, empties as null."""
    fields = contact.fields
    born = fields.get("dateOfBirth")
    shown: Json = {name: fields.get(name) for name in _ROW_FIELDS}
    shown.update(
        id=contact.id,
        locationId=location.id,
        firstNameLowerCase=contact.text("firstName").lower() or None,
        lastNameLowerCase=contact.text("lastName").lower() or None,
        additionalEmails=[],
        additionalPhones=[],
        phoneLabel=None,
        address=fields.get("address1"),
        businessId=None,
        businessName=None,
        followers=[],
        tags=contact.tags,
        customFields=on_contact(location, contact.custom),
        dnd=fields.get("dnd", False),
        dndSettings=fields.get("dndSettings", {}),
        dateOfBirth=f"{born}T00:00:00.000Z" if born else None,
        type="lead",
        validEmail=None,
        dateAdded=iso(contact.added),
        dateUpdated=iso(contact.updated),
        searchAfter=cursor,
    )
    return shown
