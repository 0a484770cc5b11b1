"""Calendars by name or id."""

from __future__ import annotations

from dataclasses import dataclass

from crosstie.connectors.ghl.wire import Wire
from crosstie.core.errors import Misconfigured, Retry
from crosstie.ports import Http


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar of a location."""

    id: str
    name: str


async def calendar_of(http: Http, wire: Wire, wanted: str) -> Calendar:
    """The calendar of that name or id. 1 call. Raises Misconfigured naming those there are.

    Letter case only matters where two differ by nothing else.
    """
    reply = await http.send(wire.get("/calendars/", {"locationId": wire.location}))
    rows = reply.json.get("calendars") if isinstance(reply.json, dict) else None
    if not isinstance(rows, list):
        raise Retry("GoHighLevel answered without its calendars")
    every = [Calendar(str(row["id"]), str(row.get("name", ""))) for row in rows]
    for same in (str, str.casefold):
        found = [c for c in every if wanted == c.id or same(c.name.strip()) == same(wanted.strip())]
        if len(found) == 1:
            return found[0]
        if found:
            raise Misconfigured(
                f"location {wire.location} has {len(found)} calendars {wanted!r}",
                fix=f"name the calendar by its id, one of: {', '.join(c.id for c in found)}",
            )
    raise Misconfigured(
        f"location {wire.location} has no calendar {wanted!r}",
        fix=f"use one of the calendars: {', '.join(c.name for c in every) or 'none'}",
    )
