"""Are both sides in step? Compared by hand: no lens, no link and no state of Crosstie is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from crosstie.demo.books import Books
from crosstie.demo.crm import Crm, Row
from crosstie.sandbox.ghl import TRIP_DESK

_TRIP = {
    "name": "name",
    "destination": "destination",
    "arrival_date": "arrivaldate",
    "return_date": "returndate",
    "max_passengers": "maxpassengers",
    "trip_vendor": "tripvendor",
    "internal_trip_details": "internaltripdetails",
    "stage": "stage",
    "status": "status",
}
_PASSENGER = {
    "trip_name": "tripname",
    "passport_number": "passportnumber",
    "passport_expire": "passportexpire",
    "health_state": "healthstate",
    "user_roomate": "userroomate",
    "room_occupancy": "roomoccupancy",
    "stage": "stage",
    "status": "status",
}
_CONTACT = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "tags": "tags",
}
_DAYS = ("arrivaldate", "returndate", "passportexpire")


def compared(books: Books, crm: Crm) -> tuple[int, list[str]]:
    """How many records were compared, and what differs, in words without values."""
    contacts = {row["id"]: row for row in crm.contacts() if row["id"] != TRIP_DESK}
    trips = {row["id"]: row for row in crm.opportunities("TripBooking")}
    passengers = {row["id"]: row for row in crm.opportunities("Passenger")}
    pairs = (
        ("contacts", "ghl_contact_id", contacts, _CONTACT),
        ("trips", "ghl_opportunity_id", trips, _TRIP),
        ("passengers", "ghl_opportunity_id", passengers, _PASSENGER),
    )
    count, wrong = 0, []
    for table, remote, theirs, fields in pairs:
        rows = books.rows(table)
        count += len(rows)
        wrong += _alone(table, [row[remote] for row in rows], theirs)
        for row in rows:
            found = theirs.get(row[remote])
            if found is not None:
                wrong += [f"{table} {row['id']}: {n}" for n in differing(row, found, fields)]
    holders = {row["id"]: row["ghl_contact_id"] for row in books.rows("contacts")}
    for row in books.rows("passengers"):
        their = passengers.get(row["ghl_opportunity_id"])
        if their is not None and their["contactId"] != holders.get(row["contact_id"]):
            wrong.append(f"passengers {row['id']}: belongs to another contact")
    return count, wrong


def trip_differs(row: Row, theirs: Row) -> list[str]:
    """Columns of a trip that the opportunity shows otherwise."""
    copy = [] if row["name"] == theirs.get("tripname") else ["tripname"]
    return differing(row, theirs, _TRIP) + copy


def passenger_differs(row: Row, theirs: Row) -> list[str]:
    """Columns of a passenger that the opportunity shows otherwise."""
    return differing(row, theirs, _PASSENGER)


def contact_differs(row: Row, theirs: Row) -> list[str]:
    """Columns of a contact that the CRM shows otherwise."""
    return differing(row, theirs, _CONTACT)


def differing(row: Row, theirs: Row, fields: Mapping[str, str]) -> list[str]:
    """Columns whose value is not what the CRM shows under the other name."""
    return [ours for ours, other in fields.items() if _plain(ours, row[ours]) != _of(other, theirs)]


def _alone(table: str, ours: Iterable[str | None], theirs: Mapping[str, Row]) -> list[str]:
    known = list(ours)
    wrong = [f"{table}: without a counterpart in the CRM" for i in known if i not in theirs]
    wrong += [f"{table}: {i} of the CRM has no row" for i in theirs if i not in known]
    twice = {i for i in known if i is not None and known.count(i) > 1}
    return wrong + [f"{table}: {i} of the CRM has several rows" for i in twice]


def _of(name: str, row: Row) -> Any:
    value = row.get(name)
    if name in _DAYS and isinstance(value, int):
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC).date().isoformat()
    if name == "stage" and value is not None:
        return str(value).lower()
    if name == "tags":
        return sorted(value or ())
    return value or None


def _plain(name: str, value: Any) -> Any:
    if name == "phone" and value:
        digits = "".join(filter(str.isdigit, value))
        return f"+{digits}" if len(digits) == 11 else f"+1{digits}"
    if name == "email" and value:
        return value.lower()
    if name == "tags":
        return sorted(tag.strip().lower() for tag in (value or "").split(",") if tag.strip())
    return value or None
