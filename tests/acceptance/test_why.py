"""`crosstie why`: where a value comes from, on one screen."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """One linked person."""
    world.crosstie("capture", "install")
    world.add_person("Ada", "ada@example.org")
    assert world.crosstie("run", "--once").code == 0
    return world


def why(world: World, *args: str) -> dict[str, object]:
    document: dict[str, object] = world.crosstie("why", *args, "--json").document
    return document


def test_a_value_that_was_brought_over_names_its_write(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("run", "--once").code == 0
    run = linked.crosstie("runs", "--json").document["runs"][0]["id"]
    said = linked.crosstie("why", "1", "city")
    assert said.code == 0
    assert "in step; last written to the right: changed on the left" in said.out
    assert "Bern -> Rome (update)" in said.out
    assert f"run {run}" in said.out
    assert "it still holds what was written" in said.out
    assert "never written by Crosstie" in said.out
    right = why(linked, linked.ids()[0], "city")["sides"]["right"]  # type: ignore[index]
    assert (right["before"], right["after"], right["run"]) == ("Bern", "Rome", run)


def test_an_edit_since_is_told_apart_from_what_we_wrote(linked: World) -> None:
    linked.api("PUT", f"/contacts/{linked.ids()[0]}", {"city": "Oslo"})
    said = linked.crosstie("why", "1", "city")
    assert "changed on the right since both sides last agreed" in said.out
    assert "it was changed since" in said.out


def test_each_field_of_one_write_has_its_own_cause(linked: World) -> None:
    [contact] = linked.ids()
    linked.declare(extra='policy="left",')
    linked.sql("UPDATE people SET city = 'Left', first_name = 'Adele'")
    linked.api("PUT", f"/contacts/{contact}", {"city": "Right"})
    assert linked.crosstie("run", "--once").code == 0
    causes = {
        name: why(linked, "1", name)["sides"]["right"]["cause"]  # type: ignore[index]
        for name in ("city", "first_name", "email")
    }
    assert causes == {
        "city": "policy left",
        "first_name": "changed on the left",
        "email": "new on the left",
    }


def test_a_person_who_decided_is_named_as_the_cause(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Left'")
    linked.api("PUT", f"/contacts/{linked.ids()[0]}", {"city": "Right"})
    assert linked.crosstie("run", "--once").code == 6
    [asked] = linked.crosstie("conflicts", "list", "--json").document["conflicts"]
    assert "changed on both sides" in linked.crosstie("why", "1", "city").out
    assert f"crosstie conflicts show {asked['id']}" in linked.crosstie("why", "1", "city").out
    linked.crosstie("conflicts", "resolve", str(asked["id"]), "--take", "left")
    assert linked.crosstie("run", "--once").code == 0
    assert "a person decided" in linked.crosstie("why", "1", "city").out


def test_a_sides_own_name_of_a_field_is_understood(linked: World) -> None:
    assert why(linked, "1", "firstName")["field"] == "first_name"


def test_a_record_that_is_gone_still_has_its_reason(linked: World) -> None:
    [contact] = linked.ids()
    linked.add_person("Bo", "bo@example.org")
    assert linked.crosstie("run", "--once").code == 0
    linked.sql("DELETE FROM people WHERE id = 1")
    assert linked.crosstie("run", "--once").code == 0
    for name in ("1", contact):
        said = linked.crosstie("why", name, "city")
        assert said.code == 0, said
        assert "not on both sides now" in said.out
        assert "Bern -> - (delete)" in said.out
        history = linked.crosstie("record", "history", name, "--json").document["history"]
        assert [line["operation"] for line in history] == ["create", "delete"]


def test_a_system_that_is_down_is_said_so(linked: World) -> None:
    linked.control("down", down=True)
    said = linked.crosstie("why", "1", "city")
    assert said.code == 0
    assert "(could not be read)" in said.out
    assert "it cannot be said whether it still holds it" in said.out


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (("nobody", "city"), 1, "no linked record"),
        (("1", "shoe"), 2, "use one of: first_name, last_name, email, city"),
        (("1", "city", "--sync", "nothing"), 2, "there is no sync"),
        (("1",), 2, "FIELD"),
    ],
)
def test_what_nobody_knows_is_refused(
    linked: World, args: tuple[str, ...], code: int, text: str
) -> None:
    said = linked.crosstie("why", *args)
    assert (said.code, text in said.err) == (code, True), said
