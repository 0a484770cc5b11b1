"""What a user declares about alerts: when something is wrong, and who is told. Values only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crosstie.core.errors import Misconfigured

Security: TypeAlias = Literal["starttls", "tls", "none"]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL = "all"
"""Stands for every cause, in a mute."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REFERENCE = re.compile(r"(?:env|file):.+")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something counts as wrong. Shares are 0..1, lengths of time in seconds."""

    success: float = 0.9
    """A sync succeeds with less than this share of its tries of the last hour."""
    failures: int = 10
    """More tries of a sync than this failed in the last hour."""
    least: int = 20
    """Tries (or calls) below which no share and no percentile is judged."""
    dead: int = 0
    """More dead letters of a sync than this."""
    many_dead: int = 50
    """More than this, and it is unhealthy."""
    latency: float = 10.0
    """95 of 100 records were settled no later than this after they were due, in 15 minutes."""
    call: float = 3.0
    """95 of 100 calls of an account were answered within this, in 15 minutes."""
    rate: float = 0.9
    """More than this share of a long rate window of an account is used up."""
    queue_age: float = 900.0
    """The longest due record has waited for longer."""
    conflict_age: float = 86_400.0
    """The oldest conflict has waited for an answer for longer."""
    silent: float = 900.0
    """No engine has worked for longer: told by `crosstie health` and `crosstie alerts check`."""

    def __post_init__(self) -> None:
        shares = all(0.0 <= share <= 1.0 for share in (self.success, self.rate))
        if not shares or any(getattr(self, name) < 0 for name in self.__slots__):
            raise Misconfigured(
                "a threshold is out of range",
                fix="shares (`success`, `rate`) are between 0 and 1, everything else is at least 0",
            )


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail by SMTP, as text and HTML."""

    server: str
    sender: str
    to: Sequence[str]
    port: int = 587
    security: Security = "starttls"
    """`none` is for a server on this machine alone."""
    user: str | None = None
    password: str | None = None
    """Reference: `env:NAME` or `file:/path`."""
    name: str = "mail"

    def __post_init__(self) -> None:
        _named(self.name)
        if isinstance(self.to, str) or not self.to:
            raise Misconfigured(
                f"the channel {self.name!r} has no list of receivers",
                fix='give it like `to=["ops@example.com"]`',
            )
        if any(c in text for text in (self.sender, *self.to) for c in "\r\n"):
            raise Misconfigured(
                f"an address of the channel {self.name!r} has a line break",
                fix="give plain addresses, e.g. `ops@example.com`",
            )
        if self.security not in ("starttls", "tls", "none"):
            raise Misconfigured(
                f"the channel {self.name!r} has no such security as {self.security!r}",
                fix="use one of: starttls, tls, none",
            )
        if (self.user is None) is not (self.password is None):
            raise Misconfigured(
                f"the channel {self.name!r} needs both a user and a password, or neither",
                fix='give them like `user="crosstie", password="env:SMTP_PASSWORD"`',
            )
        if self.password is not None:
            _referred(self.name, self.password, "password")


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack incoming webhook. Its address is the secret."""

    url: str
    """Reference: `env:NAME` or `file:/path`."""
    loopback: bool = False
    """The address may be one of this machine, also with http: a stand-in."""
    name: str = "slack"

    def __post_init__(self) -> None:
        _named(self.name)
        _referred(self.name, self.url, "address")


@dataclass(frozen=True, slots=True)
class Discord:
    """A Discord webhook. Its address is the secret."""

    url: str
    """Reference: `env:NAME` or `file:/path`."""
    loopback: bool = False
    name: str = "discord"

    def __post_init__(self) -> None:
        _named(self.name)
        _referred(self.name, self.url, "address")


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """JSON to an address of yours, signed as https://www.standardwebhooks.com describes (v1)."""

    url: str
    """Reference: `env:NAME` or `file:/path`."""
    secret: str
    """Reference to a secret like `whsec_...`."""
    ports: Sequence[int] = (443,)
    """Ports that the address may name. On this machine, with `loopback`, any."""
    loopback: bool = False
    name: str = "webhook"

    def __post_init__(self) -> None:
        _named(self.name)
        _referred(self.name, self.url, "address")
        _referred(self.name, self.secret, "secret")


Channel: TypeAlias = Mail | Slack | Discord | SignedWebhook


@dataclass(frozen=True, slots=True)
class Quiet:
    """A time of day in which nobody is told. What is still wrong when it ends is told then."""

    start: str
    """`22:00`."""
    end: str
    """`06:00`; before the start: of the next day. The same as the start: all day."""
    zone: str = "UTC"
    days: Sequence[str] = DAYS
    """Days on which it begins: `mon` to `sun`."""
    causes: Sequence[str] = (ALL,)

    def __post_init__(self) -> None:
        try:
            time.fromisoformat(self.start), time.fromisoformat(self.end), ZoneInfo(self.zone)
        except (ValueError, ZoneInfoNotFoundError) as wrong:
            raise Misconfigured(
                f"a quiet time is not readable: {wrong}",
                fix='write it like `Quiet("22:00", "06:00", zone="Europe/Zurich")`',
            ) from wrong
        if not set(self.days) <= set(DAYS):
            raise Misconfigured(
                "a quiet time names a day that is none", fix=f"use some of: {', '.join(DAYS)}"
            )


@dataclass(frozen=True, slots=True)
class Alerts:
    """Who is told when something is wrong."""

    channels: Sequence[Channel] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    again: float = 86_400.0
    """Seconds after which a message is repeated while it lasts."""
    settle: float = 300.0
    """Seconds that something has to be right again before it counts as resolved."""
    quiet: Sequence[Quiet] = ()

    def __post_init__(self) -> None:
        names = [channel.name for channel in self.channels]
        if len(set(names)) != len(names):
            raise Misconfigured(
                "two alert channels have the same name",
                fix='name them apart, e.g. `Slack("env:OPS", name="slack-ops")`',
            )
        if self.again <= 0 or self.settle < 0:
            raise Misconfigured(
                "`again` has to be more than 0 seconds, `settle` at least 0",
                fix="leave them out: a day, and 5 minutes",
            )

    def channel(self, name: str) -> Channel | None:
        """The channel of that name."""
        return next((each for each in self.channels if each.name == name), None)


def _named(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise Misconfigured(
            f"an alert channel cannot be called {name!r}",
            fix="use at most 64 small letters, digits, `-` and `_`",
        )


def _referred(name: str, reference: str, what: str) -> None:
    if _REFERENCE.fullmatch(reference) is None:
        raise Misconfigured(
            f"the {what} of the channel {name!r} is given as a reference, never as itself",
            fix="write `env:NAME` or `file:/path/to/secret`",
        )
