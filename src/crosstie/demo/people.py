"""What the people in the play do, in one line each."""

from __future__ import annotations

from crosstie.demo.books import Row
from crosstie.demo.stage import Stage
from crosstie.demo.waiting import Failed, until


def add_contact(stage: Stage, /, **fields: str) -> Row:
    """The agency writes down a person; the row as saved."""
    stage.agency.submit("/contacts/new", fields)
    return newest(stage, "contacts")


def add_trip(stage: Stage, /, **fields: str) -> Row:
    """The agency plans a trip; the row as saved."""
    stage.agency.submit("/trips/new", fields)
    return newest(stage, "trips")


def enrol(stage: Stage, trip: Row, contact: Row, /, **fields: str) -> Row:
    """The agency enrols a person on a trip; the row as saved."""
    stage.agency.submit(f"/trips/{trip['id']}/enroll", {"contact_id": str(contact["id"]), **fields})
    return newest(stage, "passengers")


def edit_trip(stage: Stage, trip: Row, /, **fields: str) -> None:
    """The agency changes a trip."""
    stage.agency.submit(f"/trips/{trip['id']}/edit", fields)


def newest(stage: Stage, table: str) -> Row:
    """The row that was made last."""
    return stage.books.rows(table)[-1]


def again(stage: Stage, table: str, row: Row) -> Row:
    """The row as it is now. Raises Failed when it is gone."""
    found = stage.books.row(table, id=row["id"])
    if found is None:
        raise Failed(f"{table} {row['id']} is gone")
    return found


def synced(stage: Stage, table: str, row: Row) -> Row:
    """Wait until the row knows its id in the CRM; the row as it is then."""
    column = "ghl_contact_id" if table == "contacts" else "ghl_opportunity_id"

    def look() -> Row | None:
        now = again(stage, table, row)
        return now if now[column] else None

    return until(look, f"the id of {table} {row['id']} in the CRM")
