"""The CRM as people and programs outside Crosstie see it: its page, and its API read by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from crosstie.demo.browser import Browser
from crosstie.demo.waiting import until
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID
from crosstie.sandbox.hosted import Hosted

Row = dict[str, Any]

_PATIENCE = 10.0
_INDEXED = 15.0
_PAGE = 100


class Crm:
    """A running stand-in of GoHighLevel, seen from outside."""

    def __init__(self, hosted: Hosted) -> None:
        self.address = hosted.url
        self.person = Browser(hosted.url)
        self.control = hosted.control
        self._opener = build_opener(ProxyHandler({}))
        fields = self._call("GET", f"/locations/{LOCATION_ID}/customFields?model=all")
        self._keys = {f["id"]: f["fieldKey"].partition(".")[2] for f in fields["customFields"]}
        self._pipelines: list[Row] = self._call(
            "GET", f"/opportunities/pipelines?locationId={LOCATION_ID}"
        )["pipelines"]

    def edit(self, kind: str, record_id: str, changes: Mapping[str, str]) -> None:
        """A person edits a record on the page. kind: `contacts` or `opportunities`."""
        self.person.change(f"/_page/{kind}/{record_id}", changes)

    def delete(self, kind: str, record_id: str) -> None:
        """A person deletes a record on the page."""
        self.person.submit(f"/_page/{kind}/{record_id}", {}, button="/delete")

    def contact(self, contact_id: str) -> Row:
        """One contact as it is now."""
        row: Row = self._call("GET", f"/contacts/{contact_id}")["contact"]
        return row

    def opportunity(self, opportunity_id: str) -> Row:
        """One opportunity as it is now, its stage by name and its custom fields by key."""
        row: Row = self._call("GET", f"/opportunities/{opportunity_id}")["opportunity"]
        stages = {s["id"]: s["name"] for p in self._pipelines for s in p["stages"]}
        custom = {self._keys[f["id"]]: f["fieldValue"] for f in row.get("customFields", ())}
        return {**row, "stage": stages[row["pipelineStageId"]], **custom}

    def gone(self, opportunity_id: str) -> bool:
        """Whether there is no such opportunity any more."""
        try:
            self.opportunity(opportunity_id)
        except HTTPError as refused:
            with refused:
                return bool(refused.code == HTTPStatus.NOT_FOUND)
        return False

    def contacts(self) -> list[Row]:
        """All contacts that the search shows, each as it is now."""
        body = {"locationId": LOCATION_ID, "pageLimit": _PAGE, "page": 1}
        rows = self._call("POST", "/contacts/search", body)["contacts"]
        return [self.contact(row["id"]) for row in rows]

    def opportunities(self, pipeline: str) -> list[Row]:
        """All opportunities of a pipeline, each as it is now.

        The search shows a new one a moment late, and a deleted one a moment longer; the latter are
        left out here.
        """
        [wanted] = [p["id"] for p in self._pipelines if p["name"] == pipeline]
        only = {"field": "pipeline_id", "operator": "eq", "value": wanted}
        body = {"locationId": LOCATION_ID, "limit": _PAGE, "page": 1, "filters": [only]}
        rows = self._call("POST", "/opportunities/search", body)["opportunities"]
        return [self.opportunity(row["id"]) for row in rows if not self.gone(row["id"])]

    def state(self) -> Row:
        """Counts of records, calls and duplicates."""
        return self.control("state")

    def settled(self) -> None:
        """Wait until the search shows everything that was stored."""
        until(
            lambda: self.state()["index_pending"] == 0, "the CRM's search index", seconds=_INDEXED
        )

    def _call(self, method: str, path: str, body: Row | None = None) -> Row:
        request = Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {DEFAULT_TOKEN}",
                "Version": "2021-07-28",
                "Content-Type": "application/json",
            },
        )
        with self._opener.open(request, timeout=_PATIENCE) as reply:
            answer: Row = json.loads(reply.read())
            return answer
