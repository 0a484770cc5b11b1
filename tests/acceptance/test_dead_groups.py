"""Dead letters by cause: listed, retried and discarded as a group, after their number was said."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def dead(world: World) -> World:
    """Three people whose address no system takes, and one in step."""
    world.add_person("Ada", "ada@example.org")
    for number in range(3):
        world.add_person(f"X{number}", f"no-address-{number}")
    assert world.crosstie("run", "--once").code == 1
    return world


def causes(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = world.crosstie("dead", "list", "--json").document["causes"]
    return found


def test_equal_causes_are_one_group_whoever_they_befell(dead: World) -> None:
    first = causes(dead)[0]
    assert (first["error"], first["records"], first["sync"]) == ("rejected:email", 3, "contacts")
    assert first["oldest"] is not None
    said = dead.crosstie("dead", "list").out
    assert f"3 x contacts: rejected:email   group {first['group']}" in said
    assert "no-address" not in said
    assert "fix: " in said


def test_the_letters_of_a_group_are_listed(dead: World) -> None:
    group = str(causes(dead)[0]["group"])
    letters = dead.crosstie("dead", "list", "--group", group, "--json").document
    assert letters["count"] == 3
    assert [letter["left_id"] for letter in letters["letters"]] == ["2", "3", "4"]
    shown = dead.crosstie("dead", "list", "--group", group, "--limit", "1").out
    assert len(shown.splitlines()) == 2
    assert "no-address" not in shown
    missing = dead.crosstie("dead", "list", "--group", "00000000")
    assert (missing.code, "no group '00000000'" in missing.err) == (1, True)


def test_a_group_is_retried_with_the_values_of_today(dead: World) -> None:
    group = str(causes(dead)[0]["group"])
    dead.sql("UPDATE people SET email = 'x' || id || '@example.org' WHERE id IN (2, 3)")
    assert (
        "3 dead letters to be tried again."
        in dead.crosstie("dead", "retry", "--group", group, "--yes").out
    )
    dead.crosstie("run", "--once")
    assert dead.contacts() == 3
    assert next(c["records"] for c in causes(dead) if c["group"] == group) == 1


@pytest.mark.parametrize("verb", ["retry", "discard"])
@pytest.mark.parametrize(
    "choice", [("--all",), ("--match", "mail"), ("--sync", "contacts"), ("--group", "")]
)
def test_more_than_named_ones_are_asked_about_first(
    dead: World, verb: str, choice: tuple[str, ...]
) -> None:
    if choice[0] == "--group":
        choice = ("--group", str(causes(dead)[0]["group"]))
    number = len(dead.crosstie("dead", "list", "--json").out)
    said = dead.crosstie("dead", verb, *choice)
    assert said.code == 2
    assert f"nobody can be asked whether to {verb}" in said.err
    assert "dead letters" in said.err
    assert "fix: add `--yes`" in said.err
    assert len(dead.crosstie("dead", "list", "--json").out) == number
    assert dead.crosstie("dead", verb, *choice, "--yes").code == 0
    assert len(causes(dead)) < 2


def test_a_person_is_asked_on_a_terminal(dead: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda text, err: asked.append(text) or False)
    asked: list[str] = []
    said = dead.crosstie("dead", "retry", "--match", "email")
    assert (said.code, asked) == (1, ["Retry 3 dead letters?"])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("retry",), 2),
        (("retry", "2", "--all"), 2),
        (("retry", "--all", "--match", "x"), 2),
        (("discard", "--group", "00000000"), 1),
        (("discard", "nobody"), 1),
        (("retry", "--sync", "nothing"), 2),
        (("list", "--sync", "nothing"), 2),
        (("list", "--limit", "0"), 2),
    ],
)
def test_what_does_not_fit_changes_nothing(dead: World, args: tuple[str, ...], code: int) -> None:
    before = causes(dead)
    said = dead.crosstie("dead", *args, *(("--yes",) if args[0] != "list" else ()))
    assert said.code == code, said
    assert "fix: " in said.err
    assert causes(dead) == before


def test_too_many_ways_to_name_letters_exclude_each_other(dead: World) -> None:
    said = dead.crosstie("dead", "retry", "3", "--all")
    assert (said.code, said.out) == (2, "")
    assert "exclude each other" in said.err
    assert "fix: give only one of them" in said.err
