"""How headers are read: one spelling of everything, and no other is taken.

A lenient reader is what a forger works with: two texts for one signature, a number that another
program reads differently, a second header that only one of two programs looks at.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence

from crosstie.core.values import Instant
from crosstie.ports.webhooks import Forged

LONGEST = 4_096
"""Characters that a header may have."""
TOLERANCE = 300.0
"""Seconds that the time of an attempt may be away from ours, both ways."""

_PRINTABLE = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def given(headers: Mapping[str, Sequence[str]], name: str) -> bool:
    """Whether there is such a header that is more than a word for none."""
    return list(headers.get(name, ())) not in ([], ["N/A"])


def one(headers: Mapping[str, Sequence[str]], name: str) -> str:
    """The one value of a header. Forged when it is missing, empty, `N/A`, there twice, too long
    or not printable ASCII.
    """
    values = headers.get(name, ())
    if not given(headers, name):
        raise Forged(f"no {name}")
    if len(values) != 1:
        raise Forged(f"more than one {name}")
    value = values[0]
    if len(value) > LONGEST:
        raise Forged(f"{name} is too long")
    if _PRINTABLE.fullmatch(value) is None:
        raise Forged(f"{name} is empty or not printable")
    return value


def bytes_of(text: str, length: int, what: str) -> bytes:
    """Exactly that many bytes from their only base64 spelling. Forged for any other."""
    try:
        found = b64decode(text.encode("ascii"), validate=True)
    except (Error, UnicodeEncodeError):
        raise Forged(f"{what} is not base64") from None
    if len(found) != length:
        raise Forged(f"{what} has a wrong length")
    if b64encode(found).decode("ascii") != text:
        raise Forged(f"{what} is not in its only spelling")
    return found


def time_of(text: str, now: Instant, what: str) -> int:
    """The time of an attempt. Forged when it is no plain number, or too far from now."""
    if _WHOLE.fullmatch(text) is None:
        raise Forged(f"{what} is not a plain number of seconds")
    at = int(text)
    if not abs(now - at) <= TOLERANCE:
        raise Forged(f"{what} is too far from now")
    return at
