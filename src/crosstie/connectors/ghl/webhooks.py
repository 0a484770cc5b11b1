"""Webhooks of a GoHighLevel location: proven by their signature, kept as ids and times.

As documented in 2026: a marketplace app posts what happens in the locations that it is installed
in. The body is signed as it is; ids and times of a delivery stand in the signed body. A body leaves
out what is empty, so it cannot tell that a field was cleared, and comes in any order: it says which
record to read, and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from crosstie.connectors.signing import Ed25519, Key, Rsa4096, resolved
from crosstie.connectors.signing.keys import end_of
from crosstie.connectors.signing.strict import bytes_of, given, one
from crosstie.connectors.webhook_bodies import digest_of, id_of, moment_of, object_of
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant, Json
from crosstie.ports import Doors
from crosstie.ports.webhooks import LOGIN, Event, Forged, Hint, Webhooks

if TYPE_CHECKING:
    from crosstie.connectors.ghl.account import GoHighLevel

PUBLISHED = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
"""GoHighLevel's Ed25519 key, the same for all apps."""
PUBLISHED_RSA = (
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC"
    "Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6"
    "dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB"
    "csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv"
    "uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF"
    "3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU"
    "J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp"
    "IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN"
    "h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC"
    "HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ"
    "PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk"
    "T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ=="
)
"""Its older RSA key."""
HEADER, OLD_HEADER = "x-ghl-signature", "x-wh-signature"
UNKNOWN = "unknown"
"""The type of a webhook that says none: some that mean nothing to a sync do not."""

_LONGEST_TYPE = 64
_OF_LOCATIONS = ("LocationCreate", "LocationUpdate")
_ABOUT: Mapping[str, tuple[str, str]] = {
    "Contact": ("contacts", "id"),
    "Note": ("contacts", "contactId"),
    "Opportunity": ("opportunities", "id"),
    "Appointment": ("appointments", "id"),
    "Task": ("tasks", "id"),
    "User": ("users", "id"),
}
_WHAT: Mapping[str, Sequence[str]] = {
    "Contact": ("Create", "Update", "Delete", "TagUpdate", "DndUpdate"),
    "Note": ("Create", "Update", "Delete"),
    "Opportunity": (
        "Create",
        "Update",
        "Delete",
        "StageUpdate",
        "StatusUpdate",
        "MonetaryValueUpdate",
        "AssignedToUpdate",
    ),
    "Appointment": ("Create", "Update", "Delete"),
    "Task": ("Create", "Complete", "Delete"),
    "User": ("Create",),
}
_TYPES = {f"{noun}{verb}": noun for noun, verbs in _WHAT.items() for verb in verbs}


@dataclass(frozen=True, slots=True)
class GhlWebhooks:
    """The webhooks of a location, as declared. See `GoHighLevel.webhooks`."""

    account: GoHighLevel
    app: str | None
    keys: Sequence[Key]
    legacy_until: str | None
    legacy_keys: Sequence[Key]

    def bind(self, doors: Doors) -> Webhooks:
        """How they are verified and read. Raises Misconfigured for keys that are none, and where
        the location or the app is a reference to what is not there.
        """
        location = _read(self.account.location, doors, "the id of the location")
        app = None
        if self.app is not None:
            app = _read(self.app, doors, "the id of the app").partition("-")[0]
            if not app:
                raise Misconfigured("the id of the app is empty", fix="copy it, or leave it out")
        what = "the public key that GoHighLevel publishes"
        keys = Ed25519(resolved(self.keys, doors, what, secret=False))
        return _Received(location, app, keys, self._old(doors, what))

    def _old(self, doors: Doors, what: str) -> tuple[Rsa4096, Instant] | None:
        if self.legacy_until is None:
            return None
        keys = Rsa4096(resolved(self.legacy_keys, doors, what, secret=False))
        return keys, end_of(self.legacy_until)


class _Received:
    """The Webhooks port for one location."""

    unstored = 429
    """Of official texts some say that only this is tried again, and none that it is not."""

    def __init__(
        self, location: str, app: str | None, keys: Ed25519, old: tuple[Rsa4096, Instant] | None
    ) -> None:
        self._location = location
        self._app = app
        self._keys = keys
        self._old = old

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> Event:
        self._prove(headers, body, now)
        told = object_of(body)
        if self._location not in _locations_of(told):
            raise Forged("it is about another location")
        if self._app is not None and told.get("appId") != self._app:
            raise Forged("it is from another app")
        # The header `deliveryId` would do as well, but is not signed: a replay could change it.
        name = id_of(told.get("webhookId")) or digest_of(body)
        sent = moment_of(told.get("timestamp"))
        return Event(name, _type_of(told), msgspec.json.encode(_kept(told)), sent)

    def hints(self, type_: str, kept: bytes) -> Sequence[Hint]:
        noun = _TYPES.get(type_)
        if type_ == "UNINSTALL":
            return (Hint(LOGIN, self._location, gone=True),)
        if noun is None:
            return ()
        kind, key = _ABOUT[noun]
        told: Mapping[str, str] = msgspec.json.decode(kept)
        # The id of a task is of no use without that of its contact, which is not always told.
        path = ("contactId", key) if noun == "Task" else (key,)
        if any(part not in told for part in path):
            return ()
        record_id = ".".join(told[part] for part in path)
        return (Hint(kind, record_id, gone=key == "id" and type_.endswith("Delete")),)

    def _prove(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> None:
        # A signature of the present kind decides alone: a forged one is not helped by an old one.
        if self._old is None or given(headers, HEADER):
            signature = bytes_of(one(headers, HEADER), Ed25519.length, "the signature")
            return self._keys.check(signature, body, now)
        keys, ends = self._old
        signature = bytes_of(one(headers, OLD_HEADER), Rsa4096.length, "the signature")
        if now >= ends:
            raise Forged("the old kind of signature has ended")
        return keys.check(signature, body, now)


def _read(reference: str, doors: Doors, what: str) -> str:
    if reference.startswith(("env:", "file:")):
        return doors.secret(reference, what)
    return reference


def _locations_of(told: Mapping[str, Json]) -> Sequence[Json]:
    if "locationId" in told:
        return (told["locationId"],)
    if told.get("altType") == "location":
        return (told.get("altId"),)
    if told.get("type") in _OF_LOCATIONS:
        return (told.get("id"),)
    several = told.get("locations")
    return several if isinstance(several, list) else ()


def _type_of(told: Mapping[str, Json]) -> str:
    type_ = id_of(told.get("type"))
    return type_ if type_ is not None and len(type_) <= _LONGEST_TYPE else UNKNOWN


def _kept(told: Mapping[str, Json]) -> dict[str, str]:
    inner = told.get("appointment")
    about = inner if isinstance(inner, dict) else told
    ids = {name: id_of(about.get(name)) for name in ("id", "contactId", "pipelineId", "calendarId")}
    around = {name: id_of(told.get(name)) for name in ("type", "webhookId", "timestamp")}
    return {name: value for name, value in {**ids, **around}.items() if value is not None}
