"""Searching: the change feed, complete listings and look-ups of one collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from crosstie.connectors.ghl.paging import Feed, cursor_of, feed_of, sweep_of
from crosstie.connectors.ghl.wire import Wire, iso_of, millis_of
from crosstie.core.budget import Urgency
from crosstie.core.errors import Retry
from crosstie.core.values import Cursor, Instant, Json
from crosstie.ports import Http

Row: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Words:
    """What the two searches call the same things."""

    family: str
    size: str
    added: str
    """For filters and sorts."""
    updated: str
    row_added: str
    """In the rows."""
    row_updated: str


CONTACTS = Words("contacts", "pageLimit", "dateAdded", "dateUpdated", "dateAdded", "dateUpdated")
OPPORTUNITIES = Words(
    "opportunities", "limit", "date_added", "date_updated", "createdAt", "updatedAt"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One collection's search. Every method makes one call unless it says otherwise."""

    http: Http
    wire: Wire
    words: Words
    size: int
    filters: tuple[Json, ...] = ()
    """What every search is restricted to, e.g. one pipeline."""

    async def changes(
        self, cursor: Cursor | None, now: Instant
    ) -> tuple[Sequence[Row], Cursor, bool]:
        """Rows changed since the cursor, oldest change first; none, and from now on, without."""
        words = self.words
        if cursor is None:
            rows, _ = await self._search(1, sort=(words.updated, "desc"))
            top = self._times(rows, words.row_updated)
            return (), cursor_of(Feed(top=top[0] if top else 0, at=now, seen=now)), False
        place = feed_of(cursor).begin(now)
        since = _since(words.updated, place.anchor)
        page: dict[str, Json] = {"page": place.page} if place.page > 1 else {}
        rows, _ = await self._search(
            self.size, filters=[since], sort=(words.updated, "asc"), **page
        )
        following, more = place.after(self._times(rows, words.row_updated), self.size, now)
        return rows, cursor_of(following), more

    async def by_cursor(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]:
        """All rows, oldest first, by the cursor that each row carries."""
        after = {} if cursor is None else {"searchAfter": msgspec.json.decode(cursor)}
        rows, _ = await self._search(
            self.size, sort=(self.words.added, "asc"), urgency=Urgency.BACKFILL, **after
        )
        if len(rows) < self.size:
            return rows, None, False
        return rows, cursor_of(rows[-1]["searchAfter"]), True

    async def by_page(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]:
        """All rows, oldest first, by page number; a second call where records vanished between."""
        place = sweep_of(cursor)
        rows, total = await self._sweep(place.anchor, place.page)
        again = place.resumed(total)
        if again is not place:
            place = again
            rows, total = await self._sweep(place.anchor, place.page)
        times = self._times(rows, self.words.row_added)
        following, more = place.after(times, self.size, total)
        return rows, cursor_of(following) if more else None, more

    async def equal(self, field: str, value: Json, most: int | None = None) -> Sequence[Row]:
        """The first page of the rows in which that field has that value, `most` at the most."""
        wanted = {"field": field, "operator": "eq", "value": value}
        rows, _ = await self._search(most or self.size, filters=[wanted])
        return rows

    async def _sweep(self, anchor: int, page: int) -> tuple[Sequence[Row], int]:
        words = self.words
        since = [_since(words.added, anchor)] if anchor else []
        return await self._search(
            self.size,
            filters=since,
            sort=(words.added, "asc"),
            urgency=Urgency.BACKFILL,
            page=page,
        )

    async def _search(
        self,
        size: int,
        *,
        filters: Sequence[Json] = (),
        sort: tuple[str, str] | None = None,
        urgency: Urgency = Urgency.LIVE,
        **more: Json,
    ) -> tuple[Sequence[Row], int]:
        words = self.words
        body: dict[str, Any] = {"locationId": self.wire.location, words.size: size, **more}
        restricted = [*self.filters, *filters]
        if restricted:
            body["filters"] = restricted
        if sort is not None:
            body["sort"] = [{"field": sort[0], "direction": sort[1]}]
        request = self.wire.send("POST", f"/{words.family}/search", body, urgency)
        reply = await self.http.send(request)
        rows = reply.json.get(words.family) if isinstance(reply.json, dict) else None
        if not isinstance(rows, list):
            # Taken for an empty listing, it would look like everything was deleted.
            raise Retry(f"GoHighLevel answered a search without {words.family}")
        total = reply.json.get("total")
        return rows, total if isinstance(total, int) else -1

    def _times(self, rows: Sequence[Row], name: str) -> list[int]:
        return [millis_of(row.get(name)) or 0 for row in rows]


def _since(field: str, millis: int) -> Json:
    return {"field": field, "operator": "range", "value": {"gte": iso_of(millis)}}
