"""The opportunities of one GoHighLevel pipeline as a collection.

Quirks (2026): custom values are read in other shapes than they are written; the cursor of the
search ends in the contact's id and can skip a row, so listings go by page and by time; the contact
of an opportunity can never be changed; one contact may have only one opportunity in a pipeline
unless the location allows more. An opportunity that was moved to another pipeline is still read by
its id, with the stage it has there, and is not listed any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crosstie.connectors.ghl.collection import GhlCollection, Opened
from crosstie.connectors.ghl.contact_shape import shows
from crosstie.connectors.ghl.listing import OPPORTUNITIES, Row
from crosstie.connectors.ghl.opportunity_shape import STANDARD, body, record
from crosstie.connectors.ghl.pipelines import Pipelines
from crosstie.connectors.ghl.place import Place
from crosstie.connectors.ghl.wire import one
from crosstie.core.errors import Misconfigured, Rejected
from crosstie.core.values import Cursor, Fields, Record, Version
from crosstie.ports import Capabilities, Doors, Lookup, RemoteField

SEARCHABLE = ("contactId",)


class Opportunities(GhlCollection):
    """The opportunities of one pipeline."""

    model = "opportunity"
    words = OPPORTUNITIES
    standard = STANDARD

    def __init__(
        self,
        place: Place,
        doors: Doors,
        fields: Sequence[str],
        can: Capabilities,
        pipeline: str,
        default_stage: str | None,
    ) -> None:
        super().__init__(place, doors, fields, can)
        self._wanted = pipeline
        self._default_stage = default_stage
        self._known: Pipelines | None = None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"opportunities of {self._wanted}"

    async def find(self, lookup: Lookup) -> Sequence[Record]:
        """By marker or by contact: rows of the search in this pipeline, as hints. 1 call each."""
        opened = self._opened
        found: dict[str, Record] = {}
        wanted = []
        marker = opened.catalogue.marker
        if lookup.marker is not None and marker is not None:
            wanted.append((f"custom_fields.{marker.id}", lookup.marker))
        if lookup.equal.get("contactId"):
            wanted.append(("contact_id", str(lookup.equal["contactId"])))
        for field, value in wanted:
            rows = await opened.listing.equal(field, value)
            found.update({hint.id: hint for hint in await self._hints(rows)})
        return list(found.values())

    async def create(self, fields: Fields, key: str) -> Record:
        """Make an opportunity with our marker. 1 call; 2 where the answer lacks something sent.

        Without a stage it goes into `default_stage`, else into the first one; without a status it
        is open.
        """
        opened = self._opened
        sent = {"status": "open", **body(fields, opened.catalogue, self._pipelines, creating=True)}
        if "contactId" not in sent:
            raise Rejected(
                "GoHighLevel needs a contact for every opportunity",
                field="contactId",
                fix="map contactId to a reference to the sync of contacts, or to a constant",
            )
        if "pipelineStageId" not in sent and self._default_stage is not None:
            sent["pipelineStageId"] = self._pipelines.stage_id(self._default_stage)
        sent["pipelineId"] = self._pipelines.own.id
        sent["locationId"] = opened.wire.location
        self._marked(sent, key)
        request = opened.wire.send("POST", "/opportunities/", sent)
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def update(
        self, record_id: str, patch: Fields, was: Fields, if_version: Version | None
    ) -> Record:
        """Change these fields. 1 call; 2 where the answer lacks something sent."""
        opened = self._opened
        sent = body(patch, opened.catalogue, self._pipelines)
        request = opened.wire.send("PUT", one("opportunities", record_id), sent)
        row = self._row(await self._answer(request), request)
        return await self._stored(row, complete=shows(row, sent))

    async def _prepared(self, opened: Opened) -> Opened:
        pipelines = Pipelines(opened.http, opened.wire, self._wanted)
        await pipelines.load()
        own = pipelines.own
        if self._default_stage is not None and own.stage_id(self._default_stage) is None:
            raise Misconfigured(
                f"pipeline {own.name!r} has no stage {self._default_stage!r}",
                fix=f"use one of the stages: {', '.join(own.stages.values())}",
            )
        self._known = pipelines
        only = {"field": "pipeline_id", "operator": "eq", "value": own.id}
        return replace(opened, listing=replace(opened.listing, filters=(only,)))

    @property
    def _pipelines(self) -> Pipelines:
        assert self._known is not None, "open() comes first"
        return self._known

    def _own_fields(self) -> Mapping[str, RemoteField]:
        stages = tuple(self._pipelines.own.stages.values())
        return {"stage": replace(STANDARD["stage"], options=stages)}

    async def _meet(self, rows: Sequence[Row]) -> None:
        stages = {row.get("pipelineStageId") for row in rows}
        await self._pipelines.meet({stage for stage in stages if stage})
        await super()._meet(rows)

    def _record(self, row: Row, *, hint: bool = False) -> Record:
        return record(row, self._opened.catalogue, self._pipelines, hint=hint)

    async def _swept(self, cursor: Cursor | None) -> tuple[Sequence[Row], Cursor | None, bool]:
        return await self._opened.listing.by_page(cursor)
