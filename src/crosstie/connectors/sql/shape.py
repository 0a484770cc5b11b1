"""What a table looks like and what went wrong with it, in words that every dialect shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Kind(StrEnum):
    """What a column's declared type means."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    """Binary floating point."""
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    BOOLEAN = "boolean"
    JSON = "json"
    BLOB = "blob"
    ANY = "any"
    """No declared type: the column takes whatever it is given."""


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column as the database describes it."""

    name: str
    kind: Kind
    nullable: bool = True
    has_default: bool = False
    generated: bool = False
    scale: int | None = None
    """Digits after the point of a DECIMAL; None where the type does not say."""
    sample: str | None = None
    """A date and time that stands in the column, so that ours are written in the same form."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """One table or view as the database describes it."""

    name: str
    """As the database spells it."""
    columns: Mapping[str, ColumnShape]
    primary_key: tuple[str, ...]
    unique: tuple[frozenset[str], ...] = ()
    reuses_ids: bool = False
    """The database may give the id of a deleted row to a new one."""
    automatic_key: bool = False
    """The database fills in the single key column."""
    is_view: bool = False


class Trouble(StrEnum):
    """What a database's error means, whatever the database."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read_only"
    UNOPENED = "unopened"
    BROKEN = "broken"
    GONE = "gone"
    """A table or column that was there is not any more."""
    UNIQUE = "unique"
    NOT_NULL = "not_null"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    TYPE = "type"
    UNREADABLE = "unreadable"
    """Text in the database is not valid in its encoding."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """A database error, understood."""

    trouble: Trouble
    columns: tuple[str, ...] = ()
    """The columns of the constraint, where the database names them."""
    said: str = ""
    """The database's words, where they cannot hold a value; else only its code."""


def did_you_mean(wrong: str, names: Sequence[str]) -> str:
    """A `fix` sentence that offers the nearest of the names there are."""
    if not names:
        return "create it first"
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(wrong.casefold(), list(by_folded), n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(repr(by_folded[name]) for name in near) + "?"
    return "use one of: " + ", ".join(sorted(names)[:20])
