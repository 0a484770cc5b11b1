"""Parents and children."""

from __future__ import annotations

from crosstie.testing.simulator import Life
from scenarios.story import (
    LEFT,
    RIGHT,
    Story,
    add,
    do,
    during,
    edit,
    fault,
    remove,
    run,
    wait,
)
from scenarios.systems import MARKED

PEOPLE, TRIPS = 0, 1
FAMILY = "family"


def _moves(life: Life) -> None:
    """The first trip gets the last person of the left."""
    people, trips = life.systems["people", LEFT], life.systems["trips", LEFT]
    trips.edit(trips.ids()[0], owner_id=people.ids()[-1])


STORIES = (
    Story(
        "a parent and its child are created",
        [add(LEFT, sync=PEOPLE), add(LEFT, sync=TRIPS), do(_moves), run()],
        world=FAMILY,
    ),
    Story(
        "a child is created whose parent waits for a second try",
        [add(LEFT, sync=PEOPLE), do(_moves), fault("fail", RIGHT), run(), wait(40.0), run()],
        world=FAMILY,
    ),
    Story(
        "a child refers to a parent whose create was answered by nobody",
        [add(LEFT, sync=PEOPLE), do(_moves), fault("lose", RIGHT), run(), wait(40.0), run()],
        world=FAMILY,
        far=MARKED,
    ),
    Story(
        "a child arrives while its parent is made",
        [during(40, add(LEFT, sync=PEOPLE), do(_moves)), run(), wait(1.0), run()],
        world=FAMILY,
    ),
    Story("a child gets another parent", [do(_moves), run()], world=FAMILY),
    Story("a parent is deleted", [remove(LEFT, sync=PEOPLE), run()], world=FAMILY, same=False),
    Story("a child is deleted, its parent stays", [remove(LEFT, sync=TRIPS), run()], world=FAMILY),
    Story(
        "parent and child are edited across each other",
        [edit(LEFT, sync=PEOPLE), edit(RIGHT, sync=TRIPS), run()],
        world=FAMILY,
    ),
)
