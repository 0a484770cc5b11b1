"""Keys, secrets and genuine deliveries that the tests of signatures share."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.webhooks import About, StripeWebhooks, SvixWebhooks
from crosstie.ports.webhooks import Webhooks

NOON = 1_767_268_800.0
LOCATION = "ve9EPM428h8vShlRW1KT"
# The key pair of RFC 8032, section 7.1, test 1.
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SIGNER = Ed25519PrivateKey.from_private_bytes(PRIVATE)
PUBLIC = b64encode(SIGNER.public_key().public_bytes_raw()).decode()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STRIPE_SECRET = "whsec_test_secret"
CRM = GoHighLevel(LOCATION)

Headers = dict[str, list[str]]


@dataclass
class Doors:
    """Secrets by reference; nothing else is asked of these doors."""

    secrets: dict[str, str] = field(default_factory=dict)

    def secret(self, reference: str, what: str = "the secret") -> str:
        return self.secrets[reference]

    @property
    def clock(self) -> Any:
        raise AssertionError("webhooks are told the time")

    def http(self, account: Any) -> Any:
        raise AssertionError("webhooks call nobody")


DOORS = Doors({"env:SVIX": SECRET, "env:STRIPE": STRIPE_SECRET, "env:LOCATION": LOCATION})


@cache
def rsa_key(bits: int = 4096) -> rsa.RSAPrivateKey:
    """One key of that size for all tests: making one takes a second."""
    return rsa.generate_private_key(65_537, bits)


def pem_of(key: Any) -> str:
    """Its public half as PEM."""
    form = forms.PublicFormat.SubjectPublicKeyInfo
    made: bytes = key.public_key().public_bytes(forms.Encoding.PEM, form)
    return made.decode()


def day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def ghl_body(**more: Any) -> bytes:
    told = {
        "type": "ContactUpdate",
        "locationId": LOCATION,
        "id": "nmFmQEsNgz6AVpgLVUJ0",
        "email": "ada@x.example",
        "appId": "66f1c0ffee00000000000001",
        "timestamp": "2026-01-01T12:00:00.000Z",
        "webhookId": "9062e8fb-8994-4b3c-bd91-280b42011652",
        **more,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def ghl_headers(body: bytes, name: str = "x-ghl-signature") -> Headers:
    return {name: [b64encode(SIGNER.sign(body)).decode()]}


def old_headers(body: bytes) -> Headers:
    return {"x-wh-signature": [b64encode(rsa_key().sign(body, PKCS1v15(), SHA256())).decode()]}


def ghl(**options: Any) -> Webhooks:
    return CRM.webhooks(**{"keys": PUBLIC, **options}).bind(DOORS)


def svix() -> Webhooks:
    about = {"contact.deleted": About("contacts", "data.id", gone=True)}
    return SvixWebhooks(CRM, secret="env:SVIX", about=about).bind(DOORS)


def stripe() -> Webhooks:
    about = {"customer.updated": About("customers", "data.object.id")}
    return StripeWebhooks(CRM, secret="env:STRIPE", about=about).bind(DOORS)


SVIX_BODY = (
    b'{"type": "contact.deleted", "timestamp": "2026-01-01T12:00:00Z", "data": {"id": "c1"}}'
)
STRIPE_BODY = json.dumps(
    {
        "id": "evt_1",
        "type": "customer.updated",
        "created": 1_767_268_790,
        "data": {"object": {"id": "cus_1", "email": "ada@x.example"}},
    }
).encode()


def svix_headers(
    body: bytes, at: float = NOON, *, name: str = "msg_1", kind: str = "svix", secret: str = SECRET
) -> Headers:
    """Signed by hand: a verifier is not tested with its own signer."""
    stamp = str(int(at))
    key = b64decode(secret.removeprefix("whsec_"))
    made = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    signature = f"v1,{b64encode(made).decode()}"
    return {f"{kind}-id": [name], f"{kind}-timestamp": [stamp], f"{kind}-signature": [signature]}


def stripe_headers(
    body: bytes, at: float | str = NOON, *, secret: str = STRIPE_SECRET, before: Sequence[str] = ()
) -> Headers:
    stamp = at if isinstance(at, str) else str(int(at))
    made = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return {"stripe-signature": [",".join((*before, f"t={stamp}", f"v1={made}"))]}
