"""A record is deleted, or seems to be."""

from scenarios.story import LEFT, RIGHT, Story, during, edit, remove, run, vanish, wait
from scenarios.systems import CAREFUL, FEEDLESS, MUTE

STORIES = (
    Story("deleted on the left, propagated", [remove(LEFT), run()]),
    Story("deleted on the right, propagated", [remove(RIGHT), run()]),
    Story("deleted on both sides", [remove(LEFT), remove(RIGHT), run()]),
    Story("deleted on the right: a person is asked", [remove(RIGHT), run()], world="ruled"),
    Story("deleted on the right: the left is archived", [remove(RIGHT), run()], world="newest"),
    Story("deleted on the left: the right is archived", [remove(LEFT), run()], world="newest"),
    Story("deleted on the right: the left stays", [remove(RIGHT), run()], world="kept"),
    Story(
        "a closed link's record is edited again",
        [remove(RIGHT), run(), wait(1.0), edit(LEFT), run()],
        world="kept",
    ),
    Story("deleted on the left, edited on the right", [remove(LEFT), edit(RIGHT), run()]),
    Story("deleted on the right, edited on the left", [remove(RIGHT), edit(LEFT), run()]),
    Story(
        "deleted where no feed tells: two scans prove it",
        [remove(RIGHT), run(full=True), wait(90.0), run(full=True)],
        far=MUTE,
        full=True,
    ),
    Story(
        "deleted on a side without a feed", [remove(RIGHT), run(), wait(90.0), run()], far=FEEDLESS
    ),
    Story(
        "a record vanishes from listings and comes back",
        [vanish(RIGHT), run(full=True), wait(90.0), run(full=True), wait(400.0), run(full=True)],
        full=True,
        far=MUTE,
    ),
    Story(
        "it vanishes, is edited across, and comes back",
        [vanish(RIGHT), edit(LEFT), run(full=True), wait(400.0), run(full=True)],
        full=True,
        far=MUTE,
    ),
    Story(
        "edited on the right while its deletion is carried over",
        [remove(LEFT), during(30, edit(RIGHT)), run(), run()],
        far=CAREFUL,
        same=False,
    ),
)
