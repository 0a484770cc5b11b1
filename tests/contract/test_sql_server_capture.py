"""Capture on servers: installed once, removed without a trace, heard of at once."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sql_app import TRIPS, App, asked, cut, run, told

from crosstie.connectors.sql import (
    Database,
    capture_install,
    capture_status,
    capture_uninstall,
    capture_waiting,
    waking,
)
from crosstie.connectors.sql.collection import TableCollection
from crosstie.connectors.sql.waking import tell_commits
from crosstie.core.errors import Halt, Misconfigured

# Capture.


def test_installing_twice_is_the_same_as_once_and_uninstalling_leaves_no_trace(app: App) -> None:
    app.sql(TRIPS)
    app.sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    sources = [app.server.database.table("trips"), app.server.database.table("other")]
    before = everything(app)
    assert [r.state for r in capture_status(sources)] == ["missing", "missing"]
    assert capture_status(sources)[0].statements
    assert [(r.state, r.changed) for r in capture_install(sources)] == [("installed", True)] * 2
    again = capture_install(sources)
    assert [(r.state, r.changed, r.statements) for r in again] == [("installed", False, ())] * 2
    app.sql("INSERT INTO trips (id) VALUES (1)")
    assert [r.pending for r in capture_status(sources)] == [1, 0]
    assert [capture_waiting(source, 9) for source in sources] == [1, 0]
    app.sql("INSERT INTO trips (id) VALUES (3)")
    assert capture_waiting(sources[0], 1) == 1
    capture_uninstall(sources[:1])
    assert [r.state for r in capture_status(sources)] == ["missing", "installed"]
    capture_uninstall(sources)
    assert everything(app) == before
    assert [r.changed for r in capture_uninstall(sources)] == [False, False]
    app.sql("INSERT INTO trips (id) VALUES (2)")


def everything(app: App) -> list[tuple[Any, ...]]:
    """Tables, functions, schemas, triggers."""
    if app.kind == "postgresql":
        return app.sql(
            "SELECT 'r', relname::text FROM pg_class WHERE relnamespace > 16383 UNION ALL"
            " SELECT 'f', proname::text FROM pg_proc WHERE pronamespace > 16383 UNION ALL"
            " SELECT 'n', nspname::text FROM pg_namespace WHERE oid > 16383 UNION ALL"
            " SELECT 't', tgname::text FROM pg_trigger ORDER BY 1, 2"
        )
    return [*app.sql("SHOW TABLES"), *app.sql("SHOW TRIGGERS")]


def test_a_changed_key_is_outdated_and_mended(app: App, trips: TableCollection) -> None:
    app.sql(
        "ALTER TABLE trips DROP PRIMARY KEY"
        if app.kind == "mariadb"
        else "ALTER TABLE trips DROP CONSTRAINT trips_pkey"
    )
    app.sql("UPDATE trips SET name = ''")
    app.sql("ALTER TABLE trips ADD PRIMARY KEY (id, name)")
    source = app.server.database.table("trips")
    assert [r.state for r in capture_status([source])] == ["outdated"]
    assert not app.opened("trips").can.has_changes
    assert [(r.state, r.changed) for r in capture_install([source])] == [("installed", True)]
    app.sql("INSERT INTO trips (id, name) VALUES (1, %s)", 'ü"\\')
    [record] = run(app.opened("trips").scan(None)).entries
    assert told(app.opened("trips")) == {record.id: "live"}


def test_triggers_that_somebody_removed_are_missed_and_the_feed_says_so(
    app: App, trips: TableCollection
) -> None:
    assert told(trips) == {}
    app.sql("DROP TABLE trips")
    app.sql(TRIPS)
    with pytest.raises(Halt, match="missing") as halt:
        run(trips.changes(None))
    assert "capture install" in str(halt.value.fix)
    capture_install([app.server.database.table("trips")])
    assert told(trips) == {}


def test_odd_names_are_captured(app: App) -> None:
    q = '"' if app.kind == "postgresql" else "`"
    for table in ("order", "my trips", "it's", "naïve-é", "100%", "Case", "back\\slash"):
        app.sql(
            f"CREATE TABLE {q}{table}{q} ({q}the key:1{q} VARCHAR(40) PRIMARY KEY,"
            f" {q}b%%'c{q} VARCHAR(40))".replace("%%", "%")
        )
        collection = app.captured(table)
        made = run(collection.create({"the key:1": "x", "b%'c": "y"}, "k"))
        run(collection.update("x", {"b%'c": "z"}, made.fields, None))
        app.sql(f"INSERT INTO {q}{table}{q} VALUES ('ü 1', 'v')")
        assert told(collection) == {"ü 1": "live"}
        assert run(collection.read(["ü 1"])).missing == frozenset()


def test_a_user_without_rights_is_told_what_an_administrator_has_to_run(app: App) -> None:
    app.sql(TRIPS)
    name, host = f"u_{app.server.url.database[-12:]}", ""
    if app.kind == "mariadb":
        host = "@'%'"
        app.sql(f"CREATE USER {name}{host}")
        app.sql(f"GRANT SELECT ON trips TO {name}{host}")
    else:
        app.sql(f"CREATE ROLE {name} LOGIN")
        app.sql(f"GRANT USAGE ON SCHEMA public TO {name}")
        app.sql(f"GRANT SELECT ON trips TO {name}")
    try:
        url = app.server.url.set(username=name)
        source = Database(url.render_as_string()).table("trips")
        with pytest.raises(Misconfigured, match="lacks a right") as lacking:
            capture_install([source])
        fix = str(lacking.value.fix)
        assert fix.startswith("let an administrator run:")
        script = fix.partition("\n")[2]
        for statement in [script] if app.kind == "postgresql" else script.split(";\n"):
            app.sql(statement.removesuffix(";"))
        collection = TableCollection(source, ())
        run(collection.open())
        app.sql("INSERT INTO trips (id) VALUES (1)")
        assert told(collection) == {"1": "live"}
        with pytest.raises(Halt, match="lacks a right") as halt:
            run(collection.update("1", {"name": "x"}, {}, None))
        assert halt.value.fix
    finally:
        if app.kind == "postgresql":
            app.sql(f"DROP OWNED BY {name}")
        app.sql(f"DROP {'USER' if host else 'ROLE'} {name}{host}")


def test_a_driver_that_is_not_installed_is_told_with_the_command(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    dialect = "postgresql" if app.kind == "postgresql" else "mysql"
    monkeypatch.setattr(f"crosstie.connectors.sql.dialect_{dialect}.import_module", missing)
    source = replace(app.server.database, label="another").table("trips")
    with pytest.raises(Misconfigured, match="not installed") as wrong:
        run(TableCollection(source, ()).open())
    assert wrong.value.fix == f"pip install 'crosstie[{dialect}]'"


# Hearing of commits.


def test_a_commit_is_heard_without_waiting_for_the_next_look(
    app: App, trips: TableCollection
) -> None:
    async def play() -> None:
        heard = asyncio.Event()
        listening = asyncio.ensure_future(tell_commits(app.server.database, heard.set))
        # PostgreSQL tells once when it begins to listen; elsewhere a first number is looked at.
        if app.kind == "postgresql":
            await heard.wait()
            heard.clear()
        while not heard.is_set():
            app.sql("UPDATE trips SET size = size + 1")
            app.sql("INSERT INTO trips (id) SELECT COALESCE(MAX(id), 0) + 1 FROM trips")
            await asyncio.sleep(0)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    run(asyncio.wait_for(play(), 60))


def test_who_listens_listens_again_after_the_connection_was_cut(
    app: App, trips: TableCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "AGAIN", 0.0)

    async def play() -> None:
        heard = asyncio.Event()
        listening = asyncio.ensure_future(tell_commits(app.server.database, heard.set))
        for number in range(2):
            while not heard.is_set():
                app.sql("INSERT INTO trips (id) SELECT COALESCE(MAX(id), 0) + 1 FROM trips")
                await asyncio.sleep(0)
            if number == 0:
                cut(app)
                heard.clear()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    run(asyncio.wait_for(play(), 60))


def test_our_own_writes_wake_nobody(app: App, trips: TableCollection) -> None:
    if app.kind == "postgresql":
        with closing(app.server.connect()) as ear:
            asked(ear, "LISTEN crosstie")
            run(trips.create({"id": 1, "name": "ours"}, "k"))
            app.sql("UPDATE trips SET name = 'theirs'")
            assert len(list(ear.notifies(timeout=60, stop_after=1))) == 1
            assert list(ear.notifies(timeout=0)) == []
        return
    before = trips.pulse()
    run(trips.create({"id": 1, "name": "ours"}, "k"))
    assert trips.pulse() == before
    app.sql("UPDATE trips SET name = 'theirs'")
    assert trips.pulse() != before
