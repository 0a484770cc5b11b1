"""Opening a state in PostgreSQL: made, migrated, or refused with a sentence that helps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Rejected, Retry
from crosstie.core.values import Side
from crosstie.ports import Sighting
from crosstie.store import opening, tables
from crosstie.store.faults import in_our_words
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.store_postgres import postgres_database

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default, identity_generation
FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
"""
INDICES = """
SELECT tablename, indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes
WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
"""


@pytest.fixture
def new() -> Iterator[str]:
    """The address of a database with nothing in it."""
    with postgres_database() as address:
        yield address


def engine_on(address: str) -> Engine:
    return create_engine(make_url(address).set(drivername="postgresql+psycopg"))


def schema(connection: Connection) -> set[tuple[object, ...]]:
    return {tuple(row) for query in (COLUMNS, INDICES) for row in connection.execute(text(query))}


def change(address: str, statement: str) -> None:
    engine = engine_on(address)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def refusal(address: str) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        SqlStore.open(address, busy=1.0)
    assert caught.value.fix
    return caught.value


def test_migrations_make_the_tables_that_the_code_declares(address: str) -> None:
    engine = engine_on(address)
    with engine.begin() as connection:
        migrated = schema(connection)
        connection.execute(text("CREATE SCHEMA declared"))
        connection.execute(text("SET LOCAL search_path = declared"))
        tables.metadata.create_all(connection, checkfirst=False)
        assert schema(connection) == migrated
        connection.rollback()
    engine.dispose()


def test_a_new_state_is_made_once_by_whoever_opens_it_at_the_same_time(new: str) -> None:
    def identity(_: int) -> str:
        store = SqlStore.open(new, busy=60.0)
        store.close()
        return store.identity

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(identity, range(4)))
    assert len(set(found)) == 1
    assert len(found[0]) == 16


def test_a_state_keeps_its_identity_and_content(new: str) -> None:
    first = SqlStore.open(new, identity="given", made_at=5.0)
    run(first.notice("s", Side.LEFT, [Sighting("a")], 1.0))
    first.close()
    first.close()
    second = SqlStore.open(new, identity="ignored")
    assert second.identity == "given"
    assert run(second.newest_link("s")) == 1
    second.close()


