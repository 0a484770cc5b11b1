"""Signed webhooks of any system: a source that says where the type and the ids stand in a body.

For systems that sign as Standard Webhooks or Svix do, and for Stripe. What the signature covers is
proven; what is kept of the body are ids and times, and a hint is read again before it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from crosstie.connectors.signing import Key, StandardWebhooks, Stripe, resolved
from crosstie.connectors.webhook_bodies import id_of, moment_of, object_of
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Json
from crosstie.ports import Doors
from crosstie.ports.webhooks import Event, Forged, Hint, Webhooks

UNSTORED = 503
_LONGEST_TYPE = 128


class Account(Protocol):
    """Whose webhooks they are: the account that the sources of a sync belong to."""

    @property
    def connector(self) -> str:
        """Name of the connector."""
        ...

    @property
    def label(self) -> str:
        """What a person calls it, without secrets."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """Which record a type of event is about.

    kind: `Source.kind` of its collection.  at: where the id stands in the body, with points:
    `data.object.id`.  gone: the event says that the record was deleted.
    """

    kind: str
    at: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class SvixWebhooks:
    """Webhooks signed by Svix, or by Standard Webhooks, which is the same.

    secret: `env:NAME` or `file:/path` of `whsec_...` (or of `whpk_...`), or several with their
    last days as `Key(...)`.  about: which records each type of event is about; others are stored
    and mean nothing.  type_at, sent_at: where the type and the time stand in the body.
    """

    account: Account
    secret: Key | str | Sequence[Key | str]
    about: Mapping[str, About | Sequence[About]] = field(default_factory=dict)
    type_at: str = "type"
    sent_at: str = "timestamp"

    def bind(self, doors: Doors) -> Webhooks:
        """How they are verified and read. Raises Misconfigured where a secret cannot be had."""
        what = "the secret of the webhook, `whsec_...`"
        verifier = StandardWebhooks(resolved(self.secret, doors, what, secret=True))

        def proven(headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> str | None:
            return verifier.verify(headers, body, now).id

        return _Signed(proven, _Reader(self.about, self.type_at, self.sent_at, None))


@dataclass(frozen=True, slots=True)
class StripeWebhooks:
    """Webhooks of a Stripe account.

    secret: `env:NAME` or `file:/path` of the endpoint's `whsec_...`, or several with their last
    days as `Key(...)`.  about: which records each type of event is about, e.g.
    `{"customer.updated": About("customers", "data.object.id")}`.
    """

    account: Account
    secret: Key | str | Sequence[Key | str]
    about: Mapping[str, About | Sequence[About]] = field(default_factory=dict)

    def bind(self, doors: Doors) -> Webhooks:
        """How they are verified and read. Raises Misconfigured where a secret cannot be had."""
        what = "the signing secret of the endpoint, `whsec_...`"
        verifier = Stripe(resolved(self.secret, doors, what, secret=True))

        def proven(headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> str | None:
            verifier.verify(headers, body, now)
            return None

        return _Signed(proven, _Reader(self.about, "type", "created", "id"))


class _Proof(Protocol):
    def __call__(
        self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant
    ) -> str | None:
        """The id of the delivery, where the headers say it. Raises Forged."""
        ...


class _Signed:
    """The Webhooks port over a proof and a reader."""

    unstored = UNSTORED

    def __init__(self, proof: _Proof, reader: _Reader) -> None:
        self._proof = proof
        self._reader = reader

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> Event:
        return self._reader.event(self._proof(headers, body, now), object_of(body))

    def hints(self, type_: str, kept: bytes) -> Sequence[Hint]:
        return self._reader.hints(type_, kept)


class _Reader:
    """Reads a proven body. id_at: where the id of the delivery stands, if not in a header."""

    def __init__(
        self,
        about: Mapping[str, About | Sequence[About]],
        type_at: str,
        sent_at: str,
        id_at: str | None,
    ) -> None:
        self._about = {
            type_: (told,) if isinstance(told, About) else tuple(told)
            for type_, told in about.items()
        }
        self._type_at, self._sent_at, self._id_at = type_at, sent_at, id_at
        wrong = [one.at for several in self._about.values() for one in several if not one.at]
        if wrong or not type_at:
            raise Misconfigured(
                "a webhook source does not say where in the body something stands",
                fix='give names with points, e.g. `About("customers", "data.object.id")`',
            )

    def event(self, name: str | None, body: dict[str, Json]) -> Event:
        """The event. Forged when the body has no type, or no id where it should."""
        type_ = _at(body, self._type_at)
        if not isinstance(type_, str) or not type_.isprintable() or not type_:
            raise Forged("the body has no type")
        if len(type_) > _LONGEST_TYPE:
            raise Forged("the type is too long")
        if self._id_at is not None:
            name = id_of(_at(body, self._id_at))
        if name is None:
            raise Forged("the body has no id")
        paths = [one.at for one in self._about.get(type_, ())]
        ids = {path: found for path in paths if (found := id_of(_at(body, path))) is not None}
        sent = moment_of(_at(body, self._sent_at))
        return Event(name, type_, msgspec.json.encode({"ids": ids, "sent": sent}), sent)

    def hints(self, type_: str, kept: bytes) -> Sequence[Hint]:
        """What it was about, as declared now."""
        ids: Mapping[str, str] = msgspec.json.decode(kept)["ids"]
        about = self._about.get(type_, ())
        return [Hint(one.kind, ids[one.at], one.gone) for one in about if one.at in ids]


def _at(body: Json, path: str) -> Json:
    found = body
    for name in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
