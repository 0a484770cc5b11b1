"""How GoHighLevel is spoken to: versions, scopes and paths by family, times, numbers.

Facts of the public API documentation and its OpenAPI files of 2026; what was only observed is
marked where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from urllib.parse import quote

from crosstie.core.budget import Urgency
from crosstie.core.values import Instant, Json
from crosstie.ports.http import Request

VERSIONS: Mapping[str, str] = {
    "contacts": "2021-07-28",
    "opportunities": "2021-07-28",
    "locations": "2021-07-28",
    "calendars": "2021-04-15",
    "conversations": "2021-04-15",
}
"""The `Version` header of each family: every call needs it, a wrong one is a bare 400."""

_NARROWER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "locations": (
        ("/customFields", "locations/customFields"),
        ("/tasks/", "locations/tasks"),
    ),
    "calendars": (("/events", "calendars/events"),),
}
"""Family -> parts of a path that need a scope of their own."""
MOST_ROWS = 500
"""Rows that one page of a search may have."""
DEEPEST = 10_000
"""Records that can be reached by page number; beyond that a search has to begin elsewhere."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Makes the requests of one location."""

    location: str
    """Id of the location."""
    version: str
    """The `Version` of families that have no other."""

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        urgency: Urgency = Urgency.LIVE,
    ) -> Request:
        """A read."""
        headers = self._headers(path)
        return Request("GET", path, query=query or {}, headers=headers, urgency=urgency)

    def send(
        self, method: str, path: str, body: Json = None, urgency: Urgency = Urgency.LIVE
    ) -> Request:
        """A call with a body."""
        headers = self._headers(path)
        return Request(method, path, json=body, headers=headers, urgency=urgency)

    @property
    def value_key(self) -> str:
        """Under which name the value of a custom field is written."""
        return "fieldValue" if self.version == "v3" else "field_value"

    def _headers(self, path: str) -> Mapping[str, str]:
        return _headers(family_of(path), self.version)


@cache
def _headers(family: str, chosen: str) -> Mapping[str, str]:
    return MappingProxyType({"Version": version_of(family, chosen)})


def version_of(path: str, chosen: str) -> str:
    """The `Version` for a path: the chosen one, unless the family needs a dated one of its own."""
    needed = VERSIONS.get(family_of(path), chosen)
    return chosen if chosen == "v3" or needed == VERSIONS["contacts"] else needed


def family_of(path: str) -> str:
    """`contacts` for `/contacts/abc/tags`."""
    return path.lstrip("/").partition("/")[0]


def scope_of(request: Request) -> str:
    """The scope that a token needs for this call, e.g. `contacts.write`."""
    family = family_of(request.path)
    for part, narrower in _NARROWER.get(family, ()):
        if part in request.path:
            family = narrower
    search = request.method == "POST" and request.path.endswith("/search")
    reads = request.method == "GET" or search
    return f"{family}.{'readonly' if reads else 'write'}"


def one(family: str, record_id: str, rest: str = "") -> str:
    """The path of one record; its id percent-encoded."""
    safe = record_id if record_id.isascii() and record_id.isalnum() else quote(record_id, safe="")
    return f"/{family}/{safe}{rest}"


def instant_of(text: Json) -> Instant | None:
    """Seconds since 1970 of an ISO time with zone; None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def millis_of(text: Json) -> int | None:
    """The same in milliseconds, exactly."""
    seconds = instant_of(text)
    return None if seconds is None else round(seconds * 1000)


def iso_of(millis: int) -> str:
    """`2026-01-31T12:00:00.000Z`, as GoHighLevel writes times."""
    seconds, rest = divmod(max(millis, 0), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def number_of(value: Json) -> Json:
    """A number for what is one or reads as one, whole where it is whole; anything else as it is."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if not isinstance(value, str):
        return value
    text = value.strip()
    if "_" in text or not text.isascii():
        return value
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        return value
    return number_of(found) if abs(found) < float("inf") else value
