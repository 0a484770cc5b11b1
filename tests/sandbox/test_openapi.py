"""The sandbox's answers, bodies and scopes against the official OpenAPI files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from crosstie.sandbox.ghl.routes import ROUTES as ALL
from crosstie.sandbox.ghl.routes import TABLE
from crosstie.sandbox.ghl.routing import Route

from .client import Crm, Reply
from .openapi import EXCEPTIONS, LEFT_OUT, Contract, complaints, contracts
from .visits import visit_desk

SALES = "SalesPipeline0000001"
UNDESCRIBED_BODY = {
    "POST /contacts/search": "the body is untyped in the file",
}
WRONGLY_REQUIRED = {
    "POST /opportunities/search": "the file requires every property; the API only locationId",
    "POST /calendars/events/block-slots": "the file requires a calendar; it may be a user's",
    "PUT /calendars/events/block-slots/{eventId}": "the file requires a calendar",
    "POST /conversations/messages": "the file requires subType and status; the API does not",
}

# Log-ins are described in a file of their own, and not all of them.
ROUTES = [route for route in ALL if route.access == "location"]


@pytest.fixture(scope="module")
def contract() -> Contract:
    folder = contracts()
    if folder is None:
        pytest.skip("the official OpenAPI files are not here: set CROSSTIE_CONTRACTS")
    return Contract(folder)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_every_route_is_an_official_operation_with_its_scope_and_version(
    contract: Contract, route: Route
) -> None:
    _, operation = contract.operations[route.key]
    scopes = {scope for need in operation["security"] for each in need.values() for scope in each}
    assert not scopes or route.scope in scopes
    (version,) = [p for p in operation["parameters"] if p.get("name") == "Version"]
    assert set(version["schema"]["enum"]) <= route.versions


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=lambda route: route.key)
def test_every_described_property_may_be_sent(contract: Contract, route: Route) -> None:
    if route.key in UNDESCRIBED_BODY:
        pytest.skip(UNDESCRIBED_BODY[route.key])
    schema, shape = contract.body(route.key), route.body
    assert schema is not None
    assert shape is not None
    assert set(schema.get("properties", ())) <= set(shape.fields)
    if route.key not in WRONGLY_REQUIRED:
        assert set(shape.required) == set(schema.get("required", ()))


def test_the_answers_fit_the_official_schemas(
    crm: Crm,
    contract: Contract,
    record_property: Callable[[str, object], None],
) -> None:
    _visit_contacts(crm)
    _visit_opportunities(crm)
    _visit_locations(crm)
    visit_desk(crm)
    _visit_refusals(crm)
    checked, open_ones, fine = 0, 0, set()
    for method, path, reply in crm.seen:
        key, known = _described(contract, method, path, reply)
        if not known:
            continue
        schema = contract.response(key, reply.status)
        if schema is None:
            open_ones += 1
            continue
        but, _ = LEFT_OUT.get(key, (frozenset(), "")) if reply.status < 300 else (frozenset(), "")
        assert complaints(schema, reply.json, but) == [], f"{key} {reply.status}"
        checked += 1
        if reply.status < 300:
            fine.add(key)
    without = {r.key for r in ROUTES if contract.response(r.key, _success(contract, r.key)) is None}
    assert fine | without == {route.key for route in ROUTES}
    line = (
        f"openapi: {len(ROUTES)} operations, {checked} answers checked, "
        f"{open_ones} without an official schema, {len(EXCEPTIONS)} documented exceptions"
    )
    record_property("said", line)


def _success(contract: Contract, key: str) -> int:
    statuses = contract.operations[key][1]["responses"]
    return min(int(status) for status in statuses if status.startswith("2"))


def _described(contract: Contract, method: str, path: str, reply: Reply) -> tuple[str, bool]:
    found = TABLE.find(method, path.partition("?")[0])
    assert found is not None, path
    key = found[0].key
    return key, contract.described(key, reply.status)


def _visit_contacts(crm: Crm) -> None:
    ids = crm.fields("contact")
    values: dict[str, Any] = {
        "contact.customer_number": "C-1",
        "contact.score": 5,
        "contact.member_since": "2020-02-29",
        "contact.interests": ["Sea"],
    }
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
        dndSettings={"SMS": {"status": "active", "message": "", "code": ""}},
        tags=["One"],
        customFields=[{"id": ids[key], "field_value": value} for key, value in values.items()],
    )
    path = f"/contacts/{made['id']}"
    crm.get(path)
    crm.put(path, city="Oslo", dnd=True)
    crm.post(f"{path}/tags", tags=["two"])
    crm.call("DELETE", f"{path}/tags", {"tags": ["two"]})
    crm.post("/contacts/upsert", locationId=crm.location, email="ada@x.example")
    crm.post("/contacts/upsert", locationId=crm.location, email="new@x.example")
    crm.get("/contacts/search/duplicate", locationId=crm.location, email="ada@x.example")
    crm.later()
    crm.search()
    crm.delete(f"/contacts/{crm.contact(firstName='Gone')['id']}")


def _visit_opportunities(crm: Crm) -> None:
    ids = crm.fields("opportunity")
    ada = crm.contact(email="opp@x.example")["id"]
    values: dict[str, Any] = {
        "opportunity.reference": "R-1",
        "opportunity.start_date": "2026-03-01",
        "opportunity.fee": 12.5,
        "opportunity.extras": ["Guide"],
    }
    entries = [{"id": ids[key], "field_value": value} for key, value in values.items()]
    made = crm.opportunity(ada, SALES, monetaryValue=10, customFields=entries)
    path = f"/opportunities/{made['id']}"
    crm.get("/opportunities/pipelines", locationId=crm.location)
    crm.get(path)
    crm.put(path, name="B", assignedTo="SandboxUser000000001")
    crm.put(f"{path}/status", status="won")
    crm.later()
    crm.search_opportunities()
    crm.get("/opportunities/search", locationId=crm.location)
    crm.delete(path)


def _visit_locations(crm: Crm) -> None:
    base = f"/locations/{crm.location}"
    crm.get(base)
    crm.get(f"{base}/customFields", model="all")
    made = crm.post(f"{base}/customFields", name="Shoe", dataType="CHECKBOX", options=["a"])
    path = f"{base}/customFields/{made.json['customField']['id']}"
    crm.get(path)
    crm.put(path, name="Boot")
    crm.delete(path)
    crm.post(f"{base}/tags", name="x")
    crm.get(f"{base}/tags")


def _visit_refusals(crm: Crm) -> None:
    """Each route with a bad token, a bad version, and with an unknown property in its body."""
    paths = {r.key: r.template.replace("{locationId}", crm.location) for r in ROUTES}
    for route in ROUTES:
        path = re.sub(r"\{\w+\}", "nobody", paths[route.key])
        body: dict[str, Any] | None = {} if route.body else None
        crm.call(route.method, path, body, headers={"Authorization": "Bearer nobody"})
        crm.call(route.method, path, body, headers={"Version": "legacy"})
        if route.body is not None:
            crm.call(route.method, path, {"nonsense": 1})
        crm.later(1)
