"""Calls fail, answers get lost, values are refused."""

from __future__ import annotations

from crosstie.testing.simulator import Life
from scenarios.creates import cannot_search
from scenarios.story import (
    LEFT,
    RIGHT,
    Story,
    add,
    do,
    edit,
    fault,
    new_process,
    poison,
    remove,
    run,
    twin,
    wait,
    wake_dead,
)
from scenarios.systems import LAGGING, MARKED, UNIQUE

LONG = 80
"""A size that makes the other side ask for 20 s of patience."""


def _takes_it_now(life: Life) -> None:
    for system in life.systems.values():
        system.refused.clear()
    life.people.poisoned.clear()
    wake_dead(life)


STORIES = (
    Story(
        "the answer to a create is lost",
        [add(LEFT), fault("lose", RIGHT), run(), wait(40.0), run()],
    ),
    Story(
        "the answer to a create is lost, found by its marker",
        [add(LEFT), fault("lose", RIGHT), run(), wait(40.0), run()],
        far=MARKED,
    ),
    Story(
        "the answer is lost and the search is late",
        [add(LEFT), fault("lose", RIGHT), run(), wait(2.0), run(), wait(9.0), run()],
        far=LAGGING,
    ),
    Story(
        "the answer is lost, and the engine is started anew at once",
        [add(LEFT), fault("lose", RIGHT), run(), new_process, run()],
        far=LAGGING,
    ),
    Story(
        "the answer to a create is lost and nothing can be looked up",
        [add(LEFT), do(cannot_search), fault("lose", RIGHT), run(), wait(40.0), run()],
        same=False,
    ),
    Story(
        "the answer is lost and the new record is edited there",
        [add(LEFT), fault("lose", RIGHT), run(), edit(RIGHT, record=2), wait(40.0), run()],
        far=MARKED,
        same=False,
    ),
    Story(
        "the answer is lost, and the source is deleted meanwhile",
        [add(LEFT), fault("lose", RIGHT), run(), remove(LEFT, record=2), wait(40.0), run()],
        same=False,
    ),
    Story(
        "the answer to what follows an adoption is lost",
        [twin(LEFT), do(cannot_search), fault("lose", RIGHT), run(), wait(40.0), run()],
        far=UNIQUE,
        same=False,
    ),
    Story(
        "the answer to an update is lost",
        [edit(LEFT), fault("lose", RIGHT), run(), wait(40.0), run()],
    ),
    Story(
        "the answer to an update is lost, and it is edited again",
        [edit(LEFT), fault("lose", RIGHT), run(), edit(LEFT), wait(40.0), run()],
    ),
    Story(
        "the answer to a delete is lost",
        [remove(LEFT), fault("lose", RIGHT), run(), wait(40.0), run()],
    ),
    Story(
        "a create fails before anything happens, then works",
        [add(LEFT), fault("fail", RIGHT), run(), wait(40.0), run()],
    ),
    Story(
        "a rate limit is hit",
        [edit(LEFT), fault("busy", RIGHT, LONG), run(), wait(5.0), run(), wait(40.0), run()],
    ),
    Story(
        "a rate limit is told although the work was done",
        [add(LEFT), fault("busy_done", RIGHT, LONG), run(), wait(40.0), run()],
    ),
    Story(
        "the right is down for a while",
        [edit(LEFT), edit(LEFT, record=1), fault("down", RIGHT), run(), wait(40.0), run()],
    ),
    Story(
        "somebody has to log in again", [edit(LEFT), fault("halt", RIGHT), run(), wait(60.0), run()]
    ),
    Story(
        "a value is refused, then corrected", [poison(LEFT), run(), wait(5.0), edit(LEFT), run()]
    ),
    Story(
        "a value is refused, then taken after all",
        [poison(LEFT), run(), wait(5.0), do(_takes_it_now), run()],
    ),
    Story("one value is refused, the others go on", [poison(LEFT), edit(LEFT, record=1), run()]),
)
