"""Everything that is PostgreSQL's own: connecting, transactions, and its words for what differs.

Facts (postgresql.org/docs: functions-info, runtime-config-client, explicit-locking; psycopg 3.2):
* Under READ COMMITTED each statement sees what was committed when it began, and a row that was
  waited for is read again. What others wrote before our lock was given is seen by all after it.
* `pg_xact_status` tells for good how a transaction of late ended, whoever asks.
* A session whose client sleeps in a transaction keeps its locks: only a time-out of the server
  ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import URL, BigInteger, Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql import dml
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles

from crosstie.core.errors import Misconfigured
from crosstie.ports.lease import Lease
from crosstie.store.leases import check, enter
from crosstie.store.wording import (
    Among,
    DatabaseClock,
    DrawnIdentity,
    Taken,
    TransactionNumber,
    worded,
)

T = TypeVar("T")

CONNECTIONS = 4
"""Of one store, at most: as many as it is given threads."""

ATTEMPTS = 5
"""How often a transaction is tried that the database broke off."""

OLDEST: Final = 130_000
"""The oldest server, as it numbers its versions: 13 tells how a transaction ended."""

IDLE: Final = 15
"""Seconds after which the server ends a transaction whose process sleeps: its locks go then."""

_OPENING = 0x43726F7373746965
"""The lock of whoever opens a state: "Crosstie" as a number."""

_AGAIN = ("40001", "40P01")
"""Serialisation failure, deadlock: whoever is told begins again."""

# A cable that was cut is noticed, and not waited for until the operating system gives up.
_LIVELY = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "client_encoding": "utf8",
}

_status = text("SELECT pg_xact_status(CAST(:number AS xid8))")


class _Doubt(NamedTuple, Generic[T]):
    """A transaction whose COMMIT was sent, and what it is to answer if it was carried out."""

    number: str | None
    answer: T


class Postgres:
    """`Database` in PostgreSQL. Whoever writes waits for the one who writes already.

    One writer at a time, by a lock on the tenant's row, is what SQLite gives, and what the
    statements count on.
    """

    here = False

    def __init__(self, url: URL, busy: float) -> None:
        self.writer = make_engine(url, busy)
        self.reader = self.writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._asker = self.writer.execution_options(isolation_level="AUTOCOMMIT")

    def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database`."""
        return _persisting(lambda: _look(self.reader, work))

    def ask(self, work: Callable[[Connection], T]) -> T:
        """See `Database`: one way there and back, where a transaction takes three."""
        return _persisting(lambda: _look(self._asker, work))

    def write(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`. A commit whose answer was lost is looked up before it is repeated."""
        return self._kept(work, lease, flushed=True)

    def match(self, work: Callable[[Connection], T], lease: Lease | None) -> T:
        """See `Database`."""
        return self._kept(work, lease, flushed=False)

    def close(self) -> None:
        """See `Database`."""
        self.writer.dispose()

    def _kept(self, work: Callable[[Connection], T], lease: Lease | None, *, flushed: bool) -> T:
        doubts: list[_Doubt[T]] = []
        return _persisting(lambda: self._try(work, lease, doubts, flushed=flushed))

    def _try(
        self,
        work: Callable[[Connection], T],
        lease: Lease | None,
        doubts: list[_Doubt[T]],
        *,
        flushed: bool,
    ) -> T:
        with self.writer.connect() as connection:
            if not flushed:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            # The lock is given when the transaction that is in doubt is over: it held it.
            # Its own fate comes first: what landed has landed, whoever holds the lease now.
            row = enter(connection, lease)
            for doubt in doubts:
                if connection.execute(_status, {"number": doubt.number}).scalar() == "committed":
                    return doubt.answer
            check(row, lease)
            answer = work(connection)
            doubts.append(_Doubt(row.number, answer))
            connection.commit()
            return answer

    def alone(self, connection: Connection) -> None:
        """See `Database`. Raises Misconfigured for a server that cannot hold a state."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OPENING})
        settings = (
            "SELECT current_setting('server_version_num'), current_setting('server_encoding')"
        )
        version, encoding = connection.execute(text(settings)).one()
        if int(version) < OLDEST:
            raise Misconfigured(
                f"the PostgreSQL server of the state is too old ({int(version) // 10_000})",
                fix=f"use PostgreSQL {OLDEST // 10_000} or later",
            )
        if encoding != "UTF8":
            raise Misconfigured(
                f"the database of the state keeps text as {encoding}",
                fix="make it with `CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'`",
            )

    def writable(self, connection: Connection) -> None:
        """See `Database`. Making the tenant's row finds out."""


