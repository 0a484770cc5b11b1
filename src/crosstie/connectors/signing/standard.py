"""Standard Webhooks, which is also what Svix sends: v1 (HMAC-SHA256) and v1a (Ed25519).

Signed is `id.timestamp.body`; the time is that of the attempt, so it has to be close to now.
https://www.standardwebhooks.com; header names and forms as in its specification.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crosstie.connectors.signing.keys import Key, Ring, keys_of
from crosstie.connectors.signing.public import Ed25519
from crosstie.connectors.signing.shared import fits, mac
from crosstie.connectors.signing.strict import bytes_of, one, time_of
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.ports.webhooks import Forged

SECRET = "whsec_"
PUBLIC = "whpk_"
_MOST = 16
_SHORTEST, _LONGEST = 24, 64
# No point in an id: with one, two different deliveries could have the same signed bytes.
_ID = re.compile(r"[A-Za-z0-9_:=+/~-]{1,128}", re.ASCII)
_ENTRY = re.compile(r"(v[0-9]{1,3}[a-z]{0,8}),([A-Za-z0-9+/=_-]+)", re.ASCII)


class Attempt(NamedTuple):
    """What the headers of a genuine delivery say."""

    id: str
    """The same each time that it is sent again."""
    at: int
    """When this attempt was made, in seconds since 1970."""


class StandardWebhooks:
    """Verifies, and signs, with any of several secrets.

    secrets: `whsec_...` for v1; a public key `whpk_...` for v1a.  Raises Misconfigured for a
    secret in another form, or of fewer than 24 or more than 64 bytes.
    """

    def __init__(self, secrets: Sequence[Key | str]) -> None:
        keys = keys_of(secrets)
        public = [key for key in keys if key.text.strip().startswith(PUBLIC)]
        shared = [key for key in keys if key not in public]
        self._public = None
        if public:
            bare = [Key(key.text.strip().removeprefix(PUBLIC), key.until) for key in public]
            self._public = Ed25519(bare)
        self._shared = Ring(shared, _secret, "webhook secrets") if shared or not public else None

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> Attempt:
        """Which attempt this is. Forged for whatever is not signed with a key that counts now.

        Headers may be called `webhook-*` or, where there is no `webhook-signature`, `svix-*`.
        """
        kind = "webhook" if "webhook-signature" in headers else "svix"
        name = one(headers, f"{kind}-id")
        stamp = one(headers, f"{kind}-timestamp")
        signatures = _entries(one(headers, f"{kind}-signature"))
        if _ID.fullmatch(name) is None:
            raise Forged("the id is not one")
        at = time_of(stamp, now, "the timestamp")
        signed = _signed(name, stamp, body)
        if not (self._v1(signatures, signed, now) or self._v1a(signatures, signed, now)):
            raise Forged("the signature fits no key")
        return Attempt(name, at)

    def sign(self, id: str, at: Instant, body: bytes) -> Mapping[str, str]:
        """The headers to send with these bytes: a v1 signature for each secret that counts then.

        id: the same for every attempt at one delivery, of letters, digits, `_`, `-`.  at: the time
        of this attempt.  Raises ValueError for an id that no receiver would take, Misconfigured
        without a secret that counts then.
        """
        if _ID.fullmatch(id) is None:
            raise ValueError("a delivery id is made of letters, digits, `_` and `-`")
        if self._shared is None:
            raise Misconfigured("a public key signs nothing", fix=f"give a secret `{SECRET}...`")
        stamp = str(int(at))
        signed = _signed(id, stamp, body)
        made = [b64encode(mac(secret, signed)).decode() for secret in self._shared.at(at)]
        if not made:
            raise Misconfigured("every webhook secret has ended", fix="give a newer one")
        return {
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(f"v1,{each}" for each in made),
        }

    def _v1(self, entries: Sequence[tuple[str, str]], signed: bytes, now: Instant) -> bool:
        given = [bytes_of(text, 32, "a v1 signature") for kind, text in entries if kind == "v1"]
        return self._shared is not None and fits(self._shared.at(now), signed, given)

    def _v1a(self, entries: Sequence[tuple[str, str]], signed: bytes, now: Instant) -> bool:
        given = [bytes_of(text, 64, "a v1a signature") for kind, text in entries if kind == "v1a"]
        if self._public is None:
            return False
        for signature in given:
            try:
                self._public.check(signature, signed, now)
            except Forged:
                continue
            return True
        return False


def _entries(header: str) -> list[tuple[str, str]]:
    """Version and text of each signature; those of other versions are the caller's to ignore."""
    parts = header.split(" ")
    if len(parts) > _MOST:
        raise Forged("there are too many signatures")
    found = []
    for part in parts:
        entry = _ENTRY.fullmatch(part)
        if entry is None:
            raise Forged("a signature is not in the form `v1,...`")
        found.append((entry[1], entry[2]))
    return found


def _signed(name: str, stamp: str, body: bytes) -> bytes:
    return b".".join((name.encode("ascii"), stamp.encode("ascii"), body))


def _secret(text: str) -> bytes:
    bare = text.removeprefix(SECRET)
    padded = bare + "=" * (-len(bare) % 4)
    try:
        found = b64decode(padded.encode("ascii"), validate=True)
    except (Error, UnicodeEncodeError):
        found = b""
    # A secret without its mark might be a public key, with which anybody could sign.
    if text == bare or not _SHORTEST <= len(found) <= _LONGEST:
        raise Misconfigured(
            f"a webhook secret is not `{SECRET}` and {_SHORTEST} to {_LONGEST} bytes in base64",
            fix="copy it whole from where the webhook was made, with its beginning",
        )
    return found
