"""`crosstie status` says what is known, and "All in step" only when nothing speaks against it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from crosstie.connectors.sql.collection import TableCollection
from crosstie.service.lock import engine_lock

from .world import World

STATE = "sqlite:///state.db"
CRM = "GoHighLevel sandboxLocation00001"
TWO = """
from crosstie import *
from crosstie.connectors.ghl import GoHighLevel
from crosstie.connectors.sql import Database

database = Database("sqlite:///{database}", label="the shop")
other = Database("{other}", label="the branch")
ghl = GoHighLevel(location="{location}", token="env:GHL_TOKEN", base_url="{url}")
contacts = Sync(
    name="contacts",
    left=database.table("people"),
    right=ghl.contacts(search_lag=0.0),
    fields=[field("first_name", "firstName"), field("email", "email", Email())],
    match=["email"],
)
copies = Sync(
    name="copies",
    left=database.table("people"),
    right=other.table("people"),
    fields=[field("first_name", "first_name"), field("email", "email")],
    match=["email"],
)
app = Crosstie(syncs=[contacts, copies], state="sqlite:///state.db")
"""


HOMES = """
from crosstie import *
from crosstie.connectors.sql import Database

database, other = Database("sqlite:///{database}"), Database("{other}", label="the branch")
people = Sync(
    name="people", left=database.table("people"), right=other.table("people"),
    fields=[field("first_name", "name")], match=["first_name"],
)
homes = Sync(
    name="homes", left=database.table("homes"), right=other.table("homes"),
    fields=[
        field("name", "name"),
        field("person_id", "person_id", left_lens=Reference("people", wire="number"),
              right_lens=Reference("people", wire="number")),
    ],
    match=["name"],
)
app = Crosstie(syncs=[people, homes], state="sqlite:///state.db")
"""


class Killed(BaseException):
    """The process ends here."""


async def killed(*_: object) -> None:
    raise Killed


@pytest.fixture
def linked(world: World) -> World:
    """Two linked people, with capture installed."""
    world.add_person("Ada", "ada@example.org")
    world.add_person("Bo", "bo@example.org")
    assert world.crosstie("capture", "install").code == 0
    assert world.crosstie("run", "--once").code == 0
    return world


@pytest.fixture
def two(world: World) -> World:
    """Two syncs of one table, in step."""
    assert world.sandbox is not None
    with closing(sqlite3.connect(world.folder / "other.db")) as other, other:
        other.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT, email TEXT)")
    place = {"location": world.sandbox.sandbox.location.id, "url": world.sandbox.url}
    other = f"sqlite:///{world.folder / 'other.db'}"
    world.declare(text=TWO.format(database=world.database, other=other, **place))
    world.add_person("Ada", "ada@example.org")
    assert world.crosstie("capture", "install").code == 0
    assert world.crosstie("run", "--once").code == 0
    return world


@contextmanager
def an_engine() -> Iterator[None]:
    """An engine holds the state meanwhile."""
    with engine_lock(STATE, "noon"):
        yield


def used(said: str) -> str:
    """What of the budget of the day is used, by a status: `7 of 200,000 calls in 1 d`."""
    [line] = [line for line in said.splitlines() if line.endswith(" calls in 1 d")]
    return line.rpartition(": ")[2]


def verdict(world: World) -> str:
    return world.crosstie("status").out.splitlines()[0]


def test_all_in_step_is_said_only_while_an_engine_runs(linked: World) -> None:
    without = linked.crosstie("status")
    assert without.out.startswith("In step when the last engine ended, ")
    assert "ago: 2 records linked, nothing due. No engine runs now: " in without.out
    assert "engine: none holds the state; the last one ended " in without.out
    with an_engine():
        assert verdict(linked) == "All in step: 2 records linked, nothing due."
        said = linked.crosstie("status").out
        assert "engine: one holds the state" in said
        assert f": up to {used(without.out)}: the engine counts some before it makes them" in said
        assert linked.crosstie("status", "--json").document["engine"]["running"] is True
    told = linked.crosstie("status", "--json").document
    assert (told["well"], told["engine"]["running"]) == (True, False)
    assert 0 <= told["engine"]["ended_ago"] < 60
    assert told["last_run"]["id"] == 1
    assert 0 <= told["last_run_ago"] < 60
    assert "last run: 1, " in without.out


def test_who_holds_the_state_is_told(linked: World) -> None:
    holder = (
        "import asyncio, sys; sys.path.insert(0, '.')\n"
        "from crosstie.service.leasing import engaged\n"
        "from crosstie.service.locate import locate\n"
        "from pathlib import Path\n"
        "async def hold():\n"
        "    async with engaged(locate(None, Path.cwd()).app, 'noon'):\n"
        "        print('held', flush=True); sys.stdin.read()\n"
        "asyncio.run(hold())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=linked.folder,
    ) as engine:
        assert engine.stdout is not None and engine.stdin is not None
        assert engine.stdout.readline() == "held\n"
        assert f"engine: process {engine.pid} on " in linked.crosstie("status").out
        assert verdict(linked).startswith("All in step")
        engine.kill()
        engine.wait()
    assert verdict(linked).startswith("In step when the last engine ended, ")
    assert "engine: none holds the state; the last one ended " in linked.crosstie("status").out


def test_changes_that_wait_in_the_outbox_are_counted_with_and_without_an_engine(
    linked: World,
) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    linked.add_person("Cy", "cy@example.org")
    with an_engine():
        first = "Nothing due: 2 records linked, 3 changes wait in an outbox to be noticed."
        assert verdict(linked) == first
    said = linked.crosstie("status")
    assert said.out.startswith(f"{first} No engine runs now: start one with `crosstie run`.")
    assert f"outbox of table people (sqlite:///{linked.database}): 3 changes wait" in said.out
    [box] = linked.crosstie("status", "--json").document["outboxes"]
    assert (box["syncs"], box["table"], box["changes"]) == (["contacts"], "people", 3)
    assert (box["at_least"], box["error"]) == (False, None)
    assert linked.crosstie("run", "--once").code == 0
    assert verdict(linked).startswith("In step when the last engine ended")
    [box] = linked.crosstie("status", "--json").document["outboxes"]
    assert box["changes"] == 0


def test_a_side_that_is_not_captured_has_no_outbox_to_count(world: World) -> None:
    assert world.crosstie("run", "--once").code == 0
    assert world.crosstie("status", "--json").document["outboxes"] == []


def test_a_revoked_token_is_told_until_the_account_answers_again(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("GHL_TOKEN", "pit-nobody-knows-this-one")
        assert two.crosstie("run", "--once").code == 4
        # Afterwards all goes well in the other sync: its account is not the one in trouble.
        assert two.crosstie("run", "--once", "--full", "--sync", "copies").code == 0
    with an_engine():
        said = two.crosstie("status")
    assert said.out.startswith(f"{CRM} needs a person: GET /locations/")
    assert f"! {CRM}: needs a person since " in said.out
    assert "fix: " in said.err
    told = two.crosstie("status", "--json").document
    assert told["well"] is False
    [pause] = next(a for a in told["accounts"] if a["account"] == CRM)["left_alone"]
    assert (pause["kind"], pause["fix"] is None) == ("halt", False)
    for text in (said.out, said.err):
        assert "pit-nobody" not in text
    assert two.crosstie("run", "--once").code == 0
    with an_engine():
        assert verdict(two) == "All in step: 2 records linked, nothing due."


def test_a_token_that_is_revoked_is_told_after_an_undo_that_met_it(
    linked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("run", "--once").code == 0
    with monkeypatch.context() as patch:
        patch.setenv("GHL_TOKEN", "pit-nobody-knows-this-one")
        assert linked.crosstie("undo", "--run", "2", "--yes").code == 4
    assert "needs a person: " in verdict(linked)
    assert linked.crosstie("undo", "--run", "2", "--yes").code == 0
    assert "needs a person: " not in verdict(linked)


def test_a_database_that_cannot_be_asked_is_said_with_a_fix(two: World) -> None:
    (two.folder / "other.db").write_bytes(b"no database at all" * 100)
    said = two.crosstie("status")
    assert said.code == 0
    assert said.out.startswith("It is not known what waits in the branch: ")
    assert "! outbox of table people (the branch): " in said.out
    assert "fix: " in said.err
    told = two.crosstie("status", "--json").document
    assert told["well"] is False
    [box] = [box for box in told["outboxes"] if box["database"] == "the branch"]
    assert (box["changes"], bool(box["error"])) == (None, True)


def test_a_run_whose_process_was_killed_is_told_from_one_that_goes_on(linked: World) -> None:
    with closing(sqlite3.connect(linked.folder / "state.db")) as state, state:
        state.execute("INSERT INTO run (kind, started, counts) VALUES ('undo', 1000.0, '{}')")
    said = linked.crosstie("runs")
    assert "cut off" in said.out
    runs = linked.crosstie("runs", "--json").document["runs"]
    assert [(run["kind"], run["state"]) for run in runs] == [("undo", "cut off"), ("run", "ended")]
    with an_engine():
        runs = linked.crosstie("runs", "--json").document["runs"]
        assert [run["state"] for run in runs] == ["running", "ended"]
        assert "running" in linked.crosstie("runs").out
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("run", "--once").code == 0
    runs = linked.crosstie("runs", "--json").document["runs"]
    assert [(run["kind"], run["state"]) for run in runs] == [
        ("run", "ended"),
        ("undo", "cut off"),
        ("run", "ended"),
    ]
    assert runs[1]["error"].startswith("cut off: the process ended before it could say")
    assert "could not be reached" not in linked.crosstie("status").out
    assert "cut off: the process ended before" in linked.crosstie("runs").out


def test_an_engine_that_has_not_run_for_long_is_the_verdict(linked: World) -> None:
    with closing(sqlite3.connect(linked.folder / "state.db")) as state, state:
        for column in ("since", "until"):
            state.execute(f"UPDATE tenant SET {column} = {column} - 7200.5")
        state.execute("UPDATE run SET started = started - 7200.5, ended = ended - 7200.5")
        state.execute("UPDATE sync_state SET scanned_at = scanned_at - 7200.5")
    said = linked.crosstie("status")
    assert said.out.startswith(
        "No engine runs, and the last one ended 2 h ago: what changed since is not known."
    )
    told = linked.crosstie("status", "--json").document
    assert told["well"] is False
    with an_engine():
        assert linked.crosstie("status", "--json").document["well"] is True


def test_a_complete_look_that_was_cut_off_is_told_until_it_was_made(
    linked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.add_person("Cy", "cy@example.org")
    with monkeypatch.context() as patch:
        patch.setattr(TableCollection, "scan", killed)
        with pytest.raises(Killed):
            linked.crosstie("run", "--once", "--full")
    said = linked.crosstie("status")
    owed = "A complete look at both sides of contacts was cut off, and what is new there may not be"
    assert said.out.startswith(f"{owed} known: run `crosstie run --once`.")
    told = linked.crosstie("status", "--json").document
    assert (told["well"], told["syncs"][0]["scan_owed"]) == (False, True)
    with an_engine():
        assert "a complete look at both sides under way" in verdict(linked)
        assert linked.crosstie("status", "--json").document["well"] is True
    assert linked.crosstie("run", "--once").code == 0
    assert verdict(linked).startswith("In step when the last engine ended")
    assert linked.contacts() == 3


def test_a_record_whose_parent_never_comes_is_not_in_step(world: World) -> None:
    assert world.sandbox is not None
    world.sql("CREATE TABLE homes (id INTEGER PRIMARY KEY, name TEXT, person_id INTEGER)")
    other = world.folder / "other.db"
    with closing(sqlite3.connect(other)) as made, made:
        for table in ("people", "homes"):
            made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name TEXT, person_id)")
    world.declare(text=HOMES.format(database=world.database, other=f"sqlite:///{other}"))
    world.sql("INSERT INTO homes (name, person_id) VALUES ('House', 7)")
    assert world.crosstie("run", "--once").code == 0
    waits = "1 waits for the record it refers to (people 7 on the left)"
    assert verdict(world).startswith(f"Nothing due: 0 records linked, {waits}. No engine runs now")
    with an_engine():
        assert verdict(world) == f"Nothing due: 0 records linked, {waits}."
        told = world.crosstie("status", "--json").document
        assert told["well"] is True
        # An hour goes by.
        world.state("UPDATE run SET started = started - 3601, ended = ended - 3601")
        assert verdict(world).startswith("1 record has waited for over 1 h for the record it ref")
        told = world.crosstie("status", "--json").document
        assert (told["well"], told["syncs"][1]["waits"]["overdue"]) == (False, 1)
    world.sql("INSERT INTO people (id, first_name) VALUES (7, 'Ada')")
    assert world.crosstie("run", "--once", "--full").code == 0
    assert verdict(world).startswith("In step when the last engine ended")
