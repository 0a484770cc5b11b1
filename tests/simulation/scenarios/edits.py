"""Records that are in step are edited."""

from scenarios.story import LEFT, RIGHT, Story, both, clash, during, edit, run, wait
from scenarios.systems import CAREFUL, FEEDLESS, REWRITING, SMALL, near

NAME, PHONE, TAGS, STAGE = range(4)

STORIES = (
    Story("a field is edited on the left", [edit(LEFT), run()]),
    Story("a field is edited on the right", [edit(RIGHT), run()]),
    Story("a field is edited on the right, which has no feed", [edit(RIGHT), run()], far=FEEDLESS),
    Story(
        "every field of a record is edited on the left",
        [*(edit(LEFT, field=f) for f in range(4)), run()],
    ),
    Story("ten edits of a field in a row", [*(edit(LEFT) for _ in range(10)), run()]),
    Story("different fields are edited on both sides", [both(LEFT), run()]),
    Story("different fields, with conditional writes", [both(LEFT), run()], far=CAREFUL),
    Story("the same field on both sides: a person is asked", [clash(LEFT, field=PHONE), run()]),
    Story(
        "the same field and another one: the other one goes on",
        [clash(LEFT, field=PHONE), edit(RIGHT, field=NAME), run()],
    ),
    Story("the same field, the left wins", [clash(LEFT, field=PHONE), run()], world="ruled"),
    Story("the same field, the right wins", [clash(LEFT, field=3), run()], world="ruled"),
    Story(
        "the same field, the newest wins",
        [edit(LEFT, field=PHONE), wait(5.0), edit(RIGHT, field=PHONE), run()],
        world="newest",
    ),
    Story("tags on both sides are united", [clash(LEFT, field=TAGS), run()]),
    Story(
        "a field that goes one way is edited on its source",
        [edit(LEFT, field=2), run()],
        world="ruled",
    ),
    Story(
        "the right edits a field that the left owns",
        [edit(RIGHT, field=NAME), run()],
        world="ruled",
    ),
    Story(
        "all records at once, in batches of one page",
        [edit(LEFT), edit(RIGHT, record=1, field=PHONE), run()],
        far=SMALL,
        near=near(page_size=1),
    ),
    Story(
        "the right rewrites what it is given",
        [edit(LEFT), run(), wait(5.0), edit(RIGHT, field=PHONE), run()],
        far=REWRITING,
    ),
    Story(
        "the same field is edited again after it arrived", [edit(LEFT), run(), edit(LEFT), run()]
    ),
    Story(
        "the left is edited while its edit is carried over",
        [edit(LEFT), during(30, edit(LEFT)), run(), run()],
    ),
    Story(
        "the right is edited while an edit of it is carried over",
        [edit(RIGHT), during(30, edit(RIGHT, field=PHONE)), run(), run()],
    ),
    Story(
        "the other field is edited across between read and write",
        [edit(LEFT), during(38, edit(RIGHT, field=PHONE)), run(), run()],
        far=CAREFUL,
    ),
)
