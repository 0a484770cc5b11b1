"""A database, a state or a CRM that is not what it was: held before the first write, and let go."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .world import World


@pytest.fixture
def kept(world: World) -> World:
    """Six people in step on both sides, with capture."""
    world.declare()
    assert world.crosstie("capture", "install").code == 0
    for number in range(6):
        world.add_person(f"P{number}", f"p{number}@x.example")
    assert world.crosstie("run", "--once").code == 0
    return world


def copied(path: Path, name: str) -> Path:
    """A backup of a SQLite file, made as SQLite makes them."""
    target = path.with_name(name)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def put_back(backup: Path, path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        if each != backup and not each.name.endswith(".lock"):
            each.unlink()
    shutil.copy(backup, path)


def held(world: World, *more: str) -> str:
    """What a run says that is held; it writes nothing on either side."""
    people, stored = world.people(), world.stored()
    said = world.crosstie("run", "--once", "--json", *more)
    assert said.code == 7
    assert (world.people(), world.stored()) == (people, stored)
    return str(said.document["held"]["contacts"])


def planned(world: World) -> Any:
    said = world.crosstie("plan", "--sync", "contacts", "-o", "plan.json", "--json")
    assert said.code == 0
    return said.document


def test_an_older_database_is_held_until_its_plan_is_applied(kept: World) -> None:
    backup = copied(kept.database, "backup.sqlite")
    kept.sql("UPDATE people SET city = 'Basel' WHERE first_name = 'P0'")
    kept.add_person("Later", "later@x.example")
    assert kept.crosstie("run", "--once").code == 0
    put_back(backup, kept.database)

    why = held(kept)
    assert "was put back to an older day: it remembers generation" in why
    shown = kept.crosstie("run", "--once")
    assert shown.code == 7
    assert shown.out.count("fix:") == 1
    assert "crosstie plan --sync contacts -o plan.json" in shown.out
    status = kept.crosstie("status")
    assert "The brake holds contacts: the left" in " ".join((status.out + status.err).split())

    document = planned(kept)
    assert sorted(o["kind"] for o in document["operations"]) == ["delete", "update"]
    assert f"the brake stops contacts: {why}" in document["warnings"]
    stored = kept.stored()
    applied = kept.crosstie("apply", "plan.json", "--json")
    assert applied.code == 0
    assert (kept.stored() - stored, kept.contacts()) == (2, 6)
    again = kept.crosstie("run", "--once", "--full", "--json")
    assert (again.code, again.document["writes"]) == (0, 0)


def test_a_plan_that_does_not_tell_of_it_lets_nothing_go(kept: World) -> None:
    kept.sql("UPDATE people SET city = 'Basel' WHERE first_name = 'P0'")
    planned(kept)
    backup = copied(kept.database, "backup.sqlite")
    assert kept.crosstie("run", "--once").code == 0
    put_back(backup, kept.database)
    stored = kept.stored()
    said = kept.crosstie("apply", "plan.json", "--json")
    assert (said.code, said.error["code"]) == (7, "brake")
    assert "put back to an older day" in said.error["message"]
    kept.crosstie("apply", "--yes")
    assert "put back" in held(kept), "nobody looked at a plan that was not kept"
    assert kept.stored() == stored
    assert planned(kept)["operations"] == []
    assert kept.crosstie("apply", "plan.json").code == 0
    assert kept.crosstie("run", "--once").code == 0


def test_a_database_file_without_our_memory_is_asked_about(kept: World) -> None:
    kept.sql("DROP TABLE crosstie_state")
    assert "no longer knows this state" in held(kept)
    released = kept.crosstie("run", "--once", "--release-brake", "--json")
    assert (released.code, released.document["held"]) == (0, {})
    assert kept.crosstie("run", "--once").code == 0


def test_removing_capture_says_that_the_next_run_is_held(kept: World) -> None:
    said = kept.crosstie("capture", "uninstall")
    assert (said.code, "is held until its plan is approved" in said.err) == (0, True)
    assert "crosstie apply plan.json" in said.err
    assert "no longer knows this state" in held(kept)
    planned(kept)
    assert kept.crosstie("apply", "plan.json").code == 0
    assert kept.crosstie("run", "--once").code == 0
    assert "held" not in kept.crosstie("capture", "uninstall").err, "nothing was removed"


def test_a_state_of_yesterday_is_held_and_then_finds_what_it_missed(kept: World) -> None:
    state = kept.folder / "state.db"
    backup = copied(state, "state.backup")
    kept.sql("UPDATE people SET city = 'Basel' WHERE first_name = 'P0'")
    kept.add_person("Later", "later@x.example")
    assert kept.crosstie("run", "--once").code == 0
    put_back(backup, state)
    assert "this state was put back to an older day" in held(kept)
    document = planned(kept)
    assert document["operations"] == []
    assert kept.crosstie("apply", "plan.json").code == 0
    assert kept.crosstie("run", "--once").code == 0
    assert (kept.contacts(), len(kept.people())) == (7, 7), "nobody twice"
    stored = kept.stored()
    assert kept.crosstie("run", "--once", "--full").code == 0
    assert kept.stored() == stored


def test_a_crm_that_was_reset_is_held(kept: World) -> None:
    for contact in kept.ids():
        kept.api("DELETE", f"/contacts/{contact}")
    for number in range(6):
        kept.add_contact(firstName=f"P{number}", email=f"p{number}@x.example", city="Bern")
    why = held(kept, "--full")
    assert "none of the 6 linked ones: it was reset, or another account answers" in why
    assert len(kept.people()) == 6
    document = planned(kept)
    assert json.dumps(document["warnings"]).count("was reset") == 1
    assert sum(o["kind"] == "delete" for o in document["operations"]) == 6, "what follows is seen"
