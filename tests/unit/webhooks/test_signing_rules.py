"""What is taken and what is not: headers, spellings, times, keys that come and go."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from webhook_samples import (
    NOON,
    PUBLIC,
    SECRET,
    SIGNER,
    STRIPE_SECRET,
    Headers,
    day,
    pem_of,
    rsa_key,
    stripe_headers,
    svix_headers,
)

from crosstie.connectors.signing import Ed25519, Key, Rsa4096, StandardWebhooks, Stripe
from crosstie.core.errors import Misconfigured
from crosstie.ports.webhooks import Forged

BODY = b'{"type":"x"}'
OTHER = "whsec_" + b64encode(b"another secret of thirty bytes").decode()
TODAY, YESTERDAY = day(NOON), day(NOON - 86_400)
STANDARD = StandardWebhooks([SECRET])
STRIPE = Stripe([STRIPE_SECRET])
GOOD = svix_headers(BODY)
SIGNATURE = GOOD["svix-signature"][0]
UNPADDED = "whsec_" + b64encode(b"a secret of twenty-five b").decode().rstrip("=")


def taken(verifier: Any, headers: Headers, body: bytes = BODY, now: float = NOON) -> bool:
    try:
        verifier.verify(headers, body, now)
    except Forged:
        return False
    return True


@pytest.mark.parametrize("part", ["id", "timestamp", "signature"])
@pytest.mark.parametrize(
    "values",
    [[], [""], ["N/A"], ["N/A", "N/A"], ["{}", "{}"], ["{}", ""], [" {}"], ["{} "], ["{}\n"]],
    ids=repr,
)
def test_a_header_is_there_once_and_says_something(part: str, values: list[str]) -> None:
    name = f"svix-{part}"
    spoilt = [value.replace("{}", GOOD[name][0]) for value in values]
    assert taken(STANDARD, GOOD)
    assert not taken(STANDARD, {**GOOD, name: spoilt})
    assert not taken(STANDARD, {k: v for k, v in GOOD.items() if k != name})


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        ",",
        SIGNATURE.removeprefix("v1,"),
        SIGNATURE.removesuffix("="),
        SIGNATURE + "=",
        SIGNATURE.replace("v1,", "v2,"),
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.replace("v1,", "v1,,"),
        f"{SIGNATURE} ",
        f"{SIGNATURE}  {SIGNATURE}",
        f"{SIGNATURE},{SIGNATURE}",
        f"{SIGNATURE} v1",
        f"{SIGNATURE} v1,AAAA",
        f"{SIGNATURE} v1,é",
        " ".join([SIGNATURE] * 17),
        f"{SIGNATURE} v1,{'A' * 5_000}",
        "v1," + b64encode(bytes(32)).decode(),
    ],
)
def test_a_signature_has_one_spelling(signature: str) -> None:
    assert not taken(STANDARD, {**GOOD, "svix-signature": [signature]})


def test_the_last_letter_of_base64_has_no_other_spelling() -> None:
    """Four letters decode to the same last byte; three of them are not what an encoder writes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    ending = letters.index(SIGNATURE[-2])
    twins = [letters[ending - ending % 4 + each] for each in range(4)]
    spelt = {f"{SIGNATURE[:-2]}{letter}=" for letter in twins}
    fine = [text for text in spelt if taken(STANDARD, {**GOOD, "svix-signature": [text]})]
    assert (len(spelt), fine) == (4, [SIGNATURE])


@pytest.mark.parametrize(
    "signature",
    [
        f"v1,{b64encode(bytes(32)).decode()} {SIGNATURE}",
        f"{SIGNATURE} v2,anything",
        f"v1a,{b64encode(bytes(64)).decode()} {SIGNATURE}",
        " ".join([SIGNATURE] * 16),
    ],
)
def test_one_of_several_signatures_is_enough(signature: str) -> None:
    assert taken(STANDARD, {**GOOD, "svix-signature": [signature]})


@pytest.mark.parametrize(
    ("away", "fine"),
    [(-301, False), (-300, True), (-299, True), (0, True), (299, True), (300, True), (301, False)],
)
def test_an_attempt_is_of_now_both_ways(away: int, fine: bool) -> None:
    assert taken(STANDARD, svix_headers(BODY, NOON + away)) is fine
    assert taken(STRIPE, stripe_headers(BODY, NOON + away)) is fine
    assert not taken(STANDARD, svix_headers(BODY), now=float("nan"))


