"""The Http port: how a connector that knows no network library talks to its system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from crosstie.core.budget import Learned, Urgency, Window
from crosstie.core.values import Json

if TYPE_CHECKING:
    from crosstie.ports.oauth import OAuth


class Request(msgspec.Struct, frozen=True):
    """One call. The account's base address, credentials and rate budget are behind the port."""

    method: str
    path: str
    """Begins with a slash; ids in it are percent-encoded by the connector."""
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    json: Json = None
    form: Mapping[str, str] | None = None
    """Instead of `json`: a body as web forms send it."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    expect: frozenset[int] = frozenset()
    """Status codes besides 2xx that come back as a Reply instead of being raised."""
    urgency: Urgency = Urgency.LIVE
    """Calls of a complete listing leave a part of the rate budget to others."""

    def __repr__(self) -> str:
        # The rest may be personal, and of a log-in it is secret.
        return f"Request({self.method} {self.path})"


class Reply(msgspec.Struct, frozen=True):
    """An answer that was read to its end; `json` is None when the body was empty."""

    status: int
    headers: Mapping[str, str]
    """Whatever the spelling of the system: a name in lower case finds its value."""
    json: Json


@dataclass(frozen=True, slots=True)
class HttpAccount:
    """All that the Http port must know of one account."""

    label: str
    """Names the account in texts, and its budget; holds no secret."""
    base_url: str
    token: str
    """Reference to the bearer token: `env:NAME` or `file:/path`."""
    windows: tuple[Window, ...]
    """Rate limits that the system documents, all of them at once."""
    learn: Callable[[Mapping[str, str], int], tuple[Learned, ...]] | None = None
    """Reads an answer's headers, as in `Reply`, and status: what they say of the windows."""
    explain: Callable[[Reply, Request], Exception | None] | None = None
    """The error that an answer means, where the common table is too coarse; None: use the table."""
    timeout: float = 30.0
    """Seconds that one whole call may take."""
    oauth: OAuth | None = None
    """How a person logs in; None: by the token alone."""


class Http(Protocol):
    """Calls of one account, within its rate budget."""

    async def send(self, request: Request) -> Reply:
        """Send once; never repeats by itself.

        Raises Retry (network, time-out, 408, 425, 429, 5xx, a body that is not JSON), with
        `unknown` true wherever the call may have been carried out; Halt (401, 402, 403);
        NotFound (404, 410); Stale (409, 412); Rejected (other 4xx). A connector may refine.
        """
        ...
