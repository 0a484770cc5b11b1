"""The body of a webhook whose signature is proven: a JSON object of sane size, or Forged.

A sender that was proven can still send what breaks a reader: a million brackets, a number of a
million digits, one key twice that two readers read differently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NoReturn

from crosstie.core.values import Instant, Json
from crosstie.ports.webhooks import Forged

DEEPEST = 32
MOST_KEYS = 10_000
_LONGEST_NUMBER = 40
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


def object_of(body: bytes) -> dict[str, Json]:
    """The object in UTF-8 JSON. Forged when it is none, deeper than 32 or has over 10,000 keys,
    has a key twice in one object, or holds NaN, an infinity or a number of over 40 characters.
    """
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_Counted(),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError):
        raise Forged("the body is not JSON") from None
    if not isinstance(found, dict):
        raise Forged("the body is not a JSON object")
    _refuse_depth(found)
    return found


def id_of(value: Json) -> str | None:
    """The value, if it looks like an id: no address, number to call or text does."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def moment_of(value: Json) -> Instant | None:
    """The time that an ISO text tells, or a number of seconds since 1970; None else, or before."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11:
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return seconds if seconds >= 0 else None


def digest_of(body: bytes) -> str:
    """A name for a delivery that has none: the same bytes are the same delivery."""
    return f"sha256-{sha256(body).hexdigest()}"


class _Counted:
    """Makes objects and counts their keys."""

    def __init__(self) -> None:
        self._keys = 0

    def __call__(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        self._keys += len(pairs)
        if self._keys > MOST_KEYS:
            raise Forged("the body has too many keys")
        made = dict(pairs)
        if len(made) != len(pairs):
            raise Forged("the body has a key twice")
        return made


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise Forged("the body has a number that is too long")
    return int(text)


def _fraction(text: str) -> float:
    if len(text) > _LONGEST_NUMBER:
        raise Forged("the body has a number that is too long")
    found = float(text)
    if found in (float("inf"), float("-inf")):
        raise Forged("the body has a number that is too large")
    return found


def _constant(_: str) -> NoReturn:
    raise Forged("the body has a number that is none")


def _refuse_depth(body: dict[str, Json]) -> None:
    level: list[Json] = [body]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise Forged("the body is nested too deep")


def _inside(value: Json) -> Iterator[Json]:
    inner = value.values() if isinstance(value, dict) else value
    return (each for each in inner if isinstance(each, dict | list))
