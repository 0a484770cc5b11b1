"""Records without a counterpart: one is created, or the one there is is found."""

from __future__ import annotations

from dataclasses import replace

from crosstie.testing.simulator import Life
from crosstie.testing.simulator.people import Born
from scenarios.story import LEFT, RIGHT, Story, add, again, do, edit, fault, remove, run, twin, wait
from scenarios.systems import LAGGING, MARKED, NAMELESS, SHIFTING, UNIQUE


def namesake(life: Life) -> None:
    """The newest thing on the left is entered there once more."""
    [played] = life.world.plays
    name, system = played.sync.name, life.systems[played.sync.name, LEFT]
    row = system.row(system.ids()[-1]) or {}
    made = system.add({n: v for n, v in row.items() if n != "id"})
    life.people.settled(played, LEFT, made)
    life.people.born[-1] = Born(0, name, LEFT, made, twin=True)


def likely(life: Life) -> None:
    """Of the newest thing the right has another phone: the second match key differs."""
    system = life.systems["newest", RIGHT]
    system.edit(system.ids()[-1], phone="+15551234567")


def cannot_search(life: Life) -> None:
    """The right cannot look for anything."""
    [played] = life.world.plays
    system = life.systems[played.sync.name, RIGHT]
    system.behaviour = replace(system.behaviour, searchable=())


STORIES = (
    Story("a record is created on the left", [add(LEFT), run()]),
    Story("a record is created on the right", [add(RIGHT), run()]),
    Story("a record is created on both sides, not the same", [add(LEFT), add(RIGHT), run()]),
    Story("created on the left, the right keeps a marker", [add(LEFT), run()], far=MARKED),
    Story(
        "created on the left, the right's search is late",
        [add(LEFT), run(), wait(2.0), run()],
        far=LAGGING,
    ),
    Story("created and edited before anybody looked", [add(LEFT), edit(LEFT), run()]),
    Story("created and deleted before anybody looked", [add(LEFT), remove(LEFT, record=2), run()]),
    Story(
        "created, arrived, edited on the right",
        [add(LEFT), run(), wait(1.0), edit(RIGHT, record=2), run()],
    ),
    Story("where only the right may be created on", [add(LEFT), add(RIGHT), run()], world="kept"),
    Story("the same thing is entered on both sides: it is matched", [twin(LEFT), run()]),
    Story("the same thing on both sides, found by complete scans", [twin(LEFT), run()], full=True),
    Story(
        "the match is likely: the second key differs",
        [twin(LEFT), do(likely), run()],
        world="newest",
    ),
    Story("the match is ambiguous: a person is asked", [twin(LEFT), do(namesake), run()]),
    Story("ambiguous, found by complete scans", [twin(LEFT), do(namesake), run()], full=True),
    Story(
        "the right has it already and says so: it is adopted",
        [twin(LEFT), do(cannot_search), run()],
        far=UNIQUE,
        same=False,
    ),
    Story(
        "the right has it already and does not say where",
        [twin(LEFT), do(cannot_search), run()],
        far=NAMELESS,
        same=False,
    ),
    Story(
        "pages shift while they are read",
        [add(LEFT), add(RIGHT), run(), wait(1.0), run()],
        far=SHIFTING,
    ),
    Story(
        "deleted and entered anew on the left",
        [remove(LEFT), run(), again(LEFT), run()],
        same=False,
    ),
    Story(
        "two created at once, one answer is lost",
        [add(LEFT), add(LEFT), fault("lose", RIGHT), run(), wait(40.0), run()],
    ),
)
