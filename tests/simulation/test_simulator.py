"""Schedules by the thousand, the same twice; planted bugs are found and made small."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from crosstie import Crosstie, Email, Sync, Text
from crosstie import field as say
from crosstie.core.values import Side
from crosstie.engine import conflicts, perform, recover
from crosstie.testing.simulator import (
    Scenario,
    act,
    crashed_at,
    draw,
    first_violation,
    points,
    simulate,
    timeline,
)
from crosstie.testing.simulator import life as lives
from crosstie.testing.simulator.builtin import DATABASE, SERVICE, Nowhere
from crosstie.testing.simulator.finding import chosen
from crosstie.testing.simulator.many import Wanted, chunk, many
from crosstie.testing.simulator.shrink import shrunk
from crosstie.testing.simulator.state import State
from crosstie.testing.simulator.worlds import pick, world_of

SCHEDULES = 20_000
REGRESSIONS = Path(__file__).parent / "regressions.txt"


def test_no_schedule_breaks_a_promise() -> None:
    done = many(Wanted(), 0, SCHEDULES, os.cpu_count() or 1)
    assert done.broken == ()
    assert done.violations == 0
    assert done.crashes > SCHEDULES / 3
    # The rarest calls are left to test_exhaustive.py, which lets a process die at every await.
    assert len(done.died) > 0.9 * len(done.points), done.points - done.died


def test_what_once_failed_stays_mended() -> None:
    lines = [line.partition("#")[0].strip() for line in REGRESSIONS.read_text().splitlines()]
    seeds = [int(line) for line in lines if line]
    assert first_violation(seeds) is None


def test_a_seed_is_the_same_schedule_in_every_process() -> None:
    program = (
        "from crosstie.testing.simulator import simulate\n"
        "print(*(simulate(seed).digest() for seed in range(20)))"
    )
    here = [simulate(seed).digest() for seed in range(20)]
    assert [simulate(seed).digest() for seed in reversed(range(20))] == here[::-1]
    for hashing in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hashing},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.split() == here


@pytest.mark.usefixtures("uncounted")
def test_the_sum_does_not_depend_on_the_number_of_processes() -> None:
    alone = many(Wanted("contacts"), 7, 260, 1)
    assert many(Wanted("contacts"), 7, 260, 3) == alone
    assert many(Wanted("contacts"), 8, 260, 1).digest != alone.digest
    assert chunk((Wanted("contacts"), 7, 260)).writes == alone.writes


def test_the_quick_store_does_what_the_store_does(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [simulate(seed).digest() for seed in range(40)]
    plain = State(quick=False)

    def borrowed() -> State:
        plain.empty()
        return plain

    monkeypatch.setattr(lives, "borrowed", borrowed)
    assert [simulate(seed).digest() for seed in range(40)] == quick


def test_awaits_that_are_passed_over_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [simulate(seed).digest() for seed in range(40)]
    monkeypatch.setattr(lives.Life, "passes", lambda life, name: False)
    assert [simulate(seed).digest() for seed in range(40)] == quick


def test_a_schedule_that_is_let_go_of_needs_no_collector() -> None:
    gc.disable()
    try:
        lived = simulate(3)
        gone = weakref.ref(lived)
        lived.let_go()
        del lived
        assert gone() is None
    finally:
        gc.enable()


async def _forgets_the_base(work: Any, link: Any, intent: Any, records: Any) -> Any:
    await work.store.keep([recover._step(work, link, intent, ())])
    return link, records


async def _finds_nothing(*_: object) -> list[object]:
    return []


PLANTED: dict[str, tuple[object, str, object, int]] = {
    "a create that may have happened is not looked up": (
        recover, "candidates", _finds_nothing, 2_000
    ),
    "an update that landed does not move the base": (
        recover, "FINISH", {**recover.FINISH, "update": _forgets_the_base}, 1_000
    ),
    "the base does not move with a write": (
        perform, "_moved", lambda scene, *_: scene.link, 100
    ),
    "nobody is asked about a clash": (
        conflicts, "of_edits", lambda *_: None, 100
    ),
}  # fmt: skip


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found_and_made_small(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, instead, within = PLANTED[bug]
    monkeypatch.setattr(where, name, instead)
    found = first_violation(range(within))
    assert found is not None
    world = pick(chosen(None), found.seed)
    small = shrunk(world, draw(found.seed))
    assert len(small.items) <= len(found.script.items)
    assert len(small.items) <= 4
    again = simulate(found.seed) if small == found.script else None
    assert again is None or again.violations
    life = lives.Life(world, small)
    assert timeline.as_text(life).startswith(f"seed {found.seed}, world {world.name}")


def test_a_schedule_that_breaks_nothing_is_given_back_whole() -> None:
    script = draw(1)
    assert shrunk(pick(chosen(None), 1), script) == script


STORIES = [
    Scenario("an edit", [act("edit", Side.LEFT)]),
    Scenario("a new record", [act("add", Side.LEFT)]),
    Scenario("a deletion", [act("remove", Side.RIGHT)]),
    Scenario("a clash", [act("clash", Side.RIGHT)], answers=True),
    Scenario("an edit of a child", [act("edit", Side.LEFT, sync=1)], world="family"),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_well_wherever_the_process_dies(story: Scenario) -> None:
    names = points(story)
    assert len(names) > 30
    assert crashed_at(story).violations == []
    for number, name in enumerate(names):
        life = crashed_at(story, number)
        assert (life.violations, life.crashes) == ([], 1), f"await {number}: {name}"


def test_a_story_may_be_crashed_twice() -> None:
    story = STORIES[1]
    first = points(story).index("store.intend") + 2
    for later in range(first + 1, first + 60, 7):
        life = crashed_at(story, first, later)
        assert life.violations == []
        assert life.crashes == 2


def test_a_filter_may_read_fields_that_are_not_mapped() -> None:
    sync = Sync(
        "people",
        left=Nowhere("people", DATABASE),
        right=Nowhere("people", SERVICE),
        fields=[say("name", "name", Text()), say("email", "email", Email())],
        match=["email"],
        where_left=lambda row: row["archived"] is None,
    )
    world = world_of(Crosstie([sync], state="sqlite://"), "filtered")
    assert first_violation(range(20), world) is None
