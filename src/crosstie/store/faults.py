"""Errors of the database, said in Crosstie's words. The one place that knows their codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Retry, Stale

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_OURS = {
    sqlite3.SQLITE_NOTADB: (
        "is not a database",
        "name another file, or move this one away",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "check that its directory exists and that this user may write there",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written",
        "give this user the right to write the file and its directory",
    ),
    sqlite3.SQLITE_PERM: (
        "may not be opened",
        "give this user the right to write the file and its directory",
    ),
}
_BROKEN = {
    sqlite3.SQLITE_FULL: (
        "has no room left: the disk is full",
        "free space on its disk; nothing was lost, and the work goes on from where it stopped",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "stop Crosstie and restore the file from a backup",
    ),
    sqlite3.SQLITE_IOERR: (
        "could not be read or written",
        "check the disk that holds it",
    ),
}


@contextmanager
def in_our_words(name: str) -> Iterator[None]:
    """Raise errors of the database as `Retry`, `Stale`, `Halt` or `Misconfigured`.

    name: what a person calls the database; no address with credentials.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _said(error, name) from error


def _said(error: SQLAlchemyError | sqlite3.Error, name: str) -> CrosstieError:
    cause = getattr(error, "orig", error)
    # The low byte is the kind of error, the rest which of its variants.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _LOCKED:
        return Retry(f"state database {name} is locked by another process", counts=False)
    if code in _NOT_OURS:
        what, fix = _NOT_OURS[code]
        return Misconfigured(f"state database {name} {what}", fix=fix)
    if code in _BROKEN:
        what, fix = _BROKEN[code]
        return Halt(f"state database {name} {what}", fix=fix)
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return Stale(f"state database {name}: the link is not as it was, or is gone")
    return Halt(
        f"state database {name} refused a statement ({type(error).__name__})",
        fix="report it with the log of this run; nothing was written",
    )
