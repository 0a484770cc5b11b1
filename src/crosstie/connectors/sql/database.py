"""What a user declares: a database, and the tables of it that take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from crosstie.core.errors import Misconfigured
from crosstie.ports.runtime import Doors

if TYPE_CHECKING:
    from crosstie.connectors.sql.collection import TableCollection


@dataclass(frozen=True, slots=True)
class Database:
    """The application's own database: an account without quota.

    url: as SQLAlchemy writes it, `sqlite:///path/to/app.db`; a relative path begins in the folder
    from which the command runs.  label: what a person calls it; the address without its password
    when not given.  busy_ms: how long a call waits for another writer before it gives way and
    tries later.  foreign_keys: our own writes honour the declared foreign keys, cascades included.
    """

    url: str = field(repr=False)
    label: str = ""
    busy_ms: int = 250
    foreign_keys: bool = True

    def __post_init__(self) -> None:
        try:
            # Without its query, which may hold a password as well.
            address = make_url(self.url).set(query={}).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            raise Misconfigured(
                "the address of a database cannot be read",
                fix="write it like sqlite:///path/to/file.db",
            ) from None
        if not self.label:
            object.__setattr__(self, "label", address)

    @property
    def connector(self) -> str:
        """The name of this connector."""
        return "sql"

    def table(
        self,
        name: str,
        *,
        key: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        updated: str | None = None,
    ) -> TableSource:
        """A table of it. Whether it exists is found out on opening.

        key: columns that tell rows apart, where the table has no primary key.  columns: read
        these too, besides what the sync maps (for a `where` filter).  updated: a date and time
        column that the application sets on every change, in UTC; policy `newest` goes by it.
        """
        keys = (key,) if isinstance(key, str) else tuple(key or ())
        return TableSource(self, name, keys, tuple(columns or ()), updated)


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table as declared."""

    account: Database
    table: str
    key: tuple[str, ...] = ()
    """Empty: the primary key of the table."""
    columns: tuple[str, ...] = ()
    updated: str | None = None
    page_size: int = 1_000
    """Rows that one page of `scan` or `changes` holds at most."""

    @property
    def name(self) -> str:
        """What a person calls it: `table trips`."""
        return f"table {self.table}"

    @property
    def kind(self) -> str:
        """What a table is called where kinds are told apart."""
        return "table"

    def bind(self, doors: Doors, fields: Sequence[str]) -> TableCollection:
        """The collection, reading these columns and its key; all plain columns when none is named.

        Collections of one database share one engine.
        """
        # Imported late: declaring a table must not load what only running needs.
        from crosstie.connectors.sql.collection import TableCollection

        return TableCollection(self, (*fields, *self.columns))
