"""The stand-in's log-ins: the page, codes, refresh tokens that are good once, the agency."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from crosstie.sandbox.ghl import LOCATION_ID

from .client import Crm, Reply, send

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
COMPANY = "sandboxCompany000001"
BACK = "https://app.example.com/back"


def asked(crm: Crm, **more: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": crm.control("oauth")["client_id"],
        "redirect_uri": BACK,
        "scope": "contacts.readonly oauth.write oauth.readonly",
        "state": "s1",
        **more,
    }


def page(crm: Crm, method: str = "GET", **more: str) -> tuple[int, str, str]:
    """Status, text and where it leads."""
    url = urlsplit(crm.hosted.url)
    connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=10)
    try:
        query = urlencode(asked(crm, **more))
        path = "/v2/oauth/chooselocation"
        if method == "GET":
            connection.request("GET", f"{path}?{query}")
        else:
            connection.request("POST", path, query, FORM)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.getheader("Location") or ""
    finally:
        connection.close()


def code(crm: Crm, **more: str) -> str:
    status, _, place = page(crm, "POST", **more)
    assert status == 302
    assert place.startswith(BACK)
    back = parse_qs(urlsplit(place).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


def token(crm: Crm, **form: str) -> Reply:
    said = crm.control("oauth")
    client = {"client_id": said["client_id"], "client_secret": said["client_secret"]}
    body = urlencode({**client, **form})
    return send(crm.hosted.url, "POST", "/oauth/token", body, FORM)


def logged_in(crm: Crm) -> dict[str, Any]:
    reply = token(crm, grant_type="authorization_code", code=code(crm), redirect_uri=BACK)
    assert reply.status == 200
    return reply.json


def renewed(crm: Crm, refresh: str) -> Reply:
    return token(crm, grant_type="refresh_token", refresh_token=refresh)


def test_a_person_sees_what_is_asked_for_and_approves(crm: Crm) -> None:
    status, text, _ = page(crm, scope="<b>contacts.readonly</b>")
    assert (status, "Approve" in text, "&lt;b&gt;contacts" in text) == (200, True, True)
    told = logged_in(crm)
    assert (told["userType"], told["locationId"], told["companyId"]) == (
        "Location",
        LOCATION_ID,
        COMPANY,
    )
    crm.token = told["access_token"]
    assert crm.post("/contacts/search", locationId=LOCATION_ID, pageLimit=1).status == 200
    assert crm.get(f"/locations/{LOCATION_ID}").message == (
        "The token is not authorized for this scope."
    )


@pytest.mark.parametrize(
    "wrong", [{"client_id": "other"}, {"redirect_uri": "no address"}, {"response_type": "token"}]
)
def test_a_page_that_was_asked_wrong_leads_nowhere(crm: Crm, wrong: dict[str, str]) -> None:
    status, _, place = page(crm, **wrong)
    assert (status, place) == (400, "")
    if "response_type" not in wrong:
        assert page(crm, "POST", **wrong)[0] == 400


def test_a_code_is_good_once_for_its_address_and_for_ten_minutes(crm: Crm) -> None:
    kind = {"grant_type": "authorization_code", "redirect_uri": BACK}
    once = code(crm)
    assert token(crm, code=once, **kind).status == 200
    late = code(crm)
    crm.control("clock", advance=600)
    wrong = {**kind, "redirect_uri": "https://other.example.com/"}
    for reply in (
        token(crm, code=once, **kind),
        token(crm, code=late, **kind),
        token(crm, code=code(crm), **wrong),
        token(crm, **kind),
    ):
        assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


def test_a_challenge_has_to_be_proven(crm: Crm) -> None:
    kind = {"grant_type": "authorization_code", "redirect_uri": BACK}
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    for given, status in ((verifier, 200), ("other", 400)):
        reply = token(crm, code=code(crm, code_challenge=challenge), code_verifier=given, **kind)
        assert reply.status == status


def test_a_refresh_token_is_good_once_and_for_half_a_minute_answered_the_same(crm: Crm) -> None:
    told = logged_in(crm)
    first = renewed(crm, told["refresh_token"])
    crm.control("clock", advance=29)
    again = renewed(crm, told["refresh_token"])
    for name in ("access_token", "refresh_token"):
        assert first.json[name] == again.json[name]
    assert crm.control("oauth")["renewals"] == 1
    crm.control("clock", advance=2)
    assert renewed(crm, told["refresh_token"]).json["error"] == "invalid_grant"
    assert renewed(crm, first.json["refresh_token"]).status == 200


def test_an_access_token_lasts_a_day_by_the_sandbox_clock(crm: Crm) -> None:
    crm.token = logged_in(crm)["access_token"]
    search = {"locationId": LOCATION_ID, "pageLimit": 1}
    crm.control("clock", advance=86_300)
    assert crm.post("/contacts/search", **search).status == 200
    crm.control("clock", advance=100)
    reply = crm.post("/contacts/search", **search)
    assert (reply.status, reply.message) == (401, "Invalid token: access token is invalid")


def test_another_client_or_kind_is_refused(crm: Crm) -> None:
    assert token(crm, grant_type="password").status == 422
    reply = token(crm, grant_type="refresh_token", client_secret="other")
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


def test_an_agency_has_a_token_for_its_location_and_only_that(crm: Crm) -> None:
    crm.control("oauth", user_type="Company")
    told = logged_in(crm)
    assert "locationId" not in told
    crm.token = told["access_token"]
    assert "user type" in crm.post("/contacts/search", locationId=LOCATION_ID).message
    listed = crm.get("/oauth/installedLocations", companyId=COMPANY, appId="a")
    assert [row["_id"] for row in listed.json["locations"]] == [LOCATION_ID]
    assert crm.get("/oauth/installedLocations", companyId=COMPANY, skip="1").json["locations"] == []
    assert crm.get("/oauth/installedLocations", companyId="other").status == 400
    assert crm.get("/oauth/installedLocations", companyId=COMPANY, skip="-1").status == 422
    place = {"companyId": COMPANY, "locationId": LOCATION_ID}
    part = crm.call("POST", "/oauth/locationToken", urlencode(place), FORM)
    assert (part.status, "refresh_token" in part.json) == (200, False)
    other = crm.call("POST", "/oauth/locationToken", urlencode({**place, "locationId": "x"}), FORM)
    assert other.status == 400
    crm.token = part.json["access_token"]
    assert crm.get(f"/locations/{LOCATION_ID}").status == 200


def test_what_was_lost_is_got_back_while_it_is_installed(crm: Crm) -> None:
    said = crm.control("oauth")
    key = {"clientKey": said["client_id"], "clientSecret": said["client_secret"]}
    assert crm.post("/oauth/reconnect", **key, locationId=LOCATION_ID).status == 400
    logged_in(crm)
    assert crm.post("/oauth/reconnect", **key, locationId="other").status == 400
    for whose in ({"locationId": LOCATION_ID}, {"companyId": COMPANY}):
        back = crm.post("/oauth/reconnect", **key, **whose).json["authorizationCode"]
        assert token(crm, grant_type="authorization_code", code=back).status == 200
    crm.control("oauth", reconnect=False)
    assert crm.post("/oauth/reconnect", **key, locationId=LOCATION_ID).status == 400


def test_uninstalling_ends_every_token(crm: Crm) -> None:
    told = logged_in(crm)
    crm.token = told["access_token"]
    app = crm.control("oauth")["client_id"].partition("-")[0]
    assert crm.call("DELETE", "/marketplace/app/other/installations", {}).status == 400
    assert crm.call("DELETE", f"/marketplace/app/{app}/installations", {}).status == 200
    assert crm.get(f"/locations/{LOCATION_ID}").status == 401
    assert renewed(crm, told["refresh_token"]).json["error"] == "invalid_grant"
    crm.token = logged_in(crm)["access_token"]
    assert not crm.post_control("oauth/uninstall", {})["installed"]
    assert crm.get(f"/locations/{LOCATION_ID}").status == 401
