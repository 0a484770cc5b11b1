"""From what went wrong in a database to what the engine shall do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from crosstie.connectors.sql.shape import Fault, Trouble
from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Rejected, Retry


class Verb(StrEnum):
    """What was being done."""

    OPEN = "opening"
    READ = "reading"
    CREATE = "creating a row in"
    UPDATE = "updating a row in"
    DELETE = "deleting a row from"
    CAPTURE = "capturing"


@dataclass(frozen=True, slots=True)
class Where:
    """What was being done, to what."""

    verb: Verb
    table: str
    database: str
    constraints: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    """Columns of the table's constraints, where they are known."""

    def __str__(self) -> str:
        return f"{self.verb} table {self.table!r} of {self.database}"


class LackingError(Misconfigured):
    """This user may not do it; somebody else may."""


_SETUP = frozenset({Verb.OPEN, Verb.CAPTURE})


def error_of(fault: Fault, where: Where, file: str = "") -> CrosstieError:
    """The error to raise. It names columns and constraints, never a value.

    file: the whole path of the database, where it is a file.
    """
    if fault.trouble in _PASSING:
        return _passing(fault, where)
    if fault.trouble in _DENIED:
        return _denied(fault, where)
    match fault.trouble:
        case Trouble.FULL:
            return Halt(f"{where}: the disk is full", fix="make room on the disk")
        case Trouble.READ_ONLY:
            return Halt(
                f"{where}: the database is read-only",
                fix="let this user write the database file and the folder it is in; a server "
                "may be a copy that is read from only: give the address of the first one",
            )
        case Trouble.UNOPENED:
            return _set_up(
                where,
                f"the database cannot be opened{file and f'; looked at {file}'}",
                "check that the file exists, and its permissions; a relative address begins in "
                "the folder from which the command runs: write sqlite:////whole/path/to/app.db",
            )
        case Trouble.BROKEN:
            return _set_up(
                where,
                f"the database cannot be read ({fault.said})",
                "check that it is a database file and undamaged",
            )
        case Trouble.GONE:
            return _set_up(where, fault.said, "run `crosstie check`, then start again")
        case _:
            return _refused(fault, where)


def _passing(fault: Fault, where: Where) -> Retry:
    """What may be gone when it is tried again. Only a row that is held says something of it."""
    if fault.trouble is Trouble.AWAY:
        return Retry(
            f"{where}: the server does not answer ({fault.said})",
            counts=False,
            fix="start the server, or correct the address",
        )
    busy = fault.trouble is Trouble.BUSY
    what = "the database is locked by another writer" if busy else "another transaction holds it"
    return Retry(
        f"{where}: {what}",
        counts=not busy,
        fix="nothing if it passes; else end the program that holds a transaction open",
    )


def _denied(fault: Fault, where: Where) -> CrosstieError:
    what, fix = _DENIED[fault.trouble]
    told = f"{what} ({fault.said})" if fault.said else what
    if where.verb is Verb.CAPTURE and fault.trouble in (Trouble.RIGHTS, Trouble.LOGGED):
        return LackingError(f"{where}: {told}", fix=fix)
    return _set_up(where, told, fix)


_PASSING = frozenset({Trouble.BUSY, Trouble.HELD, Trouble.AWAY})
_DENIED = {
    Trouble.LOGIN: (
        "the server refuses the login",
        "correct user and password in the address of the database",
    ),
    Trouble.NO_DATABASE: (
        "there is no such database",
        "correct the name in the address; a database is never made",
    ),
    Trouble.RIGHTS: (
        "this user lacks a right",
        "let the owner grant what the server names: GRANT SELECT, INSERT, UPDATE, DELETE on the "
        "table, and for capture what `crosstie capture install` says",
    ),
    Trouble.LOGGED: (
        "the server's binary log does not permit it",
        "let an administrator run: SET GLOBAL log_bin_trust_function_creators = 1; and have "
        "binlog_format = ROW or MIXED",
    ),
}


def _set_up(where: Where, what: str, fix: str) -> CrosstieError:
    """Before the start the set-up is wrong; later the account stops and a person is told."""
    if where.verb in _SETUP:
        return Misconfigured(f"{where}: {what}", fix=fix)
    return Halt(f"{where}: {what}", fix=fix)


def _refused(fault: Fault, where: Where) -> CrosstieError:
    if not fault.columns and fault.constraint:
        fault = replace(fault, columns=where.constraints.get(fault.constraint, ()))
    column = fault.columns[0] if len(fault.columns) == 1 else None
    listed = ", ".join(repr(name) for name in fault.columns)
    if fault.trouble is Trouble.FOREIGN_KEY:
        if where.verb is Verb.DELETE:
            return Retry(f"{where}: other rows refer to it", fix="delete these rows first")
        return Rejected(
            f"{where}: {listed or 'it'} refers to a row that does not exist",
            field=column,
            fix="map the reference to the sync of that table, so that the parent goes first",
        )
    if fault.trouble is Trouble.NOT_NULL:
        return Rejected(
            f"{where}: column {listed} must have a value",
            field=column,
            fix=f"fill in what is mapped to {listed} on the other side; if nothing is, map a field "
            "or a constant to it; or let the database have rows without it",
        )
    if fault.trouble is Trouble.UNIQUE:
        return Rejected(
            f"{where}: another row has the same {listed or 'unique value'} already",
            field=column,
            fix="change one of the two rows",
        )
    return Rejected(
        f"{where}: the database refuses it ({fault.said})",
        field=column,
        fix="change the value, or the constraint",
    )
