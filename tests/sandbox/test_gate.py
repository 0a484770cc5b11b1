"""Tokens, scopes, versions, locations, routes and the rate limit."""

from __future__ import annotations

import pytest

from .client import Crm

RATE_HEADERS = (
    "X-RateLimit-Limit-Daily",
    "X-RateLimit-Daily-Remaining",
    "X-RateLimit-Interval-Milliseconds",
    "X-RateLimit-Max",
    "X-RateLimit-Remaining",
)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "Invalid JWT"),
        ("Basic abc", "Invalid JWT"),
        ("Bearer nobody", "Invalid token: access token is invalid"),
    ],
)
def test_a_call_without_a_good_token_is_refused(crm: Crm, header: str, text: str) -> None:
    reply = crm.call("GET", f"/locations/{crm.location}", headers={"Authorization": header})
    assert (reply.status, reply.message) == (401, text)
    assert reply.json["error"] == "Unauthorized"


def test_a_token_lacking_the_scope_is_refused_and_one_with_it_is_not(crm: Crm) -> None:
    crm.control("tokens", token="pit-reader", scopes=["contacts.readonly"])
    made = crm.contact(email="a@b.example")
    crm.token = "pit-reader"
    assert crm.get(f"/contacts/{made['id']}").status == 200
    reply = crm.put(f"/contacts/{made['id']}", city="Rome")
    assert (reply.status, reply.message) == (401, "The token is not authorized for this scope.")


def test_a_revoked_token_is_an_invalid_one(crm: Crm) -> None:
    crm.control("tokens", token=crm.token, revoked=True)
    reply = crm.get(f"/locations/{crm.location}")
    assert (reply.status, reply.message) == (401, "Invalid token: access token is invalid")


def test_an_agency_token_does_not_fit_a_location_route(crm: Crm) -> None:
    crm.control("tokens", token="pit-agency", user_type="Company")
    crm.token = "pit-agency"
    reply = crm.get(f"/locations/{crm.location}")
    assert (reply.status, reply.message) == (401, "Token's user type mismatch!")


def test_another_location_is_refused_in_path_query_and_body(crm: Crm) -> None:
    text = "The token does not have access to this location."
    for reply in (
        crm.get("/locations/someOtherLocation001"),
        crm.get("/opportunities/pipelines", locationId="other"),
        crm.post("/contacts/", locationId="other", email="a@b.example"),
    ):
        assert (reply.status, reply.message) == (403, text)


@pytest.mark.parametrize("version", ["2021-04-15", "2023-02-21", "legacy", ""])
def test_a_wrong_or_missing_version_gets_the_bare_400(crm: Crm, version: str) -> None:
    crm.version = version
    reply = crm.get("/opportunities/pipelines", locationId=crm.location)
    assert reply.status == 400
    assert set(reply.json) == {"statusCode", "message", "traceId"}
    assert reply.message == "Bad Request"


def test_v3_is_a_version_and_spells_succeeded_as_well(crm: Crm) -> None:
    crm.version = "v3"
    made = crm.contact(email="a@b.example")
    reply = crm.delete(f"/contacts/{made['id']}").json
    assert reply["succeeded"] is True
    assert reply["succeded"] is True


def test_an_unknown_path_is_404_and_an_unknown_method_is_not_known_to_iam(crm: Crm) -> None:
    reply = crm.get("/nothing/here")
    assert (reply.status, reply.message) == (404, "Cannot GET /nothing/here")
    reply = crm.call("PATCH", "/contacts/abc", {})
    assert reply.status == 401
    assert "IAM" in reply.message


def test_every_answer_has_a_trace_id_and_the_rate_limit_headers(crm: Crm) -> None:
    for reply in (
        crm.get(f"/locations/{crm.location}"),
        crm.get("/contacts/nobody"),
        crm.get("/nothing"),
        crm.call("GET", "/contacts/nobody", headers={"Authorization": ""}),
        crm.post("/contacts/", locationId=crm.location, nonsense=1),
    ):
        assert reply.json["traceId"]
        assert all(name in reply.headers for name in RATE_HEADERS)


def test_the_burst_is_refused_and_heals_with_time(crm: Crm) -> None:
    crm.control("settings", burst=3)
    path = f"/locations/{crm.location}"
    assert [crm.get(path).headers["X-RateLimit-Remaining"] for _ in range(3)] == ["2", "1", "0"]
    refused = crm.get(path)
    assert refused.status == 429
    assert refused.json["message"] == "Too Many Requests"
    assert "Retry-After" not in refused.headers
    crm.later(10)
    assert crm.get(path).status == 200


def test_retry_after_is_sent_when_wanted(crm: Crm) -> None:
    crm.control("settings", burst=1, retry_after=True)
    path = f"/locations/{crm.location}"
    crm.get(path)
    crm.later(4)
    assert crm.get(path).headers["Retry-After"] == "6"


def test_the_daily_budget_ends_with_the_utc_day(crm: Crm) -> None:
    crm.control("settings", daily=2)
    path = f"/locations/{crm.location}"
    assert [crm.get(path).status for _ in range(3)] == [200, 200, 429]
    crm.later(12 * 3600)
    assert crm.get(path).status == 200


def test_all_tokens_of_a_location_share_one_budget(crm: Crm) -> None:
    crm.control("settings", burst=1)
    crm.control("tokens", token="pit-second")
    crm.get(f"/locations/{crm.location}")
    crm.token = "pit-second"
    assert crm.get(f"/locations/{crm.location}").status == 429


def test_the_limit_can_be_off_and_the_headers_then_promise_plenty(crm: Crm) -> None:
    crm.control("settings", rate_limit=False, burst=1)
    replies = [crm.get(f"/locations/{crm.location}") for _ in range(5)]
    assert {reply.status for reply in replies} == {200}
    assert int(replies[-1].headers["X-RateLimit-Remaining"]) >= 1_000_000
