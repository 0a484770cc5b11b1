"""What a person is told when not all is well: outages, letters left alone, records gone."""

from __future__ import annotations

import sys

import pytest

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """One linked person."""
    world.add_person("Ada", "ada@example.org")
    assert world.crosstie("run", "--once").code == 0
    return world


@pytest.fixture
def dead(linked: World) -> World:
    """A second person whose address the right refuses."""
    linked.add_person("Bo", "no-address")
    assert linked.crosstie("run", "--once").code == 1
    return linked


def test_a_discarded_letter_is_named_until_its_record_changes(dead: World) -> None:
    assert "1 dead letter left alone" in dead.crosstie("dead", "discard", "2").out
    assert dead.crosstie("run", "--once").code == 0
    said = dead.crosstie("status")
    assert said.out.startswith("Nothing due: 1 record linked, 1 left alone at your request.")
    assert dead.crosstie("status", "--json").document["syncs"][0]["left_alone"] == 1
    assert "left alone at your request" in dead.crosstie("record", "show", "2").out
    dead.sql("UPDATE people SET email = 'bo@example.org' WHERE id = 2")
    assert dead.crosstie("run", "--once").code == 0
    assert "ago: 2 records linked, nothing due." in dead.crosstie("status").out
    assert "left alone" not in dead.crosstie("record", "show", "2").out


def test_what_happened_and_what_to_do_about_it_are_told_apart(dead: World) -> None:
    [cause] = dead.crosstie("dead", "list", "--json").document["causes"]
    assert cause["fix"]
    assert "fix:" not in cause["text"]
    assert f"\n  fix: {cause['fix']}\n" in dead.crosstie("dead", "list").out
    view = dead.crosstie("record", "show", "2", "--json").document
    assert (view["detail"], view["fix"]) == (cause["text"], cause["fix"])
    said = dead.crosstie("record", "show", "2")
    assert "fix:" not in said.out
    assert f"fix: {cause['fix']}" in said.err


def test_an_outage_is_named_by_the_verdict_and_its_runs_take_one_line(linked: World) -> None:
    linked.control("down", down=True)
    linked.sql("UPDATE people SET city = 'Rome'")
    for _ in range(3):
        assert linked.crosstie("run", "--once").code == 5
    said = linked.crosstie("status")
    assert said.out.startswith("A system could not be reached at the last run: contacts: GoHigh")
    assert len(linked.crosstie("status", "--json").document["runs"]) == 2
    shown = linked.crosstie("record", "show", "1", "--json").document
    assert shown["there"] == {"left": True, "right": None}
    assert "(could not be read)" in linked.crosstie("record", "show", "1").out
    linked.control("down", down=False)
    linked.sql("UPDATE people SET city = 'Bern'")
    assert linked.crosstie("run", "--once").code == 0
    assert "ago: 1 record linked, nothing due." in linked.crosstie("status").out


@pytest.mark.parametrize("deleted", ["left", "right"])
def test_the_history_of_a_record_outlives_the_record(linked: World, deleted: str) -> None:
    linked.crosstie("capture", "install")
    contact = linked.add_contact(firstName="Bo", email="bo@example.org")
    assert linked.crosstie("run", "--once").code == 0
    if deleted == "left":
        linked.sql("DELETE FROM people WHERE id = 2")
    else:
        linked.api("DELETE", f"/contacts/{contact}")
        # What one listing of a remote system does not show is a suspicion; a second one is proof.
        assert linked.crosstie("run", "--once", "--full").code == 0
        assert contact in linked.ids()
    assert linked.crosstie("run", "--once", "--full").code == 0
    assert contact not in linked.ids()
    name = contact if deleted == "left" else "2"
    lines = linked.crosstie("record", "history", name, "--values", "--json").document["history"]
    assert [line["operation"] for line in lines] == ["create", "delete"]
    assert lines[1]["before"]["email"] == "bo@example.org"
    missing = linked.crosstie("record", "history", "nobody")
    assert (missing.code, "deleted" in missing.err) == (1, True)


