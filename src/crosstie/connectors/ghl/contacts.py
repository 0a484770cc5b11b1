"""GoHighLevel contacts as a collection.

Quirks (2026): search lags and knows names in small letters only, so its rows are hints; a PUT with
tags replaces all tags, so tags travel by their own calls; whether a PUT may carry `companyName` is
not documented, it is sent and a refusal names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosstie.connectors.ghl.collection import GhlCollection
from crosstie.connectors.ghl.contact_shape import STANDARD, body, normal_tags, record, shows
from crosstie.connectors.ghl.listing import CONTACTS, Row
from crosstie.connectors.ghl.wire import one
from crosstie.core.values import Cursor, Fields, Record, Version
from crosstie.ports import Lookup

SEARCHABLE = ("email", "phone")
MOST_TWINS = 10
"""Contacts with one key that are told apart: so many show well enough that there are several."""
_PARAMETERS = {"email": "email", "phone": "number"}


class Contacts(GhlCollection):
    """All contacts of a location."""

    model = "contact"
    words = CONTACTS
    standard = STANDARD

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "contacts"

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """By marker: rows of the search, as hints. By e-mail or phone: whole. 1 call for each.

        Where the location allows duplicates, the duplicate search shows one of them only: for a
        key that it finds, 1 call more, and 1 for each of the others, `MOST_TWINS` at the most.
        """
        opened = self._opened
        found: dict[str, Record] = {}
        marker = opened.catalogue.marker
        if lookup.marker is not None and marker is not None:
            rows = await opened.listing.equal(f"customFields.{marker.id}", lookup.marker)
            found.update({hint.id: hint for hint in await self._hints(rows)})
        for field, parameter in _PARAMETERS.items():
            value = lookup.equal.get(field)
            if value:
                query = {"locationId": opened.wire.location, parameter: str(value)}
                request = opened.wire.get("/contacts/search/duplicate", query)
                json = await self._answer(request)
                if isinstance(json, dict) and json.get("contact") is None:
                    continue
                row = self._row(json, request)
                found[str(row["id"])] = await self._stored(row, complete=True)
                found.update(await self._twins(field, str(value), found))
        return list(found.values())

    async def _twins(
        self, field: str, value: str, known: Mapping[str, Record]
    ) -> Mapping[str, Record]:
        """The others with that e-mail or phone, as far as the search knows them yet.

        Read by id: the search may show one that is gone, or with a key that it had before.
        """
        if not self._can.twins:
            return {}
        rows = await self._opened.listing.equal(field, value, MOST_TWINS)
        others = [str(row["id"]) for row in rows if str(row["id"]) not in known]
        return (await self.read(others)).records

    async def create(self, fields: Fields, key: str) -> Record:
        """Make a contact with our marker. 1 call; 2 where the answer lacks something sent."""
        opened = self._opened
        sent = body(fields, opened.catalogue, creating=True)
        self._marked(sent, key)
        sent["locationId"] = opened.wire.location
        request = opened.wire.send("POST", "/contacts/", sent)
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change these fields. 1 call, one more each for tags that come and tags that go.

        Tags change by their difference to `was`: what somebody else added meanwhile stays.
        """
        opened = self._opened
        sent = body(patch, opened.catalogue)
        if "tags" in sent:
            await self._retag(record_id, set(sent.pop("tags")), set(normal_tags(was.get("tags"))))
        if not sent:
            request = opened.wire.get(one("contacts", record_id))
            row = self._row(await self._answer(request), request)
            return await self._stored(row, complete=True)
        request = opened.wire.send("PUT", one("contacts", record_id), sent)
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def _retag(self, record_id: str, wanted: set[str], was: set[str]) -> None:
        opened, path = self._opened, one("contacts", record_id, "/tags")
        for method, tags in (("POST", wanted - was), ("DELETE", was - wanted)):
            if tags:
                await opened.http.send(opened.wire.send(method, path, {"tags": sorted(tags)}))

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        return record(row, self._opened.catalogue, hint=hint)

    async def _swept(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]:
        return await self._opened.listing.by_cursor(cursor)
