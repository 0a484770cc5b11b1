"""The first hour of somebody who maps one more field: a plan shows what the next run does."""

from __future__ import annotations

from typing import Any

import pytest

from .test_restored import copied, put_back
from .world import World

FEWER = """
    field("first_name", "firstName"),
    field("last_name", "lastName"),
    field("email", "email", Email()),
"""


@pytest.fixture
def fewer(world: World) -> World:
    """Three people in step on both sides, with capture; their cities are not mapped yet."""
    world.declare(fields=FEWER)
    assert world.crosstie("capture", "install").code == 0
    for number in range(3):
        world.add_person(f"P{number}", f"p{number}@x.example")
    assert world.crosstie("run", "--once").code == 0
    return world


def planned(world: World) -> list[tuple[str, str | None, list[str]]]:
    """What a plan shows: kind, left id and fields of each operation."""
    shown: list[dict[str, Any]] = world.crosstie("plan", "--json").document["operations"]
    return [(o["kind"], o.get("left_id"), sorted(o.get("changes", ()))) for o in shown]


def wrote(world: World) -> int:
    return int(world.crosstie("run", "--once", "--json").document["writes"])


def cities(world: World) -> list[str | None]:
    return sorted(str(world.contact(each).get("city")) for each in world.ids() if each)


def test_the_next_run_brings_over_a_field_that_was_mapped_since(fewer: World) -> None:
    fewer.declare()
    assert planned(fewer) == [("update", str(n), ["city"]) for n in (1, 2, 3)]
    assert wrote(fewer) == 3
    assert cities(fewer) == ["Bern"] * 3
    assert (planned(fewer), wrote(fewer)) == ([], 0)


def test_a_field_that_is_mapped_no_longer_is_no_news(fewer: World) -> None:
    fewer.declare()
    assert wrote(fewer) == 3
    fewer.declare(fields=FEWER)
    assert (planned(fewer), wrote(fewer)) == ([], 0)


def test_a_discarded_letter_is_looked_at_again_where_its_record_reads_otherwise(
    fewer: World,
) -> None:
    fewer.sql("UPDATE people SET email = 'no-address' WHERE id = 1")
    assert fewer.crosstie("run", "--once").code == 1
    assert fewer.crosstie("dead", "discard", "--all", "--yes").code == 0
    assert (planned(fewer), wrote(fewer)) == ([], 0)
    fewer.declare()
    assert planned(fewer) == [("update", "2", ["city"]), ("update", "3", ["city"])]
    assert wrote(fewer) == 2
    assert fewer.crosstie("dead", "discard", "--all", "--yes").code == 0
    assert (planned(fewer), wrote(fewer)) == ([], 0)


def test_one_more_field_after_a_restored_database_was_let_go(fewer: World) -> None:
    backup = copied(fewer.database, "backup.sqlite")
    fewer.sql("UPDATE people SET first_name = 'Later' WHERE id = 2")
    fewer.sql("UPDATE people SET email = 'no-address' WHERE id = 1")
    assert fewer.crosstie("run", "--once").code == 1
    assert fewer.crosstie("dead", "discard", "--all", "--yes").code == 0
    put_back(backup, fewer.database)
    assert fewer.crosstie("run", "--once").code == 7
    assert fewer.crosstie("plan", "--sync", "contacts", "-o", "plan.json").code == 0
    assert fewer.crosstie("apply", "plan.json").code == 0
    assert (planned(fewer), wrote(fewer)) == ([], 0)
    fewer.declare()
    assert planned(fewer) == [("update", str(n), ["city"]) for n in (1, 2, 3)]
    assert wrote(fewer) == 3
    assert cities(fewer) == ["Bern"] * 3
    assert (planned(fewer), wrote(fewer)) == ([], 0)


@pytest.mark.parametrize(
    ("before", "instead"), [("Gold", "what it held before"), (None, "it empty")]
)
def test_a_retried_letter_of_a_value_that_is_no_option_stays_told(
    world: World, before: str | None, instead: str
) -> None:
    """GoHighLevel leaves a value that is no option of the field out in silence."""
    world.declare(fields=FEWER + '    field("city", "contact.level"),\n')
    world.add_person("Ada", "ada@x.example", city="Gold")
    world.sql("UPDATE people SET city = ?", before)
    assert world.crosstie("run", "--once").code == 0
    world.sql("UPDATE people SET city = 'Platinum'")
    for _ in range(3):
        assert world.crosstie("run", "--once").code == 1
        letters = " ".join(world.crosstie("dead", "list").out.split())
        assert f"accepted field 'city' and shows {instead}" in letters
        assert wrote(world) == 0, "which is not repeated by itself"
        assert world.crosstie("dead", "retry", "--all", "--yes").code == 0
    world.sql("UPDATE people SET city = 'Silver'")
    assert wrote(world) == 1
    assert world.crosstie("dead", "list", "--json").document["causes"] == []
