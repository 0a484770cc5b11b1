"""Makes deliveries that nobody sent, out of one that somebody did."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webhook_samples import Headers

from crosstie.ports.webhooks import Webhooks

Signer = Callable[[bytes], Headers]


@dataclass(frozen=True)
class Genuine:
    """A delivery that is taken, and who signs others like it."""

    name: str
    webhooks: Webhooks
    body: bytes
    sign: Signer
    header: str
    """The one that the signature stands in."""


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
ODD = (" ", "\t", "\n", "\r", "\0", "=", "-", "_", ",", ".", "é", "\u0661", "\ud800", "N/A", "\x7f")
HEADERS = (
    "x-ghl-signature",
    "x-wh-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "stripe-signature",
)


def forged(genuine: Genuine, count: int, seed: int) -> Iterator[tuple[str, Headers, bytes]]:
    """That many deliveries, each with the kind of its forgery; none is the genuine one."""
    chance = random.Random(seed)
    headers = genuine.sign(genuine.body)
    while count:
        kind = chance.choice(KINDS)
        made_headers, made_body = kind(chance, genuine, dict(headers), genuine.body)
        if (made_headers, made_body) != (headers, genuine.body):
            count -= 1
            yield kind.__name__, made_headers, made_body


Made = tuple[Headers, bytes]


def body_bit(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    at, bit = chance.randrange(len(body)), 1 << chance.randrange(8)
    return headers, body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :]


def body_cut(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    return headers, body[: chance.randrange(len(body))]


def body_longer(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    return headers, body + chance.choice([b" ", b"\n", b"\0", b"{}", b"\xff", body])


def body_spelt(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    told = json.loads(body)
    spaces = chance.choice([(",", ":"), (", ", ": "), (" ,", ":"), (",", " :")])
    told["again"] = chance.randrange(1_000)
    return headers, json.dumps(told, separators=spaces, sort_keys=chance.random() < 0.5).encode()


def body_noise(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    return headers, chance.randbytes(chance.randrange(400))


def letter(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    (value,) = headers[genuine.header]
    at = chance.randrange(len(value))
    put = chance.choice([*LETTERS, *ODD, ""])
    return {**headers, genuine.header: [value[:at] + put + value[at + 1 :]]}, body


def inserted(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    name = chance.choice(list(headers))
    (value,) = headers[name]
    at = chance.randrange(len(value) + 1)
    return {**headers, name: [value[:at] + chance.choice(ODD) + value[at:]]}, body


def cut(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    name = chance.choice(list(headers))
    (value,) = headers[name]
    return {**headers, name: [value[: chance.randrange(len(value))]]}, body


def many(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    name = chance.choice(list(headers))
    (value,) = headers[name]
    several = chance.choice([[], [value] * 2, [value, ""], ["N/A", value], [value * 200], ["N/A"]])
    return {**headers, name: several}, body


def absent(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    headers.pop(chance.choice(list(headers)))
    return headers, body


def renamed(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    names = list(headers)
    chance.shuffle(names)
    mixed = dict(zip(headers, (headers[name] for name in names), strict=True))
    mixed[chance.choice([n for n in HEADERS if n not in headers])] = mixed.pop(genuine.header)
    return mixed, body


def noise(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    text = "".join(chr(chance.randrange(1, 0x3000)) for _ in range(chance.randrange(1, 90)))
    return {**headers, chance.choice(list(headers)): [text]}, body


def guessed(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    (value,) = headers[genuine.header]
    text = "".join(chance.choice(LETTERS) if c in LETTERS else c for c in value)
    return {**headers, genuine.header: [text]}, body


def swapped(chance: random.Random, genuine: Genuine, headers: Headers, body: bytes) -> Made:
    told = {**json.loads(body), "again": chance.randrange(10**9)}
    return headers, json.dumps(told, separators=(",", ":")).encode()


KINDS = (
    body_bit,
    body_cut,
    body_longer,
    body_spelt,
    body_noise,
    letter,
    inserted,
    cut,
    many,
    absent,
    renamed,
    noise,
    guessed,
    swapped,
)
