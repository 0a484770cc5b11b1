"""Locked, full, damaged, killed: nothing is half-written, and the error says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, update
from sqlalchemy.exc import ProgrammingError

from crosstie.core.errors import CrosstieError, Halt, Misconfigured, Retry
from crosstie.core.values import Cursor, Side
from crosstie.ports import Entry, Sighting, Step
from crosstie.store import journal, links, tables
from crosstie.store.driven import Driven
from crosstie.store.faults import in_our_words
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import noticed_link, run


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(state: Path) -> Iterator[SqlStore]:
    store = SqlStore.open(f"sqlite:///{state}", busy=0.0)
    yield store
    store.close()


def sightings(count: int) -> list[Sighting]:
    return [Sighting(f"{number} {'x' * 200}") for number in range(count)]


def test_a_locked_file_means_later_and_counts_for_no_record(store: SqlStore, state: Path) -> None:
    other = sqlite3.connect(state, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retry) as caught:
        run(store.notice("s", Side.LEFT, sightings(1), 1.0))
    assert not caught.value.counts
    assert not caught.value.unknown
    assert run(store.newest_link("s")) == 0
    with pytest.raises(Retry):
        SqlStore.open(f"sqlite:///{state}", busy=0.0)
    other.execute("ROLLBACK")
    other.close()
    assert run(store.notice("s", Side.LEFT, sightings(1), 1.0)).new == 1


def test_a_full_disk_halts_with_nothing_half_written(store: SqlStore, state: Path) -> None:
    with store._reader.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")
    with pytest.raises(Halt) as caught:
        run(store.notice("s", Side.LEFT, sightings(1_000), 1.0, Cursor("c")))
    assert str(state) in str(caught.value)
    assert "disk is full" in str(caught.value)
    assert "free space" in (caught.value.fix or "")
    assert not caught.value.login
    assert run(store.newest_link("s")) == 0
    assert run(store.cursor("s", Side.LEFT)) is None
    assert run(store.notice("s", Side.LEFT, sightings(1), 1.0)).new == 1


def test_a_step_that_is_cut_off_in_the_middle_was_never_made(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = noticed_link(store)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    history = (Entry(None, None, "link", "found"),)
    step = Step(replace(link, right_id="r", settled=1), history=history, wakes=True)
    with monkeypatch.context() as patched:
        patched.setattr(journal, "wake_waiting", die)
        with pytest.raises(Killed):
            run(store.keep([step]))
    assert run(store.link(link.id)) == link
    assert run(store.history(link.id)) == []
    run(store.keep([step]))
    assert run(store.counterparts("contacts", Side.LEFT, ["l1"])) == {"l1": "r"}


def test_a_notice_that_is_cut_off_keeps_neither_links_nor_cursor(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(connection: Connection, sync: str, side: Side, cursor: Cursor) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(links, "set_cursor", die)
        with pytest.raises(KeyboardInterrupt):
            run(store.notice("s", Side.LEFT, sightings(5), 1.0, Cursor("c")))
    assert run(store.newest_link("s")) == 0


def test_what_was_committed_survives_a_process_that_never_closed(state: Path) -> None:
    first = SqlStore.open(f"sqlite:///{state}")
    run(first.notice("s", Side.LEFT, sightings(3), 1.0, Cursor("c")))
    second = SqlStore.open(f"sqlite:///{state}")
    assert run(second.cursor("s", Side.LEFT)) == "c"
    assert len(run(second.claim("s", 1.0, 9, frozenset()))) == 3
    first.close()
    second.close()


def test_the_first_match_flushes_no_commit_and_everything_else_does(store: SqlStore) -> None:
    def flushing() -> object:
        with store._reader.connect() as connection:
            return connection.exec_driver_sql("PRAGMA synchronous").scalar()

    run(store.link_strangers("s", [], 1.0))
    assert flushing() == 1
    noticed_link(store)
    assert flushing() == 2


def test_an_id_that_the_database_cannot_compare_is_no_reason_to_stop(store: SqlStore) -> None:
    odd = [Sighting("a\0b")]
    assert run(store.notice("s", Side.LEFT, odd, 1.0)).new == 1
    assert run(store.notice("s", Side.LEFT, odd, 1.0)).new == 0


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Retry, "locked"),
        (sqlite3.SQLITE_LOCKED, Retry, "locked"),
        (sqlite3.SQLITE_CORRUPT, Halt, "damaged"),
        (sqlite3.SQLITE_IOERR_FSYNC, Halt, "read or written"),
        (sqlite3.SQLITE_PERM, Misconfigured, "may not be opened"),
        (sqlite3.SQLITE_READONLY_DBMOVED, Misconfigured, "cannot be written"),
        (sqlite3.SQLITE_ERROR, Halt, "refused a statement (ProgrammingError)"),
    ],
)
def test_every_error_of_the_database_is_said_in_our_words(
    code: int, kind: type[CrosstieError], says: str
) -> None:
    cause = sqlite3.OperationalError("near 'secret value'")
    cause.sqlite_errorcode = code
    with pytest.raises(kind) as caught, in_our_words("'state.db'"):
        raise ProgrammingError("SELECT 'secret value'", None, cause)
    assert says in str(caught.value)
    assert "'state.db'" in str(caught.value)
    assert "secret" not in f"{caught.value} {caught.value.fix}"


def test_errors_never_show_what_was_to_be_written(store: SqlStore) -> None:
    with pytest.raises(Halt) as caught, in_our_words("'state.db'"), store._writer.begin() as on:
        on.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("secret value",))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


def test_a_batch_orders_its_rows_as_the_statement_needs_them(store: SqlStore) -> None:
    link = noticed_link(store)
    which = update(tables.link).where(tables.link.c.id == bindparam("which"))
    batch = Driven(which, ("which", "detail", "error"))
    with store._writer.begin() as connection:
        batch.each(connection, [])
        batch.each(connection, [(link.id, "detail", "error")])
    found = run(store.link(link.id))
    assert found == replace(link, detail="detail", error="error")
