"""Logging in to GoHighLevel: what is sent, and what answers mean."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crosstie.connectors.answers import Expired
from crosstie.connectors.ghl import GoHighLevel, OAuthApp
from crosstie.connectors.ghl.errors import explainer
from crosstie.connectors.ghl.oauth import GhlOAuth, app_of
from crosstie.core.errors import Halt, Misconfigured
from crosstie.ports.http import Reply, Request
from crosstie.ports.oauth import Client, Grant

CLIENT = Client("64f0-key1", "canary-secret")
NOON = 1_767_268_800.0
ANSWER: dict[str, Any] = {
    "access_token": "a1",
    "token_type": "Bearer",
    "expires_in": 86_399,
    "refresh_token": "r1",
    "scope": "contacts.readonly contacts.write",
    "userType": "Location",
    "locationId": "L1",
    "companyId": "C1",
}
OF_LOCATION = Grant("a1", "r1", NOON + 86_399.0, ("contacts.readonly",), "L1", "C1")
OF_COMPANY = Grant("a1", "r1", NOON + 86_399.0, (), None, "C1")


def oauth(**options: Any) -> GhlOAuth:
    made = OAuthApp("env:ID", "env:SECRET", **options)
    login = GoHighLevel("L1", oauth=made).login
    assert login is not None
    return login


def test_a_token_in_the_declaration_needs_no_log_in() -> None:
    assert GoHighLevel("L1").login is None


def test_the_page_asks_for_scopes_and_carries_the_state() -> None:
    page = oauth(redirect="https://app.example.com/back", scopes=("a.read", "b.write")).page(
        CLIENT.id, "state&=", None
    )
    assert page.startswith("https://marketplace.gohighlevel.com/v2/oauth/chooselocation?")
    assert parse_qs(urlsplit(page).query) == {
        "response_type": ["code"],
        "redirect_uri": ["https://app.example.com/back"],
        "client_id": ["64f0-key1"],
        "scope": ["a.read b.write"],
        "state": ["state&="],
    }
    assert "code_challenge=c1&code_challenge_method=S256" in oauth().page("id", "s", "c1")
    assert CLIENT.secret not in page


def test_calls_for_tokens_are_forms_and_do_not_show_themselves() -> None:
    login = oauth()
    common = {"client_id": "64f0-key1", "client_secret": "canary-secret"}
    exchange = login.exchange(CLIENT, "c1", "v1")
    assert exchange.form == {
        **common,
        "grant_type": "authorization_code",
        "code": "c1",
        "redirect_uri": login.redirect,
        "code_verifier": "v1",
    }
    assert "code_verifier" not in (login.exchange(CLIENT, "c1", None).form or {})
    refresh = {**common, "grant_type": "refresh_token", "refresh_token": "r1"}
    for grant, kind in ((OF_LOCATION, "Location"), (OF_COMPANY, "Company")):
        assert login.refresh(CLIENT, grant).form == {**refresh, "user_type": kind}
    assert repr(exchange) == "Request(POST /oauth/token)"
    assert "canary" not in repr(CLIENT)


def test_where_tokens_were_lost_a_code_is_asked_for() -> None:
    for grant, whose in ((OF_LOCATION, {"locationId": "L1"}), (OF_COMPANY, {"companyId": "C1"})):
        request = oauth().reconnect(CLIENT, grant)
        assert request is not None
        key = {"clientKey": "64f0-key1", "clientSecret": "canary-secret"}
        assert request.json == {**key, **whose}
    assert oauth(reconnect=False).reconnect(CLIENT, OF_LOCATION) is None
    assert oauth().code_of({"authorizationCode": "c2"}) == "c2"
    for answer in (None, [], {}, {"authorizationCode": ""}, {"authorizationCode": 7}):
        assert oauth().code_of(answer) is None


def test_an_answer_is_read_as_the_dated_versions_and_as_v3_write_it() -> None:
    assert oauth().read(ANSWER, NOON) == Grant(
        "a1", "r1", NOON + 86_399.0, ("contacts.readonly", "contacts.write"), "L1", "C1"
    )
    newer = {"accessToken": "a1", "refreshToken": "r1", "expiresIn": 60, "companyId": "C1"}
    assert oauth().read(newer, NOON) == Grant("a1", "r1", NOON + 60.0, (), None, "C1")


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a\r\nX-Other: 1"},
        {"access_token": "\N{LATIN SMALL LETTER E WITH ACUTE}"},
        {"expires_in": "86399"},
        {"expires_in": True},
        {"expires_in": None},
    ],
)
def test_an_answer_without_a_usable_token_is_none(change: dict[str, Any]) -> None:
    assert oauth().read({**ANSWER, **change}, NOON) is None
    assert oauth().read([ANSWER], NOON) is None


def test_a_dead_token_is_told_from_a_wrong_client() -> None:
    for dead in (
        {"error": "invalid_grant", "error_description": "This refresh token is invalid"},
        {"statusCode": 400, "message": "Invalid refresh token"},
    ):
        assert oauth().dead(Reply(400, {}, dead))
    for other in ({"error": "invalid_client"}, {"message": "Unauthorized"}, None, "text"):
        assert not oauth().dead(Reply(401, {}, other))


def test_locations_of_an_agency_are_listed_and_asked_for() -> None:
    login = oauth()
    listed = login.installed(CLIENT, OF_COMPANY, 100)
    assert (listed.path, listed.query["appId"], listed.query["skip"]) == (
        "/oauth/installedLocations",
        "64f0",
        "100",
    )
    assert login.locations({"locations": [{"_id": "L1"}, {"name": "no id"}, "odd"]}) == ["L1"]
    for answer in (None, {}, {"locations": None}):
        assert login.locations(answer) == []
    assert login.part(OF_LOCATION).form == {"companyId": "C1", "locationId": "L1"}
    assert login.company(OF_COMPANY) == "GoHighLevel agency C1"


def test_giving_back_uninstalls_the_application_there() -> None:
    request = oauth().revoke(CLIENT, OF_LOCATION)
    assert (request.method, request.path) == ("DELETE", "/marketplace/app/64f0/installations")
    assert request.json == {"locationId": "L1"}
    assert oauth().revoke(CLIENT, OF_COMPANY).json == {"companyId": "C1"}
    assert app_of("64f0") == "64f0"


@pytest.mark.parametrize(
    "redirect",
    [
        "http://app.example.com/back",
        "http://localhost/back",
        "ftp://localhost:1/back",
        "app.example.com",
        "http://localhost:99999/back",
        "",
    ],
)
def test_a_redirect_address_that_is_not_safe_is_refused(redirect: str) -> None:
    with pytest.raises(Misconfigured, match="redirect") as refused:
        OAuthApp("env:ID", "env:SECRET", redirect=redirect)
    assert "https://" in str(refused.value.fix)


def test_a_log_in_without_scopes_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no scope"):
        OAuthApp("env:ID", "env:SECRET", scopes=())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Invalid token: access token is invalid", "not valid"),
        ("Token's user type mismatch!", "of an agency"),
        ("The token is not authorized for this scope.", "lacks the scope contacts.readonly"),
    ],
)
def test_a_refused_call_says_how_to_log_in(text: str, told: str) -> None:
    explain = explainer("GoHighLevel L1", "env:UNUSED", "L1", oauth=True)
    error = explain(Reply(401, {}, {"message": text}), Request("GET", "/contacts/1"))
    assert isinstance(error, Halt)
    assert told in str(error)
    assert 'crosstie auth login "GoHighLevel L1"' in str(error.fix)
    assert "UNUSED" not in f"{error} {error.fix}"
    assert isinstance(error, Expired) == ("not valid" in told)


def test_a_token_in_a_file_needs_no_new_start() -> None:
    explain = explainer("GoHighLevel L1", "file:/run/secrets/ghl", "L1")
    error = explain(Reply(401, {}, {"message": "Invalid JWT"}), Request("GET", "/contacts/1"))
    assert isinstance(error, Expired)
    assert "started again" not in str(error.fix)
