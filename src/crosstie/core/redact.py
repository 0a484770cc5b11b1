"""What of a system's words may reach a log or an error: never a value, never a credential."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST = 3
"""Shorter secrets would blank out half the text, and nobody learns anything from them."""
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+")
_KEYED = re.compile(
    r"(?i)\b((?:access_|refresh_|id_)?token|api[_-]?key|client_secret|password|secret)"
    r"(\"?\s*[=:]\s*\"?)[^\s\"'&,;]+"
)
_PRIVATE_TOKEN = re.compile(r"\bpit-[0-9A-Za-z-]{8,}")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets and without anything that looks like a credential.

    Secrets of fewer than 3 characters stay. Scrubbing twice is the same as once.
    """
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True):
        if secret not in HIDDEN:
            text = text.replace(secret, HIDDEN)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _KEYED.sub(rf"\1\2{HIDDEN}", text)
    return _JWT.sub(HIDDEN, _PRIVATE_TOKEN.sub(HIDDEN, text))
