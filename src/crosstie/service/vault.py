"""Seals tokens before they are kept: AES-256-GCM, under a key that the state does not hold."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crosstie.core.errors import Misconfigured
from crosstie.ports.credentials import Sealed
from crosstie.ports.lease import TENANT
from crosstie.service.keys import LENGTH, Key, keys_at

NONCE = 12
"""Bytes of chance in front of every sealed text: 96 bits, as AES-GCM wants them."""
_FIELD = "tokens"


class KeyVault:
    """`ports.oauth.Vault`. The keys are looked for when something is sealed or opened.

    Each tenant has a key of its own, derived from that of the declaration (HKDF, RFC 5869), so
    nothing has to be kept but the key itself. Sealed with it go tenant, account, field and key
    (as associated data): a row that was put in another's place does not open.
    """

    def __init__(self, reference: str, tenant: str = TENANT) -> None:
        self._reference = reference
        self._tenant = tenant
        self._found: Sequence[Key] | None = None
        self._ciphers: dict[str, AESGCM] = {}

    @property
    def writes(self) -> str:
        """Id of the key that seals. Raises Misconfigured where there is none."""
        return self._keys()[0].id

    def check(self) -> None:
        """Raise Misconfigured where something could not be sealed."""
        self._keys()

    def seal(self, account: str, plain: bytes) -> Sealed:
        """See `Vault`."""
        key = self._keys()[0]
        nonce = os.urandom(NONCE)
        sealed = self._cipher(key).encrypt(nonce, plain, self._bound(account, key.id))
        return Sealed(key.id, base64.b64encode(nonce + sealed).decode())

    def open(self, account: str, sealed: Sealed) -> bytes:
        """See `Vault`."""
        key = next((key for key in self._keys() if key.id == sealed.key), None)
        if key is None:
            raise Misconfigured(
                f"{account}: its tokens are sealed with the key {sealed.key}, which is not in "
                f"{self._reference}",
                fix="put that key there again, behind the newer one, or log in again with "
                f'`crosstie auth login "{account}"`',
            )
        try:
            raw = base64.b64decode(sealed.text.encode(), validate=True)
            return self._cipher(key).decrypt(raw[:NONCE], raw[NONCE:], self._bound(account, key.id))
        except (InvalidTag, binascii.Error, ValueError):
            raise Misconfigured(
                f"{account}: its tokens in the state are not as they were sealed",
                fix=f'log in again with `crosstie auth login "{account}"`',
            ) from None

    def derived(self, purpose: str) -> bytes:
        """32 bytes that follow from the key and the purpose, and from which neither follows."""
        return self._derive(self._keys()[0], purpose)

    def _keys(self) -> Sequence[Key]:
        if self._found is None:
            self._found = keys_at(self._reference)
        return self._found

    def _cipher(self, key: Key) -> AESGCM:
        if key.id not in self._ciphers:
            self._ciphers[key.id] = AESGCM(self._derive(key, _FIELD))
        return self._ciphers[key.id]

    def _derive(self, key: Key, purpose: str) -> bytes:
        info = b"\0".join(part.encode() for part in ("crosstie", self._tenant, purpose))
        return HKDF(SHA256(), LENGTH, salt=None, info=info).derive(key.secret)

    def _bound(self, account: str, key: str) -> bytes:
        """Lengths in front, so that no two lists of parts look the same."""
        parts = [part.encode() for part in (self._tenant, account, _FIELD, key)]
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
