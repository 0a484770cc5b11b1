"""Pipelines and their stages: by name for people and mappings, by id for the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crosstie.connectors.ghl.wire import Wire
from crosstie.core.errors import Misconfigured, Rejected, Retry
from crosstie.core.values import Json
from crosstie.ports import Http


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline; stage names by stage id, in their order."""

    id: str
    name: str
    stages: Mapping[str, str]

    def stage_id(self, name: str) -> str | None:
        """The stage of that name (or id); letter case only matters where two differ by nothing
        else. None where there is none."""
        if name in self.stages:
            return name
        for same in (str, str.casefold):
            for stage_id, known in self.stages.items():
                if same(known.strip()) == same(name.strip()):
                    return stage_id
        return None


@dataclass(slots=True)
class Pipelines:
    """All pipelines of a location, and the one that a collection is about."""

    http: Http
    wire: Wire
    wanted: str
    """Name or id of the pipeline."""
    all: Sequence[Pipeline] = ()
    _names: dict[str, str] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)

    async def load(self) -> None:
        """Read them. 1 call."""
        query = {"locationId": self.wire.location}
        reply = await self.http.send(self.wire.get("/opportunities/pipelines", query))
        rows = reply.json.get("pipelines") if isinstance(reply.json, dict) else None
        if not isinstance(rows, list):
            raise Retry("GoHighLevel answered without its pipelines")
        self.all = [_pipeline(row) for row in rows]
        self._names = {key: name for each in self.all for key, name in each.stages.items()}

    @property
    def own(self) -> Pipeline:
        """The pipeline that is wanted. Raises Misconfigured naming those there are."""
        wanted = self.wanted
        for same in (str, str.casefold):
            found = [p for p in self.all if wanted == p.id or same(p.name) == same(wanted)]
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(p.id for p in found)
                raise Misconfigured(
                    f"location {self.wire.location} has {len(found)} pipelines {wanted!r}",
                    fix=f"name the pipeline by its id, one of: {ids}",
                )
        names = ", ".join(p.name for p in self.all) or "none"
        raise Misconfigured(
            f"location {self.wire.location} has no pipeline {wanted!r}",
            fix=f"use one of the pipelines: {names}",
        )

    def stage_id(self, name: Json) -> str:
        """The id of a stage of our pipeline. Raises Rejected naming those there are."""
        own = self.own
        found = own.stage_id(str(name))
        if found is None:
            raise Rejected(
                f"pipeline {own.name!r} has no such stage",
                field="stage",
                fix=f"use one of the stages: {', '.join(own.stages.values())}",
            )
        return found

    def stage_name(self, stage_id: Json) -> str | None:
        """The name of a stage, in whichever pipeline; the id itself where nobody knows it."""
        return self._names.get(stage_id, stage_id) if stage_id else None

    async def meet(self, stage_ids: set[str]) -> None:
        """Read the pipelines again for a stage that nobody knows, once. Mostly 0 calls."""
        fresh = stage_ids - self._names.keys() - self._unknown
        if fresh:
            await self.load()
            self._unknown |= fresh - self._names.keys()


def _pipeline(row: Mapping[str, Json]) -> Pipeline:
    stages = {str(stage["id"]): str(stage["name"]) for stage in row.get("stages") or ()}
    return Pipeline(str(row["id"]), str(row["name"]), stages)