def test_an_unfinished_first_start_is_finished_by_the_next(
    new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(opening, "make_tenant", stop)
        with pytest.raises(KeyboardInterrupt):
            SqlStore.open(new)
    engine = engine_on(new)
    with engine.connect() as connection:
        assert schema(connection) == set()
    engine.dispose()
    SqlStore.open(new).close()


def test_a_state_of_a_newer_version_is_refused_and_left_alone(new: str) -> None:
    SqlStore.open(new).close()
    change(new, "UPDATE alembic_version SET version_num = '9999'")
    error = refusal(new)
    assert "newer version of Crosstie" in str(error)
    assert error.fix == "upgrade crosstie, or use another state database"


def test_a_database_of_something_else_is_refused_and_left_alone(new: str) -> None:
    change(new, "CREATE TABLE trips (id int PRIMARY KEY)")
    assert "tables of something else" in str(refusal(new))
    engine = engine_on(new)
    with engine.connect() as connection:
        assert {row[0] for row in schema(connection)} == {"trips"}
    engine.dispose()


def test_a_database_in_another_encoding_is_refused(new: str) -> None:
    name = make_url(new).database
    admin = create_engine(
        make_url(new).set(drivername="postgresql+psycopg", database="postgres"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
        made = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
        connection.execute(text(made))
    admin.dispose()
    assert "LATIN1" in str(refusal(new))


def with_query(address: str, **query: str) -> str:
    return make_url(address).update_query_dict(query).render_as_string(hide_password=False)


def test_a_server_that_may_only_be_read_halts(address: str) -> None:
    store = SqlStore.open(with_query(address, options="-cdefault_transaction_read_only=on"))
    with pytest.raises(Halt) as caught:
        run(store.hold("s", "never"))
    assert "may only be read" in str(caught.value)
    assert "primary" in (caught.value.fix or "")
    store.close()


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("postgresql://who:hunter2@127.0.0.1:1/db", Retry, "'db' on 127.0.0.1:1 does not answer"),
        ("postgresql://who:hunter2@127.0.0.1:1/db?nonsense=1", Misconfigured, "its address"),
        ("postgresql+pg8000://who:hunter2@127.0.0.1/db", Misconfigured, "postgresql+pg8000"),
    ],
)
def test_an_address_where_nobody_is_says_so_without_its_password(
    url: str, kind: type[CrosstieError], says: str
) -> None:
    with pytest.raises(kind) as caught:
        SqlStore.open(url)
    assert says in str(caught.value)
    assert caught.value.fix
    assert "hunter2" not in f"{caught.value} {caught.value.fix} {caught.value.__cause__}"


def test_a_database_or_user_that_is_not_there_is_named(address: str) -> None:
    url = make_url(address)
    missing = url.set(database="crosstie_nowhere").render_as_string(hide_password=False)
    assert "'crosstie_nowhere' on" in str(refusal(missing))
    assert "does not exist" in str(refusal(missing))
    nobody = url.set(username="crosstie_nobody", password="hunter2")
    error = refusal(nobody.render_as_string(hide_password=False))
    assert "hunter2" not in f"{error} {error.fix} {error.__cause__}"


def test_a_driver_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refusal("postgresql://who:hunter2@127.0.0.1:1/db")
    assert error.fix == "pip install 'crosstie[postgresql]'"


def test_a_text_that_it_cannot_hold_is_refused_and_nothing_is_kept(address: str) -> None:
    store = SqlStore.open(address)
    with pytest.raises(Rejected) as caught:
        run(store.notice("s", Side.LEFT, [Sighting("secret\0value")], 1.0))
    assert "secret" not in f"{caught.value} {caught.value.fix}"
    assert run(store.newest_link("s")) == 0
    store.close()


@pytest.mark.parametrize(
    ("words", "code", "kind", "says"),
    [
        ('FATAL:  password authentication failed for user "u"', None, Misconfigured, "password"),
        ("fe_sendauth: no password supplied", None, Misconfigured, "password"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', None, Misconfigured, "this user"),
        ("FATAL:  sorry, too many clients already", None, Retry, "too many"),
        ("FATAL:  the database system is starting up", None, Retry, "starting up"),
        ("terminating connection", "57P01", Retry, "does not answer"),
        ("deadlock", "40P01", Retry, "busy"),
        ("lock timeout", "55P03", Retry, "locked"),
        ("disk full", "53100", Halt, "disk is full"),
        ("bad page", "XX001", Halt, "damaged"),
        ("permission denied for table", "42501", Misconfigured, "may not be used"),
        ("syntax error", "42601", Halt, "refused a statement (OperationalError)"),
    ],
)
def test_every_error_of_the_server_is_said_in_our_words(
    words: str, code: str | None, kind: type[CrosstieError], says: str
) -> None:
    cause = psycopg.OperationalError(f"{words} near 'secret value'")
    cause.sqlstate = code
    with pytest.raises(kind) as caught, in_our_words("'db' on host"):
        raise OperationalError("SELECT 'secret value'", None, cause)
    assert says in str(caught.value)
    assert "'db' on host" in str(caught.value)
    assert "secret" not in f"{caught.value} {caught.value.fix}"


@pytest.mark.parametrize("kind", [DataError, ProgrammingError])
def test_a_mistake_of_ours_is_not_blamed_on_anybody(kind: type[DataError]) -> None:
    cause = psycopg.DataError("numeric field overflow")
    cause.sqlstate = "22003"
    with pytest.raises(Halt, match="refused a statement"), in_our_words("'db' on host"):
        raise kind("SELECT 1", None, cause)
