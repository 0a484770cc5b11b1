"""What every collection of a location does in the same way: opening, reading, deleting."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crosstie.connectors.ghl.listing import Row
from crosstie.connectors.ghl.place import Place, location_of, resolved
from crosstie.connectors.ghl.wire import MOST_ROWS, Wire
from crosstie.core.errors import Misconfigured, NotFound, Retry, SyncError
from crosstie.core.values import Cursor, Fields, Json, Record, Version
from crosstie.ports import Capabilities, Doors, Found, Http, RemoteField, Request


@dataclass(frozen=True, slots=True)
class Ground:
    """What every collection knows once it is open."""

    http: Http
    wire: Wire
    settings: Mapping[str, Json]
    """The location as it describes itself: time zone, whether duplicates are allowed."""


class BaseCollection(ABC):
    """A collection of one location. A call before `open` is a bug of the caller."""

    model: str
    """What answers and errors call one record."""
    wraps: Sequence[str] = ()
    """Names under which an answer may hold the record, `""` for the answer itself; the model's
    without any."""
    standard: Mapping[str, RemoteField]
    """The fields that every location has."""

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
        self._ready: Ground | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """What a person calls it."""

    @property
    def can(self) -> Capabilities:
        """What this collection can do. The marker is known after `open`."""
        return self._can

    async def open(self) -> None:
        """Resolve the location and what the collection is about.

        Asked twice, it does nothing more. Raises Misconfigured, Halt (token, scope, location),
        Retry.
        """
        if self._ready is not None:
            return
        place = self._place
        wire = Wire(resolved(place, self._doors), place.version)
        http = self._doors.http(place.http())
        settings = await location_of(http, wire, place.label)
        self._ready = await self._begun(Ground(http, wire, settings))

    async def acknowledge(self, cursor: Cursor) -> None:
        """Nothing happens: GoHighLevel remembers nothing for us."""
        return

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
        ground = self._ground
        try:
            await ground.http.send(ground.wire.send("DELETE", self._path(record_id)))
        except NotFound:
            return

    @abstractmethod
    def _path(self, record_id: str) -> str:
        """Where one record is read, changed and deleted."""

    def _id(self, row: Row) -> str:
        """The record's id in a row."""
        return str(row["id"])

    @abstractmethod
    def _record(self, row: Row, *, hint: bool = False) -> Record: ...

    async def _begun(self, ground: Ground) -> Ground:
        """Get ready for what the collection is about."""
        return ground

    async def _meet(self, rows: Sequence[Row]) -> None:
        """Learn what the rows refer to and nobody knows yet."""
        return

    @property
    def _ground(self) -> Ground:
        assert self._ready is not None, "open() comes first"
        return self._ready

    async def _one(self, record_id: str) -> Record | None:
        try:
            request = self._ground.wire.get(self._path(record_id))
            row = self._row(await self._answer(request), request)
        except NotFound:
            return None
        if row.get("deleted") is True:
            return None
        await self._meet((row,))
        return self._record(row)

    async def _answer(self, request: Request) -> Json:
        return (await self._ground.http.send(request)).json

    def _row(self, json: Json, request: Request) -> Row:
        """The record in an answer. An answer without it says nothing, least of all 'deleted'."""
        if isinstance(json, dict):
            for name in self.wraps or (self.model,):
                row = json.get(name) if name else json
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
            found = await self._one(self._id(row))
        except SyncError as error:
            after, counts = (
                (error.after, error.counts) if isinstance(error, Retry) else (None, True)
            )
            raise Retry(str(error), after=after, unknown=True, counts=counts) from error
        if found is None:
            text = f"{self._place.label}: {self.model} {row['id']} was written and is not shown"
            raise Retry(text, unknown=True)
        return found
