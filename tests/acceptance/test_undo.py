"""`crosstie undo`: what a run wrote is taken back, shown first, and stays taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """Two linked people, by the first run."""
    world.crosstie("capture", "install")
    world.add_person("Ada", "ada@example.org")
    world.add_person("Bo", "bo@example.org")
    assert world.crosstie("run", "--once").code == 0
    return world


@pytest.fixture
def moved(linked: World) -> World:
    """Both moved to Rome on the left, and a run brought it over."""
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("run", "--once").code == 0
    return linked


def newest_run(world: World) -> str:
    return str(world.crosstie("runs", "--json").document["runs"][0]["id"])


def cities(world: World) -> list[str]:
    return [world.contact(contact)["city"] for contact in world.ids()]


def still(world: World) -> None:
    stored, people = world.stored(), world.people()
    assert world.crosstie("run", "--once", "--full").code == 0
    assert (world.stored(), world.people()) == (stored, people)


def test_a_run_is_taken_back_and_not_made_again(moved: World) -> None:
    run = newest_run(moved)
    said = moved.crosstie("undo", "--run", run, "--yes")
    assert said.code == 0, said
    assert f"Undone of run {run}: +0 ~2 -0." in said.out
    assert "a field until somebody changes it on either side" in said.err
    assert cities(moved) == ["Bern", "Bern"]
    assert [row[2] for row in moved.people()] == ["Rome", "Rome"]
    still(moved)
    left_so = f"differs, left so by undo of run {run} until somebody changes it on either side"
    assert left_so in moved.crosstie("why", "1", "city").out
    assert "in step; last written" in moved.crosstie("why", "1", "email").out
    shown = moved.crosstie("record", "show", "1")
    signs = {
        row.split()[1]: row.split()[0]
        for row in shown.out.splitlines()
        if "Ada" in row or "Rome" in row
    }
    assert signs == {"first_name": "=", "city": "u"}
    assert "u: differs, left so by an undo" in shown.out
    assert "ago: 2 records linked, nothing due." in moved.crosstie("status").out
    moved.sql("UPDATE people SET city = 'Oslo' WHERE id = 1")
    assert moved.crosstie("run", "--once").code == 0
    assert cities(moved) == ["Oslo", "Bern"]
    assert "left so by" not in moved.crosstie("record", "show", "1").out


def test_an_undo_can_be_undone(moved: World) -> None:
    said = moved.crosstie("undo", "--run", newest_run(moved), "--yes", "--json").document
    assert moved.crosstie("undo", "--run", str(said["run"]), "--yes").code == 0
    assert cities(moved) == ["Rome", "Rome"]
    assert "left so by" not in moved.crosstie("record", "show", "1").out
    still(moved)
    lines = moved.crosstie("record", "history", "1", "--json").document["history"]
    assert [line["cause"] for line in lines][-2:] == [
        f"undo of run {said['undoes']}",
        f"undo of run {said['run']}",
    ]


def test_one_record_is_taken_back_by_the_id_of_either_side(moved: World) -> None:
    [first, second] = moved.ids()
    said = moved.crosstie("undo", second, "--yes", "--json").document
    assert [o["right_id"] for o in said["applied"]] == [second]
    assert cities(moved) == ["Rome", "Bern"]
    assert moved.crosstie("undo", "--record", "1", "--yes").code == 0
    assert moved.contact(first)["city"] == "Bern"


def test_an_earlier_run_on_a_record_is_named(moved: World) -> None:
    first = str(moved.crosstie("runs", "--json").document["runs"][-1]["id"])
    said = moved.crosstie("undo", moved.ids()[0], "--run", first, "--yes")
    assert "left alone: changed since on the right" in said.out
    assert (said.code, cities(moved)) == (0, ["Rome", "Rome"])
    wrong = moved.crosstie("undo", moved.ids()[0], "--run", "99", "--yes")
    assert wrong.code == 1
    assert "run 99 wrote to" not in wrong.out
    assert f"these did: {first}" in wrong.err


def test_a_plan_is_kept_and_applied_exactly(moved: World) -> None:
    run = newest_run(moved)
    said = moved.crosstie("undo", "--run", run, "-o", "undo.json")
    assert said.code == 0
    assert "Plan: 0 to create, 2 to change, 0 to delete." in said.out
    assert "crosstie apply undo.json" in said.err
    assert cities(moved) == ["Rome", "Rome"]
    assert Path("undo.json").stat().st_mode & 0o077 == 0
    assert json.loads(Path("undo.json").read_text())["undoes"] == int(run)
    moved.api("PUT", f"/contacts/{moved.ids()[0]}", {"city": "Paris"})
    done = moved.crosstie("apply", "undo.json", "--json")
    assert (done.code, len(done.document["applied"])) == (0, 1)
    assert cities(moved) == ["Paris", "Bern"]
    again = moved.crosstie("apply", "undo.json", "--json").document
    assert (again["applied"], len(again["no_longer_needed"])) == ([], 2)


def test_a_limit_leaves_the_rest(moved: World) -> None:
    run = newest_run(moved)
    moved.crosstie("undo", "--run", run, "-o", "undo.json")
    done = moved.crosstie("apply", "undo.json", "--limit", "1", "--json").document
    assert (len(done["applied"]), done["not_tried"]) == (1, 1)
    assert moved.crosstie("undo", "--run", run, "--limit", "5", "--yes").code == 0
    assert cities(moved) == ["Bern", "Bern"]


def test_nobody_to_ask_means_nothing_is_written(moved: World) -> None:
    said = moved.crosstie("undo", "--run", newest_run(moved))
    assert said.code == 2
    assert "nobody can be asked whether to undo +0 ~2 -0" in said.err
    assert "add `--yes`" in said.err
    assert "Plan: 0 to create, 2 to change" in said.out
    assert cities(moved) == ["Rome", "Rome"]


def test_created_contacts_go_and_come_back_with_the_next_edit(linked: World) -> None:
    said = linked.crosstie("undo", "--run", newest_run(linked), "--yes")
    assert (said.code, linked.contacts()) == (0, 0)
    assert "+0 ~0 -2" in said.out
    still(linked)
    assert len(linked.people()) == 2
    linked.sql("UPDATE people SET city = 'Oslo' WHERE id = 1")
    assert linked.crosstie("run", "--once").code == 0
    assert linked.contacts() == 1


def test_a_deleted_contact_is_made_again_with_its_values(linked: World) -> None:
    old = linked.ids()[0]
    linked.sql("DELETE FROM people WHERE id = 1")
    assert linked.crosstie("run", "--once").code == 0
    assert linked.contacts() == 1
    said = linked.crosstie("undo", old, "-o", "undo.json")
    assert "it gets a new id" in said.out
    assert linked.crosstie("undo", old, "--yes").code == 0
    [new] = set(linked.ids()) - {old, linked.ids()[-1]} or set(linked.ids())
    assert linked.contacts() == 2
    contacts = [linked.contact(contact) for contact in linked.ids()]
    assert "ada@example.org" in [contact["email"] for contact in contacts]
    assert new != old
    still(linked)
    lines = linked.crosstie("record", "history", old, "--json").document["history"]
    assert [line["operation"] for line in lines] == ["create", "delete", "create"]


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        ((), 2, "say what to undo"),
        (("77",), 1, "there is no run 77"),
        (("nobody",), 1, "no linked record"),
        (("--run", "77"), 1, "there is no run 77"),
        (("1", "--record", "2"), 2, "an undo is of one record"),
        (("1",), 2, "1 is a run and a record"),
        (("--record", "1", "--sync", "nothing"), 2, "there is no sync"),
        (("--run", "0"), 2, "--run"),
    ],
)
def test_what_cannot_be_undone_says_so(
    linked: World, args: tuple[str, ...], code: int, text: str
) -> None:
    said = linked.crosstie("undo", *args, "--yes")
    assert said.code == code, said
    assert text in said.err
    assert "fix: " in said.err
    assert linked.contacts() == 2


def test_a_system_that_is_down_stops_the_undo_and_it_is_finished_later(moved: World) -> None:
    run = newest_run(moved)
    moved.control("down", down=True)
    said = moved.crosstie("undo", "--run", run, "--yes")
    assert said.code in (1, 5), said
    last = said.out.splitlines()[-1]
    assert last.startswith(f"Nothing of run {run} could be undone: GoHighLevel"), said
    assert "Undone" not in said.out
    assert cities_later(moved) == ["Rome", "Rome"]
    assert moved.crosstie("undo", "--run", run, "--yes").code == 0
    assert cities(moved) == ["Bern", "Bern"]
    still(moved)


def cities_later(world: World) -> list[str]:
    world.control("down", down=False)
    return cities(world)


def test_runs_are_listed_with_what_they_did(moved: World) -> None:
    said = moved.crosstie("runs")
    assert "2 updated on the right" in said.out
    assert len(moved.crosstie("runs", "--limit", "1", "--json").document["runs"]) == 1
    assert moved.crosstie("runs", "--limit", "0").code == 2


def test_no_runs_yet(offline: World) -> None:
    assert offline.crosstie("runs").out.strip() == "No runs."
