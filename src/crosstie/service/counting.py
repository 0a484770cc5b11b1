"""A number of things and a length of time, as people read them."""

from __future__ import annotations


def counted(number: int, what: str, many: str | None = None) -> str:
    """`1 field`, `3 fields`; `many` is the plural where an s alone does not make it."""
    return f"{number} {what}" if number == 1 else f"{number} {many or what + 's'}"


def age(seconds: float | None) -> str:
    """A length of time in its largest unit: 40 s, 5 min, 3 h, 2 d; a dash for none."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
