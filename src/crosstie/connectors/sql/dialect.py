"""What differs between databases, as one protocol. One file a database implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql.dialect_sqlite import Sqlite
from crosstie.connectors.sql.shape import Fault, TableShape
from crosstie.core.errors import Misconfigured


class Dialect(Protocol):
    """One kind of database."""

    def engine(self, url: URL, *, busy_ms: int, foreign_keys: bool) -> Engine:
        """An engine that never creates a database and whose statements hide their values.

        busy_ms: how long a statement waits for another writer. A transaction of a connection
        with the option `crosstie_writes` holds the rows that it reads until it ends.
        """
        ...

    def tables(self, connection: Connection) -> Sequence[str]:
        """Names of the tables and views, without the database's own and ours."""
        ...

    def shape(self, connection: Connection, table: str) -> TableShape | None:
        """What that table looks like now; None when there is none of that name."""
        ...

    def fault(self, error: DBAPIError) -> Fault:
        """What an error means."""
        ...

    def lenient(self, connection: Connection) -> None:
        """From now on that connection shows text that is not valid in its encoding somehow."""
        ...

    def schema_version(self, connection: Connection) -> int:
        """Differs after any change of any table or trigger."""
        ...

    def pulse(self, connection: Connection) -> int:
        """Differs when another connection has committed since that connection asked last."""
        ...

    def has_outbox(self, connection: Connection) -> bool:
        """Whether capture was installed for any table."""
        ...

    def outbox(self) -> Sequence[str]:
        """Statements that make the outbox where there is none; harmless when repeated."""
        ...

    def drop_outbox(self) -> Sequence[str]:
        """Statements that remove the outbox without a trace."""
        ...

    def triggers(self, table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
        """Name -> statement of the triggers that capture a table."""
        ...

    def installed(self, connection: Connection, table: str | None) -> Mapping[str, str]:
        """Name -> statement of our triggers that are there now; None: on any table."""
        ...

    def drop_trigger(self, name: str) -> str:
        """The statement that removes one trigger."""
        ...


def dialect_for(url: URL) -> Dialect:
    """The dialect of an address. Raises Misconfigured naming those there are."""
    if url.get_backend_name() == "sqlite":
        return Sqlite()
    raise Misconfigured(
        f"databases of kind {url.get_backend_name()!r} are not supported",
        fix="use an address of a supported kind: sqlite:///path/to/file.db",
    )
