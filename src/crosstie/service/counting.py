"""A number of things, as people read it."""

from __future__ import annotations


def counted(number: int, what: str, many: str | None = None) -> str:
    """`1 field`, `3 fields`; `many` is the plural where an s alone does not make it."""
    return f"{number} {what}" if number == 1 else f"{number} {many or what + 's'}"
