"""Signatures with a shared secret: HMAC-SHA256, compared in a time that tells nothing."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence


def mac(secret: bytes, signed: bytes) -> bytes:
    """The 32 bytes that whoever holds the secret can make."""
    return hmac.digest(secret, signed, "sha256")


def fits(secrets: Iterable[bytes], signed: bytes, given: Sequence[bytes]) -> bool:
    """Whether any of the signatures was made with any of the secrets. All are looked at."""
    found = False
    for secret in secrets:
        wanted = mac(secret, signed)
        for signature in given:
            found |= hmac.compare_digest(wanted, signature)
    return found
