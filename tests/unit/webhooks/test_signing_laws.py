"""What holds for all bytes, keys and settings."""

from __future__ import annotations

import ast
from base64 import b64encode
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webhook_mutations import HEADERS
from webhook_samples import (
    NOON,
    PUBLIC,
    SIGNER,
    STRIPE_BODY,
    SVIX_BODY,
    day,
    ghl,
    ghl_body,
    pem_of,
    rsa_key,
    stripe,
    svix,
)

import crosstie.connectors.signing as signing
from crosstie.connectors.signing import Ed25519, StandardWebhooks
from crosstie.connectors.webhook_bodies import object_of
from crosstie.ports.webhooks import Forged, Webhooks

SECRETS = st.binary(min_size=24, max_size=64).map(lambda raw: f"whsec_{b64encode(raw).decode()}")
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
VALUES = st.lists(st.text(max_size=40) | st.just("N/A"), max_size=3)
NAMES = st.sampled_from(HEADERS)
DIGESTS = {"signature", "given", "wanted", "secret", "signed", "mac", "digest"}


@given(SECRETS, IDS, st.integers(1_000, 10**10), st.binary(max_size=200), st.binary(max_size=9))
def test_what_is_signed_is_verified_and_nothing_else_is(
    secret: str, name: str, at: int, body: bytes, more: bytes
) -> None:
    webhooks = StandardWebhooks([secret])
    headers = {key: [value] for key, value in webhooks.sign(name, at, body).items()}
    assert webhooks.verify(headers, body, at) == (name, at)
    if more:
        with pytest.raises(Forged):
            webhooks.verify(headers, body + more, at)


@given(st.binary(max_size=300), st.binary(min_size=64, max_size=64))
def test_a_guess_is_no_signature(body: bytes, guess: bytes) -> None:
    verifier = Ed25519([PUBLIC])
    verifier.check(SIGNER.sign(body), body, NOON)
    with pytest.raises(Forged):
        verifier.check(guess, body, NOON)


@settings(max_examples=300)
@given(st.dictionaries(NAMES, VALUES), st.binary(max_size=300))
def test_whatever_comes_unsigned_is_forged_and_raises_nothing_else(
    headers: dict[str, list[str]], body: bytes
) -> None:
    for webhooks in (ghl(), svix(), stripe()):
        with pytest.raises(Forged):
            webhooks.verify(headers, body, NOON)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_a_body_is_an_object_or_forged(body: bytes) -> None:
    try:
        assert isinstance(object_of(body), dict)
    except Forged:
        return


OPTIONS = [
    dict(zip(("app", "keys", "legacy_until"), values, strict=True))
    for values in product((None, "app1"), (PUBLIC, (PUBLIC, PUBLIC)), (None, day(NOON)))
]
UNSIGNED = [{}, {"x-ghl-signature": [""]}, {"x-ghl-signature": ["N/A"]}]
NOT_SIGNED: list[tuple[Webhooks, bytes]] = [(svix(), SVIX_BODY), (stripe(), STRIPE_BODY)]


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
@pytest.mark.parametrize("headers", UNSIGNED, ids=repr)
def test_no_setting_lets_the_unsigned_in(options: dict[str, Any], headers: Any) -> None:
    webhooks = ghl(**options, legacy_keys=pem_of(rsa_key()))
    with pytest.raises(Forged):
        webhooks.verify(headers, ghl_body(appId="app1"), NOON)
    for other, body in NOT_SIGNED:
        with pytest.raises(Forged):
            other.verify(headers, body, NOON)


def test_nothing_secret_is_compared_by_its_first_difference() -> None:
    """`==` stops at the first byte that differs, and its time tells which one that was."""
    folder = Path(signing.__file__).parent
    compared = [
        f"{path.name}:{node.lineno}"
        for path in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
        and any(
            isinstance(side, ast.Name) and side.id in DIGESTS
            for side in (node.left, *node.comparators)
        )
    ]
    assert compared == []
    assert "compare_digest" in (folder / "shared.py").read_text("utf-8")
