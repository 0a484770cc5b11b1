"""Errors of the database, said in Crosstie's words. The one place that knows their codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError

from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Rejected, Retry, Stale

_Said: TypeAlias = Mapping[object, tuple[str, str]]
"""Code -> what is wrong with the database, and what a person can do."""

_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_OURS: _Said = {
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
_ROOM = (
    "has no room left: the disk is full",
    "free space on its disk; nothing was lost, and the work goes on from where it stopped",
)
_DAMAGED = "is damaged", "stop Crosstie and restore it from a backup"
_DISK = "could not be read or written", "check the disk that holds it"
_BROKEN: _Said = {
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_IOERR: _DISK,
}

# PostgreSQL, by SQLSTATE (postgresql.org/docs: errcodes-appendix).
_BUSY: Mapping[str | None, str] = {
    "40001": "is busy: others write the same",
    "40P01": "is busy: others write the same",
    "55P03": "is locked by another process",
    "57014": "took too long to answer",
    "53300": "has too many connections",
    "57P03": "is starting up or shutting down",
}
_REFUSED: _Said = {
    "28P01": ("refuses the password", "correct user and password in the address of the state"),
    "28000": ("refuses this user", "correct the address of the state, or allow it in pg_hba.conf"),
    "3D000": ("does not exist", "make it with `createdb`, or correct the address of the state"),
    "42501": ("may not be used as is needed", "make this user the owner of the database"),
}
_STOPPED: _Said = {
    "25006": (
        "may only be read",
        "name the primary server in the address of the state; a standby cannot be written",
    ),
    "53100": _ROOM,
    "58030": _DISK,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
# None is the driver itself, before it asks the server.
_TEXTLESS = (None, "22021", "22P05")
# Before there is a session the driver tells no code, only the server's words.
_WORDS: Mapping[str, str] = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "is not permitted to log in": "28000",
    'role "': "28000",
    "not currently accepting connections": "57P03",
    'database "': "3D000",
    "permission denied for database": "42501",
    "too many": "53300",
    "starting up": "57P03",
    "shutting down": "57P03",
}


class in_our_words:
    """Raise errors of the database as `Retry`, `Stale`, `Rejected`, `Halt` or `Misconfigured`.

    name: what a person calls the database; no address with credentials.
    """

    # A class, because every transaction goes through it: a generator takes three times as long.
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(error, SQLAlchemyError | sqlite3.Error):
            name = self._name
            raise (
                _of_sqlite(error, name) or _of_postgres(error, name) or _other(error, name)
            ) from error


def _of_sqlite(error: SQLAlchemyError | sqlite3.Error, name: str) -> CrosstieError | None:
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
    return None


def _of_postgres(error: SQLAlchemyError | sqlite3.Error, name: str) -> CrosstieError | None:
    cause = getattr(error, "orig", None)
    if not isinstance(error, DBAPIError) or not hasattr(cause, "sqlstate"):
        return None
    told: str | None = getattr(cause, "sqlstate", None)
    code = told or _heard(str(cause))
    if code in _BUSY:
        return Retry(f"state database {name} {_BUSY[code]}", counts=False)
    if code in _REFUSED:
        what, fix = _REFUSED[code]
        return Misconfigured(f"state database {name} {what}", fix=fix)
    if code in _STOPPED:
        what, fix = _STOPPED[code]
        return Halt(f"state database {name} {what}", fix=fix)
    if isinstance(error, DataError) and code in _TEXTLESS:
        return Rejected(
            f"state database {name} cannot keep a text that holds a NUL character",
            fix="take the NUL character out of the record",
        )
    if isinstance(error, ProgrammingError) and not code:
        return Misconfigured(
            f"state database {name} cannot be opened by its address",
            fix="correct the options behind the `?` in it",
        )
    # No code at all, or one of those for connections: nobody answers, or no longer.
    if not code or code[:2] == "08" or code[:3] == "57P" or error.connection_invalidated:
        return Retry(
            f"state database {name} does not answer",
            counts=False,
            fix="see that the server runs, and that its address is right",
        )
    return None


def _heard(words: str) -> str | None:
    return next((code for text, code in _WORDS.items() if text in words), None)


def _other(error: SQLAlchemyError | sqlite3.Error, name: str) -> CrosstieError:
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return Stale(f"state database {name}: the link is not as it was, or is gone")
    return Halt(
        f"state database {name} refused a statement ({type(error).__name__})",
        fix="report it with the log of this run; nothing was written",
    )
