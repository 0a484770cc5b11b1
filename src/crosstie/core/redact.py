"""What of a record, of a system's words or of a secret may reach a log: never the value itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crosstie.core.values import Fields, Json

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


def shape(fields: Fields) -> dict[str, str]:
    """Field name -> type and length of its value: enough to see what is wrong, and no value.

    | value       | shown      |
    |-------------|------------|
    | "Ann"       | text[3]    |
    | 12, 1.5     | number     |
    | None        | empty      |
    | ["a", "b"]  | list[2]    |
    """
    return {name: _kind(value) for name, value in fields.items()}


def _kind(value: Json) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return f"text[{len(value)}]"
    return f"{'object' if isinstance(value, dict) else 'list'}[{len(value)}]"


def mask(secret: str) -> str:
    """Which secret it is, for people who hold it: its last two characters, if it is long."""
    return f"{HIDDEN}{secret[-2:]}" if len(secret) >= 16 else HIDDEN


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
