"""Every command does what its help says, over real HTTP and a real database."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from crosstie.core.errors import Retry
from crosstie.engine.run import Report
from crosstie.service.locate import locate
from crosstie.service.lock import engine_lock
from crosstie.service.measuring import MeasuredStore
from crosstie.service.wiring import opened
from crosstie.service.worker import work_until

from .world import World


@pytest.fixture
def linked(world: World) -> World:
    """Two linked people, with capture installed."""
    world.add_person("Ada", "ada@example.org")
    world.add_person("Bo", "bo@example.org")
    assert world.crosstie("capture", "install").code == 0
    assert world.crosstie("run", "--once").code == 0
    return world


def clash(world: World, city: str = "Right") -> str:
    """Both sides edit the same field of Ada; the id of the conflict."""
    world.sql("UPDATE people SET city = 'Left' WHERE first_name = 'Ada'")
    world.api("PUT", f"/contacts/{ada(world)}", {"city": city})
    assert world.crosstie("run", "--once").code == 6
    [asked] = world.crosstie("conflicts", "list", "--json").document["conflicts"]
    return str(asked["id"])


def ada(world: World) -> str:
    view = world.crosstie("record", "show", "1", "--json").document
    return str(view["right_id"])


def test_status_tells_where_to_begin_and_then_that_it_is_in_step(world: World) -> None:
    assert world.crosstie("status").out.startswith("Not started yet: contacts.")
    assert world.crosstie("run", "--once").code == 0
    assert world.crosstie("status").out.startswith("In step when the last engine ended, ")


def test_a_plan_shows_signs_and_ends_with_its_summary(linked: World) -> None:
    linked.add_person("Cy", "cy@example.org")
    linked.sql("UPDATE people SET city = 'Rome' WHERE first_name = 'Ada'")
    linked.sql("DELETE FROM people WHERE first_name = 'Bo'")
    stored = linked.stored()
    said = linked.crosstie("plan")
    assert {line[0] for line in said.out.splitlines()[1:4]} == {"+", "~", "-"}
    assert said.out.splitlines()[-1] == "Plan: 1 to create, 1 to change, 1 to delete."
    assert linked.stored() == stored
    assert "Rome" not in said.out


def test_a_plan_of_one_record_leaves_the_others_out(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome'")
    operations = linked.crosstie("plan", "--only", "1", "--json").document["operations"]
    assert [o["left_id"] for o in operations] == ["1"]


def test_a_saved_plan_is_applied_exactly(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome' WHERE first_name = 'Ada'")
    assert linked.crosstie("plan", "-o", "plan.json").code == 0
    linked.sql("UPDATE people SET city = 'Oslo' WHERE first_name = 'Bo'")
    said = linked.crosstie("apply", "plan.json", "--json")
    assert said.code == 0
    assert [o["left_id"] for o in said.document["applied"]] == ["1"]
    assert linked.contact(ada(linked))["city"] == "Rome"
    assert linked.crosstie("plan", "--detailed-exitcode").code == 10


def test_a_planned_operation_that_no_longer_fits_is_stale(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome' WHERE first_name = 'Ada'")
    assert linked.crosstie("plan", "-o", "plan.json").code == 0
    linked.sql("UPDATE people SET city = 'Oslo' WHERE first_name = 'Ada'")
    stored = linked.stored()
    said = linked.crosstie("apply", "plan.json")
    assert said.code == 1
    assert "stale: update in contacts of 1" in said.out
    assert linked.stored() == stored
    assert linked.crosstie("run", "--once").code == 0
    assert linked.contact(ada(linked))["city"] == "Oslo"


def test_applying_a_plan_twice_does_it_once(linked: World) -> None:
    linked.add_person("Cy", "cy@example.org")
    assert linked.crosstie("plan", "-o", "plan.json").code == 0
    assert linked.crosstie("apply", "plan.json").code == 0
    said = linked.crosstie("apply", "plan.json")
    assert said.code == 0
    assert "1 no longer needed" in said.out
    assert linked.contacts() == 3


def test_apply_does_at_most_as_many_operations_as_it_is_told(world: World) -> None:
    for number in range(4):
        world.add_person("P", f"p{number}@example.org")
    said = world.crosstie("apply", "--yes", "--limit", "3", "--json")
    assert len(said.document["applied"]) == 3
    assert said.document["left_by_limit"] == 1
    assert world.contacts() == 3
    assert world.crosstie("run", "--once").code == 0
    assert world.contacts() == 4


def test_apply_without_a_plan_asks_and_refuses_where_nobody_answers(linked: World) -> None:
    linked.add_person("Cy", "cy@example.org")
    stored = linked.stored()
    said = linked.crosstie("apply")
    assert said.code == 2
    assert "add `--yes`" in said.err
    assert linked.stored() == stored


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "code", "contacts"), [("y\n", 0, 3), ("n\n", 1, 2), ("", 130, 2)]
)
def test_apply_asks_a_person_first(
    linked: World, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, contacts: int
) -> None:
    linked.add_person("Cy", "cy@example.org")
    monkeypatch.setattr(sys, "stdin", Person(answer))
    said = linked.crosstie("apply")
    assert said.code == code
    assert "Apply +1 ~0 -0?" in said.out + said.err
    assert linked.contacts() == contacts


def test_the_brake_stops_a_plan_and_a_run_until_a_person_releases_it(world: World) -> None:
    world.declare(extra="brake=Brake(share=0.05, records=3),")
    for number in range(6):
        world.add_person("P", f"p{number}@example.org")
    assert world.crosstie("run", "--once").code == 0
    world.sql("UPDATE people SET city = 'Rome'")
    stored = world.stored()
    assert "the brake stops contacts" in world.crosstie("plan", "-o", "plan.json").out
    said = world.crosstie("apply", "plan.json")
    assert said.code == 7
    assert "--release-brake" in said.err
    assert world.crosstie("run", "--once").code == 7
    assert world.crosstie("status").out.startswith("The brake holds contacts")
    assert world.crosstie("run", "--once").code == 7
    assert world.stored() == stored
    assert world.crosstie("apply", "plan.json", "--release-brake").code == 0
    assert world.stored() == stored + 6
    assert world.crosstie("status").out.startswith("In step when the last engine ended, ")


def test_an_emptied_side_stops_a_run(linked: World) -> None:
    linked.sql("DELETE FROM people")
    assert linked.crosstie("run", "--once").code == 7
    assert linked.contacts() == 2
    assert linked.crosstie("run", "--once", "--release-brake").code == 0
    assert linked.contacts() == 0


def test_a_conflict_is_listed_shown_and_resolved_field_by_field(linked: World) -> None:
    asked = clash(linked)
    listed = linked.crosstie("conflicts", "list")
    assert "city" in listed.out
    assert "Right" not in listed.out
    shown = linked.crosstie("conflicts", "show", asked)
    assert "Left" in shown.out
    assert "Right" in shown.out
    assert linked.crosstie("conflicts", "resolve", asked, "--take", "right").code == 0
    assert linked.crosstie("run", "--once").code == 0
    assert ("Ada", "ada@example.org", "Right") in linked.people()
    closed = linked.crosstie("conflicts", "resolve", asked, "--take", "left")
    assert closed.code == 2
    assert "is closed" in closed.err


def test_a_conflict_is_resolved_with_a_value_of_its_own(linked: World) -> None:
    asked = clash(linked)
    resolve = ("conflicts", "resolve", asked)
    assert linked.crosstie(*resolve, "--field", "city", "--value", "Both").code == 0
    assert linked.crosstie("run", "--once").code == 0
    assert ("Ada", "ada@example.org", "Both") in linked.people()
    assert linked.contact(ada(linked))["city"] == "Both"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "one of"),
        (("--take", "up"), "left or right"),
        (("--take", "left", "--value", "x"), "one of"),
        (("--take", "left", "--field", "phone"), "use one of: city"),
        (("--pair", "1"), "about fields"),
        (("--keep-apart",), "about fields"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    linked: World, arguments: tuple[str, ...], told: str
) -> None:
    asked = clash(linked)
    said = linked.crosstie("conflicts", "resolve", asked, *arguments)
    assert said.code == 2
    assert told in said.err
    view = linked.crosstie("conflicts", "show", asked, "--json").document
    assert view["answer"] is None


def test_a_deleted_and_edited_record_is_decided_as_a_whole(linked: World) -> None:
    contact = ada(linked)
    linked.sql("DELETE FROM people WHERE first_name = 'Ada'")
    linked.api("PUT", f"/contacts/{contact}", {"city": "Rome"})
    assert linked.crosstie("run", "--once").code == 6
    [asked] = linked.crosstie("conflicts", "list", "--json").document["conflicts"]
    resolve = ("conflicts", "resolve", str(asked["id"]))
    assert linked.crosstie(*resolve, "--field", "city", "--take", "left").code == 2
    assert linked.crosstie(*resolve, "--take", "right").code == 0
    assert linked.crosstie("run", "--once").code == 0
    assert ("Ada", "ada@example.org", "Rome") in linked.people()


def test_a_record_is_shown_on_both_sides_with_what_was_agreed(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome' WHERE first_name = 'Ada'")
    view = linked.crosstie("record", "show", "1", "--json").document
    city = view["fields"]["city"]
    assert (city["left"], city["right"], city["base_left"], city["agreed"]) == (
        "Rome",
        "Bern",
        "Bern",
        False,
    )
    said = linked.crosstie("record", "show", view["right_id"])
    assert "Rome" in said.out
    assert linked.crosstie("record", "show", "nobody").code == 1


def test_a_history_names_fields_and_shows_values_only_when_asked(linked: World) -> None:
    linked.sql("UPDATE people SET city = 'Rome' WHERE first_name = 'Ada'")
    linked.crosstie("run", "--once")
    said = linked.crosstie("record", "history", "1")
    assert "update" in said.out
    assert "city" in said.out
    assert "Rome" not in said.out
    assert "city: Bern -> Rome" in linked.crosstie("record", "history", "1", "--values").out


def test_pull_brings_one_record_and_leaves_the_others(linked: World) -> None:
    wanted = linked.add_contact(firstName="Cy", email="cy@example.org")
    linked.add_contact(firstName="Di", email="di@example.org")
    said = linked.crosstie("pull", "contacts", wanted, "--json")
    assert said.code == 0
    assert said.document["state"] == "settled"
    assert [name for name, *_ in linked.people()] == ["Ada", "Bo", "Cy"]
    assert linked.crosstie("pull", "contacts", "nobody").code == 1
    assert linked.crosstie("pull", "nothing", wanted).code == 2


def test_while_an_engine_works_a_pull_is_noted_and_a_run_is_refused(linked: World) -> None:
    wanted = linked.add_contact(firstName="Cy", email="cy@example.org")
    with engine_lock(f"sqlite:///{linked.folder / 'state.db'}", "now"):
        said = linked.crosstie("run", "--once")
        assert said.code == 5
        assert "another engine works" in said.err
        assert str(os.getpid()) in said.err
        assert linked.crosstie("apply", "--yes").code == 5
        noted = linked.crosstie("pull", "contacts", wanted)
        assert noted.code == 0
        assert "noted" in noted.out
        assert linked.crosstie("status").code == 0
    assert len(linked.people()) == 2
    assert linked.crosstie("run", "--once").code == 0
    assert len(linked.people()) == 3


def test_dead_letters_are_grouped_by_cause_retried_and_discarded(linked: World) -> None:
    for number in range(3):
        linked.add_person("X", f"no-address-{number}")
    assert linked.crosstie("run", "--once").code == 1
    [cause] = linked.crosstie("dead", "list", "--json").document["causes"]
    assert (cause["error"], cause["records"]) == ("rejected:email", 3)
    assert "no-address" not in linked.crosstie("dead", "list").out
    linked.sql("UPDATE people SET email = 'cy@example.org' WHERE id = 3")
    assert linked.crosstie("dead", "retry", "3").code == 0
    assert linked.crosstie("dead", "discard", "4").code == 0
    assert linked.crosstie("dead", "discard").code == 2
    assert linked.crosstie("dead", "retry", "1").code == 1
    assert linked.crosstie("dead", "retry", "--match", "nothing like it").code == 0
    assert linked.crosstie("run", "--once").code == 0
    assert linked.contacts() == 3
    assert "1 dead letter waits" in linked.crosstie("status").out


def test_fields_shows_kinds_pairs_and_proposals(linked: World) -> None:
    view = linked.crosstie("fields", "contacts", "--json").document
    right = {f["name"]: f for f in view["right"]}
    assert right["city"]["mapped"] == "city"
    assert right["contact.level"]["options"] == ["Bronze", "Silver", "Gold"]
    assert [(p["left"], p["right"]) for p in view["proposals"]] == [("phone", "phone")]
    assert view["vanished"] == {}


def test_capture_is_installed_and_removed_without_touching_rows(world: World) -> None:
    world.add_person("Ada", "ada@example.org")
    for verb, state, changed in (
        ("status", "missing", False),
        ("install", "installed", True),
        ("install", "installed", False),
        ("status", "installed", False),
        ("uninstall", "missing", True),
        ("uninstall", "missing", False),
    ):
        [table] = world.crosstie("capture", verb, "--json").document["tables"]
        assert (table["state"], table["changed"]) == (state, changed)
    assert len(world.people()) == 1


def test_check_of_a_good_application_is_all_right(linked: World) -> None:
    said = linked.crosstie("check")
    assert said.code == 0
    assert " ok, 1 warning, 0 errors." in said.out.splitlines()[-1]


def test_init_writes_a_declaration_that_loads_and_never_writes_over_one(
    offline: World,
) -> None:
    (offline.folder / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    said = offline.crosstie("init", "--url", f"sqlite:///{offline.database}")
    assert said.code == 0
    text = (offline.folder / "crosstie_app.py").read_text()
    assert 'field("first_name", "firstName", Text()),' in text
    assert "table('people')" in text
    assert "[project]" in (offline.folder / "pyproject.toml").read_text()
    assert "crosstie.db" in (offline.folder / ".gitignore").read_text().splitlines()
    sys.modules.pop("crosstie_app", None)
    assert offline.crosstie("status").out.startswith("Not started yet: contacts.")
    (offline.folder / "crosstie_app.py").write_text("# mine\n")
    assert offline.crosstie("init").code == 3
    assert (offline.folder / "crosstie_app.py").read_text() == "# mine\n"
    assert offline.crosstie("init", "--force").code == 0
    assert offline.crosstie("init", "--remote", "nobody").code == 2
    assert offline.crosstie("init", "--force", "--url", "sqlite:///nothing.db").code == 3
    sys.modules.pop("crosstie_app", None)


def started(world: World, *args: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from crosstie.cli import main; raise SystemExit(main())", *args],
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_running_engine_ends_in_order_by_a_signal(
    linked: World, number: signal.Signals, code: int
) -> None:
    linked.add_person("Cy", "cy@example.org")
    process = started(linked, "run")
    deadline = time.monotonic() + 30
    while linked.contacts() < 3 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert linked.contacts() == 3
    assert linked.crosstie("run", "--once").code == 0


def test_a_running_engine_outlives_a_locked_state(
    linked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MeasuredStore, "open", partial(MeasuredStore.open, busy=0.05))
    linked.add_person("Cy", "cy@example.org")
    reports: list[Report] = []

    async def work() -> None:
        async with opened(locate(None, linked.folder).app) as ready:
            other = sqlite3.connect(linked.folder / "state.db")
            other.execute("BEGIN IMMEDIATE")
            stop = asyncio.Event()

            def told(report: Report, syncs: Sequence[str]) -> None:
                reports.append(report)
                other.close()
                if report.writes:
                    stop.set()

            await work_until(ready, ready.works, stop, told)

    asyncio.run(work())
    assert isinstance(reports[0].missed["contacts"], Retry)
    assert linked.contacts() == 3


def test_the_sandbox_tells_its_address_and_ends_by_a_signal(offline: World) -> None:
    process = started(offline, "sandbox", "ghl", "--port", "0", "--json")
    assert process.stdout is not None
    told = "".join(iter(process.stdout.readline, "}\n")) + "}"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert json.loads(told)["url"].startswith("http://127.0.0.1:")


def test_a_state_is_kept_beside_pyproject_from_wherever_it_is_called(
    linked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = linked.folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert linked.crosstie("status", "--json").document["syncs"][0]["linked"] == 2
    assert not list(below.iterdir())
    assert Path("../../state.db").exists()