def test_an_edit_that_waits_for_a_record_that_is_not_found_is_told(linked: World) -> None:
    linked.add_person("Bo", "bo@example.org")
    assert linked.crosstie("run", "--once").code == 0
    linked.api("DELETE", f"/contacts/{linked.ids()[0]}")
    linked.sql("UPDATE people SET city = 'Rome' WHERE id = 1")
    said = linked.crosstie("run", "--once")
    assert "! contacts: 1 record not found on the right; looked at again by " in said.out
    assert "0 deleted, 1 not found, to be looked at again." in said.out.splitlines()[-1]
    told = linked.crosstie("run", "--once", "--json").document
    assert told["summary"].endswith("1 not found, to be looked at again.")
    shown = linked.crosstie("status")
    first = "Nothing due: 2 records linked, 1 not found and to be looked at again."
    assert shown.out.startswith(first)
    assert "! contacts: 1 record not found on the right; looked at again by " in shown.out
    [sync] = linked.crosstie("status", "--json").document["syncs"]
    for [missing] in (told["not_found"], sync["not_found"]):
        assert missing.pop("again_in") <= 60
        assert missing == {"sync": "contacts", "side": "right", "records": 1}
    assert "1 not found, to be looked at again" in linked.crosstie("runs").out
    for _ in range(2):
        linked.crosstie("run", "--once", "--full")
    assert linked.crosstie("status").out.startswith("1 conflict waits for a person")
    assert linked.crosstie("status", "--json").document["syncs"][0]["not_found"] == []
    shown = linked.crosstie("conflicts", "show", "1").err
    assert "the right deletes the other one too, the left makes it anew" in shown


def test_a_crm_that_cannot_be_reached_is_told_with_its_address_and_a_fix(offline: World) -> None:
    said = offline.crosstie("check")
    assert said.code == 3
    assert "no connection to http://127.0.0.1:9 (" in said.out
    assert "fix: see that the system is up, and that base_url is its address" in said.out
    assert "1 error." in said.out.splitlines()[-1]


def test_a_location_that_is_not_set_is_asked_for_as_what_it_is(offline: World) -> None:
    declared = offline.folder / f"{offline.module}.py"
    declared.write_text(declared.read_text().replace('location=""', 'location="env:NOT_SET_HERE"'))
    said = offline.crosstie("run", "--once")
    assert (said.code, "fix: set NOT_SET_HERE to the id of the location" in said.err) == (3, True)


def test_a_value_that_cannot_be_read_is_marked_and_shown_as_it_is(world: World) -> None:
    world.declare(
        fields="""
        field("first_name", "firstName"),
        field("email", "email", Email()),
        """
    )
    world.add_person("Ada", "ADA@example.org")
    assert world.crosstie("run", "--once").code == 0
    world.sql("UPDATE people SET email = 'no address'")
    view = world.crosstie("record", "show", "1", "--json").document["fields"]["email"]
    assert (view["left"], view["raw_left"], view["unreadable"]) == (None, "no address", ["left"])
    assert "unreadable (no address)" in world.crosstie("record", "show", "1").out


