"""What contacts and opportunities have in common: custom fields, and searches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crosstie.connectors.ghl.base import BaseCollection, Ground
from crosstie.connectors.ghl.fields import MARKER, Catalogue
from crosstie.connectors.ghl.listing import Listing, Row, Words
from crosstie.connectors.ghl.wire import one
from crosstie.core.values import Cursor, Json, Page, Record
from crosstie.ports import RemoteField, Schema


@dataclass(frozen=True, slots=True)
class Opened(Ground):
    """What a collection that is searched knows once it is open."""

    catalogue: Catalogue
    listing: Listing


class GhlCollection(BaseCollection):
    """A collection with custom fields, and with a search that tells what changed."""

    words: Words

    async def open(self) -> None:
        """Resolve the location and the mapped fields. 2 calls, 3 for opportunities.

        Asked twice, it does nothing more. Raises Misconfigured (unknown field, with near names),
        Halt (token, scope, location), Retry.
        """
        await super().open()

    async def changes(self, cursor: Cursor | None) -> Page:
        """Rows changed since the cursor, as hints; None: from now on. 1 call a page."""
        rows, following, more = await self._opened.listing.changes(cursor, self._doors.clock.now())
        return Page(await self._hints(rows), following, more)

    async def scan(self, cursor: Cursor | None) -> Page:
        """All rows, as hints, oldest record first. 1 call a page."""
        rows, following, more = await self._swept(cursor)
        return Page(await self._hints(rows), following, more)

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
    async def _swept(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]: ...

    async def _begun(self, ground: Ground) -> Opened:
        http, wire, settings = ground.http, ground.wire, ground.settings
        custom = [name for name in self._fields if name not in self.standard]
        catalogue = Catalogue(http, wire, self.model, custom)
        await catalogue.load()
        catalogue.check(self.standard)
        listing = Listing(http, wire, self.words, self._can.page_size)
        opened = await self._prepared(Opened(http, wire, settings, catalogue, listing))
        marker = catalogue.marker is not None
        self._can = replace(self._can, marker=marker, twins=self._repeats(settings))
        return opened

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
        assert isinstance(self._ready, Opened), "open() comes first"
        return self._ready

    async def _hints(self, rows: Sequence[Row]) -> list[Record]:
        await self._meet(rows)
        return [self._record(row, hint=True) for row in rows]

    def _path(self, record_id: str) -> str:
        return one(self.words.family, record_id)

    async def _meet(self, rows: Sequence[Row]) -> None:
        await self._opened.catalogue.meet(rows)

    def _marked(self, body: dict[str, Json], key: str) -> None:
        """Leave our marker in the body of a create, where the location has room for it."""
        catalogue = self._opened.catalogue
        if catalogue.marker is not None:
            entry = catalogue.write(catalogue.marker.key, key)
            rest = [e for e in body.get("customFields", ()) if e["id"] != entry["id"]]
            body["customFields"] = [*rest, entry]