@pytest.mark.parametrize(
    "spelt", ["{}.0", "+{}", "-{}", "0{}", " {}", "{}e0", "1e9", "nan", "inf", "", "0", "{}0" * 9]
)
def test_a_time_is_plain_digits(spelt: str) -> None:
    stamp = spelt.replace("{}", str(int(NOON)))
    assert not taken(STANDARD, {**GOOD, "svix-timestamp": [stamp]})
    assert not taken(STRIPE, stripe_headers(BODY, stamp))


def test_arabic_digits_are_no_digits() -> None:
    arabic = str(int(NOON)).translate({ord("0") + n: 0x0660 + n for n in range(10)})
    assert int(arabic) == NOON
    assert not taken(STANDARD, {**GOOD, "svix-timestamp": [arabic]})


def test_a_part_cannot_move_from_the_body_into_the_headers() -> None:
    """`a.1.b` is id `a`, or id `a.1`: an id has no point, so that bytes are signed for one only."""
    moved = svix_headers(f"{int(NOON)}.x".encode(), name="a")
    moved["svix-id"] = [f"a.{int(NOON)}"]
    assert not taken(STANDARD, moved, b"x")
    assert not taken(STANDARD, svix_headers(BODY, name="msg 1"))
    assert not taken(STANDARD, svix_headers(BODY, name="m" * 129))


def test_headers_of_both_names_are_not_mixed() -> None:
    webhook = svix_headers(BODY, kind="webhook")
    assert taken(STANDARD, {**GOOD, **webhook})
    assert not taken(STANDARD, {**GOOD, "webhook-signature": ["v1,AAAA"]})
    assert not taken(STANDARD, {**GOOD, "webhook-signature": webhook["webhook-signature"]})


def test_v1a_is_verified_with_a_public_key_and_never_with_its_text() -> None:
    public = f"whpk_{PUBLIC}"
    signed = f"msg_1.{int(NOON)}.".encode() + BODY
    entry = f"v1a,{b64encode(SIGNER.sign(signed)).decode()}"
    headers = {**GOOD, "svix-signature": [entry]}
    assert taken(StandardWebhooks([public]), headers)
    assert taken(StandardWebhooks([SECRET, public]), headers)
    assert taken(StandardWebhooks([SECRET, public]), GOOD)
    assert not taken(StandardWebhooks([SECRET]), headers)
    assert not taken(StandardWebhooks([public]), headers, BODY + b" ")
    assert not taken(StandardWebhooks([public]), svix_headers(BODY, secret=f"whsec_{PUBLIC}"))


def test_old_and_new_secrets_count_together_until_the_old_one_ends() -> None:
    both = StandardWebhooks([Key(SECRET, until=TODAY), OTHER])
    after = StandardWebhooks([Key(SECRET, until=YESTERDAY), OTHER])
    new = svix_headers(BODY, secret=OTHER)
    assert [taken(both, h) for h in (GOOD, new)] == [True, True]
    assert [taken(after, h) for h in (GOOD, new)] == [False, True]
    ended = StandardWebhooks([Key(SECRET, until=YESTERDAY), f"whpk_{PUBLIC}"])
    assert not taken(ended, GOOD)


def test_a_key_counts_to_the_last_second_of_its_last_day() -> None:
    ends = Key("x", until="2026-12-31").ends
    assert ends is not None
    key, signature = Ed25519([Key(PUBLIC, until="2026-12-31")]), SIGNER.sign(BODY)
    key.check(signature, BODY, ends - 1)
    with pytest.raises(Forged):
        key.check(signature, BODY, ends)


