"""Log-ins of marketplace applications: codes, tokens, refresh tokens that are good once.

What is documented, and one choice where nothing is: an access token goes on until its end when
its refresh token is used, and ends with the installation.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

from .clock import SandboxClock, iso
from .records import Token
from .wire import Answer, Json, Refusal

UserType: TypeAlias = Literal["Location", "Company"]
USER = "sandboxUser000000001"
"""Who installed the application."""
CODE_LASTS = 600_000
"""Milliseconds in which a code has to be exchanged."""


class OAuthSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The application, and what can be turned. Times in seconds.

    `automatic`: the log-in page approves by itself. `user_type`: `Company` for an agency that
    installs the application in all its locations. `scopes` None: all that are asked for.
    `reconnect` false: `/oauth/reconnect` refuses.
    """

    client_id: str = "sandboxApp0000000001-key00001"
    client_secret: str = "sandbox-secret-0000-0000-0000-000000000000"
    automatic: bool = False
    user_type: UserType = "Location"
    scopes: tuple[str, ...] | None = None
    access_lasts: float = 86_399
    grace: float = 30
    reconnect: bool = True


@dataclass(slots=True)
class Code:
    """What a person agreed to."""

    user_type: UserType
    scope: str
    redirect: str
    challenge: str | None
    until: int


@dataclass(slots=True)
class Refresh:
    """A refresh token: good once, and for a while after that answered the same."""

    user_type: UserType
    scope: str
    used_at: int | None = None
    answered: Json = field(default_factory=dict)


class OAuthServer:
    """All log-ins of one application to one location and the agency that owns it."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.settings = OAuthSettings()
        self.renewals = 0
        """Refresh tokens that were used up."""
        self.number = 0
        self.forget()

    def forget(self) -> None:
        """Nobody has logged in."""
        self.codes: dict[str, Code] = {}
        self.refreshes: dict[str, Refresh] = {}
        self.given: set[str] = set()
        self.installed = False

    def approve(
        self, scope: str, redirect: str, challenge: str | None, user_type: UserType | None = None
    ) -> str:
        """A person agrees: the code that goes back."""
        self.installed = True
        until = self._clock.now() + CODE_LASTS
        code = self._name("code")
        wanted = user_type or self.settings.user_type
        self.codes[code] = Code(wanted, scope, redirect, challenge, until)
        return code

    def exchange(self, tokens: dict[str, Token], place: tuple[str, str], form: Json) -> Json:
        """The answer for a code. place: ids of the location and of the agency."""
        code = self.codes.pop(str(form.get("code", "")), None)
        if code is None or self._clock.now() >= code.until:
            raise refused("invalid_grant", "The authorization code is invalid or has expired")
        if code.redirect and form.get("redirect_uri") != code.redirect:
            raise refused("invalid_grant", "redirect_uri does not match")
        if code.challenge is not None and _digest(form.get("code_verifier")) != code.challenge:
            raise refused("invalid_grant", "code_verifier does not match")
        return self._grant(tokens, place, code.user_type, code.scope)

    def renew(self, tokens: dict[str, Token], place: tuple[str, str], form: Json) -> Json:
        """The answer for a refresh token: the same one for as long as the grace lasts."""
        found = self.refreshes.get(str(form.get("refresh_token", "")))
        now = self._clock.now()
        if found is None or not self.installed:
            raise refused("invalid_grant", "This refresh token is invalid")
        if found.used_at is not None:
            if now - found.used_at > self.settings.grace * 1000:
                raise refused("invalid_grant", "This refresh token is invalid")
            return dict(found.answered)
        found.used_at = now
        self.renewals += 1
        found.answered = self._grant(tokens, place, found.user_type, found.scope)
        return dict(found.answered)

    def reconnect(self, user_type: UserType) -> Json:
        """A code without a person, for tokens that were lost."""
        if not (self.settings.reconnect and self.installed):
            raise Refusal(400, "No installation found for the given details")
        code = self.approve(" ".join(self.settings.scopes or ()), "", None, user_type)
        return {"authorizationCode": code, "expiresAt": iso(self.codes[code].until)}

    def part(self, tokens: dict[str, Token], place: tuple[str, str], scope: str) -> Json:
        """A token for the location, without a refresh token."""
        access = self._access(tokens, place, "Location", scope)
        return {**self._told(access, scope), "locationId": place[0]}

    def uninstall(self, tokens: dict[str, Token]) -> None:
        """The application is there no more, and none of its tokens is."""
        for name in self.given:
            tokens.pop(name, None)
        self.forget()

    def _grant(
        self, tokens: dict[str, Token], place: tuple[str, str], kind: UserType, scope: str
    ) -> Json:
        location, company = place
        access = self._access(tokens, place, kind, scope)
        refresh = self._name("refresh")
        self.refreshes[refresh] = Refresh(kind, scope)
        told = {**self._told(access, scope), "refresh_token": refresh, "userType": kind}
        where = {"locationId": location} if kind == "Location" else {}
        if kind == "Company":
            told["approvedLocations"] = [location]
        return {**told, **where, "companyId": company, "isBulkInstallation": kind == "Company"}

    def _access(
        self, tokens: dict[str, Token], place: tuple[str, str], kind: UserType, scope: str
    ) -> str:
        name = self._name("access")
        tokens[name] = Token(
            location_id=place[0] if kind == "Location" else "",
            scopes=frozenset(scope.split()) if scope else None,
            user_type=kind,
            expires=self._clock.now() + int(self.settings.access_lasts * 1000),
        )
        self.given.add(name)
        return name

    def _told(self, access: str, scope: str) -> Json:
        lasts = self.settings.access_lasts
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(lasts),
            "scope": scope,
            "userId": USER,
        }

    def _name(self, kind: str) -> str:
        self.number += 1
        drawn = sha256(f"{kind} {self.number}".encode()).hexdigest()[:24]
        return f"sandbox-{kind}-{self.number:06d}-{drawn}"


def refused(error: str, description: str) -> Refusal:
    """As OAuth words it."""
    return Refusal(400, description, error=error, error_description=description)


def answer(payload: Json) -> Answer:
    """A good one; the gate adds to it."""
    return Answer(200, dict(payload))


def _digest(verifier: object) -> str:
    return urlsafe_b64encode(sha256(str(verifier).encode()).digest()).rstrip(b"=").decode()
