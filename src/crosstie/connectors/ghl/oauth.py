"""Logging in to GoHighLevel by OAuth 2.0, with an application of its marketplace.

Facts of the public documentation of 2026: access tokens last about a day; a refresh token lasts a
year or until it is used, and for 30 seconds after that it gets the same answer once more;
`/oauth/reconnect` gives a new code where tokens were lost; a token of an agency (Company) is
exchanged for one of each location.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, urlencode, urlsplit

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Json
from crosstie.ports.http import Reply, Request
from crosstie.ports.oauth import Client, Grant

SCOPES = (
    "contacts.readonly",
    "contacts.write",
    "opportunities.readonly",
    "opportunities.write",
    "calendars.readonly",
    "calendars/events.readonly",
    "calendars/events.write",
    "locations.readonly",
    "locations/customFields.readonly",
    "locations/tags.readonly",
    "locations/tasks.readonly",
    "users.readonly",
)
"""The least that all collections need."""
AGENCY_SCOPES = ("oauth.readonly", "oauth.write")
"""What a log-in for all locations of an agency needs besides; `oauth.write` also uninstalls."""
LOGIN = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
_VERSION: Mapping[str, str] = MappingProxyType({"Version": "2021-07-28"})
_PAGE = 100
_GONE = ("invalid_grant", "invalid refresh token", "refresh token is invalid")


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An application of the GoHighLevel marketplace, and where its log-in comes back to.

    client_id, client_secret: `env:NAME` or `file:/path`.  redirect: exactly as it is registered;
    `http://localhost:PORT/path` is received by `crosstie auth login` itself.  pkce: send a
    challenge (RFC 7636) with the log-in; GoHighLevel documents none.  reconnect: ask
    `/oauth/reconnect` for a new code where tokens were lost.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect: str = "http://localhost:8322/oauth/callback"
    scopes: Sequence[str] = SCOPES
    login_url: str = LOGIN
    pkce: bool = False
    reconnect: bool = True

    def __post_init__(self) -> None:
        if not _may_come_back_to(self.redirect):
            raise Misconfigured(
                f"the redirect address {self.redirect!r} is none that a log-in may come back to",
                fix="use https://..., or http://localhost:PORT/... for a log-in on this machine",
            )
        if not self.scopes:
            raise Misconfigured("the log-in asks for no scope", fix="leave `scopes` out")


@dataclass(frozen=True, slots=True)
class GhlOAuth:
    """`ports.oauth.OAuth` for one location."""

    account: str
    base_url: str
    app: OAuthApp
    location: str
    """Its id, or a reference to it."""

    @property
    def client_id(self) -> str:
        return self.app.client_id

    @property
    def client_secret(self) -> str:
        return self.app.client_secret

    @property
    def redirect(self) -> str:
        return self.app.redirect

    @property
    def pkce(self) -> bool:
        return self.app.pkce

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.app.scopes)

    def page(self, client: str, state: str, challenge: str | None) -> str:
        """See `OAuth`."""
        asked = {
            "response_type": "code",
            "redirect_uri": self.redirect,
            "client_id": client,
            "scope": " ".join(self.scopes),
            "state": state,
        }
        if challenge is not None:
            asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{self.app.login_url}?{urlencode(asked, quote_via=quote)}"

    def exchange(self, client: Client, code: str, verifier: str | None) -> Request:
        """See `OAuth`."""
        form = {"code": code, "redirect_uri": self.redirect}
        return self._token(client, "authorization_code", form, verifier)

    def refresh(self, client: Client, grant: Grant) -> Request:
        """See `OAuth`."""
        kind = "Company" if grant.location is None else "Location"
        form = {"refresh_token": grant.refresh or "", "user_type": kind}
        return self._token(client, "refresh_token", form, None)

    def reconnect(self, client: Client, grant: Grant) -> Request | None:
        """See `OAuth`."""
        if not self.app.reconnect:
            return None
        whose = {"locationId": grant.location} if grant.location else {"companyId": grant.company}
        body = {"clientKey": client.id, "clientSecret": client.secret, **whose}
        return Request("POST", "/oauth/reconnect", json=body, headers=_VERSION)

    def code_of(self, json: Json) -> str | None:
        """See `OAuth`."""
        code = json.get("authorizationCode") if isinstance(json, dict) else None
        return code if isinstance(code, str) and code else None

    def part(self, grant: Grant) -> Request:
        """See `OAuth`."""
        form = {"companyId": grant.company or "", "locationId": grant.location or ""}
        return Request("POST", "/oauth/locationToken", form=form, headers=_VERSION)

    def read(self, json: Json, now: Instant) -> Grant | None:
        """See `OAuth`. Names as the dated versions and as v3 write them."""
        if not isinstance(json, dict):
            return None
        access = _token_in(json, "access_token", "accessToken")
        lasts = json.get("expires_in", json.get("expiresIn"))
        if access is None or isinstance(lasts, bool) or not isinstance(lasts, int | float):
            return None
        scope = json.get("scope")
        return Grant(
            access,
            _token_in(json, "refresh_token", "refreshToken"),
            now + max(lasts, 0),
            tuple(scope.split()) if isinstance(scope, str) else (),
            _id_in(json, "locationId"),
            _id_in(json, "companyId"),
        )

    def dead(self, reply: Reply) -> bool:
        """See `OAuth`."""
        json = reply.json if isinstance(reply.json, dict) else {}
        told = " ".join(str(json.get(name)) for name in ("error", "error_description", "message"))
        return any(words in told.lower() for words in _GONE)

    def _token(
        self, client: Client, kind: str, form: Mapping[str, str], verifier: str | None
    ) -> Request:
        proof = {} if verifier is None else {"code_verifier": verifier}
        whole = {
            "client_id": client.id,
            "client_secret": client.secret,
            "grant_type": kind,
            **form,
            **proof,
        }
        return Request("POST", "/oauth/token", form=whole)

    def company(self, grant: Grant) -> str:
        """Name of the log-in of that company."""
        return f"GoHighLevel agency {grant.company}"

    def installed(self, client: Client, grant: Grant, skip: int) -> Request:
        """The locations of a company where the application is, a page of them."""
        query = {
            "companyId": grant.company or "",
            "appId": app_of(client.id),
            "isInstalled": "true",
            "skip": str(skip),
            "limit": str(_PAGE),
        }
        return Request("GET", "/oauth/installedLocations", query=query, headers=_VERSION)

    def locations(self, json: Json) -> Sequence[str]:
        """Their ids."""
        rows = json.get("locations") if isinstance(json, dict) else None
        found = [_id_in(row, "_id") for row in rows if isinstance(row, dict)] if rows else []
        return [each for each in found if each is not None]

    def revoke(self, client: Client, grant: Grant) -> Request:
        """Uninstall the application there. Needs the scope `oauth.write`."""
        whose = {"locationId": grant.location} if grant.location else {"companyId": grant.company}
        path = f"/marketplace/app/{quote(app_of(client.id), safe='')}/installations"
        return Request("DELETE", path, json=whose, headers=_VERSION)


def app_of(client_id: str) -> str:
    """The id of an application: what stands before the dash of its client id."""
    return client_id.partition("-")[0]


def _may_come_back_to(redirect: str) -> bool:
    """Encrypted, or without leaving this machine."""
    try:
        url = urlsplit(redirect)
        if url.scheme == "https":
            return bool(url.hostname)
        local = url.hostname in ("localhost", "127.0.0.1", "::1")
        return url.scheme == "http" and local and bool(url.port)
    except ValueError:
        return False


def _token_in(json: Mapping[str, Json], *names: str) -> str | None:
    for name in names:
        text = json.get(name)
        if isinstance(text, str) and text and text.isascii() and text.isprintable():
            return text
    return None


def _id_in(json: Mapping[str, Json], name: str) -> str | None:
    text = json.get(name)
    return text if isinstance(text, str) and text else None
