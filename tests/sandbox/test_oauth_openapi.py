"""What is sent to log in, and what the stand-in answers, against the official OpenAPI file."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.ports.http import Request
from crosstie.ports.oauth import Client, Grant

from .client import Crm
from .openapi import contracts
from .test_oauth import COMPANY, code, logged_in, token

GRANT = Grant("a", "r", 0.0, (), "L1", COMPANY)
CLIENT = Client("app-key", "secret")


@pytest.fixture(scope="module")
def official() -> Any:
    folder = contracts()
    if folder is None:
        pytest.skip("the official OpenAPI files are not here: set CROSSTIE_CONTRACTS")
    return json.loads((folder / "apps" / "oauth.json").read_text(encoding="utf-8"))


def sent() -> list[Request]:
    """Every call for tokens that the connector makes and the file describes."""
    login = GoHighLevel("L1", oauth=OAuthApp("env:ID", "env:SECRET")).login
    assert login is not None
    return [
        login.exchange(CLIENT, "c1", None),
        login.refresh(CLIENT, GRANT),
        login.part(GRANT),
        login.installed(CLIENT, GRANT, 0),
    ]


@pytest.mark.parametrize("request_", sent(), ids=repr)
def test_what_is_sent_is_described(official: Any, request_: Request) -> None:
    operation = official["paths"][request_.path][request_.method.lower()]
    asked = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "query"}
    assert set(request_.query) <= set(asked)
    assert {name for name, p in asked.items() if p["required"]} <= set(request_.query)
    versions = [p["schema"]["enum"] for p in operation.get("parameters", ()) if p["in"] == "header"]
    assert [request_.headers.get("Version")] in versions or not versions
    if request_.form is not None:
        (content,) = operation["requestBody"]["content"].values()
        schema = resolved(official, content["schema"])
        assert set(request_.form) <= set(schema["properties"])
        jsonschema.validate(dict(request_.form), schema)


def test_what_the_stand_in_answers_is_described(official: Any, crm: Crm) -> None:
    place = {"companyId": COMPANY, "locationId": crm.location}
    location = logged_in(crm)
    crm.control("oauth", user_type="Company")
    kind = {"grant_type": "authorization_code", "redirect_uri": "https://app.example.com/back"}
    company = token(crm, code=code(crm), **kind).json
    crm.token = company["access_token"]
    answers = [
        ("post", "/oauth/token", location),
        ("post", "/oauth/token", company),
        ("post", "/oauth/locationToken", crm.post("/oauth/locationToken", **place).json),
        (
            "get",
            "/oauth/installedLocations",
            crm.get("/oauth/installedLocations", companyId=COMPANY, appId="a").json,
        ),
    ]
    for method, path, answer in answers:
        described = official["paths"][path][method]["responses"]["200"]["content"]
        schema = resolved(official, described["application/json"]["schema"])
        jsonschema.validate(answer, schema)
        assert set(answer) - {"traceId"} <= set(schema["properties"])


def resolved(official: Any, schema: Any) -> Any:
    """The schema with what it refers to in its place."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return resolved(official, official["components"]["schemas"][name])
        return {name: resolved(official, part) for name, part in schema.items()}
    if isinstance(schema, list):
        return [resolved(official, part) for part in schema]
    return schema
