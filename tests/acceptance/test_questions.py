"""What waits for a person is told by every command that may be read first, with what to type."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """One linked person."""
    world.add_person("Ada", "ada@example.org")
    assert world.crosstie("run", "--once").code == 0
    return world


@pytest.fixture
def asked(linked: World) -> World:
    """Conflict 1: the city and the name were changed on both sides."""
    linked.sql("UPDATE people SET city = 'Left', first_name = 'Adele'")
    linked.api("PUT", f"/contacts/{linked.ids()[0]}", {"city": "Right", "firstName": "Adi"})
    assert linked.crosstie("run", "--once").code == 6
    return linked


def test_letters_of_earlier_runs_are_told_by_every_run_and_fail_only_their_own(
    linked: World,
) -> None:
    assert "dead letter" not in linked.crosstie("run", "--once").out
    linked.add_person("Bo", "no-address")
    for code in (1, 0):
        said = linked.crosstie("run", "--once")
        assert (said.code, "1 dead letter waits." in said.out.splitlines()[-1]) == (code, True)
        assert "crosstie dead list" in said.err
    assert linked.crosstie("run", "--once", "--json").document["dead_letters"] == 1


def test_a_plan_tells_what_waits_already(asked: World) -> None:
    asked.add_person("Bo", "no-address")
    assert asked.crosstie("run", "--once").code == 1, "a dead letter comes before a conflict"
    said = asked.crosstie("plan")
    wait = (
        "1 dead letter and 1 conflict wait for a person: "
        "`crosstie dead list`, `crosstie conflicts list`"
    )
    assert f"! {wait}\n" in said.out
    told = asked.crosstie("plan", "--json").document["waiting"]
    assert told == {"dead": 1, "conflicts": 1, "told": wait}
    asked.crosstie("conflicts", "resolve", "1", "--take", "left")
    asked.crosstie("dead", "discard", "--all", "--yes")
    assert "for a person" not in asked.crosstie("plan").out


def test_a_conflict_shows_what_answers_it_until_it_has_an_answer(asked: World) -> None:
    said = asked.crosstie("conflicts", "show", "1")
    begin = "crosstie conflicts resolve 1"
    for example in ("--take left --field", "--take right --field", "--field"):
        assert f"  {begin} {example} " in said.err
    assert "left now" in said.out
    bare = asked.crosstie("conflicts", "resolve", "1")
    assert bare.code == 2
    assert f"`{begin} --take left --field" in bare.err
    assert "--pair" not in bare.err
    asked.crosstie("conflicts", "resolve", "1", "--field", "city", "--value", "Both")
    part = asked.crosstie("conflicts", "show", "1")
    assert part.out.startswith("Conflict 1 (answered in part, ")
    assert f"{begin} --take left --field first_name" in part.err
    asked.crosstie("conflicts", "resolve", "1", "--field", "first_name", "--take", "right")
    for state in ("answered, to be carried out by the next run", "closed "):
        said = asked.crosstie("conflicts", "show", "1")
        assert said.out.startswith(f"Conflict 1 ({state}")
        assert "the value Both" in said.out
        assert "take right" in said.out
        assert "left now" not in said.out
        assert "resolve" not in said.err
        assert asked.crosstie("run", "--once").code == 0


def test_a_value_of_a_person_is_told_as_such_on_both_sides(asked: World) -> None:
    asked.crosstie("conflicts", "resolve", "1", "--field", "city", "--value", "Both")
    asked.crosstie("conflicts", "resolve", "1", "--field", "first_name", "--value", "Ad")
    assert asked.crosstie("run", "--once").code == 0
    sides = asked.crosstie("why", "1", "city", "--json").document["sides"]
    assert {s["cause"] for s in sides.values()} == {"a person decided"}
    assert {s["now"] for s in sides.values()} == {"Both"}


def test_only_the_fields_of_a_conflict_lead_to_it(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Left'")
    linked.api("PUT", f"/contacts/{linked.ids()[0]}", {"city": "Right"})
    assert linked.crosstie("run", "--once").code == 6
    assert "conflicts show 1" in linked.crosstie("why", "1", "city").out
    assert "conflicts show" not in linked.crosstie("why", "1", "email").out
    assert linked.crosstie("why", "1", "email", "--json").document["conflict"] is None


def test_a_difference_at_first_meeting_is_no_edit(world: World) -> None:
    world.add_person("Ada", "ada@example.org", "Left")
    world.add_contact(firstName="Ada", email="ada@example.org", city="Right")
    said = world.crosstie("plan")
    assert "differs on both sides, and they never agreed: a person is asked" in said.out
    assert world.crosstie("run", "--once").code == 6
    told = world.crosstie("why", "1", "city").out
    assert "field city: differs on both sides, and they never agreed" in told
    assert "changed on both sides" not in said.out + told


def test_the_history_shows_values_in_the_line_of_their_write(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("run", "--once").code == 0
    said = linked.crosstie("record", "history", "1", "--values").out.splitlines()
    [line] = [line for line in said if "city: Bern -> Rome" in line]
    assert " update " in line
    [line] = [line for line in said if " create " in line]
    assert "city: - -> Bern" in line


def test_status_says_before_the_first_run_that_it_asks_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GHL_TOKEN", "pit-wrong")
    said = world.crosstie("status")
    assert "status asks no remote system: `crosstie check` does" in said.out
    refused = world.crosstie("run", "--once")
    assert refused.code == 4
    assert "has to be started again for it" in refused.out + refused.err
    monkeypatch.undo()


def test_all_variables_that_are_not_set_are_named_at_once(
    offline: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GHL_TOKEN")
    declared = offline.folder / f"{offline.module}.py"
    declared.write_text(declared.read_text().replace('location=""', 'location="env:NO_PLACE"'))
    said = offline.crosstie("check")
    assert said.code == 3
    assert "variable NO_PLACE is not set; the environment variable GHL_TOKEN is not" in said.out
    assert "fix: set NO_PLACE to the id of the location; set GHL_TOKEN to the token" in said.out


def test_a_field_for_the_mark_is_warned_about_with_its_fix(world: World) -> None:
    lines = world.crosstie("check", "--json").document["lines"]
    [mark] = [line for line in lines if "no text field contact.crosstie_id" in line["text"]]
    assert "add a text field with the key contact.crosstie_id" in mark["fix"]
    assert "fix:" not in mark["text"]


def test_a_first_declaration_names_the_stand_in(offline: World) -> None:
    url = f"sqlite:///{offline.database}"
    said = offline.crosstie("init", "--url", url, "--base-url", "http://127.0.0.1:8765")
    assert said.code == 0
    declared = (offline.folder / "crosstie_app.py").read_text()
    assert "token=\"env:GHL_TOKEN\", base_url='http://127.0.0.1:8765')" in declared
    compile(declared, "crosstie_app.py", "exec")
