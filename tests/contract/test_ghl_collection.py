"""GoHighLevel contacts and opportunities keep the contract, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from ghl_ground import CrmPerson, GhlParts, Ground

from crosstie.core.values import Json
from crosstie.testing.connector_contract import ConnectorContract


class GhlContract(GhlParts, ConnectorContract):
    """What contacts and opportunities share."""


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
