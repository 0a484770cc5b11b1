"""Opening a state database: is it ours and of this version; making it where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.ports.lease import TENANT
from crosstie.store.database import Database
from crosstie.store.leases import make_tenant
from crosstie.store.sqlite import Sqlite
from crosstie.store.tables import meta
from crosstie.store.wording import DatabaseClock, DrawnIdentity

HEAD: Final = "0004"
"""The newest migration. Kept here so that opening needs no migration tool; a test compares."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"


_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRES = ("postgresql", "postgresql+psycopg", "postgres")


def state_address(url: str) -> URL:
    """The address, checked. Raises Misconfigured without repeating it: it may hold a password."""
    fix = "use e.g. `sqlite:///crosstie.db` or `postgresql://user:password@host/database`"
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise Misconfigured("the address of the state database cannot be read", fix=fix) from None
    if address.drivername not in _SQLITE + _POSTGRES:
        raise Misconfigured(
            f"the state cannot be kept in a database of the kind {address.drivername!r}", fix=fix
        )
    return address


def in_a_file(url: str) -> bool:
    """The state is on this machine: SQLite. Raises Misconfigured as `state_address`."""
    return state_address(url).drivername in _SQLITE


def database_at(address: URL, busy: float) -> Database:
    """The database at a checked address; connects at first use.

    Raises Misconfigured where the driver is not installed.
    """
    if address.drivername in _SQLITE:
        return Sqlite(address, busy)
    # Imported here: nobody else needs it.
    from crosstie.store.postgres import Postgres

    return Postgres(address, busy)


def name_of(address: URL) -> str:
    """What a person calls the database: the path of its file, or its name and server."""
    path = address.database
    if address.drivername not in _SQLITE:
        where = f":{address.port}" if address.port else ""
        return f"{path or address.username!r} on {address.host or 'this machine'}{where}"
    return "in memory" if path in (None, "", ":memory:") else repr(path)


def prepare(
    database: Database,
    connection: Connection,
    name: str,
    identity: str | None,
    made_at: Instant | None,
) -> str:
    """Make or migrate the state in one transaction of the writer; its identity.

    identity, made_at: of a new state; None lets the database draw them.
    Raises Misconfigured for a database that holds something else or is of a newer version.
    """
    database.alone(connection)
    found = set(inspect(connection).get_table_names())
    if found and not {meta.name, _VERSIONS} <= found:
        raise Misconfigured(
            f"state database {name} holds the tables of something else",
            fix="give Crosstie a database of its own",
        )
    database.writable(connection)
    if not found or _revision(connection) != HEAD:
        _migrate(connection, name)
    kept = connection.execute(select(meta.c.identity)).scalar_one_or_none()
    if kept is not None:
        return str(kept)
    values = {
        "identity": DrawnIdentity() if identity is None else identity,
        "made_at": DatabaseClock() if made_at is None else made_at,
    }
    make_tenant(connection, TENANT)
    made = connection.execute(insert(meta).values(values).returning(meta.c.identity))
    return str(made.scalar_one())


def _revision(connection: Connection) -> str | None:
    version = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()
    return None if version is None else str(version)


def _migrate(connection: Connection, name: str) -> None:
    # Imported here: it takes longer than everything else that opening does.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise Misconfigured(
            f"state database {name} was written by a newer version of Crosstie",
            fix="upgrade crosstie, or use another state database",
        ) from None
