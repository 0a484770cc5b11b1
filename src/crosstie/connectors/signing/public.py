"""Signatures with a public key: Ed25519, and RSA-4096 with PKCS#1 v1.5 and SHA-256.

All arithmetic is that of `cryptography`, which is loaded when the first verifier is made.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crosstie.connectors.signing.keys import Key, Ring
from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.ports.webhooks import Forged

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_ARMOUR = re.compile(r"-----(?:BEGIN|END) PUBLIC KEY-----|\s")
_RSA_BITS = 4_096


class Ed25519:
    """Pure Ed25519 (RFC 8032) with any of several keys.

    keys: as PEM, as the base64 text inside it, or as the base64 text of the 32 bytes.  Raises
    Misconfigured for anything else.
    """

    length = 64
    """Bytes of a signature."""

    def __init__(self, keys: Sequence[Key | str]) -> None:
        self._ring = Ring(keys, _ed25519, "Ed25519 keys")

    def check(self, signature: bytes, signed: bytes, now: Instant) -> None:
        """Forged unless a key that counts now has signed exactly these bytes."""
        from cryptography.exceptions import InvalidSignature

        for key in self._ring.at(now):
            try:
                return key.verify(signature, signed)
            except InvalidSignature:
                continue
        raise Forged("the signature fits no key")


class Rsa4096:
    """RSA with 4096 bits, PKCS#1 v1.5, SHA-256, with any of several keys.

    keys: as PEM or as the base64 text inside it.  Raises Misconfigured for any other key.
    """

    length = _RSA_BITS // 8
    """Bytes of a signature."""

    def __init__(self, keys: Sequence[Key | str]) -> None:
        self._ring = Ring(keys, _rsa, "RSA keys")

    def check(self, signature: bytes, signed: bytes, now: Instant) -> None:
        """Forged unless a key that counts now has signed exactly these bytes."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        for key in self._ring.at(now):
            try:
                return key.verify(signature, signed, PKCS1v15(), SHA256())
            except InvalidSignature:
                continue
        raise Forged("the signature fits no key")


def _ed25519(text: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = _bare(text)
    found = Ed25519PublicKey.from_public_bytes(raw) if len(raw) == 32 else _spki(raw)
    if isinstance(found, Ed25519PublicKey):
        return found
    raise _wrong("an Ed25519 public key")


def _rsa(text: str) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    found = _spki(_bare(text))
    if isinstance(found, RSAPublicKey) and found.key_size == _RSA_BITS:
        return found
    raise _wrong("an RSA public key of 4096 bits")


def _bare(text: str) -> bytes:
    try:
        return b64decode(_ARMOUR.sub("", text).encode("ascii"), validate=True)
    except (Error, UnicodeEncodeError):
        return b""


def _spki(raw: bytes) -> PublicKeyTypes | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _wrong(wanted: str) -> Misconfigured:
    return Misconfigured(
        f"a webhook key is not {wanted}", fix="copy it whole, as PEM or as the text inside it"
    )
