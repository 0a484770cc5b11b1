"""Bad input: the message, the exit code, and that nothing was lost or written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from crosstie.service.measuring import MeasuredStore

from .world import FIELDS, Said, World

NAMED = 'field("first_name", "name"), '


def refused(said: Said, code: int, *texts: str) -> None:
    """The call ended with that code, said these texts and a fix, and showed no traceback."""
    told = said.out + said.err
    assert said.code == code, told
    for text in texts:
        assert text in told
    assert "fix: " in told
    assert "Traceback" not in told


@contextmanager
def untouched(world: World) -> Iterator[None]:
    """Neither system was written to meanwhile."""
    before = world.people(), world.stored(), world.contacts()
    yield
    assert (world.people(), world.stored(), world.contacts()) == before


@pytest.fixture
def full(world: World) -> World:
    """One person on each side, who do not know of each other."""
    world.add_person("Ada", "ada@example.org")
    world.add_contact(firstName="Bo", email="bo@example.org", city="Rome")
    return world


def in_step(world: World, people: int) -> None:
    """Everybody is on both sides, once."""
    assert world.crosstie("run", "--once").code == 0
    assert len(world.people()) == world.contacts() == people
    assert world.crosstie("plan", "--full", "--detailed-exitcode").code == 0


def test_a_wrong_token_needs_a_login(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, untouched(full):
        patch.setenv("GHL_TOKEN", "pit-nobody-knows-this-one")
        said = full.crosstie("run", "--once")
        refused(said, 4, "the token is not valid", "env:GHL_TOKEN")
        assert "nobody-knows" not in said.out + said.err
        refused(full.crosstie("plan"), 4, "the token is not valid")
        refused(full.crosstie("check"), 3, "the token is not valid")
    in_step(full, 2)


def test_a_token_that_is_not_set_is_bad_configuration(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, untouched(full):
        patch.delenv("GHL_TOKEN")
        refused(full.crosstie("run", "--once"), 3, "GHL_TOKEN is not set")
    in_step(full, 2)


def test_a_missing_scope_is_named(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scopes = ["contacts.readonly", "locations.readonly", "locations/customFields.readonly"]
    full.control("tokens", token="pit-reads-only", scopes=scopes)
    with monkeypatch.context() as patch:
        patch.setenv("GHL_TOKEN", "pit-reads-only")
        before = full.stored()
        refused(full.crosstie("run", "--once"), 4, "lacks the scope contacts.write")
        assert full.stored() == before
    in_step(full, 2)


def test_an_unknown_pipeline_is_named_with_those_there_are(full: World) -> None:
    full.declare(right='ghl.opportunities("Sails")', fields=NAMED, match="[]")
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "Sails", "Sales")
        refused(full.crosstie("check"), 3, "Sails")


def test_an_unknown_default_stage_is_named_with_those_there_are(full: World) -> None:
    full.declare(
        right='ghl.opportunities("Sales", default_stage="Contactd")',
        fields=NAMED,
        match="[]",
    )
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "Contactd", "Contacted")


def test_a_stage_that_the_pipeline_does_not_have_is_found_by_check(full: World) -> None:
    full.declare(
        right='ghl.opportunities("Sales")',
        fields=NAMED + 'field("city", "stage", EnumMap({"new": "New Lead", "won": "Wonn"}))',
        match="[]",
    )
    with untouched(full):
        refused(full.crosstie("check"), 3, "'stage' has no option 'Wonn'")


def test_an_unknown_field_is_named_with_near_ones(full: World) -> None:
    full.declare(fields=FIELDS + 'field("phone", "contact.customer_nr"),')
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "contact.customer_nr", "contact.customer_number")
        refused(full.crosstie("plan"), 3, "contact.customer_nr")
        refused(full.crosstie("check"), 3, "contact.customer_nr")
        said = full.crosstie("fields", "contacts")
        assert "mapped, and not on the right: contact.customer_nr" in said.out


def test_an_unknown_column_is_named_with_near_ones(full: World) -> None:
    full.declare(fields=FIELDS + 'field("phon", "phone"),')
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "no column 'phon'", "did you mean 'phone'")


def test_a_type_mismatch_is_an_error_of_check_and_a_dead_letter_of_a_run(world: World) -> None:
    world.sql("ALTER TABLE people ADD COLUMN born DATE")
    world.declare(fields=FIELDS + 'field("born", "contact.score", Date()),')
    world.add_contact(
        firstName="Bo",
        email="bo@example.org",
        customFields=[{"id": score_id(world), "value": 7}],
    )
    with untouched(world):
        refused(
            world.crosstie("check"),
            3,
            "right born: the right field 'contact.score' holds number, its lens is for date",
        )
        assert world.crosstie("run", "--once").code == 1
        refused(world.crosstie("dead", "list"), 0, "rejected:born", "expected a day")


def score_id(world: World) -> str:
    assert world.sandbox is not None
    location = world.sandbox.sandbox.location.id
    found = world.api("GET", f"/locations/{location}/customFields?model=contact")["customFields"]
    return next(str(f["id"]) for f in found if f["fieldKey"] == "contact.score")


def test_a_lossy_lens_is_found_without_showing_a_value(full: World) -> None:
    full.declare(
        text=Path(f"{full.module}.py").read_text()
        + """
