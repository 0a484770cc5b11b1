"""A served GoHighLevel sandbox for the contract, and what its people have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.http import AioHttp
from crosstie.core.values import Fields, Instant, Json
from crosstie.ports import Collection, HttpAccount
from crosstie.sandbox.ghl import DEFAULT_TOKEN, LOCATION_ID, GhlSandbox, Settings
from crosstie.sandbox.ghl.presets import add_field
from crosstie.sandbox.hosted import Hosted

Answer = TypeVar("Answer")
NOON = 1_767_268_800.0
LAG = 5.0
NOBODY = "Nobody00000000000000"


@dataclass(slots=True)
class Ground:
    """A served sandbox with a clock of its own, and the doors to it."""

    hosted: Hosted
    runner: asyncio.Runner
    ports: list[AioHttp] = field(default_factory=list)

    @property
    def clock(self) -> Ground:
        return self

    def now(self) -> Instant:
        return float(self.hosted.control("state")["now"]) / 1000

    def http(self, account: HttpAccount) -> AioHttp:
        port = AioHttp(account, DEFAULT_TOKEN, sleep=asyncio.sleep, now=lambda: NOON)
        self.ports.append(port)
        return port

    def secret(self, reference: str, what: str = "the secret") -> str:
        return {"env:GHL_LOCATION": LOCATION_ID}[reference]

    @property
    def account(self) -> GoHighLevel:
        return GoHighLevel("env:GHL_LOCATION", base_url=self.hosted.url)


class CrmPerson:
    """Somebody in the CRM: a collection of their own, which leaves no marker."""

    text = ""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.hands = self.source(100).bind(ground, [self.text])
        ground.runner.run(self.hands.open())

    def source(self, page_size: int) -> Any:
        raise NotImplementedError

    def add(self, fields: Fields) -> str:
        made = self.ground.runner.run(self.hands.create(fields, "person"))
        # A person leaves no marker.
        model = self.text.partition(".")[0] if "." in self.text else "contact"
        self.edit(made.id, {f"{model}.crosstie_id": None})
        return made.id

    def contact(self, number: int) -> str:
        """The contact of that number, made when it is first asked for."""
        email = f"deal{number}@trips.example"
        found = self.ground.hosted.sandbox.match_keys.find("email", email)
        if found is not None:
            return found
        contacts = self.ground.account.contacts().bind(self.ground, [])
        self.ground.runner.run(contacts.open())
        return self.ground.runner.run(contacts.create({"email": email}, "none")).id

    def edit(self, record_id: str, patch: Fields) -> None:
        self.ground.runner.run(self.hands.update(record_id, patch, {}, None))

    def remove(self, record_id: str) -> None:
        self.ground.runner.run(self.hands.delete(record_id, {}, None))

    def missing(self) -> str:
        return NOBODY

    def kept(self, text: str) -> Json:
        return text

    def wait(self) -> None:
        self.ground.hosted.control("clock", advance=LAG + 1)


@contextmanager
def served() -> Iterator[Ground]:
    """A sandbox with room for our marker, until the block ends."""
    sandbox = GhlSandbox(
        "default", settings=Settings(rate_limit=False, index_lag=LAG), now=lambda: NOON
    )
    for model in ("contact", "opportunity"):
        add_field(sandbox, model, "crosstie_id", "TEXT")
    with Hosted(sandbox) as hosted, asyncio.Runner() as runner:
        ground = Ground(hosted, runner)
        yield ground
        for port in ground.ports:
            runner.run(port.close())


class GhlParts:
    """What they share: one event loop, small pages."""

    people: type[CrmPerson]

    @pytest.fixture
    def person(self, ground: Ground) -> Any:
        return self.people(ground)

    @pytest.fixture
    def collection(self, person: Any) -> Collection:
        self.runner = person.ground.runner
        source = person.source(3)
        assert source.kind and source.name
        bound: Collection = source.bind(person.ground, [person.text])
        return bound

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)
