"""Why each field of one write was written, as one line for people; and one field's part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FOUND = "answer lost; found done, by us or by somebody else"
"""How the cause ends where nothing proves that what stands there is our own write."""
_BETWEEN = "; "


def told(causes: Mapping[str, str]) -> str:
    """The causes of one write by field: `changed on the left (city, name); policy right (phone)`.

    The fields are only named where they were not all written for the same reason.
    """
    fields: dict[str, list[str]] = {}
    for name, cause in causes.items():
        fields.setdefault(cause, []).append(name)
    if len(fields) < 2:
        return "".join(fields)
    return _BETWEEN.join(f"{cause} ({', '.join(names)})" for cause, names in fields.items())


def cause_of(text: str, field: str) -> str:
    """The part of what `told` says that is about this field; all of it where none is."""
    for part in text.split(_BETWEEN):
        cause, named = _parted(part)
        if field in named:
            return cause
    return text


def _parted(part: str) -> tuple[str, Sequence[str]]:
    cause, opened, names = part.rpartition(" (")
    if not opened or not names.endswith(")"):
        return part, ()
    return cause, names.removesuffix(")").split(", ")
