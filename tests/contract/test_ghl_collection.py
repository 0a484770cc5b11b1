"""GoHighLevel contacts and opportunities keep the contract, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
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
from crosstie.testing.connector_contract import ConnectorContract

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


@pytest.fixture
def ground() -> Iterator[Ground]:
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


class ContactPerson(CrmPerson):
    text = "address1"

    def source(self, page_size: int) -> Any:
        return self.ground.account.contacts(page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        return {
            "firstName": "Ann",
            "lastName": f"Number{number}",
            "email": f"ann{number}@trips.example",
            "phone": f"+1202555{number:04d}",
            "tags": ["vip", "sea"],
            "dateOfBirth": "1990-09-25",
            "contact.score": number + 0.5,
            "contact.member_since": "2020-02-29",
            "contact.interests": ["Sea", "City"],
            self.text: f"{number} Sea Road",
        }


class CustomTextPerson(ContactPerson):
    text = "contact.notes"


class OpportunityPerson(CrmPerson):
    text = "opportunity.reference"

    def source(self, page_size: int) -> Any:
        return self.ground.account.opportunities("sales", page_size=page_size)

    def sample(self, number: int) -> dict[str, Json]:
        return {
            "name": f"Deal {number}",
            "status": "open",
            "stage": "Contacted",
            "monetaryValue": 12.5,
            "contactId": self.contact(number),
            "opportunity.start_date": "2026-03-01",
            "opportunity.fee": 99,
            self.text: f"reference {number}",
        }

    def contact(self, number: int) -> str:
        email = f"deal{number}@trips.example"
        sandbox = self.ground.hosted.sandbox
        found = sandbox.match_keys.find("email", email)
        if found is not None:
            return found
        contacts = self.ground.account.contacts().bind(self.ground, [])
        self.ground.runner.run(contacts.open())
        return self.ground.runner.run(contacts.create({"email": email}, "none")).id


class GhlContract(ConnectorContract):
    """What both share: one event loop, small pages."""

    people: type[CrmPerson]

    @pytest.fixture
    def person(self, ground: Ground) -> Any:
        return self.people(ground)

    @pytest.fixture
    def collection(self, person: Any) -> Collection:
        self.runner = person.ground.runner
        bound: Collection = person.source(3).bind(person.ground, [person.text])
        return bound

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)


class TestContacts(GhlContract):
    people = ContactPerson


class TestCustomText(GhlContract):
    people = CustomTextPerson


class TestOpportunities(GhlContract):
    people = OpportunityPerson


class TestTwins(GhlContract):
    """A location that allows several contacts with one e-mail or phone."""

    people = ContactPerson

    @pytest.fixture
    def person(self, ground: Ground) -> Any:
        ground.hosted.control("settings", allowDuplicateContact=True)
        return self.people(ground)


class TestManyDeals(GhlContract):
    """A location that allows a contact several opportunities in a pipeline."""

    people = OpportunityPerson

    @pytest.fixture
    def person(self, ground: Ground) -> Any:
        ground.hosted.control("settings", allowDuplicateOpportunity=True)
        return self.people(ground)
