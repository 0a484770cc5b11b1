"""What is different where a server keeps the tables: others write at the same time, connections
break, constraints speak another language."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
from sql_app import TRIPS, App, asked, at, cut, run, told

from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.faults import Verb
from crosstie.core.errors import Duplicate, Halt, Misconfigured, NotFound, Rejected, Retry, Stale
from crosstie.core.values import Cursor

# Others write at the same time.


def test_a_lower_number_that_commits_later_is_told(app: App, trips: TableCollection) -> None:
    with closing(app.server.connect(autocommit=False)) as slow:
        asked(slow, "INSERT INTO trips (id) VALUES (1)")
        app.sql("INSERT INTO trips (id) VALUES (2)")
        page = run(trips.changes(None))
        assert [entry.id for entry in page.entries] == ["2"]
        assert page.cursor is not None
        # While the other transaction goes on: what was seen is forgotten without waiting for it.
        run(trips.acknowledge(page.cursor))
        asked(slow, "COMMIT")
    assert [entry.id for entry in run(trips.changes(page.cursor)).entries] == ["1"]
    assert told(trips) == {"1": "live"}
    assert app.notes() == []


def test_a_page_between_two_commits_keeps_its_place(app: App, trips: TableCollection) -> None:
    with closing(app.server.connect(autocommit=False)) as slow:
        asked(slow, "INSERT INTO trips (id) VALUES (1)")
        app.sql("INSERT INTO trips (id) VALUES (2)")
        cursor: Cursor | None = run(trips.changes(None)).cursor
        asked(slow, "COMMIT")
    page = run(trips.changes(cursor))
    assert [entry.id for entry in page.entries] == ["1"]
    assert page.cursor is not None
    run(trips.acknowledge(page.cursor))
    assert app.notes() == []


def test_only_rows_of_our_own_transaction_are_signed(app: App, trips: TableCollection) -> None:
    app.sql("INSERT INTO trips VALUES (1, 'a', 0), (2, 'b', 0)")
    told(trips)
    with closing(app.server.connect(autocommit=False)) as other:
        asked(other, "UPDATE trips SET size = 1 WHERE id = 2")
        run(trips.update("1", {"name": "ours"}, {}, None))
        asked(other, "UPDATE trips SET size = 2 WHERE id = 2")
        asked(other, "COMMIT")
    origins = {(pk, origin) for _, pk, _, origin in app.notes()}
    assert origins == {("1", "crosstie"), ("2", None)}
    assert told(trips) == {"2": "live"}


def test_an_edit_in_an_open_transaction_is_waited_for_and_never_overwritten(
    app: App, trips: TableCollection
) -> None:
    app.sql("INSERT INTO trips VALUES (1, 'Rome', 0)")
    with closing(app.server.connect(autocommit=False)) as other:
        asked(other, "UPDATE trips SET name = 'Paris' WHERE id = 1")
        with pytest.raises(Retry, match="another transaction") as held:
            run(trips.update("1", {"name": "Oslo"}, {"name": "Rome"}, None))
        assert (held.value.counts, held.value.unknown) == (True, False)
        asked(other, "COMMIT")
    with pytest.raises(Stale, match="name"):
        run(trips.update("1", {"name": "Oslo"}, {"name": "Rome"}, None))
    with pytest.raises(Stale):
        run(trips.delete("1", {"name": "Rome"}, None))
    assert run(trips.update("1", {"name": "Oslo"}, {"name": "Paris"}, None)).fields["size"] == 0


def test_writers_who_count_together_lose_no_count(app: App) -> None:
    app.sql(TRIPS)
    app.sql("INSERT INTO trips VALUES (1, 'a', 0)")
    trips = app.captured("trips")

    def other() -> None:
        with closing(app.server.connect()) as connection:
            for _ in range(60):
                asked(connection, "UPDATE trips SET size = size + 1")

    async def ours() -> None:
        done = 0
        while done < 60:
            size = (await trips.read(["1"])).records["1"].fields["size"]
            try:
                await trips.update("1", {"size": size + 1}, {"size": size}, None)
            except (Stale, Retry):
                continue
            done += 1

    thread = threading.Thread(target=other)
    thread.start()
    run(ours())
    thread.join()
    assert app.sql("SELECT size FROM trips") == [(120,)]
    origins = [origin for *_, origin in app.notes()]
    assert (origins.count("crosstie"), origins.count(None)) == (60, 60)


def test_calls_run_side_by_side_and_the_event_loop_goes_on(
    app: App, trips: TableCollection
) -> None:
    for number in range(20):
        app.sql("INSERT INTO trips VALUES (%s, 'a', 0)", number)

    async def play() -> int:
        turns = 0
        with closing(app.server.connect(autocommit=False)) as other:
            asked(other, "UPDATE trips SET size = 1 WHERE id = 0")
            held = asyncio.ensure_future(trips.update("0", {"name": "x"}, {}, None))
            others = [trips.update(str(n), {"name": "x"}, {}, None) for n in range(1, 20)]
            await asyncio.gather(*others)
            while not held.done():
                turns += 1
                await asyncio.sleep(0)
                if turns == 3:
                    asked(other, "COMMIT")
            assert (await held).fields["size"] == 1
        return turns

    assert run(play()) >= 3


def test_a_process_that_forked_makes_connections_of_its_own(
    app: App, trips: TableCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.sql("INSERT INTO trips VALUES (1, 'a', 0)")
    before = trips._at.sql._engine.pool
    run(trips.read(["1"]))
    monkeypatch.setattr("crosstie.connectors.sql.engine.os.getpid", lambda: -1)
    assert set(run(trips.read(["1"])).records) == {"1"}
    assert trips._at.sql._engine.pool is not before
    before.dispose()


# Refusals.

CHECKED = {
    "postgresql": "CREATE TABLE trips (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
    " name VARCHAR(5) NOT NULL, code VARCHAR(10) UNIQUE, size SMALLINT CHECK (size < 100),"
    " price NUMERIC(6, 2), guide INTEGER REFERENCES guides)",
    "mariadb": "CREATE TABLE trips (id INTEGER AUTO_INCREMENT PRIMARY KEY,"
    " name VARCHAR(5) NOT NULL, code VARCHAR(10) UNIQUE, size SMALLINT CHECK (size < 100),"
    " price NUMERIC(6, 2), guide INTEGER,"
    " CONSTRAINT led FOREIGN KEY (guide) REFERENCES guides(id))",
}


@pytest.fixture
def checked(app: App) -> App:
    app.sql("CREATE TABLE guides (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    app.sql(CHECKED[app.kind])
    app.sql("INSERT INTO guides VALUES (7, 'Ada')")
    app.sql("INSERT INTO trips (name, code, size, guide) VALUES ('Rome', 'R', 5, 7)")
    return app


@pytest.mark.parametrize(
    ("fields", "column", "words"),
    [
        ({"code": "X"}, "name", "must have a value"),
        ({"name": "SECRETS"}, "name", "at most 5 characters"),
        ({"name": "x", "size": 100}, "size", "constraint"),
        ({"name": "x", "size": 40_000}, "size", "between -32768 and 32767"),
        ({"name": "x", "size": "SECRET"}, "size", "whole number"),
        ({"name": "x", "price": "12.505"}, "price", "2 digits"),
        ({"name": "x", "price": "12345.00"}, "price", "at most 4 digits before"),
        ({"name": "x", "guide": 99}, "guide", "refers to a row"),
        ({"name": "x", "colour": "red"}, "colour", "does not exist"),
        ({"name": ["a"]}, "name", "takes text"),
    ],
)
def test_what_the_table_refuses_is_rejected_with_column_and_cure(
    checked: App, fields: dict[str, object], column: str, words: str
) -> None:
    with pytest.raises(Rejected, match=words) as refused:
        run(checked.opened("trips").create(fields, "k"))
    assert refused.value.field == column
    assert refused.value.fix
    assert "SECRET" not in f"{refused.value} {refused.value.fix} {refused.value.__cause__}"
    assert checked.sql("SELECT COUNT(*) FROM trips") == [(1,)]


def test_a_row_that_is_in_the_way_is_named(checked: App) -> None:
    trips = checked.opened("trips")
    [(there,)] = checked.sql("SELECT id FROM trips")
    for fields in ({"name": "x", "code": "R"}, {"name": "x", "id": there}):
        with pytest.raises(Duplicate) as duplicate:
            run(trips.create(fields, "k"))
        assert duplicate.value.existing == str(there)
    made = run(trips.create({"name": "x", "code": "SECRET"}, "k"))
    with pytest.raises(Rejected, match="code") as refused:
        run(trips.update(made.id, {"code": "R"}, {}, None))
    assert refused.value.field == "code"
    with pytest.raises(Rejected) as refused:
        run(trips.update(str(there), {"code": "SECRET"}, {}, None))
    assert refused.value.__cause__ is None


def test_a_parent_with_children_waits(checked: App) -> None:
    guides = checked.opened("guides")
    with pytest.raises(Retry, match="other rows refer to it"):
        run(guides.delete("7", {}, None))


def test_a_column_that_vanishes_while_running_halts_the_account(checked: App) -> None:
    trips = checked.opened("trips")
    checked.sql("ALTER TABLE trips DROP COLUMN price")
    with pytest.raises(Halt, match="price"):
        run(trips.read(["1"]))
    checked.sql("DROP TABLE trips")
    with pytest.raises(Halt):
        run(trips.read(["1"]))


@pytest.mark.parametrize("record_id", ["", "x", "1.5", "[1]", "99999999999999999999", "nul\0"])
def test_an_id_that_no_row_can_have_is_missing(
    app: App, trips: TableCollection, record_id: str
) -> None:
    assert run(trips.read([record_id])).missing == {record_id}
    with pytest.raises(NotFound):
        run(trips.update(record_id, {"name": "x"}, {}, None))


# Connections.


def test_a_server_that_is_not_there_is_an_outage(app: App) -> None:
    with pytest.raises(Retry, match="does not answer") as away:
        run(at(app, port=1).open())
    assert (away.value.counts, away.value.unknown) == (False, False)


def test_a_wrong_database_or_user_is_told_with_a_fix(app: App) -> None:
    for changed, words in (
        ({"database": "no_such_database"}, "no such database"),
        ({"username": "nobody_at_all", "password": "SECRET"}, "refuses the login"),
    ):
        with pytest.raises(Misconfigured, match=words) as wrong:
            run(at(app, **changed).open())
        assert wrong.value.fix
        assert "SECRET" not in f"{wrong.value}{wrong.value.fix}"


def test_a_connection_that_was_cut_while_idle_is_replaced(app: App, trips: TableCollection) -> None:
    app.sql("INSERT INTO trips VALUES (1, 'a', 0)")
    run(trips.read(["1"]))
    cut(app)
    assert set(run(trips.read(["1"])).records) == {"1"}


@pytest.mark.parametrize("arrives", [True, False])
def test_a_connection_lost_during_the_commit_leaves_it_unknown(
    app: App, trips: TableCollection, arrives: bool
) -> None:
    word = b"COMMIT\0" if app.kind == "postgresql" else b"\x03COMMIT"
    with Cutter(app.server.url.port or 0, word, arrives) as proxy:
        lossy = at(app, port=proxy.port)
        run(lossy.open())
        proxy.armed = True
        with pytest.raises(Retry, match="during the commit") as lost:
            run(lossy.create({"id": 5, "name": "x"}, "k"))
    assert lost.value.unknown
    if not arrives:
        assert app.sql("SELECT id FROM trips") == []


class Cutter:
    """A way to the server that breaks when a certain word comes along, before or after it."""

    def __init__(self, port: int, word: bytes, passes: bool) -> None:
        import socket

        self._server, self._word, self._passes = port, word, passes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.armed = False
        self._connect = socket.create_connection
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Cutter:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(2)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[..., None], *given: Any) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = self._connect(("127.0.0.1", self._server))
            self._begin(self._carry, client, server, True)
            self._begin(self._carry, server, client, False)

    def _carry(self, one: Any, other: Any, outward: bool) -> None:
        try:
            while data := one.recv(65536):
                last = outward and self.armed and self._word in data
                if not last or self._passes:
                    other.sendall(data)
                if last:
                    break
        except OSError:
            pass
        for side in (one, other):
            with suppress(OSError):
                side.shutdown(2)
            side.close()


def test_a_package_that_a_login_needs_is_named(app: App, trips: TableCollection) -> None:
    sql, where = trips._at.sql, trips._where(Verb.READ)
    with pytest.raises(Misconfigured) as wrong, sql.reading(where):
        raise RuntimeError("'cryptography' package is required for caching_sha2_password")
    assert wrong.value.fix == "pip install 'pymysql[rsa]'"
    with pytest.raises(RuntimeError, match="another"), sql.reading(where):
        raise RuntimeError("another")


def test_more_calls_than_connections_wait_and_then_give_way(
    app: App, trips: TableCollection
) -> None:
    sql, where = trips._at.sql, trips._where(Verb.READ)
    sql._engine.pool._timeout = 0  # type: ignore[attr-defined]
    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(sql.reading(where))
        with pytest.raises(Retry, match="all connections") as full, sql.reading(where):
            pass
        assert not full.value.counts


def test_a_server_that_tells_no_key_is_asked_for_the_one_it_counted(app: App) -> None:
    """MySQL has no `INSERT ... RETURNING`."""
    if app.kind == "postgresql":
        pytest.skip("PostgreSQL has always told the key")
    app.sql("CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9))")
    app.sql("CREATE TABLE u (code VARCHAR(40) PRIMARY KEY DEFAULT (UUID()), name VARCHAR(9))")
    counting, making = app.captured("t"), app.captured("u")
    counting._at.sql._engine.dialect.insert_returning = False
    made = run(counting.create({"name": "x"}, "k"))
    assert (made.id, made.fields["name"]) == ("1", "x")
    assert run(counting.create({"id": 7, "name": "y"}, "k")).id == "7"
    assert {origin for *_, origin in app.notes()} == {"crosstie"}
    with pytest.raises(Rejected, match="gets no key"):
        run(making.create({"name": "x"}, "k"))
    assert app.sql("SELECT * FROM u") == []
