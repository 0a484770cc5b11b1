"""`/oauth/…` and uninstalling, and the page on which a person agrees."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from .guard import require_same_origin
from .oauth_server import answer
from .routing import Call, Route
from .state import GhlSandbox
from .wire import Answer, Refusal, bad

_PAGES = ("/oauth/chooselocation", "/v2/oauth/chooselocation")
_HEADERS = {
    # Where a form leads after its answer counts as well, and the answer goes to another address.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
_ASKED = ("redirect_uri", "scope", "state", "code_challenge", "client_id")


def token(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /oauth/token`: for a code, or for a refresh token, which that uses up."""
    form, server = call.body, sandbox.oauth
    _check_client(sandbox, form.get("client_id"), form.get("client_secret"))
    if form.get("grant_type") == "authorization_code":
        return answer(server.exchange(sandbox.tokens, _place(sandbox), form))
    if form.get("grant_type") == "refresh_token":
        return answer(server.renew(sandbox.tokens, _place(sandbox), form))
    raise Refusal(422, ["grant_type must be authorization_code or refresh_token"])


def reconnect(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /oauth/reconnect`: a new code where tokens were lost."""
    body = call.body
    _check_client(sandbox, body.get("clientKey"), body.get("clientSecret"))
    location, company = _place(sandbox)
    if body.get("locationId") != location and body.get("companyId") != company:
        bad("No installation found for the given details")
    return answer(sandbox.oauth.reconnect("Location" if "locationId" in body else "Company"))


def location_token(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /oauth/locationToken`: for the token of an agency, one of a location."""
    location, company = _place(sandbox)
    if call.body.get("companyId") != company or call.body.get("locationId") != location:
        bad("Location not found")
    scope = " ".join(sandbox.oauth.settings.scopes or ())
    return answer(sandbox.oauth.part(sandbox.tokens, _place(sandbox), scope))


def installed(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /oauth/installedLocations`."""
    location, company = _place(sandbox)
    if call.query.get("companyId") != company:
        bad("Company not found")
    row = {
        "_id": location,
        "name": sandbox.location.name,
        "address": "1 Sandbox Street",
        "isInstalled": True,
    }
    skip = call.query.get("skip", "0")
    if not (skip.isascii() and skip.isdigit()):
        raise Refusal(422, ["skip must be a number"])
    rows = [row] if sandbox.oauth.installed and int(skip[:9]) == 0 else []
    return answer({"locations": rows, "count": 1, "installToFutureLocations": False})


def uninstall(sandbox: GhlSandbox, call: Call) -> Answer:
    """`DELETE /marketplace/app/{appId}/installations`: its tokens end, and a webhook tells it."""
    if call.params[0] != app_id(sandbox) or not sandbox.oauth.installed:
        bad("App is not installed")
    end(sandbox)
    return answer({"success": True})


def end(sandbox: GhlSandbox) -> None:
    """Uninstall the application."""
    sandbox.oauth.uninstall(sandbox.tokens)
    sandbox.tell("UNINSTALL", {"appId": app_id(sandbox)})


def app_id(sandbox: GhlSandbox) -> str:
    """Id of the application: the beginning of its client id."""
    return sandbox.oauth.settings.client_id.partition("-")[0]


ROUTES = [
    Route("POST", "/oauth/token", "", "read", token, access="open"),
    Route("POST", "/oauth/reconnect", "", "read", reconnect, access="open"),
    Route("POST", "/oauth/locationToken", "oauth.write", "read", location_token,
          access="company"),
    Route("GET", "/oauth/installedLocations", "oauth.readonly", "read", installed,
          access="company"),
    Route("DELETE", "/marketplace/app/{appId}/installations", "oauth.write", "write", uninstall,
          access="any"),
]  # fmt: skip


def add_routes(app: web.Application, sandbox: GhlSandbox) -> None:
    """Serve the log-in page."""
    page = LoginPage(sandbox)
    for path in _PAGES:
        app.router.add_get(path, page.show)
        app.router.add_post(path, page.approve)


class LoginPage:
    """Asks whether the application may, or does not ask where it is set to automatic."""

    def __init__(self, sandbox: GhlSandbox) -> None:
        self._sandbox = sandbox

    async def show(self, request: web.Request) -> web.Response:
        """The page, or straight back with a code."""
        asked = {name: request.query.get(name, "") for name in _ASKED}
        wrong = self._wrong(asked, request.query.get("response_type"))
        if wrong:
            return web.Response(status=400, text=wrong, headers=_HEADERS)
        if self._sandbox.oauth.settings.automatic:
            return self._back(asked)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in asked.items()
        )
        scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked["scope"].split())
        name = escape(self._sandbox.location.name)
        text = (
            f"<!doctype html><title>Log in</title><h1>{name}</h1>"
            f"<p>The application asks for:</p><ul>{scopes}</ul>"
            f'<form method="post">{hidden}<button>Approve</button></form>'
        )
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def approve(self, request: web.Request) -> web.Response:
        """A person pressed the button."""
        require_same_origin(request)
        form = await request.post()
        asked = {name: str(form.get(name, "")) for name in _ASKED}
        wrong = self._wrong(asked, "code")
        if wrong:
            return web.Response(status=400, text=wrong, headers=_HEADERS)
        return self._back(asked)

    def _wrong(self, asked: dict[str, str], kind: str | None) -> str:
        if asked["client_id"] != self._sandbox.oauth.settings.client_id:
            return "There is no such application."
        url = urlsplit(asked["redirect_uri"])
        if url.scheme not in ("http", "https") or not url.hostname:
            return "redirect_uri is not an address."
        return "" if kind == "code" else "response_type must be code."

    def _back(self, asked: dict[str, str]) -> web.Response:
        server = self._sandbox.oauth
        given = server.settings.scopes
        scope = asked["scope"] if given is None else " ".join(given)
        code = server.approve(scope, asked["redirect_uri"], asked["code_challenge"] or None)
        query = urlencode({"code": code, "state": asked["state"]})
        headers = {**_HEADERS, "Location": f"{asked['redirect_uri']}?{query}"}
        return web.Response(status=302, headers=headers)


def _check_client(sandbox: GhlSandbox, name: object, secret: object) -> None:
    settings = sandbox.oauth.settings
    if (name, secret) != (settings.client_id, settings.client_secret):
        raise Refusal(401, "Invalid client credentials", error="invalid_client")


def _place(sandbox: GhlSandbox) -> tuple[str, str]:
    return sandbox.location.id, sandbox.location.company_id
