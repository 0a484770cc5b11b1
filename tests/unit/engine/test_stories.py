"""Stories of engines that lost an edit or made a duplicate. Each happened once; none may again."""

from __future__ import annotations

from typing import Any

import pytest
from world import World, fail, far, linked, near, on

from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.memory import MemoryCollection


def crash(world: World, **options: Any) -> None:
    """A run that does not survive."""
    with pytest.raises(Crash):
        world.run(**options)


def edits_after_reply(
    monkeypatch: pytest.MonkeyPatch, system: MemoryCollection, record_id: str, **fields: Any
) -> None:
    """A person edits the record between the reply to our write and whatever comes next."""
    original, left = system.update, [fields]

    async def update(*asked: Any) -> Any:
        reply = await original(*asked)
        while left:
            system.edit(record_id, **left.pop())
        return reply

    monkeypatch.setattr(system, "update", update)


def settled(world: World) -> None:
    """Both sides are equal, nothing is asked, and a full look writes nothing more."""
    world.quiet()
    assert world.lefts() == world.rights()
    assert world.conflicts() == []
    assert world.run(full=True).writes == 0


@pytest.mark.parametrize("fields", [{"phone": "99"}, {"name": "Zoe"}])
def test_the_base_does_not_swallow_an_edit_made_right_after_our_write(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    edits_after_reply(monkeypatch, world.right, right_id, **fields)
    settled(world)
    written = {"name": "Anna", "email": "ann@x.example", "phone": "1"}
    assert world.left.rows()[left_id] == {**written, **fields}


@pytest.mark.parametrize("marker", [True, False])
@pytest.mark.parametrize("feed", [True, False])
def test_an_orphan_of_a_create_that_died_is_not_copied_back(marker: bool, feed: bool) -> None:
    world, *_ = linked(right_habits=far(marker=marker, has_changes=feed))
    world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Crash(), after=True)
    crash(world)
    assert len(world.rights()) == 7
    settled(world)
    assert len(world.lefts()) == len(world.rights()) == 7


@pytest.mark.parametrize("marker", [True, False])
def test_a_create_that_landed_is_adopted_as_it_was_sent_not_as_it_is_now(marker: bool) -> None:
    world, *_ = linked(right_habits=far(marker=marker))
    left_id = world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Crash(), after=True)
    crash(world)
    world.left.edit(left_id, phone="9")
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "New"]
    if marker:
        world.right.edit(made, name="Newton")
    settled(world)
    row = {"name": "Newton" if marker else "New", "email": "new@x.example", "phone": "9"}
    assert world.right.rows()[made] == row
    assert world.left.rows()[left_id] == row


def test_a_create_that_is_repeated_leaves_the_same_key() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    world.add(name="New", email="new@x.example", phone="8")
    fail(world.right, "create", Crash())
    crash(world)
    [link] = drive(world.store.claim("people", world.clock.now(), 9, frozenset()))
    [intent] = drive(world.store.open_intents([link.id]))
    settled(world)
    [made] = [i for i, row in world.right.rows().items() if row["name"] == "New"]
    assert drive(world.right.read([made])).records[made].marker == intent.key


def test_absence_found_by_recovery_is_the_absence_the_system_shows() -> None:
    world, left_id, right_id = linked(right_names=())
    world.left.edit(left_id, phone=None)
    fail(world.right, "update", Crash(), after=True)
    crash(world)
    world.right.edit(right_id, name="Anne")
    world.quiet()
    assert world.left.rows()[left_id]["name"] == "Anne", "a real edit is not overruled"
    link = world.link(left_id)
    assert (link.base_left["phone"], link.base_right["phone"]) == (None, None)
    world.left.edit(left_id, phone="5")
    settled(world)
    assert world.right.rows()[right_id]["phone"] == "5"


def test_our_own_half_of_a_broken_off_settling_is_not_taken_for_an_edit() -> None:
    world, left_id, right_id = linked(options={"policy": "right"})
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, phone="2")
    # The right is written; then the left turns out to have moved on.
    on(world.left, "update", lambda: world.left.edit(left_id, name="Annabel"))
    settled(world)
    assert world.left.rows()[left_id] == {
        "name": "Annabel",
        "email": "ann@x.example",
        "phone": "2",
    }


@pytest.mark.parametrize("lost", ["crash", "answer"])
def test_the_base_does_not_run_ahead_of_the_write(lost: str) -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    if lost == "crash":
        fail(world.right, "update", Crash())
        crash(world)
    else:
        fail(world.right, "update", Retry("timed out", unknown=True))
        world.run()
    assert world.link(left_id).base_right["name"] == "Ann"
    settled(world)
    assert world.right.rows()[right_id]["name"] == "Anna", "the edit is not undone"


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("verb", ["changes", "acknowledge"])
def test_the_cursor_does_not_run_ahead_of_the_marks(side: Side, verb: str) -> None:
    world, left_id, right_id = linked(left_habits=near(page_size=1), right_habits=far(page_size=1))
    system = world.left if side is Side.LEFT else world.right
    system.edit(left_id if side is Side.LEFT else right_id, name="Anna")
    system.add({"name": "New", "email": "new@x.example", "phone": "8"})
    for _ in range(3):
        fail(system, verb, Crash(), after=True)
        crash(world)
    settled(world)
    assert {"Anna", "New"} <= {row["name"] for row in world.lefts()}


def test_marks_that_are_not_durable_leave_the_cursor_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    before = drive(world.store.cursor("people", Side.LEFT))

    async def dying(*said: Any, **more: Any) -> Any:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "notice", dying)
        crash(world)
    assert drive(world.store.cursor("people", Side.LEFT)) == before
    settled(world)
    assert "Anna" in {row["name"] for row in world.rights()}
