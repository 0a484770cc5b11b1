"""A small synchronous client for the tests, over real HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlencode, urlsplit

from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID
from crosstie.sandbox.hosted import Hosted


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    raw: bytes
    headers: HTTPMessage

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def message(self) -> Any:
        return self.json["message"]


@dataclass(slots=True)
class Crm:
    """The sandbox as a test sees it: API calls, control calls, shortcuts."""

    hosted: Hosted
    token: str = DEFAULT_TOKEN
    version: str = "2021-07-28"
    location: str = LOCATION_ID
    seen: list[tuple[str, str, Reply]] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}", "Version": self.version}
        sent.update(headers or {})
        data = body
        if body is not None and not isinstance(body, bytes | str):
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        reply = send(self.hosted.url, method, path, data, {k: v for k, v in sent.items() if v})
        self.seen.append((method, path, reply))
        return reply

    def get(self, path: str, **query: str) -> Reply:
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, **body: Any) -> Reply:
        return self.call("POST", path, body)

    def put(self, path: str, **body: Any) -> Reply:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", path)

    def control(self, path: str, method: str | None = None, **body: Any) -> dict[str, Any]:
        return self.hosted.control(path, method, **body)

    def post_control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.control(path, "POST", **body)

    def state(self) -> dict[str, Any]:
        return self.control("state")

    def later(self, seconds: float = 1.0) -> None:
        self.control("clock", advance=seconds)

    def contact(self, **fields: Any) -> dict[str, Any]:
        """A new contact, as its create call answered."""
        reply = self.post("/contacts/", locationId=self.location, **fields)
        assert reply.status == 201, reply.raw
        found: dict[str, Any] = reply.json["contact"]
        return found

    def opportunity(self, contact: str, pipeline: str, **fields: Any) -> dict[str, Any]:
        """A new opportunity, as its create call answered."""
        body = {"name": "Lead", "status": "open", **fields}
        reply = self.post(
            "/opportunities/",
            locationId=self.location,
            contactId=contact,
            pipelineId=pipeline,
            **body,
        )
        assert reply.status == 201, reply.raw
        found: dict[str, Any] = reply.json["opportunity"]
        return found

    def search(self, **body: Any) -> list[dict[str, Any]]:
        """The rows of one contact search."""
        wanted = {"locationId": self.location, "pageLimit": 100, **body}
        reply = self.call("POST", "/contacts/search", wanted)
        assert reply.status == 200, reply.raw
        rows: list[dict[str, Any]] = reply.json["contacts"]
        return rows

    def search_opportunities(self, **body: Any) -> list[dict[str, Any]]:
        """The rows of one opportunity search."""
        wanted = {"locationId": self.location, "limit": 100, **body}
        reply = self.call("POST", "/opportunities/search", wanted)
        assert reply.status == 200, reply.raw
        rows: list[dict[str, Any]] = reply.json["opportunities"]
        return rows

    def fields(self, model: str) -> dict[str, str]:
        """Custom field ids by key."""
        reply = self.get(f"/locations/{self.location}/customFields", model=model)
        return {f["fieldKey"]: f["id"] for f in reply.json["customFields"]}


def send(
    url: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Reply:
    """One request on a connection of its own."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Reply(response.status, response.read(), response.headers)
    finally:
        connection.close()