@pytest.mark.parametrize(
    ("made", "private"),
    [(Ed25519, Ed25519PrivateKey.generate), (Rsa4096, rsa_key)],
    ids=["ed25519", "rsa"],
)
def test_any_of_several_public_keys_in_any_usual_form(made: Any, private: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key = private()
    signature = key.sign(BODY) if made is Ed25519 else key.sign(BODY, PKCS1v15(), SHA256())
    pem = pem_of(key)
    first = PUBLIC if made is Ed25519 else pem_of(private())
    bare = "".join(pem.splitlines()[1:-1])
    for form in (pem, bare, f"\n{bare}\n"):
        made([first, form]).check(signature, BODY, NOON)
        with pytest.raises(Forged):
            made([form]).check(bytes(made.length), BODY, NOON)


@pytest.mark.parametrize(
    "made",
    [
        lambda: Ed25519([]),
        lambda: Ed25519([""]),
        lambda: Ed25519(["no key"]),
        lambda: Ed25519(["é"]),
        lambda: Ed25519([b64encode(bytes(31)).decode()]),
        lambda: Ed25519([pem_of(rsa_key())]),
        lambda: Rsa4096([PUBLIC]),
        lambda: Rsa4096([pem_of(rsa_key(2048))]),
        lambda: StandardWebhooks([]),
        lambda: StandardWebhooks(["whsec_"]),
        lambda: StandardWebhooks(["whsec_AAAA"]),
        lambda: StandardWebhooks(["whsec_é"]),
        lambda: StandardWebhooks([SECRET.removeprefix("whsec_")]),
        lambda: StandardWebhooks([f"whsec_{b64encode(bytes(65)).decode()}"]),
        lambda: StandardWebhooks(["whpk_AAAA"]),
        lambda: Stripe([]),
        lambda: Stripe(["whsec_short"]),
        lambda: Stripe(["whsec_é" * 9]),
        lambda: Key("x", until="2026-13-01"),
        lambda: Key("x", until="9999-12-31"),
        lambda: Key("x", until="tomorrow"),
    ],
)
def test_a_key_that_cannot_work_is_refused_with_what_to_do(made: Callable[[], object]) -> None:
    with pytest.raises(Misconfigured) as refused:
        made()
    assert refused.value.fix


def test_no_key_shows_itself() -> None:
    assert SECRET not in repr(Key(SECRET)) + repr(STANDARD)
    with pytest.raises(Misconfigured) as refused:
        StandardWebhooks(["whsec_c2hvcnQ="])
    assert "c2hvcnQ" not in f"{refused.value!r} {refused.value.fix}"


def test_a_secret_may_lack_its_padding() -> None:
    padded = UNPADDED + "=" * (-len(UNPADDED.removeprefix("whsec_")) % 4)
    assert padded != UNPADDED
    assert taken(StandardWebhooks([UNPADDED]), svix_headers(BODY, secret=padded))


def test_signed_with_every_secret_that_counts_each_receiver_knows_one() -> None:
    made = StandardWebhooks([Key(SECRET, until=TODAY), OTHER]).sign("a-1", NOON, BODY)
    headers = {name: [value] for name, value in made.items()}
    for secret in (SECRET, OTHER):
        found = StandardWebhooks([secret]).verify(headers, BODY, NOON)
        assert found == ("a-1", int(NOON))


def test_what_cannot_be_signed_is_not() -> None:
    with pytest.raises(ValueError, match="delivery id"):
        STANDARD.sign("a.1", NOON, BODY)
    for secrets in ([f"whpk_{PUBLIC}"], [Key(SECRET, until=YESTERDAY)]):
        with pytest.raises(Misconfigured):
            StandardWebhooks(secrets).sign("a1", NOON, BODY)


@pytest.mark.parametrize(
    ("spoil", "fine"),
    [
        (lambda h: h, True),
        (lambda h: f"v0={'a' * 64},{h}", True),
        (lambda h: f"{h},v1={'a' * 64}", True),
        (lambda h: h.replace("v1=", "v0="), False),
        (lambda h: h.replace("v1=", "v1=A"), False),
        (lambda h: h[:-64] + h[-64:].upper(), False),
        (lambda h: f"{h},v1=", False),
        (lambda h: f"{h},v1=abc", False),
        (lambda h: f"{h},{h}", False),
        (lambda h: h.partition(",")[2], False),
        (lambda h: h.partition(",")[0], False),
        (lambda h: h.replace(",", ", "), False),
        (lambda h: h.replace("=", ""), False),
        (lambda h: f"{h},", False),
        (lambda h: ",".join([h, *["v1=" + "0" * 64] * 15]), False),
        (lambda h: h[:-64] + "\u0661" * 64, False),
        (lambda h: "", False),
        (lambda h: "N/A", False),
    ],
)
def test_the_cases_of_stripe(spoil: Callable[[str], str], fine: bool) -> None:
    (good,) = stripe_headers(BODY)["stripe-signature"]
    assert taken(STRIPE, {"stripe-signature": [spoil(good)]}) is fine


def test_stripe_signs_these_bytes_with_this_secret() -> None:
    assert not taken(STRIPE, stripe_headers(BODY), BODY + b"\n")
    assert not taken(STRIPE, stripe_headers(BODY, secret="whsec_other_secret"))
    assert not taken(STRIPE, {})
    both = Stripe([Key(STRIPE_SECRET, until=TODAY), "whsec_other_secret"])
    assert taken(both, stripe_headers(BODY))
    assert taken(both, stripe_headers(BODY, secret="whsec_other_secret"))
    after = Stripe([Key(STRIPE_SECRET, until=YESTERDAY), "whsec_other_secret"])
    assert not taken(after, stripe_headers(BODY))
    raw = b"\xff\x00 not text"
    assert taken(STRIPE, stripe_headers(raw), raw)
