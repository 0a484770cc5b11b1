"""What a person asked for that cannot be done, and what stops a person's run."""

from __future__ import annotations

from crosstie.core.errors import CrosstieError


class Misused(CrosstieError):
    """The question or the answer does not fit: nothing was changed."""

    code = "usage"


class Unknown(CrosstieError):
    """There is no such record, conflict or dead letter: nothing was changed."""

    code = "unknown"


def parted(told: str | None) -> tuple[str, str | None]:
    """What was kept of an error: what happened, and what a person can do about it."""
    text, _, fix = (told or "").partition(" fix: ")
    return text.removesuffix(";"), fix or None


class Braked(CrosstieError):
    """The brake stopped it before the first write."""

    code = "brake"
