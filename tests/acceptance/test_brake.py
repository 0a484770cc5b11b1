"""The brake says the same to a plan, to its application and to a run."""

from __future__ import annotations

import pytest

from .world import World


def kinds(world: World) -> list[str]:
    """What each run was, the newest first."""
    return [run["kind"] for run in world.crosstie("runs", "--json").document["runs"]]


def wake(world: World) -> None:
    """The time comes at which what was put off is due."""
    world.state("UPDATE link SET due_at = 0 WHERE due_at IS NOT NULL")


def test_a_side_is_not_empty_because_a_record_went_whose_create_was_lost(world: World) -> None:
    world.add_person("Xen", "xen@example.org")
    assert world.crosstie("run", "--once").code == 0
    ann = world.add_person("Ann", "ann@example.org")
    world.control("faults", match="POST /contacts/", when="after", timeout="reset")
    world.crosstie("run", "--once")
    assert (world.contacts(), world.ids()[-1]) == (2, None), "made, and nobody was told"
    world.sql("DELETE FROM people WHERE id = ?", ann)
    wake(world)
    said = world.crosstie("plan", "-o", "plan.json")
    assert "1 to delete" in said.out
    assert "the brake stops" not in said.out
    said = world.crosstie("apply", "plan.json")
    assert said.code == 0, said
    assert (world.contacts(), len(world.people())) == (1, 1)


@pytest.fixture
def ten(world: World) -> World:
    """Ten linked people, of whom three may be deleted unasked."""
    world.declare(extra="brake=Brake(share=0.05, records=3),")
    for number in range(10):
        world.add_person("P", f"p{number}@example.org")
    assert world.crosstie("run", "--once").code == 0
    return world


def test_an_applied_plan_does_not_let_go_of_the_brake(ten: World) -> None:
    ten.sql("DELETE FROM people WHERE id <= 3")
    assert ten.crosstie("run", "--once").code == 0
    ten.sql("UPDATE people SET city = 'Rome' WHERE id = 10")
    assert ten.crosstie("apply", "--yes").code == 0
    assert kinds(ten) == ["apply", "run", "run"]
    ten.sql("DELETE FROM people WHERE id = 4")
    said = ten.crosstie("plan", "-o", "plan.json")
    why = "would delete 4 of 10 linked records"
    assert f"the brake stops contacts: it {why}" in said.out
    assert ten.crosstie("apply", "plan.json").code == 7
    assert ten.crosstie("run", "--once").code == 7
    assert why in ten.crosstie("status").out
    assert ten.crosstie("apply", "--yes", "--release-brake").code == 0
    assert kinds(ten)[0] == "released"
    ten.sql("DELETE FROM people WHERE id = 5")
    assert ten.crosstie("run", "--once").code == 0, "a person let go of what was before"


def test_what_an_applied_plan_deleted_counts_like_the_deletions_of_any_run(ten: World) -> None:
    ten.sql("DELETE FROM people WHERE id <= 3")
    assert ten.crosstie("apply", "--yes").code == 0
    ten.sql("DELETE FROM people WHERE id = 4")
    assert ten.crosstie("run", "--once").code == 7
    assert ten.contacts() == 7
