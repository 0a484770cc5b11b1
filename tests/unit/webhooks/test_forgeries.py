"""Thousands of deliveries that nobody sent: none is taken, and nothing but Forged is raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from webhook_mutations import KINDS, Genuine, forged
from webhook_samples import (
    NOON,
    STRIPE_BODY,
    SVIX_BODY,
    day,
    ghl,
    ghl_body,
    ghl_headers,
    old_headers,
    stripe,
    stripe_headers,
    svix,
    svix_headers,
)

from crosstie.connectors.webhook_bodies import object_of
from crosstie.ports.webhooks import Forged

EACH = 2_000
GENUINE: list[Callable[[], Genuine]] = [
    lambda: Genuine("gohighlevel", ghl(), ghl_body(), ghl_headers, "x-ghl-signature"),
    lambda: Genuine(
        "gohighlevel, old",
        ghl(legacy_until=day(NOON), legacy_keys=_old_key()),
        ghl_body(),
        old_headers,
        "x-wh-signature",
    ),
    lambda: Genuine("svix", svix(), SVIX_BODY, svix_headers, "svix-signature"),
    lambda: Genuine("stripe", stripe(), STRIPE_BODY, stripe_headers, "stripe-signature"),
]
HOSTILE = {
    "nothing": b"",
    "no object": b"[]",
    "a word": b"null",
    "no utf-8": b'{"type":"\xff"}',
    "utf-16": '{"type":"x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"type":"x"}',
    "two values": b'{"type":"x"}{}',
    "a key twice": b'{"type":"x","type":"y"}',
    "a key twice below": b'{"type":"x","a":[{"b":1,"b":1}]}',
    "not a number": b'{"type":"x","a":NaN}',
    "infinity": b'{"type":"x","a":-Infinity}',
    "beyond all": b'{"type":"x","a":1e999}',
    "a million digits": b'{"type":"x","a":' + b"9" * 1_000_000 + b"}",
    "as many behind the point": b'{"type":"x","a":0.' + b"9" * 1_000_000 + b"}",
    "33 deep": b'{"a":' * 32 + b"{}" + b"}" * 32,
    "100,000 deep": b"[" * 100_000,
    "closed, 100,000 deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "10,001 keys": b"{" + b",".join(b'"%d":0' % n for n in range(10_001)) + b"}",
    "10,001 keys in all": b'{"a":['
    + b",".join(b'{"a":0}' for _ in range(10_000))
    + b"]}",
}  # fmt: skip


def _old_key() -> str:
    from webhook_samples import pem_of, rsa_key

    return pem_of(rsa_key())


@pytest.mark.parametrize("made", GENUINE, ids=["ghl", "ghl-old", "svix", "stripe"])
def test_of_thousands_of_forgeries_none_is_taken(
    made: Callable[[], Genuine],
    record_property: Callable[[str, object], None],
    uncounted: None,
) -> None:
    genuine = made()
    assert genuine.webhooks.verify(genuine.sign(genuine.body), genuine.body, NOON).id
    refused: Counter[str] = Counter()
    taken = []
    for kind, headers, body in forged(genuine, EACH, seed=len(genuine.name)):
        try:
            genuine.webhooks.verify(headers, body, NOON)
        except Forged:
            refused[kind] += 1
        else:
            taken.append((kind, headers, body))
    assert taken == []
    assert set(refused) == {kind.__name__ for kind in KINDS}
    line = f"forged webhooks, {genuine.name}: {refused.total()} of {len(KINDS)} kinds, 0 taken"
    record_property("said", line)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_body_is_refused_though_it_is_signed(what: str) -> None:
    body = HOSTILE[what]
    for webhooks, headers in (
        (ghl(), ghl_headers(body)),
        (svix(), svix_headers(body)),
        (stripe(), stripe_headers(body)),
    ):
        with pytest.raises(Forged):
            webhooks.verify(headers, body, NOON)
    with pytest.raises(Forged):
        object_of(body)


def test_what_is_just_within_the_limits_is_read() -> None:
    deep = b'{"a":' * 31 + b"{}" + b"}" * 31
    wide = b"{" + b",".join(b'"%d":-0.5e-9' % n for n in range(10_000)) + b"}"
    assert object_of(deep)["a"]
    assert len(object_of(wide)) == 10_000
    assert object_of(b' {"a":' + b"9" * 40 + b"} ")["a"] == int("9" * 40)
