"""The fingerprint of a cause: equal for errors that differ only in whom they befell.

Ids, numbers, addresses, times and whatever stands in quotes are taken out of the words before
they are hashed, so a thousand records that a system refuses for one reason are one group, and the
fingerprint holds nothing of anybody.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_SIZE = 4
"""Bytes: enough to tell the causes of one state apart, short enough to be typed."""

# The order matters: what is taken out first would be torn into pieces by those after it.
_PERSONAL = re.compile(
    r"""
    "[^"\n]*" | '[^'\n]*' | `[^`\n]*`          # what somebody quotes
    | \b[a-z][a-z0-9+.-]*://\S+                # addresses
    | [^\s@<>()\[\]"',;]+@[^\s@<>()\[\]"',;]+  # e-mails
    | \+?\d[\d\s().:/,T-]*\d\w*                # phones, dates, times, amounts
    | (?=[\w-]*\d)[\w-]+                       # ids, numbers, words with a digit
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(r"\b(field|sync)\s+('[^'\n]*'|\"[^\"\n]*\")")
# What was taken out piece by piece, and lists of any length, are one thing that was taken out.
_SEVERAL = re.compile(r"\*(?:[\s().:/,;+*-]*\*)+")
_BLANKS = re.compile(r"\s+")


def essence(text: str) -> str:
    """The words without what is particular to one record; names of fields and syncs stay."""
    kept: list[str] = []
    place = 0
    for named in _NAMED.finditer(text):
        kept += [_PERSONAL.sub("*", text[place : named.start()]), named.group()]
        place = named.end()
    kept.append(_PERSONAL.sub("*", text[place:]))
    bare = _SEVERAL.sub("*", "".join(kept))
    return _BLANKS.sub(" ", bare).strip().casefold()


def fingerprint(code: str, text: str) -> str:
    """8 hex characters for a cause.

    code: of the error, with the field where one is to blame (`rejected:phone`).  text: what the
    system said, which names the side where that matters.
    """
    told = f"{code}\n{essence(text)}".encode()
    return blake2b(told, digest_size=_SIZE).hexdigest()
