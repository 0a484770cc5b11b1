"""How an account is logged in to by OAuth: what a connector says of it, and what it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from crosstie.core.values import Instant, Json
from crosstie.ports.credentials import Sealed
from crosstie.ports.http import Reply, Request


@dataclass(frozen=True, slots=True)
class Client:
    """An application as the system knows it."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens, and what the system said of them."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    """What new tokens are had with, once; None where they are had from the grant `via`."""
    expires: Instant
    """When the access token ends."""
    scopes: tuple[str, ...] = ()
    location: str | None = None
    """Id of the part of the system that it is for."""
    company: str | None = None
    """Id of who owns that part; without `location` the grant is for all that it owns."""
    via: str | None = None
    """Name of the log-in whose token these were had with."""


class Tokens(Protocol):
    """The access token of an account, whatever has to be done to have it."""

    async def current(self) -> str:
        """A token for the next call. Raises Halt where a person has to log in, Retry."""
        ...

    async def renewed(self, refused: str) -> str:
        """One in place of that, which the system does not take. Raises as `current`."""
        ...


class Vault(Protocol):
    """Seals what is secret, for one account each."""

    def seal(self, account: str, plain: bytes) -> Sealed:
        """Seal it. Raises Misconfigured where there is no key."""
        ...

    def open(self, account: str, sealed: Sealed) -> bytes:
        """What was sealed for that account; any other account's is refused.

        Raises Misconfigured where its key is not there, or it is not as it was sealed.
        """
        ...


class OAuth(Protocol):
    """How the tokens of an account are had. Pure: makes requests and reads answers."""

    @property
    def account(self) -> str:
        """What a person calls the account."""
        ...

    @property
    def base_url(self) -> str:
        """Where tokens are asked for."""
        ...

    @property
    def client_id(self) -> str:
        """Reference to the id of the application."""
        ...

    @property
    def client_secret(self) -> str:
        """Reference to its secret."""
        ...

    @property
    def location(self) -> str:
        """Id of the location that the account is, or a reference to it."""
        ...

    @property
    def redirect(self) -> str:
        """Where the browser comes back to, as registered."""
        ...

    @property
    def pkce(self) -> bool:
        """The system takes a challenge with the log-in (RFC 7636, S256)."""
        ...

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked for."""
        ...

    def page(self, client: str, state: str, challenge: str | None) -> str:
        """The address where a person logs in."""
        ...

    def exchange(self, client: Client, code: str, verifier: str | None) -> Request:
        """Tokens for the code that came back."""
        ...

    def refresh(self, client: Client, grant: Grant) -> Request:
        """New tokens for a grant that has a refresh token."""
        ...

    def reconnect(self, client: Client, grant: Grant) -> Request | None:
        """A new code where the tokens were lost; None where the system gives none."""
        ...

    def code_of(self, json: Json) -> str | None:
        """The code in the answer to that."""
        ...

    def part(self, grant: Grant) -> Request:
        """A token for the location of that grant, to be asked for with one of its company."""
        ...

    def read(self, json: Json, now: Instant) -> Grant | None:
        """The tokens in an answer; None where there are none."""
        ...

    def company(self, grant: Grant) -> str:
        """Name of the log-in of the company that the grant is for."""
        ...

    def installed(self, client: Client, grant: Grant, skip: int) -> Request:
        """Where the application is, of what that company owns: a page, asked for with its token."""
        ...

    def locations(self, json: Json) -> Sequence[str]:
        """The ids in the answer to that; none when it was the last page."""
        ...

    def revoke(self, client: Client, grant: Grant) -> Request:
        """Give the log-in back; to be asked for with its token."""
        ...

    def dead(self, reply: Reply) -> bool:
        """The answer says that the refresh token, or the code, is of no use any more."""
        ...
