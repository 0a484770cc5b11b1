"""The history of a record is found by either of its ids, also when it is gone."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """Two linked people whose row ids are not the numbers of their links."""
    world.sql("INSERT INTO people (id, first_name, email) VALUES (7, 'Ada', 'ada@example.org')")
    world.crosstie("run", "--once")
    world.sql("INSERT INTO people (id, first_name, email) VALUES (9, 'Bo', 'bo@example.org')")
    world.sql("INSERT INTO people (id, first_name, email) VALUES (1, 'Cy', 'cy@example.org')")
    assert world.crosstie("run", "--once").code == 0
    return world


def told(world: World, record: str) -> list[tuple[str, str]]:
    """Operation and cause of each line of its history."""
    lines = world.crosstie("record", "history", record, "--json").document["history"]
    return [(line["operation"], line["cause"]) for line in lines]


CREATED = ("create", "new on the left")
DELETED = ("delete", "deleted on the left")


def test_the_id_of_a_deleted_record_is_not_taken_for_the_number_of_a_link(linked: World) -> None:
    linked.sql("DELETE FROM people WHERE id = 1")
    assert linked.crosstie("run", "--once").code == 0
    assert told(linked, "1") == [CREATED, DELETED], "link 1 is that of Ada"


@pytest.mark.parametrize("row", ["7", "9", "1"])
def test_a_deleted_record_is_found_by_the_id_of_either_side(linked: World, row: str) -> None:
    [contact] = [
        line["record_id"]
        for line in linked.crosstie("record", "history", row, "--json").document["history"]
    ]
    linked.sql("DELETE FROM people WHERE id = ?", int(row))
    assert linked.crosstie("run", "--once").code == 0
    assert told(linked, row) == told(linked, contact) == [CREATED, DELETED]


def test_an_id_that_is_used_again_has_the_history_of_both_records(linked: World) -> None:
    linked.sql("DELETE FROM people WHERE id = 9")
    linked.crosstie("run", "--once")
    linked.sql("INSERT INTO people (id, first_name, email) VALUES (9, 'Di', 'di@example.org')")
    assert linked.crosstie("run", "--once").code == 0
    assert told(linked, "9") == [CREATED, DELETED, CREATED]


def test_a_record_that_both_sides_deleted_has_its_end_in_the_history(linked: World) -> None:
    [contact] = [
        line["record_id"]
        for line in linked.crosstie("record", "history", "9", "--json").document["history"]
    ]
    linked.sql("DELETE FROM people WHERE id = 9")
    linked.api("DELETE", f"/contacts/{contact}")
    for _ in range(2):
        assert linked.crosstie("run", "--once", "--full").code == 0
    for name in ("9", contact):
        assert told(linked, name) == [CREATED, ("close", "gone on both sides")]
    assert linked.crosstie("status", "--json").document["syncs"][0]["not_found"] == []


def test_a_link_is_still_found_by_its_number(linked: World) -> None:
    assert told(linked, "2") == [CREATED]
