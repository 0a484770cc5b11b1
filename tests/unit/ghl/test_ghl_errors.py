"""What the texts of GoHighLevel mean."""

from __future__ import annotations

import pytest

from crosstie.connectors.ghl.errors import explainer
from crosstie.core.errors import Duplicate, Halt, NotFound, Rejected, Retry, SyncError
from crosstie.core.values import Json
from crosstie.ports import Reply, Request

READ = Request("GET", "/contacts/Abc123", query={"email": "ann@trips.example"})
WRITE = Request("PUT", "/contacts/Abc123", json={"firstName": "Annabel", "customFields": [4711]})
CREATE = Request("POST", "/opportunities/", json={"contactId": "Xyz", "name": "Rome"})
explain = explainer("GoHighLevel L1", "env:GHL_TOKEN", "env:LOCATION")


def means(status: int, message: Json, request: Request = WRITE, **more: Json) -> SyncError:
    """The error for a body as GoHighLevel writes it."""
    body = {"statusCode": status, "message": message, **more}
    error = explain(Reply(status, {}, body), request)
    assert isinstance(error, SyncError)
    assert "Annabel" not in f"{error} {error.fix}" and "4711" not in f"{error} {error.fix}"
    return error


@pytest.mark.parametrize("text", ["Invalid JWT", "Invalid token: access token is invalid", ""])
def test_an_invalid_token_halts_and_names_where_the_token_comes_from(text: str):
    error = means(401, text)
    assert isinstance(error, Halt) and error.login
    assert error.fix is not None
    assert error.fix.startswith("put a valid private integration token into env:GHL_TOKEN; ")
    assert error.fix.endswith("has to be started again for it"), "an environment is read once"


@pytest.mark.parametrize(
    ("request_", "scope"),
    [
        (READ, "contacts.readonly"),
        (WRITE, "contacts.write"),
        (Request("POST", "/contacts/search", json={}), "contacts.readonly"),
        (Request("DELETE", "/contacts/A/tags", json={}), "contacts.write"),
        (CREATE, "opportunities.write"),
        (Request("GET", "/locations/L1"), "locations.readonly"),
        (Request("GET", "/locations/L1/customFields"), "locations/customFields.readonly"),
    ],
)
def test_a_missing_scope_is_named(request_: Request, scope: str):
    error = means(401, "The token is not authorized for this scope.", request_)
    assert isinstance(error, Halt)
    assert error.fix is not None and error.fix.endswith(f"the scope {scope}")


@pytest.mark.parametrize(
    "text",
    [
        "This authClass type is not allowed to access this scope. Please verify your IAM "
        "configuration if this is not the case.",
        "Token's user type mismatch!",
    ],
)
def test_a_token_of_the_agency_is_told_from_a_missing_scope(text: str):
    error = means(401, text)
    assert isinstance(error, Halt)
    assert "agency" in str(error)


def test_a_route_that_does_not_exist_halts():
    iam = "This route is not yet supported by the IAM Service. Please update your IAM config."
    assert isinstance(means(401, iam), Halt)
    assert isinstance(means(404, "Cannot GET /v9/contacts/Abc123", READ), Halt)


def test_a_foreign_location_halts_and_names_ours():
    error = means(403, "The token does not have access to this location.")
    assert isinstance(error, Halt) and not error.login
    assert error.fix is not None and "env:LOCATION" in error.fix


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Contact with id Abc123 not found"),
        (404, "Not Found"),
        (404, "Opportunity with id Abc123 not found"),
    ],
)
def test_not_found_comes_as_400_as_well(status: int, text: str):
    assert isinstance(means(status, text), NotFound)
    assert isinstance(means(status, text, READ), NotFound)


def test_a_404_that_is_not_json_is_no_deletion():
    error = explain(Reply(404, {}, None), READ)
    assert isinstance(error, Retry)


def test_a_missing_contact_of_an_opportunity_is_no_missing_opportunity():
    error = means(400, "Contact with id Xyz not found", CREATE)
    assert isinstance(error, Rejected) and error.field == "contactId"


def test_duplicates_name_the_one_that_exists():
    contact = means(
        400,
        "This location does not allow duplicated contacts.",
        meta={"contactId": "C9", "contactName": "annabel", "matchingField": "email"},
    )
    deal = means(400, "Can not create duplicate opportunity.", CREATE, meta={"existingId": "O9"})
    assert isinstance(contact, Duplicate) and contact.existing == "C9"
    assert isinstance(deal, Duplicate) and deal.existing == "O9"
    assert "annabel" not in str(contact)


def test_a_duplicate_on_an_update_says_which_field_which_record_and_what_to_do():
    refused = means(400, "No duplicates.", meta={"contactId": "C9", "matchingField": "email"})
    assert isinstance(refused, Duplicate) and refused.field == "email"
    assert "the contact C9 has the same email already" in str(refused)
    assert "change the email of one of the two" in str(refused.fix)
    vague = means(400, "No duplicates.", meta={"contactId": "C9", "matchingField": ["a b"]})
    assert isinstance(vague, Duplicate) and vague.field is None
    assert "e-mail or phone" in f"{vague}"
    deal = means(400, "No duplicates.", CREATE, meta={"existingId": "O9"})
    assert "O9" in str(deal) and isinstance(deal, Duplicate) and "settings" in str(deal.fix)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (["property companyName should not exist"], "companyName"),
        (["email must be an email", "phone must be a string"], "email"),
        ("country must be a valid ISO31661 Alpha2 country code", "country"),
        (["name should not be empty"], "name"),
        (["pipelineStageId must be a string"], "stage"),
        (["customFields.0.id must be a string"], None),
        ("Something else", None),
    ],
)
def test_a_refusal_names_the_field_as_the_mapping_does(message: Json, field: str | None):
    error = means(422, message)
    assert isinstance(error, Rejected)
    assert error.field == field


def test_a_refusal_repeats_the_words_but_no_value():
    error = means(422, ["firstName Annabel is not allowed, nor is 4711"])
    assert "firstName *** is not allowed, nor is ***" in str(error)


def test_a_company_that_cannot_be_changed_says_how_to_map_it():
    error = means(422, ["property companyName should not exist"])
    assert error.fix is not None and "create_only" in error.fix


def test_a_bare_400_points_to_the_version():
    error = means(400, "Bad Request")
    assert isinstance(error, Rejected)
    assert error.fix is not None and "version" in error.fix


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_is_to_be_tried_again_is_left_to_the_common_table(status: int):
    assert explain(Reply(status, {}, {"message": "Too Many Requests"}), READ) is None


@pytest.mark.parametrize("body", [None, [], "text", {"message": {"a": 1}}, {"error": {"x": 1}}])
def test_bodies_of_any_shape_are_survived(body: Json):
    for status in (400, 401, 403, 404, 422):
        assert isinstance(explain(Reply(status, {}, body), READ), SyncError)
