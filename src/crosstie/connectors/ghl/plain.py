"""What collections without custom fields and without a change feed have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from crosstie.connectors.ghl.base import BaseCollection, Ground
from crosstie.connectors.ghl.fields import advice
from crosstie.connectors.ghl.listing import Row
from crosstie.core.errors import Misconfigured, NotFound, Rejected, Retry
from crosstie.core.values import Cursor, Json, Page, Record
from crosstie.ports import Lookup, RemoteField, Request, Schema


class PlainCollection(BaseCollection):
    """A collection that is listed in full, and compared."""

    async def changes(self, cursor: Cursor | None) -> Page:
        """Refused: GoHighLevel does not tell what changed here."""
        raise Rejected(f"{self.name} of GoHighLevel have no change feed", fix="use scan")

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """Nobody: there is no search for a value."""
        return ()

    async def schema(self) -> Schema:
        """The fields there are. No call."""
        return Schema(dict(self._schema_fields()))

    def _schema_fields(self) -> Mapping[str, RemoteField]:
        return self.standard

    async def _begun(self, ground: Ground) -> Ground:
        for name in self._fields:
            if name not in self.standard:
                raise Misconfigured(
                    f"GoHighLevel has no {self.model} field {name!r}",
                    fix=advice(name, tuple(self.standard)),
                )
        return ground

    async def _rows(self, request: Request, name: str) -> Sequence[Row]:
        """The rows in the answer of a listing."""
        json = await self._answer(request)
        rows = json.get(name) if isinstance(json, dict) else None
        if not isinstance(rows, list):
            # Taken for an empty listing, it would look like everything was deleted.
            raise Retry(f"GoHighLevel answered a listing without {name}")
        return rows

    async def _created(self, request: Request, refers_to: str) -> Row:
        """The answer of a create. Raises Rejected where what it refers to is not there."""
        try:
            return self._row(await self._answer(request), request)
        except NotFound as error:
            raise Rejected(
                f"{error}: the record of {refers_to} does not exist",
                field=refers_to,
                fix="let the record it refers to be created first",
            ) from error


class PagedCollection(PlainCollection):
    """A plain collection whose listing goes on at a place in it."""

    async def scan(self, cursor: Cursor | None) -> Page:
        """All records. 1 call a page, and one that finds no more.

        By place, for want of anything better: when one is deleted meanwhile, another is left out.
        How many rows GoHighLevel gives at most is not documented, so only an empty page is the end.
        """
        place = int(cursor) if cursor is not None else 0
        rows = await self._page(place, self._can.page_size)
        records = [self._record(row) for row in rows if row.get("deleted") is not True]
        return Page(records, Cursor(str(place + len(rows))) if rows else None, bool(rows))

    @abstractmethod
    async def _page(self, place: int, size: int) -> Sequence[Row]:
        """The rows of one page of the listing."""


def blank(value: Json) -> bool:
    """What GoHighLevel takes for empty."""
    return value is None or value == ""


def stays(name: str, model: str) -> Rejected:
    """The error for a field that can be set at creation only."""
    return Rejected(
        f"GoHighLevel cannot change {name} of this {model}",
        field=name,
        fix=f"map {name} with create_only=True",
    )


def needs(name: str, model: str) -> Rejected:
    """The error for a record without a field that it has to have."""
    return Rejected(
        f"GoHighLevel needs {name} for every {model}",
        field=name,
        fix=f"map {name} to a field that is never empty, or to a constant",
    )
