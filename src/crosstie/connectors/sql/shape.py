"""What a table looks like and what went wrong with it, in words that every dialect shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    UUID = "uuid"
    CHOICE = "choice"
    """One of the texts that the type lists."""
    LIST = "list"
    BLOB = "blob"
    ANY = "any"
    """No declared type: the column takes whatever it is given."""
    OPAQUE = "opaque"
    """A type that we know only the text form of."""


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column as the database describes it."""

    name: str
    kind: Kind
    nullable: bool = True
    has_default: bool = False
    generated: bool = False
    scale: int | None = None
    """Digits after the point of a DECIMAL, or of the seconds of a DATETIME; None: not said."""
    sample: str | None = None
    """A date and time that stands in the column, so that ours are written in the same form."""
    strict: bool = False
    """The database keeps every value to the declared type."""
    zoned: bool = False
    """A DATETIME that is an instant, whatever zone it was written in."""
    size: int | None = None
    """Most characters of a TEXT, most digits of a DECIMAL; None where the type does not say."""
    bounds: tuple[int, int] | None = None
    """Least and greatest INTEGER."""
    options: tuple[str, ...] = ()
    """The texts of a CHOICE."""
    automatic: bool = False
    """The database counts it up."""
    nul: bool = True
    """A TEXT may hold the character zero."""


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
    schema: str = ""
    """The schema it is in, where the database has several."""
    bare: str = ""
    """Its name within that schema."""
    constraints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of each named constraint: some databases tell only the name."""
    compares_rows: bool = True
    """The database uses an index to tell which of two composite keys comes first."""
    silent: tuple[str, ...] = ()
    """What changes rows of it without firing a trigger, in words; see `crosstie check`."""


class Trouble(StrEnum):
    """What a database's error means, whatever the database."""

    BUSY = "busy"
    """The whole database waits for another writer."""
    HELD = "held"
    """Another transaction holds the row, or ours was chosen to give way."""
    AWAY = "away"
    """The server is not there, or takes no more connections."""
    LOGIN = "login"
    NO_DATABASE = "no_database"
    RIGHTS = "rights"
    LOGGED = "logged"
    """The server's binary log does not permit it."""
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
    constraint: str = ""
    """Its name, where the database tells that and not the columns."""
    private: bool = False
    """The error itself may hold a value: it goes no further."""


def did_you_mean(wrong: str, names: Sequence[str]) -> str:
    """A `fix` sentence that offers the nearest of the names there are."""
    if not names:
        return "create it first"
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(wrong.casefold(), list(by_folded), n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(repr(by_folded[name]) for name in near) + "?"
    return "use one of: " + ", ".join(sorted(names)[:20])
