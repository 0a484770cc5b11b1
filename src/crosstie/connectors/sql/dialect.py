"""What differs between databases, as one protocol. One file a database implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from crosstie.connectors.sql.dialect_mysql import Mysql
from crosstie.connectors.sql.dialect_postgresql import Postgresql
from crosstie.connectors.sql.dialect_sqlite import Sqlite
from crosstie.connectors.sql.outbox import Outbox
from crosstie.connectors.sql.shape import Fault, TableShape
from crosstie.core.errors import Misconfigured


class Dialect(Protocol):
    """One kind of database."""

    @property
    def served(self) -> bool:
        """A server answers: a call takes its time, and others write while we do."""
        ...

    @property
    def box(self) -> Outbox:
        """The statements of its outbox."""
        ...

    @property
    def channel(self) -> str:
        """Where the database tells of commits by itself; empty where it has to be asked."""
        ...

    @property
    def writes(self) -> Mapping[str, Any]:
        """Execution options of a connection that writes."""
        ...

    def engine(self, url: URL, *, busy_ms: int, foreign_keys: bool) -> Engine:
        """An engine that never creates a database and whose statements hide their values.

        busy_ms: how long a statement waits for another writer. A transaction of a connection
        with the option `crosstie_writes` may hold rows until it ends. Raises Misconfigured.
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

    def capture_version(self, connection: Connection, table: TableShape) -> int:
        """Differs after any change of that table's capture."""
        ...

    def pulse(self, connection: Connection) -> int:
        """Differs when somebody may have committed a change since that connection asked last.

        A database with a `channel` needs no such number.
        """
        ...

    def has_outbox(self, connection: Connection) -> bool:
        """Whether capture was installed for any table."""
        ...

    def outbox(self) -> Sequence[str]:
        """Statements that make the outbox where there is none."""
        ...

    def drop_outbox(self) -> Sequence[str]:
        """Statements that remove the outbox without a trace."""
        ...

    def triggers(self, table: TableShape, key: Sequence[str]) -> Mapping[str, str]:
        """Name -> statement of the triggers that capture a table, and of what they need, first."""
        ...

    def installed(self, connection: Connection, table: TableShape | None) -> Mapping[str, str]:
        """Name -> statement of our triggers that are there now; None: on any table."""
        ...

    def drop_trigger(self, name: str) -> str:
        """The statement that removes one of them."""
        ...

    def user(self, connection: Connection) -> str:
        """Who we are there, as it stands in SQL; empty where there are no users."""
        ...

    def grants(self, table: TableShape, user: str) -> Sequence[str]:
        """Statements that let that user use the capture of a table that another installs."""
        ...


def dialect_for(url: URL) -> Dialect:
    """The dialect of an address. Raises Misconfigured naming those there are."""
    match url.get_backend_name():
        case "sqlite":
            return Sqlite()
        case "postgresql" | "postgres":
            return Postgresql()
        case "mysql" | "mariadb":
            return Mysql(url)
        case other:
            raise Misconfigured(
                f"databases of kind {other!r} are not supported",
                fix="use an address of a supported kind: sqlite:///path/to/file.db, "
                "postgresql://user@host/database, mysql://user@host/database",
            )
