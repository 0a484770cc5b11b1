"""The key pair that webhooks of a sandbox are signed with: one of its own, or one from a file."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class WebhookKey:
    """An Ed25519 key pair; a new one unless another is given."""

    __slots__ = ("_private",)

    def __init__(self, private: Ed25519PrivateKey | None = None) -> None:
        self._private = private or Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        """The public key as GoHighLevel publishes its own: SPKI in base64, without the lines
        around it.
        """
        form = forms.PublicFormat.SubjectPublicKeyInfo
        return b64encode(self._private.public_key().public_bytes(forms.Encoding.DER, form)).decode()

    def sign(self, body: bytes) -> str:
        """The value of `X-GHL-Signature` for these bytes."""
        return b64encode(self._private.sign(body)).decode()

    def pem(self) -> bytes:
        """The private key as a file holds it."""
        form = forms.PrivateFormat.PKCS8
        return self._private.private_bytes(forms.Encoding.PEM, form, forms.NoEncryption())


def key_of(path: Path) -> WebhookKey:
    """The key in a PEM file, which is made, for this user only, where there is none.

    Raises ValueError for a file that holds no Ed25519 key, OSError for one that cannot be used.
    """
    if path.exists():
        return _read(path)
    key = WebhookKey()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.pem())
    return key


def _read(path: Path) -> WebhookKey:
    try:
        found = forms.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if isinstance(found, Ed25519PrivateKey):
        return WebhookKey(found)
    raise ValueError(f"{path} does not hold an Ed25519 private key (PEM)")
