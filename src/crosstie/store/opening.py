"""Opening a state database: is it ours and of this version; making it where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError

from crosstie.core.errors import Misconfigured
from crosstie.core.values import Instant
from crosstie.store.sqlite import database_clock, drawn_identity
from crosstie.store.tables import meta

HEAD: Final = "0001"
"""The newest migration. Kept here so that opening needs no migration tool; a test compares."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"


def state_address(url: str) -> URL:
    """The address, checked. Raises Misconfigured without repeating it: it may hold a password."""
    fix = "use e.g. `sqlite:///crosstie.db`"
    try:
        address = make_url(url)
    except ArgumentError:
        raise Misconfigured("the address of the state database cannot be read", fix=fix) from None
    if address.drivername not in ("sqlite", "sqlite+pysqlite"):
        kind = address.get_backend_name()
        raise Misconfigured(f"the state cannot be kept in a {kind} database", fix=fix)
    return address


def name_of(address: URL) -> str:
    """What a person calls the database: the path of its file."""
    path = address.database
    return "in memory" if path in (None, "", ":memory:") else repr(path)


def prepare(
    connection: Connection, name: str, identity: str | None, made_at: Instant | None
) -> str:
    """Make or migrate the state in one transaction; its identity.

    identity, made_at: of a new state; None lets the database draw them.
    Raises Misconfigured for a database that holds something else or is of a newer version.
    """
    found = set(inspect(connection).get_table_names())
    if found and not {meta.name, _VERSIONS} <= found:
        raise Misconfigured(
            f"state database {name} holds the tables of something else",
            fix="give Crosstie a database file of its own",
        )
    # Finds out now, not in the middle of the work, whether the file can be written.
    connection.execute(text("PRAGMA user_version=0"))
    if not found or _revision(connection) != HEAD:
        _migrate(connection, name)
    kept = connection.execute(select(meta.c.identity)).scalar_one_or_none()
    if kept is not None:
        return str(kept)
    values = {
        "identity": drawn_identity if identity is None else identity,
        "made_at": database_clock if made_at is None else made_at,
    }
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
            fix="upgrade crosstie, or use another state file",
        ) from None
