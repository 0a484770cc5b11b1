"""The process may die before any transaction, and answers may be lost: it ends in step.

That it may die at any call of a system is played by tests/simulation/test_exhaustive.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from world import NAMES, World, linked

from crosstie.core.errors import Retry
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.memory import Behaviour

Scenario = Callable[[World, str, str], None]


def _create(world: World, left_id: str, right_id: str) -> None:
    world.add(name="New", email="new@x.example", phone="8")


def _create_right(world: World, left_id: str, right_id: str) -> None:
    world.right.add({"name": "New", "email": "new@x.example", "phone": "8"})


def _update(world: World, left_id: str, right_id: str) -> None:
    world.left.edit(left_id, name="Anna")


def _both(world: World, left_id: str, right_id: str) -> None:
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, phone="2")


def _delete(world: World, left_id: str, right_id: str) -> None:
    world.left.remove(left_id)


def _clash(world: World, left_id: str, right_id: str) -> None:
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")


def _meet(world: World, left_id: str, right_id: str) -> None:
    world.add(name="New", email="new@x.example", phone="8")
    world.right.add({"name": "New", "email": "new@x.example", "phone": None})


SCENARIOS = [_create, _create_right, _update, _both, _delete, _clash, _meet]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_before_any_transaction(scenario: Scenario) -> None:
    for number in range(1, 40):
        world, left_id, right_id = linked()
        scenario(world, left_id, right_id)
        store = world.store
        undo = _die_at(store, number)
        try:
            world.run()
        except Crash:
            pass
        finally:
            undo()
        _in_step(world, scenario)
        if not store_hit.pop():
            break
    else:
        raise AssertionError("the run never ended")


store_hit: list[bool] = []


def _die_at(store: object, number: int) -> Callable[[], None]:
    """Let the nth transaction be the last thing that the process does."""
    original = store._write  # type: ignore[attr-defined]
    made = 0
    store_hit.append(False)

    def dying(*args: object, **kwargs: object) -> object:
        nonlocal made
        made += 1
        if made == number:
            store_hit[-1] = True
            raise Crash
        return original(*args, **kwargs)

    store._write = dying  # type: ignore[attr-defined]

    def undo() -> None:
        store._write = original  # type: ignore[attr-defined]

    return undo


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("marker", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_makes_no_duplicate(scenario: Scenario, marker: bool, done: bool) -> None:
    failing = [False]

    def lose(verb: str, call: int) -> None:
        if failing[0] and verb in ("create", "update", "delete"):
            failing[0] = False
            raise Retry("timed out", unknown=True)

    habits = Behaviour(searchable=NAMES, read_batch=1, marker=marker, search_lag=5.0)
    habits = replace(habits, **{"after" if done else "before": lose})
    world, left_id, right_id = linked(right_habits=habits)
    scenario(world, left_id, right_id)
    failing[0] = True
    world.run()
    _in_step(world, scenario)


def _in_step(world: World, scenario: Scenario) -> None:
    world.quiet()
    world.clock.advance(60)
    world.quiet()
    report = world.run(full=True)
    assert report.writes == 0, "a further full run writes nothing"
    assert drive(world.store.figures("people", world.clock.now())).intents == 0
    if scenario is _clash:
        assert len(world.conflicts()) == 1
        return
    assert world.conflicts() == []
    assert world.lefts() == world.rights()
    emails = [row["email"] for row in world.lefts()]
    assert len(emails) == len(set(emails)), "nothing is doubled"
    expected = {_create: 7, _create_right: 7, _meet: 7, _delete: 5}.get(scenario, 6)
    assert len(emails) == expected, "nothing is lost"
    if scenario in (_update, _both):
        assert "Anna" in [row["name"] for row in world.lefts()]
