"""A person is asked, and answers."""

from __future__ import annotations

from crosstie.testing.fakes import drive
from crosstie.testing.simulator import Life
from crosstie.testing.simulator.answering import answer_of
from scenarios.creates import cannot_search, namesake
from scenarios.story import (
    LEFT,
    RIGHT,
    Story,
    add,
    answer,
    clash,
    do,
    during,
    edit,
    fault,
    remove,
    run,
    twin,
    wait,
)


def left_then_right(life: Life) -> None:
    """A person answers for the left, and then says: no, the right."""
    store = life.state.store
    for conflict in drive(store.conflicts(None, 100)):
        for choice in (0, 1):
            drive(store.answer(conflict.id, answer_of(conflict, choice), life.time))
        life.people.answered += 1


STORIES = (
    Story("a conflict is answered for the left", [clash(LEFT, field=1), run(), answer(0), run()]),
    Story("a conflict is answered for the right", [clash(LEFT, field=1), run(), answer(1), run()]),
    Story(
        "an answer is changed before anybody acted on it",
        [clash(LEFT, field=1), run(), do(left_then_right), run()],
    ),
    Story(
        "an answer comes while the engine is at work",
        [clash(LEFT, field=1), run(), edit(LEFT, record=1), during(20, answer(0)), run(), run()],
    ),
    Story(
        "a value is edited again before the answer",
        [clash(LEFT, field=1), run(), edit(RIGHT, field=1), answer(0), run()],
        same=False,
    ),
    Story("a deletion is confirmed", [remove(RIGHT), run(), answer(1), run()], world="ruled"),
    Story(
        "a deletion is refused: the record is made again",
        [remove(RIGHT), run(), answer(0), run()],
        world="ruled",
    ),
    Story(
        "deleted and edited, the edit is kept", [remove(LEFT), edit(RIGHT), run(), answer(1), run()]
    ),
    Story(
        "deleted and edited, the deletion is kept",
        [remove(LEFT), edit(RIGHT), run(), answer(0), run()],
    ),
    Story(
        "an ambiguous match is answered with a pair",
        [twin(LEFT), do(namesake), run(), answer(1), run()],
    ),
    Story(
        "an ambiguous match is answered with a new record",
        [twin(LEFT), do(namesake), run(), answer(3), run()],
    ),
    Story(
        "a create of unknown outcome is answered: it is to be made",
        [
            add(LEFT),
            do(cannot_search),
            fault("fail", RIGHT),
            run(),
            wait(40.0),
            run(),
            answer(0),
            run(),
        ],
        same=False,
    ),
)