def _look(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _persisting(transaction: Callable[[], T]) -> T:
    """The answer of a transaction, which is begun again where the database broke it off."""
    for _ in range(ATTEMPTS - 1):
        try:
            return transaction()
        except DBAPIError as error:
            if not passing(error):
                raise
    return transaction()


def make_engine(url: URL, busy: float) -> Engine:
    """Engine on a PostgreSQL address; `busy` is how many seconds a lock is waited for.

    Connects at first use. Errors never show parameters: they hold personal values.
    Raises Misconfigured where the driver is not installed.
    """
    given = {name: value for name, value in _LIVELY.items() if name not in url.query}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            paramstyle="format",
            isolation_level="READ COMMITTED",
            pool_size=CONNECTIONS,
            max_overflow=0,
            connect_args=given,
        )
    except ModuleNotFoundError:
        raise Misconfigured(
            "the state is kept in PostgreSQL, and its driver is not installed",
            fix="pip install 'crosstie[postgresql]'",
        ) from None

    def prepare(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, false),"
            " set_config('lock_timeout', %s, false)",
            (f"{IDLE * 1000}", f"{busy * 1000:.0f}"),
        ).close()
        connection.autocommit = False

    event.listen(engine, "connect", prepare)
    return engine


def passing(error: DBAPIError) -> bool:
    """The connection was lost, or the database broke the transaction off: it can be repeated."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _AGAIN


@compiles(Among, "postgresql")
def _among(element: Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(each, **how) for each in element.clauses)
    of_whole = isinstance(element.clauses.clauses[0].type, BigInteger)
    value = "CAST(value AS BIGINT)" if of_whole else "value"
    listed = f"SELECT {value} FROM jsonb_array_elements_text(CAST({values} AS JSONB))"
    return f"{column} IN ({listed})"


worded(
    "postgresql",
    {
        DrawnIdentity: "encode(substring(sha256(gen_random_uuid()::text::bytea) FOR 8), 'hex')",
        DatabaseClock: "CAST(extract(epoch FROM clock_timestamp()) AS FLOAT)",
        TransactionNumber: "CAST(pg_current_xact_id() AS TEXT)",
    },
)


@compiles(Taken, "postgresql")
def _taken(element: Taken, compiler: Any, **how: Any) -> str:
    table, count = (compiler.process(each, **how) for each in element.clauses)
    again = compiler.process(element.clauses.clauses[1], **how)
    row = f"pg_get_serial_sequence({table}, 'id')"
    return f"setval({row}, nextval({row}) + {count} - 1) - {again} + 1"


@compiles(OnConflictDoNothing, "postgresql")
def _do_nothing(element: OnConflictDoNothing, compiler: Any, **how: Any) -> str:
    own = dml.OnConflictDoNothing(index_elements=element.inferred_target_elements)
    return str(compiler.visit_on_conflict_do_nothing(own, **how))


@compiles(OnConflictDoUpdate, "postgresql")
def _do_update(element: OnConflictDoUpdate, compiler: Any, **how: Any) -> str:
    own = dml.OnConflictDoUpdate(
        index_elements=element.inferred_target_elements, set_=dict(element.update_values_to_set)
    )
    return str(compiler.visit_on_conflict_do_update(own, **how))
