"""Webhooks against the documented examples: what the sandbox sends, what the connector reads."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crosstie.connectors.ghl import GoHighLevel
from crosstie.ports.webhooks import Forged
from crosstie.sandbox.ghl import TRIP_DESK, TRIP_PIPELINE

from .client import Crm
from .conftest import NOON
from .openapi import contracts
from .receiver import receiving

ENVELOPE = {"appId", "versionId", "timestamp", "webhookId"}
ADDED_LATER = {"ContactDndUpdate": {"dndSettings"}}
OF_AGENCIES = {"AppInstall", "AppUninstall"}
SIGNER = Ed25519PrivateKey.generate()
PUBLIC = b64encode(SIGNER.public_key().public_bytes_raw()).decode()


@pytest.fixture(scope="module")
def documented() -> dict[str, list[dict[str, Any]]]:
    folder = contracts()
    file = folder / "webhook_examples.json" if folder else None
    if file is None or not file.is_file():
        pytest.skip("the documented webhooks are not here: set CROSSTIE_CONTRACTS")
    return {name: event["examples"] for name, event in json.loads(file.read_text("utf-8")).items()}


def test_every_documented_example_is_read(documented: dict[str, list[dict[str, Any]]]) -> None:
    hinted: dict[str, set[tuple[str, bool]]] = {}
    elsewhere = set()
    for name, examples in documented.items():
        for example in examples:
            body = json.dumps(example).encode()
            place = _place(example)
            source = GoHighLevel(place or "none").webhooks(keys=PUBLIC)
            webhooks = source.bind(None)  # type: ignore[arg-type]
            headers = {"x-ghl-signature": [b64encode(SIGNER.sign(body)).decode()]}
            if place is None:
                with pytest.raises(Forged, match="another location"):
                    webhooks.verify(headers, body, NOON)
                elsewhere.add(name)
                continue
            event = webhooks.verify(headers, body, NOON)
            assert event.type == example.get("type", "unknown")
            # Some examples bear the type of another event; what they are about is told by theirs.
            for hint in webhooks.hints(name, event.kept):
                hinted.setdefault(name, set()).add((hint.kind, hint.gone))
    assert elsewhere == OF_AGENCIES
    assert hinted == _wanted(documented)


def _place(example: dict[str, Any]) -> str | None:
    if "locationId" in example:
        return str(example["locationId"])
    if example.get("altType") == "location":
        return str(example["altId"])
    if example.get("type", "").startswith("Location"):
        return str(example["id"])
    return next(iter(example.get("locations", [])), None)


def _wanted(documented: dict[str, Any]) -> dict[str, set[tuple[str, bool]]]:
    kinds = {
        "Contact": "contacts",
        "Opportunity": "opportunities",
        "Appointment": "appointments",
        "Task": "tasks",
        "User": "users",
    }
    wanted = {}
    for name in documented:
        for noun, kind in kinds.items():
            if name.startswith(noun):
                wanted[name] = {(kind, name.endswith("Delete"))}
        if name.startswith("Note"):
            wanted[name] = {("contacts", False)}
    return wanted


def test_the_sandbox_sends_no_key_that_is_not_documented(
    trips: Crm, documented: dict[str, list[dict[str, Any]]]
) -> None:
    with receiving() as receiver:
        trips.control("webhooks", url=receiver.url)
        _live(trips)
        count = trips.control("webhooks")["told"]
        bodies = [json.loads(receiver.next()[1]) for _ in range(count)]
    seen = {body["type"] for body in bodies}
    for body in bodies:
        known = {key for example in documented[body["type"]] for key in example}
        known |= ADDED_LATER.get(body["type"], set())
        assert set(body) - ENVELOPE <= known, body["type"]
        assert set(body) > ENVELOPE
    nouns = ("Contact", "Opportunity")
    assert {name for name in documented if name.startswith(nouns)} == seen


def _live(crm: Crm) -> None:
    ids = crm.fields("contact")
    made = crm.contact(
        firstName="Ada",
        lastName="Byron",
        email="ada@x.example",
        phone="+12025550100",
        address1="Hill 1",
        city="Rome",
        country="IT",
        companyName="Engines",
        dateOfBirth="1990-12-31",
        assignedTo="SandboxUser000000001",
        tags=["One"],
        customFields=[{"id": next(iter(ids.values())), "field_value": "x"}],
    )
    path = f"/contacts/{made['id']}"
    crm.put(path, city="Oslo", dndSettings={"SMS": {"status": "active"}}, tags=["Two"])
    opportunity = crm.opportunity(TRIP_DESK, TRIP_PIPELINE)
    stages = crm.get("/opportunities/pipelines", locationId=crm.location).json["pipelines"]
    other = next(p["stages"][1]["id"] for p in stages if p["id"] == TRIP_PIPELINE)
    crm.put(
        f"/opportunities/{opportunity['id']}",
        status="won",
        monetaryValue=5,
        pipelineStageId=other,
        assignedTo="SandboxUser000000001",
    )
    crm.delete(f"/opportunities/{opportunity['id']}")
    crm.delete(path)
