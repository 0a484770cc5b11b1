"""Stripe's webhooks: `Stripe-Signature: t=...,v1=...`, HMAC-SHA256 in hexadecimal over `t.body`.

The secret is used as the text it is, `whsec_` included. As documented, other schemes than v1 are
ignored and the time may be five minutes old; we refuse one five minutes ahead as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crosstie.connectors.signing.keys import Key, Ring
from crosstie.connectors.signing.shared import fits
from crosstie.connectors.signing.strict import one, time_of
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.ports.webhooks import Forged

HEADER = "stripe-signature"
_MOST = 16
_SHORTEST = 16
_PART = re.compile(r"([a-z][a-z0-9_]{0,15})=([!-+\-.-~]+)", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Stripe:
    """Verifies with any of several secrets. Raises Misconfigured for one that is too short."""

    def __init__(self, secrets: Sequence[Key | str]) -> None:
        self._ring = Ring(secrets, _secret, "webhook secrets")

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: Instant) -> int:
        """When this attempt was made, in seconds since 1970.

        Forged for whatever is not signed with a secret that counts now.
        """
        parts = _parts(one(headers, HEADER))
        stamps = [text for name, text in parts if name == "t"]
        if len(stamps) != 1:
            raise Forged("there is not one time")
        at = time_of(stamps[0], now, "the time")
        given = [text for name, text in parts if name == "v1"]
        if any(_HEX.fullmatch(text) is None for text in given):
            raise Forged("a v1 signature is not 64 small hexadecimal digits")
        signed = stamps[0].encode("ascii") + b"." + body
        if not fits(self._ring.at(now), signed, [bytes.fromhex(text) for text in given]):
            raise Forged("the signature fits no secret")
        return at


def _parts(header: str) -> list[tuple[str, str]]:
    parts = header.split(",")
    if len(parts) > _MOST:
        raise Forged("there are too many signatures")
    found = []
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            raise Forged("the header is not in the form `t=...,v1=...`")
        found.append((match[1], match[2]))
    return found


def _secret(text: str) -> bytes:
    try:
        found = text.encode("ascii")
    except UnicodeEncodeError:
        found = b""
    if len(found) < _SHORTEST:
        raise Misconfigured(
            f"a webhook secret is not {_SHORTEST} or more ASCII characters",
            fix="copy it whole from the page of the endpoint",
        )
    return found
