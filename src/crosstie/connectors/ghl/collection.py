"""What contacts and opportunities have in common as collections: opening, listing, reading."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crosstie.connectors.ghl.errors import explainer
from crosstie.connectors.ghl.fields import MARKER, Catalogue
from crosstie.connectors.ghl.limits import learn
from crosstie.connectors.ghl.listing import Listing, Row, Words
from crosstie.connectors.ghl.wire import MOST_ROWS, Wire, one
from crosstie.core.budget import Window
from crosstie.core.errors import Misconfigured, NotFound, Rejected, Retry, SyncError
from crosstie.core.values import Cursor, Fields, Json, Page, Record, Version
from crosstie.ports import (
    Capabilities,
    Doors,
    Found,
    Http,
    HttpAccount,
    RemoteField,
    Request,
    Schema,
)


@dataclass(frozen=True, slots=True)
class Place:
    """An account as declared: which location, by which token, where, how fast."""

    label: str
    location: str
    token: str
    base_url: str
    version: str
    windows: tuple[Window, ...]

    def http(self) -> HttpAccount:
        """What the Http port must know."""
        return HttpAccount(
            label=self.label,
            base_url=self.base_url,
            token=self.token,
            windows=self.windows,
            learn=learn,
            explain=explainer(self.label, self.token, self.location),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """What a collection knows once it is open."""

    http: Http
    wire: Wire
    catalogue: Catalogue
    listing: Listing
    settings: Mapping[str, Json]
    """The location as it describes itself: time zone, whether duplicates are allowed."""


class GhlCollection(ABC):
    """A collection of one location. A call before `open` is a bug of the caller."""

    model: str
    words: Words
    standard: Mapping[str, RemoteField]

    def __init__(
        self, place: Place, doors: Doors, fields: Sequence[str], can: Capabilities
    ) -> None:
        if not 1 <= can.page_size <= MOST_ROWS:
            raise Misconfigured(
                f"page_size of {place.label} is {can.page_size}",
                fix=f"use a page_size from 1 to {MOST_ROWS}",
            )
        self._place = place
        self._doors = doors
        self._fields = tuple(fields)
        self._can = can
        self._ready: Opened | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """What a person calls it."""

    @property
    def can(self) -> Capabilities:
        """What this collection can do. The marker is known after `open`."""
        return self._can

    async def open(self) -> None:
        """Resolve the location and the mapped fields. 2 calls, 3 for opportunities.

        Asked twice, it does nothing more. Raises Misconfigured (unknown field, with near names),
        Halt (token, scope, location), Retry.
        """
        if self._ready is not None:
            return
        place = self._place
        wire = Wire(_resolved(place, self._doors), place.version)
        http = self._doors.http(place.http())
        custom = [name for name in self._fields if name not in self.standard]
        catalogue = Catalogue(http, wire, self.model, custom)
        settings = await self._location(http, wire)
        await catalogue.load()
        catalogue.check(self.standard)
        listing = Listing(http, wire, self.words, self._can.page_size)
        opened = await self._prepared(Opened(http, wire, catalogue, listing, settings))
        marker = catalogue.marker is not None
        self._can = replace(self._can, marker=marker, twins=self._repeats(settings))
        self._ready = opened

    async def changes(self, cursor: Cursor | None) -> Page:
        """Rows changed since the cursor, as hints; None: from now on. 1 call a page."""
        rows, following, more = await self._opened.listing.changes(cursor, self._doors.clock.now())
        return Page(await self._hints(rows), following, more)

    async def acknowledge(self, cursor: Cursor) -> None:
        """Nothing happens: GoHighLevel remembers nothing for us."""
        return

    async def scan(self, cursor: Cursor | None) -> Page:
        """All rows, as hints, oldest record first. 1 call a page."""
        rows, following, more = await self._swept(cursor)
        return Page(await self._hints(rows), following, more)

    async def read(self, ids: Sequence[str]) -> Found:
        """The truth now. 1 call for each id."""
        records: dict[str, Record] = {}
        missing = set()
        for record_id in dict.fromkeys(ids):
            found = await self._one(record_id)
            if found is None:
                missing.add(record_id)
            else:
                records[record_id] = found
        return Found(records, frozenset(missing))

    async def delete(self, record_id: str, was: Fields, if_version: Version | None) -> None:
        """Remove it. 1 call; gone already is success."""
        opened = self._opened
        try:
            path = one(self.words.family, record_id)
            await opened.http.send(opened.wire.send("DELETE", path))
        except NotFound:
            return

    async def schema(self) -> Schema:
        """Standard and custom fields as they are now. 1 call.

        Without a count: only the search index could tell it, and that lags behind.
        """
        opened = self._opened
        await opened.catalogue.load()
        fields = {**self.standard, **self._own_fields()}
        fields.update({key: d.remote for key, d in opened.catalogue.by_key.items()})
        return Schema(fields, notes=tuple(self._notes()))

    @abstractmethod
    def _record(self, row: Row, *, hint: bool = False) -> Record: ...

    @abstractmethod
    async def _swept(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]: ...

    async def _prepared(self, opened: Opened) -> Opened:
        return opened

    def _own_fields(self) -> Mapping[str, RemoteField]:
        return {}

    def _notes(self) -> list[str]:
        notes = []
        if not self._can.marker:
            key = f"{self.model}.{MARKER}"
            notes.append(
                f"the location has no text field {key}: a create whose answer was lost is then "
                f"looked up by its values alone; fix: add a text field with the key {key} to the "
                "location (Settings, Custom Fields), or go on without it"
            )
        if self._can.twins:
            name = self._policy
            notes.append(
                f"the location allows duplicates ({name}): it will not refuse a second one"
            )
        return notes

    @property
    def _policy(self) -> str:
        return f"allowDuplicate{self.model.capitalize()}"

    def _repeats(self, settings: Mapping[str, Json]) -> bool:
        """Whether the location lets two of them share what they are known by."""
        policy = settings.get("settings")
        return isinstance(policy, dict) and bool(policy.get(self._policy))

    @property
    def _opened(self) -> Opened:
        assert self._ready is not None, "open() comes first"
        return self._ready

    async def _hints(self, rows: Sequence[Row]) -> list[Record]:
        await self._meet(rows)
        return [self._record(row, hint=True) for row in rows]

    async def _meet(self, rows: Sequence[Row]) -> None:
        """Learn what the rows refer to and nobody knows yet."""
        await self._opened.catalogue.meet(rows)

    async def _one(self, record_id: str) -> Record | None:
        opened = self._opened
        try:
            request = opened.wire.get(one(self.words.family, record_id))
            row = self._row(await self._answer(request), request)
        except NotFound:
            return None
        if row.get("deleted") is True:
            return None
        await self._meet((row,))
        return self._record(row)

    async def _answer(self, request: Request) -> Json:
        return (await self._opened.http.send(request)).json

    def _row(self, json: Json, request: Request) -> Row:
        """The record in an answer. An answer without it says nothing, least of all 'deleted'."""
        row = json.get(self.model) if isinstance(json, dict) else None
        if isinstance(row, dict) and row.get("id"):
            return row
        text = f"{self._place.label}: {request.method} {request.path} answered without a record"
        raise Retry(text, unknown=request.method != "GET")

    async def _stored(self, row: Row, *, complete: bool) -> Record:
        """The record that a write left: from its answer, else read once more.

        Raises Retry alone, its outcome unknown: what keeps us from looking at the record does
        not undo the write, and a create that is taken for failed is made a second time.
        """
        try:
            if complete:
                await self._meet((row,))
                return self._record(row)
            found = await self._one(str(row["id"]))
        except SyncError as error:
            after, counts = (
                (error.after, error.counts) if isinstance(error, Retry) else (None, True)
            )
            raise Retry(str(error), after=after, unknown=True, counts=counts) from error
        if found is None:
            text = f"{self._place.label}: {self.model} {row['id']} was written and is not shown"
            raise Retry(text, unknown=True)
        return found

    def _marked(self, body: dict[str, Json], key: str) -> None:
        """Leave our marker in the body of a create, where the location has room for it."""
        catalogue = self._opened.catalogue
        if catalogue.marker is not None:
            entry = catalogue.write(catalogue.marker.key, key)
            rest = [e for e in body.get("customFields", ()) if e["id"] != entry["id"]]
            body["customFields"] = [*rest, entry]

    async def _location(self, http: Http, wire: Wire) -> Mapping[str, Json]:
        label = self._place.label
        try:
            reply = await http.send(wire.get(one("locations", wire.location)))
        except (NotFound, Rejected) as error:
            raise Misconfigured(
                f"{label}: there is no location {wire.location}",
                fix="copy the id of the location from its address in GoHighLevel",
            ) from error
        found = reply.json.get("location") if isinstance(reply.json, dict) else None
        if not isinstance(found, dict):
            raise Retry(f"{label}: answered without the location")
        return found


def _resolved(place: Place, doors: Doors) -> str:
    """The id of the location. Raises Misconfigured, for a token that is missing as well at once."""
    if not place.location.startswith(("env:", "file:")):
        return place.location
    try:
        return doors.secret(place.location, "the id of the location")
    except Misconfigured as first:
        try:
            doors.secret(place.token, "the token")
        except Misconfigured as second:
            fix = f"{first.fix}; {second.fix}"
            raise Misconfigured(f"{first}; {second}", fix=fix) from None
        raise
