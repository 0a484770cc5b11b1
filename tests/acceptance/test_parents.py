"""Records that refer to others: planned, applied and pulled together with them."""

from __future__ import annotations

import pytest

from .world import World

SYNCS = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

database = Database("sqlite:///{database}")
ghl = GoHighLevel(location="{location}", token="env:GHL_TOKEN", base_url="{url}")
contacts = Sync(
    name="contacts", left=database.table("people"), right=ghl.contacts(search_lag=0.0),
    fields=[field("first_name", "firstName"), field("email", "email", Email())], match=["email"],
)
deals = Sync(
    name="deals", left=database.table("deals"),
    right=ghl.opportunities("Sales", search_lag=0.0),
    fields=[
        field("title", "name"),
        field("person_id", "contactId", left_lens=Reference("contacts", wire="number"),
              right_lens=Reference("contacts")),
    ],
    match=["title"],
)
app = Crosstie(syncs=[deals, contacts], state="sqlite:///state.db")
"""


@pytest.fixture
def family(world: World) -> World:
    """Deals that belong to people, and one of each in the location."""
    assert world.sandbox is not None
    world.sql(
        "CREATE TABLE deals (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, "
        "person_id INTEGER REFERENCES people(id))"
    )
    world.declare(
        text=SYNCS.format(
            database=world.database,
            location=world.sandbox.sandbox.location.id,
            url=world.sandbox.url,
        )
    )
    return world


def add_deal(world: World, title: str, contact: str) -> str:
    assert world.sandbox is not None
    body = {
        "locationId": world.sandbox.sandbox.location.id,
        "pipelineId": "SalesPipeline0000001",
        "name": title,
        "status": "open",
        "contactId": contact,
    }
    return str(world.api("POST", "/opportunities/", body)["opportunity"]["id"])


def deals(world: World) -> list[tuple[object, ...]]:
    return world.sql(
        "SELECT title, first_name FROM deals LEFT JOIN people ON people.id = person_id ORDER BY 1"
    )


def test_a_plan_that_creates_parent_and_child_is_applied_whole(family: World) -> None:
    contact = family.add_contact(firstName="Bo", email="bo@example.org")
    add_deal(family, "House", contact)
    assert family.crosstie("plan", "-o", "plan.json").code == 0
    said = family.crosstie("apply", "plan.json", "--json")
    assert said.code == 0, said
    assert len(said.document["applied"]) == 2
    assert said.document["stale"] == []
    assert deals(family) == [("House", "Bo")]


def test_pull_brings_what_the_record_refers_to(family: World) -> None:
    assert family.crosstie("run", "--once").code == 0
    contact = family.add_contact(firstName="Bo", email="bo@example.org")
    family.add_contact(firstName="Cy", email="cy@example.org")
    deal = add_deal(family, "House", contact)
    said = family.crosstie("pull", "deals", deal)
    assert said.code == 0, said
    assert deals(family) == [("House", "Bo")]
    assert len(family.people()) == 1


def test_check_of_references_is_all_right(family: World) -> None:
    contact = family.add_contact(firstName="Bo", email="bo@example.org")
    add_deal(family, "House", contact)
    said = family.crosstie("check")
    assert said.code == 0, said.out
