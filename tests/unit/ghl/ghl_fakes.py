"""An Http port that answers from a script, and doors to it or to a sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.http import AioHttp
from crosstie.core.values import Json
from crosstie.ports import Collection, HttpAccount, Reply, Request
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox, Settings
from crosstie.sandbox.hosted import Hosted

NOON = 1_767_268_800.0
Answer = Callable[[Request], Json]


@dataclass(slots=True)
class ScriptedHttp:
    """Answers what a function says, and remembers what was asked."""

    answer: Answer
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Reply:
        self.asked.append(request)
        found = self.answer(request)
        if isinstance(found, Exception):
            raise found
        return Reply(200, {}, found)


class FakeDoors:
    """Doors whose clock stands still unless a test moves it."""

    def __init__(self, http: Any = None) -> None:
        self.time = NOON
        self.ports: list[AioHttp] = []
        self._http = http
        self.token = DEFAULT_TOKEN
        self.passes: Callable[[float], object] | None = None
        """Told when time passes."""

    @property
    def clock(self) -> FakeDoors:
        return self

    def now(self) -> float:
        return self.time

    def http(self, account: HttpAccount) -> Any:
        if self._http is not None:
            return self._http
        port = AioHttp(account, self.token, sleep=self.sleep, now=self.now)
        self.ports.append(port)
        return port

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        if self.passes is not None:
            self.passes(seconds)

    def secret(self, reference: str, what: str = "the secret") -> str:
        return {"env:LOCATION": LOCATION_ID}[reference]


def scripted(rows: dict[str, Json]) -> Answer:
    """The calls of `open`, and for the rest what is given by "METHOD /path"."""
    opening: dict[str, Json] = {
        f"GET /locations/{LOCATION_ID}": {"location": {"id": LOCATION_ID, "settings": {}}},
        f"GET /locations/{LOCATION_ID}/customFields": {"customFields": []},
        "GET /opportunities/pipelines": {"pipelines": []},
        **rows,
    }

    def answer(request: Request) -> Json:
        found = opening[f"{request.method} {request.path}"]
        return found.pop(0) if isinstance(found, list) else found

    return answer


@dataclass(slots=True)
class Crm:
    """A sandbox that is served, and collections of it."""

    hosted: Hosted
    runner: asyncio.Runner
    doors: FakeDoors = field(default_factory=FakeDoors)
    location: str = LOCATION_ID

    @property
    def account(self) -> GoHighLevel:
        return GoHighLevel(self.location, base_url=self.hosted.url)

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def contacts(self, *fields: str, **more: Any) -> Collection:
        """The contacts, opened; the calls of opening are not counted."""
        return self._opened(self.account.contacts(**more), fields)

    def deals(self, *fields: str, pipeline: str = "Sales", **more: Any) -> Collection:
        """The opportunities of a pipeline, opened."""
        return self._opened(self.account.opportunities(pipeline, **more), fields)

    def bookings(self, *fields: str, calendar: str = "Consultation", **more: Any) -> Collection:
        """The appointments of a calendar, opened."""
        return self._opened(self.account.appointments(calendar, **more), fields)

    def tasks(self, *fields: str, **more: Any) -> Collection:
        """The tasks of all contacts, opened."""
        return self._opened(self.account.tasks(**more), fields)

    def businesses(self, *fields: str, **more: Any) -> Collection:
        """The businesses, opened."""
        return self._opened(self.account.businesses(**more), fields)

    def users(self, *fields: str, **more: Any) -> Collection:
        """The users, opened."""
        return self._opened(self.account.users(**more), fields)

    def _opened(self, source: Any, fields: tuple[str, ...]) -> Collection:
        bound: Collection = source.bind(self.doors, fields)
        self.run(bound.open())
        self.hosted.control("calls/reset", "POST")
        return bound

    def fault(self, match: str, **more: Any) -> None:
        """The next call that matches goes wrong."""
        self.hosted.control("faults", match=match, **more)

    @property
    def calls(self) -> dict[str, int]:
        """Calls by route since the last opening."""
        told = self.hosted.control("state")["calls"]
        return {route: each["count"] for route, each in told.items()}

    @property
    def stored(self) -> int:
        """Writes that the CRM carried out since the last opening."""
        return int(self.hosted.control("state")["stored"])


@contextmanager
def crm_of(preset: str = "default", **settings: Any) -> Iterator[Crm]:
    """A served sandbox whose clock stands still, without lag and without rate limit."""
    knobs = Settings(**{"index_lag": 0.0, "rate_limit": False, **settings})
    sandbox = GhlSandbox(preset, settings=knobs, now=lambda: NOON)
    with Hosted(sandbox) as hosted, asyncio.Runner() as runner:
        crm = Crm(hosted, runner)
        try:
            yield crm
        finally:
            for port in crm.doors.ports:
                runner.run(port.close())
