"""Records without a counterpart: one is created, or the one there is is found."""

from __future__ import annotations

from dataclasses import replace

from crosstie.testing.simulator import Life, Worst
from crosstie.testing.simulator.people import Born
from scenarios.story import LEFT, RIGHT, Story, add, again, do, edit, fault, remove, run, twin, wait
from scenarios.systems import LAGGING, MARKED, NAMELESS, REWRITING, SHIFTING, UNIQUE

LATE = replace(REWRITING[0], unique="email", search_lag=5.0)
"""It allows no duplicates, has a spelling of its own, and its search is late."""
REFUSING = (LATE, Worst(nameless=True, coarse=True))
REFUSING_MARKED = (replace(LATE, marker=True, searchable=("-",)), REFUSING[1])


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


def an_hour_on(life: Life) -> None:
    """Our clock jumps: by it the search shows what was created just now."""
    life.offset += 3_600.0
    life.jumped = True


_LOST = (add(LEFT), fault("lose", RIGHT, size=1), run())
JUMPED = (*_LOST, do(an_hour_on), wait(1.0), run(), wait(10.0), run())
"""The create is made again, and refused."""

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
    Story("the clock jumps while a create is looked for", JUMPED, far=REFUSING),
    Story("the clock jumps while a marked create is looked for", JUMPED, far=REFUSING_MARKED),
)