from crosstie.core.lens import TwoWay

class Shouting(TwoWay):
    kind = "text"

    def get(self, raw):
        return raw

    def raw_of(self, value):
        return value.upper()

contacts = Sync(
    name="contacts", left=database.table("people"), right=ghl.contacts(),
    fields=[field("first_name", "firstName", Shouting())], match=["first_name"],
)
app = Crosstie(syncs=[contacts], state="sqlite:///state.db")
"""
    )
    with untouched(full):
        said = full.crosstie("check")
        refused(said, 3, "first_name", "do not survive the way back")
        assert "Ada" not in said.out + said.err


def test_duplicate_match_keys_are_asked_about_and_never_created_twice(world: World) -> None:
    for first in ("Ada", "Ann"):
        world.add_person(first, "same@example.org")
    contact = world.add_contact(firstName="Ada", email="same@example.org", city="Bern")
    with untouched(world):
        assert "share their match key" in world.crosstie("check").out
        said = world.crosstie("run", "--once")
        assert said.code == 6
        assert "conflicts wait" in said.out
        listed = world.crosstie("conflicts", "list", "--json").document["conflicts"]
        assert {c["kind"] for c in listed} == {"match"}
    asked = next(c["id"] for c in listed if c["left_id"] == "1")
    refused(world.crosstie("conflicts", "resolve", str(asked), "--pair", "nobody"), 2, contact)
    assert world.crosstie("conflicts", "resolve", str(asked), "--pair", contact).code == 0
    world.crosstie("run", "--once")
    assert world.contacts() == 1
    assert len(world.people()) == 2


def test_a_field_named_twice_is_refused_with_its_line(full: World) -> None:
    full.declare(fields=FIELDS + 'field("phone", "city"),')
    with untouched(full):
        said = full.crosstie("run", "--once")
        refused(said, 3, "names right field 'city' twice", f"{full.module}.py, line ")


def test_a_two_to_one_enum_is_refused_with_its_line(full: World) -> None:
    full.declare(fields=FIELDS + 'field("phone", "state", EnumMap({"a": "X", "b": "X"})),')
    with untouched(full):
        said = full.crosstie("run", "--once")
        refused(said, 3, "both map to 'X'", f"{full.module}.py, line ", "back=")


def test_a_missing_table_is_named_with_near_ones(full: World) -> None:
    full.declare(table="peple")
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "no table 'peple'", "did you mean 'people'")
        refused(full.crosstie("capture", "install"), 3, "no table 'peple'")


def test_a_table_without_a_primary_key_is_refused(full: World) -> None:
    full.sql("CREATE TABLE keyless (first_name TEXT, email TEXT, city TEXT, last_name TEXT)")
    full.declare(table="keyless")
    with untouched(full):
        refused(full.crosstie("run", "--once"), 3, "has no primary key", "key=")


def test_a_state_of_a_newer_version_is_left_alone(full: World) -> None:
    in_step(full, 2)
    state(full, "UPDATE alembic_version SET version_num = '9999'")
    before = (full.folder / "state.db").read_bytes()
    with untouched(full):
        for command in (["run", "--once"], ["plan"], ["status"], ["check"]):
            refused(full.crosstie(*command), 3, "newer version of Crosstie", "upgrade crosstie")
    assert (full.folder / "state.db").read_bytes() == before


def state(world: World, statement: str) -> None:
    with closing(sqlite3.connect(world.folder / "state.db")) as connection, connection:
        connection.execute(statement)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the database for itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


def test_a_locked_database_is_tried_again_later(full: World) -> None:
    assert full.crosstie("capture", "install").code == 0
    in_step(full, 2)
    full.add_person("Cy", "cy@example.org")
    with locked(full.database), untouched(full):
        refused(full.crosstie("run", "--once"), 5, "locked by another writer")
        refused(full.crosstie("capture", "uninstall"), 5, "locked by another writer")
    in_step(full, 3)


def test_a_locked_state_is_tried_again_later(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_step(full, 2)
    monkeypatch.setattr(MeasuredStore, "open", partial(MeasuredStore.open, busy=0.05))
    full.add_person("Cy", "cy@example.org")
    with locked(full.folder / "state.db"), untouched(full):
        refused(full.crosstie("run", "--once"), 5, "is locked by another process")
    in_step(full, 3)


@contextmanager
def no_room(name: str) -> Iterator[None]:
    """Databases of that file name cannot grow any more: what a full disk is to SQLite."""

    bounded = []

    def connected(connection: Any, record: object) -> None:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if Path(path).name == name:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
            bounded.append(connection)

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
        # A connection that a pool still holds has room again.
        for connection in bounded:
            with suppress(sqlite3.ProgrammingError):
                connection.execute("PRAGMA max_page_count = 1000000000")


def test_a_full_disk_under_the_state_stops_the_run_and_loses_nothing(full: World) -> None:
    in_step(full, 2)
    for number in range(400):
        full.add_person(f"P{number}", f"p{number}@example.org")
    with no_room("state.db"):
        refused(full.crosstie("run", "--once"), 1, "the disk is full")
    assert len(full.people()) == 402
    in_step(full, 402)


def test_a_full_disk_under_the_application_stops_the_run_and_loses_nothing(full: World) -> None:
    in_step(full, 2)
    for number in range(60):
        full.add_contact(firstName="P" * 200, email=f"p{number}@example.org")
    with no_room("app.db"):
        refused(full.crosstie("run", "--once"), 1, "the disk is full", "make room")
    in_step(full, 62)


def test_a_record_that_the_remote_refuses_is_a_dead_letter_and_the_others_go_on(
    full: World,
) -> None:
    full.control(
        "faults", match="POST /contacts/", status=422, message="city must be shorter", times=1
    )
    said = full.crosstie("run", "--once")
    assert said.code == 1
    assert "1 stopped as dead letters" in said.out
    refused(full.crosstie("dead", "list"), 0, "rejected:city", "city must be shorter")
    assert full.contacts() == 1
    assert len(full.people()) == 2
    assert full.crosstie("dead", "retry", "--all", "--yes").code == 0
    in_step(full, 2)


@pytest.mark.parametrize(("body", "told"), [("html", "HTML"), ("empty", "without")])
def test_a_listing_that_answers_nonsense_is_tried_again_later(
    full: World, body: str, told: str
) -> None:
    full.control("faults", match="POST /contacts/search", status=200, body=body)
    with untouched(full):
        refused(full.crosstie("run", "--once"), 5, told)
    in_step(full, 2)


@pytest.mark.parametrize("body", ["html", "empty"])
def test_a_create_that_answers_nonsense_is_found_again_and_not_repeated(
    full: World, body: str
) -> None:
    full.control("faults", match="POST /contacts/", status=200, body=body, when="after")
    assert full.crosstie("run", "--once").code == 5
    assert full.contacts() == 2
    full.crosstie("dead", "retry", "--all", "--yes")
    state(full, "UPDATE link SET due_at = 0 WHERE due_at IS NOT NULL")
    in_step(full, 2)


def test_no_application_is_told_how_to_name_one(full: World) -> None:
    (full.folder / "pyproject.toml").unlink()
    with untouched(full):
        refused(full.crosstie("status"), 3, "[tool.crosstie]", "crosstie init")
        refused(full.crosstie("status", "--app", "nobody"), 3, "module:name")
        refused(full.crosstie("status", "--app", f"{full.module}:contacts"), 3, "has a Sync")


def test_an_error_in_the_users_own_module_names_its_line(full: World) -> None:
    full.declare(text="import math\n\nmath.sqrt(-1)\n")
    said = full.crosstie("status")
    refused(said, 3, f"{full.module}.py, line 3", "ValueError")
    full.declare(text="def broken(:\n")
    refused(full.crosstie("status"), 3, f"{full.module}.py, line 1")