def test_a_stale_operation_says_what_to_do(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    assert linked.crosstie("plan", "-o", "plan.json").code == 0
    linked.sql("UPDATE people SET city = 'Oslo'")
    said = linked.crosstie("apply", "plan.json")
    assert "1 left as they are: not in the plan" in said.out
    assert "fix: see what is needed now with `crosstie plan`" in said.err
    missing = linked.crosstie("apply", "nothing.json")
    assert (missing.code, "crosstie plan -o nothing.json" in missing.err) == (2, True)


def test_a_plan_names_the_records_that_cannot_be_synced_and_why(linked: World) -> None:
    for number in range(12):
        linked.add_person("N", f"nobody-{number}")
    linked.declare(fields='field("first_name", "firstName", Integer()), field("email", "email"),')
    said = linked.crosstie("plan")
    lines = [line for line in said.out.splitlines() if "field 'first_name' on the left" in line]
    assert lines[0].startswith("! contacts: left ")
    assert len(lines) == 10
    unfit = linked.crosstie("plan", "--json").document["unfit"]
    assert "... and 3 more of contacts; `--json` has all of them" in said.out
    assert len(unfit) == 13
    assert {each["error"] for each in unfit} == {"rejected:first_name"}
    assert "13 records cannot be synced as they are" in said.out
    assert said.err.count("fix: correct the value of 'first_name' on the left") == 1
    for value in ("Ada", "nobody-"):
        assert value not in said.out + said.err
    one = linked.crosstie("plan", "--only", unfit[0]["left_id"])
    assert "1 record cannot be synced as it is" in one.out


def test_a_plan_of_an_id_that_nobody_knows_says_so(linked: World) -> None:
    assert "no linked record has that id" in linked.crosstie("plan", "--only", "999").out
    assert "no linked record" not in linked.crosstie("plan", "--only", "1").out


def test_an_answered_conflict_waits_for_a_run_and_not_for_a_person(linked: World) -> None:
    [contact] = linked.ids()
    linked.sql("UPDATE people SET city = 'Left'")
    linked.api("PUT", f"/contacts/{contact}", {"city": "Right"})
    assert "changed on both sides" in linked.crosstie("plan").out
    assert linked.crosstie("run", "--once").code == 6
    assert linked.crosstie("status").out.startswith("1 conflict waits for a person")
    [asked] = linked.crosstie("conflicts", "list", "--json").document["conflicts"]
    assert linked.crosstie("conflicts", "resolve", str(asked["id"]), "--take", "left").code == 0
    assert "1 answered and to be carried out" in linked.crosstie("status").out.splitlines()[0]
    assert linked.crosstie("run", "--once").code == 0
    assert linked.crosstie("status").out.startswith("In step when the last engine ended, ")


def test_a_value_that_a_field_cannot_have_answers_no_conflict(linked: World) -> None:
    [contact] = linked.ids()
    linked.sql("UPDATE people SET email = 'left@example.org'")
    linked.api("PUT", f"/contacts/{contact}", {"email": "right@example.org"})
    assert linked.crosstie("run", "--once").code == 6
    [asked] = linked.crosstie("conflicts", "list", "--json").document["conflicts"]
    resolve = ("conflicts", "resolve", str(asked["id"]), "--field", "email", "--value")
    said = linked.crosstie(*resolve, "nobody-at-home")
    assert (said.code, "nobody-at-home" in said.err) == (2, False)
    assert "field 'email' cannot have this value" in said.err
    assert linked.crosstie(*resolve, "both@example.org").code == 0
    assert linked.crosstie("run", "--once").code == 0
    assert linked.contact(contact)["email"] == "both@example.org"


def test_a_sketch_gives_way_to_a_declaration_made_from_the_database(offline: World) -> None:
    said = offline.crosstie("init")
    assert "no database was looked at" in said.err
    bare = offline.crosstie("init", "--url", str(offline.database))
    assert bare.code == 3
    assert f"sqlite:///{offline.database}" in bare.err
    assert offline.crosstie("init", "--url", f"sqlite:///{offline.database}").code == 0
    assert "table('people')" in (offline.folder / "crosstie_app.py").read_text()
    assert offline.crosstie("init", "--url", f"sqlite:///{offline.database}").code == 3
    sys.modules.pop("crosstie_app", None)


@pytest.mark.parametrize("command", [("status",), ("plan", "--full"), ("fields", "contacts")])
def test_tables_fit_eighty_columns(
    dead: World, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    dead.add_person("Cy", "cy@example.org")
    monkeypatch.setenv("COLUMNS", "80")
    lines = dead.crosstie(*command).out.splitlines()
    tables = [line for line in lines if not line.startswith(("!", "1 ", "  field("))]
    assert max(map(len, tables)) <= 80
    assert not [line for line in lines if line.startswith("conflic ")]
