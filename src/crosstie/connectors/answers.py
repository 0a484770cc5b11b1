"""What the status of an answer means: the common table of the Http port."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from crosstie.core.errors import Halt, NotFound, Rejected, Retry, Stale, SyncError
from crosstie.core.values import Instant
from crosstie.ports.http import Request

_READS = frozenset({"GET", "HEAD"})
_NOTHING_ABOUT_THE_RECORD = frozenset({429, 503})


class Expired(Halt):
    """The token is not valid (any more); nothing was done."""


def is_read(request: Request) -> bool:
    """The call changes nothing: GET, HEAD, or a search that carries its question in the body."""
    return request.method in _READS or (
        request.method == "POST" and request.path.endswith("/search")
    )


def error_of(status: int, request: Request, where: str, after: float | None) -> SyncError:
    """The error for a status outside 2xx.

    A write that was answered with 5xx may have been carried out; 503 may come from a proxy that
    lost the answer, so it is unknown as well. So may a create that was refused for the rate: some
    systems count a call after they have carried it out. Any other write may simply be repeated.
    """
    text = f"{where} answered {status}"
    if status >= 500 or status in (408, 425, 429):
        unknown = not is_read(request) and status != 425
        if status == 429:
            unknown = unknown and request.method == "POST"
        counts = status not in _NOTHING_ABOUT_THE_RECORD
        return Retry(text, after=after, unknown=unknown, counts=counts)
    if status in (401, 402, 403):
        kind = Expired if status == 401 else Halt
        return kind(text, login=status == 401, fix="check the token and what it may do")
    if status in (404, 410):
        return NotFound(text)
    if status in (409, 412):
        return Stale(text)
    if status < 400:
        return Halt(f"{text}, a redirect", fix="put the address it redirects to into base_url")
    return Rejected(text)


def retry_after(headers: Mapping[str, str], now: Instant) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date; None without one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, until.timestamp() - now)
