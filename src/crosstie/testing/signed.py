"""Webhooks of a system in memory: signed with a secret, and honest about everything else."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crosstie.core.values import Instant
from crosstie.ports import Doors, Event, Forged, Hint
from crosstie.sync import Account

SIGNATURE = "x-signature"


def signed(secret: str, **told: Any) -> tuple[dict[str, str], bytes]:
    """Headers and body of a delivery: `id`, `type`, `kind`, `record`, `gone`, `sent`."""
    body = json.dumps({"type": "changed", **told}).encode()
    return {SIGNATURE: _signature(secret, body)}, body


@dataclass(frozen=True, slots=True)
class SignedWebhooks:
    """`ports.webhooks.Webhooks` with HMAC-SHA256 over the body."""

    secret: str = field(repr=False)
    unstored: int = 503

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> Event:
        """See `Webhooks`."""
        given = headers.get(SIGNATURE, ())
        if len(given) != 1:
            raise Forged("it has no signature, or several")
        if not hmac.compare_digest(given[0].encode(), _signature(self.secret, body).encode()):
            raise Forged("its signature is not of this secret")
        try:
            told = json.loads(body)
            kept = {name: told[name] for name in ("kind", "record", "gone") if name in told}
            event = Event(told["id"], told["type"], json.dumps(kept).encode(), told.get("sent"))
        except (LookupError, TypeError, ValueError, RecursionError):
            raise Forged("its body is no delivery") from None
        if not (isinstance(event.id, str) and isinstance(event.type, str)):
            raise Forged("its id or type is no text")
        return event

    def hints(self, type_: str, kept: bytes) -> Sequence[Hint]:
        """See `Webhooks`."""
        told = json.loads(kept)
        if type_ != "changed":
            return ()
        return (Hint(told["kind"], told["record"], told.get("gone", False)),)


@dataclass(frozen=True, slots=True)
class SignedSource:
    """The webhooks of an account, as declared. secret: `env:NAME` or `file:/path`."""

    account: Account
    secret: str

    def bind(self, doors: Doors) -> SignedWebhooks:
        """How they are verified and read."""
        return SignedWebhooks(doors.secret(self.secret, "the secret of the webhooks"))


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
