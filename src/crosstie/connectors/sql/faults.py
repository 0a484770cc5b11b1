"""From what went wrong in a database to what the engine shall do next."""

from __future__ import annotations

from dataclasses import dataclass
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

    def __str__(self) -> str:
        return f"{self.verb} table {self.table!r} of {self.database}"


_SETUP = frozenset({Verb.OPEN, Verb.CAPTURE})


def error_of(fault: Fault, where: Where, file: str = "") -> CrosstieError:
    """The error to raise. It names columns and constraints, never a value.

    file: the whole path of the database, where it is a file.
    """
    match fault.trouble:
        case Trouble.BUSY:
            return Retry(
                f"{where}: the database is locked by another writer",
                counts=False,
                fix="nothing if it passes; else end the program that holds a transaction open",
            )
        case Trouble.FULL:
            return Halt(f"{where}: the disk is full", fix="make room on the disk")
        case Trouble.READ_ONLY:
            return Halt(
                f"{where}: the database is read-only",
                fix="let this user write the database file and the folder it is in",
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


def _set_up(where: Where, what: str, fix: str) -> CrosstieError:
    """Before the start the set-up is wrong; later the account stops and a person is told."""
    if where.verb in _SETUP:
        return Misconfigured(f"{where}: {what}", fix=fix)
    return Halt(f"{where}: {what}", fix=fix)


def _refused(fault: Fault, where: Where) -> CrosstieError:
    column = fault.columns[0] if len(fault.columns) == 1 else None
    listed = ", ".join(repr(name) for name in fault.columns)
    if fault.trouble is Trouble.FOREIGN_KEY:
        if where.verb is Verb.DELETE:
            return Retry(f"{where}: other rows refer to it", fix="delete these rows first")
        return Rejected(
            f"{where}: it refers to a row that does not exist",
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
