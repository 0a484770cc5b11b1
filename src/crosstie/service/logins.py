"""Logging in to accounts, and what becomes of a log-in: status, renewing, giving back."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from crosstie.connectors.asking import Asker, Dead, bearing
from crosstie.core.errors import CrosstieError, Misconfigured, Retry
from crosstie.ports import Clock, Dice
from crosstie.ports.oauth import Grant, OAuth
from crosstie.service.keepers import Keepers, logins
from crosstie.service.references import secret
from crosstie.service.runtime import SystemClock, SystemDice
from crosstie.service.vault import KeyVault
from crosstie.sync import Crosstie, NotDeclared

if TYPE_CHECKING:
    from crosstie.ports import Store

LASTS = 600.0
"""Seconds that a person has for logging in."""
_TRIES = 5
"""A log-in wins over a renewal that is kept at the same moment."""


class LoginFailed(CrosstieError):
    """The log-in came to nothing; whoever was logged in still is."""

    code = "login"
    login = True


@dataclass(frozen=True, slots=True)
class Begun:
    """A person is about to log in."""

    account: str
    page: str
    """Where. Carries what only the answer to this log-in will have."""
    state: str
    until: float


class LoggedIn(msgspec.Struct, frozen=True):
    """What a log-in brought."""

    accounts: Sequence[str]
    """Accounts that can be worked with now."""
    missing: Sequence[str]
    """Scopes that were asked for and not given."""


class Logins:
    """Logs in, for one application and its state."""

    def __init__(self, app: Crosstie, store: Store, clock: Clock, dice: Dice) -> None:
        self.app = app
        self.store = store
        self.clock = clock
        self.vault = KeyVault(app.key)
        self.keepers = Keepers(clock, dice, store, self.vault, secret)
        self._dice = dice

    def declared(self, account: str | None) -> OAuth:
        """How that account is logged in to; None: the only one there is.

        Raises Misconfigured naming the ones there are.
        """
        known = logins(self.app)
        if not known:
            raise Misconfigured(
                "no account of the application is logged in to: all are used with tokens",
                fix="declare one as e.g. `GoHighLevel(..., oauth=OAuthApp(...))`",
            )
        if account is None and len(known) == 1:
            return next(iter(known.values()))
        if account is None or account not in known:
            what = "several accounts are logged in to"
            if account is not None:
                what = f"{account!r} is no account that is logged in to"
            names = ", ".join(f'"{name}"' for name in known)
            raise NotDeclared(what, fix=f"name one of: {names}")
        return known[account]

    async def begin(self, account: str | None) -> Begun:
        """Let a person log in. Raises Misconfigured, also where there is no key for the tokens."""
        oauth = self.declared(account)
        self.vault.check()
        client = self.keepers.client(oauth)
        state = self._dice.token() + self._dice.token()
        now = self.clock.now()
        await self.store.begin_login(_digest(state), oauth.account, now, now + LASTS)
        challenge = _challenge(self._verifier(state)) if oauth.pkce else None
        return Begun(oauth.account, oauth.page(client.id, state, challenge), state, now + LASTS)

    async def finish(self, state: str, code: str) -> LoggedIn:
        """The answer came back: tokens for it, kept. An answer is good once, for ten minutes.

        Raises LoginFailed, Halt, Retry; the person then has to log in once more.
        """
        account = await self.store.take_login(_digest(state), self.clock.now())
        if account is None or account not in logins(self.app):
            raise LoginFailed(
                "this answer belongs to no log-in that is waited for",
                fix="log in anew with `crosstie auth login`, within ten minutes",
            )
        oauth = self.declared(account)
        verifier = self._verifier(state) if oauth.pkce else None
        asker = self.keepers.asker(oauth)
        grant = await self._exchanged(oauth, asker.exchanged(code, verifier, self.clock.now()))
        placed = await self._placed(oauth, asker, grant)
        for name, each in placed.items():
            await self._keep(name, each)
            await self.store.end_pause(name, "halt")
        return LoggedIn(list(placed), missing_scopes(oauth, grant))

    async def _placed(self, oauth: OAuth, asker: Asker, grant: Grant) -> Mapping[str, Grant]:
        """Which accounts these tokens are for; those of a company are kept on the way."""
        wanted = {
            place_of(each): name
            for name, each in logins(self.app).items()
            if each.client_id == oauth.client_id
        }
        if grant.location is not None:
            if grant.location not in wanted:
                raise _elsewhere(oauth, f"the location {grant.location}")
            return {wanted[grant.location]: grant}
        if grant.company is None:
            raise _elsewhere(oauth, "something that is neither a location nor an agency")
        company = oauth.company(grant)
        await self._keep(company, grant)
        placed = {}
        for location in await self._installed(oauth, asker, grant):
            if location in wanted:
                part = Grant("", None, 0.0, (), location, grant.company, company)
                placed[wanted[location]] = await self._exchanged(
                    oauth, asker.part(part, company, self.clock.now())
                )
        if oauth.account not in placed:
            raise _elsewhere(oauth, f"{company}, and the application is not installed in it")
        return placed

    async def _exchanged(self, oauth: OAuth, asked: Awaitable[Grant]) -> Grant:
        try:
            return await asked
        except (Dead, Retry) as lost:
            raise LoginFailed(
                f"{oauth.account}: the log-in brought no tokens: {lost}",
                fix=f'log in once more with `crosstie auth login "{oauth.account}"`',
            ) from None

    async def _installed(self, oauth: OAuth, asker: Asker, grant: Grant) -> Sequence[str]:
        """Locations of the company where the application is, as its system lists them."""
        found: list[str] = []
        while True:
            request = oauth.installed(asker.client, grant, len(found))
            reply = await asker.http.send(bearing(request, grant.access))
            new = [each for each in oauth.locations(reply.json) if each not in found]
            if not new:
                return found
            found += new

    def _verifier(self, state: str) -> str:
        """For PKCE: follows from the key and the state, and is kept nowhere."""
        return _text(self.vault.derived(f"log-in {state}"))

    async def _keep(self, name: str, grant: Grant) -> None:
        sealed = self.vault.seal(name, msgspec.json.encode(grant))
        for _ in range(_TRIES):
            there = await self.store.credential(name)
            if await self.store.keep_credential(name, sealed, there.version if there else 0):
                return
        raise Retry(f"{name}: its tokens are replaced by somebody else all the time")


@asynccontextmanager
async def logging_in(app: Crosstie, store: Store) -> AsyncIterator[Logins]:
    """Log-ins of that application; their connections are closed at the end."""
    found = Logins(app, store, SystemClock(), SystemDice())
    try:
        yield found
    finally:
        await found.keepers.close()


def missing_scopes(oauth: OAuth, grant: Grant) -> Sequence[str]:
    """Scopes that are asked for and were not given; none where the system tells none."""
    return [scope for scope in oauth.scopes if grant.scopes and scope not in grant.scopes]


def place_of(oauth: OAuth) -> str:
    """The id of the location. Raises Misconfigured where it is not behind its reference."""
    if oauth.location.startswith(("env:", "file:")):
        return secret(oauth.location, "the id of the location")
    return oauth.location


def _elsewhere(oauth: OAuth, where: str) -> LoginFailed:
    return LoginFailed(
        f"{oauth.account}: this log-in is for {where}",
        fix=f"log in again and choose the location {place_of(oauth)}",
    )


def _digest(state: str) -> str:
    """What is kept of a state: whoever reads the database cannot answer with it."""
    return hashlib.sha256(state.encode()).hexdigest()


def _challenge(verifier: str) -> str:
    return _text(hashlib.sha256(verifier.encode()).digest())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
