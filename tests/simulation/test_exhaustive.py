"""Every canonical scenario, with a crash at every await; some with a second crash after it.

All pairs of crashes in all scenarios: `python tests/simulation/proof.py --twice`.
"""

from __future__ import annotations

import pytest
from exhaust import crashed_once, crashed_twice
from scenarios import ALL, named
from scenarios.story import Story

FEWEST = 40
"""Scenarios that are promised."""

TWICE = (
    "a field is edited on the left",
    "a record is created on the right",
    "the answer to a create is lost",
    "deleted on the left, propagated",
)


SELDOM = (
    "a field is edited on the right, which has no feed",
    "every field of a record is edited on the left",
    "different fields, with conditional writes",
    "the same field, the right wins",
    "the right has it already and does not say where",
    "the left is edited while its edit is carried over",
    "the right is edited while an edit of it is carried over",
    "pages shift while they are read",
    "where only the right may be created on",
    "ambiguous, found by complete scans",
    "deleted on the left: the right is archived",
    "deleted on the right: the left stays",
    "it vanishes, is edited across, and comes back",
    "the answer is lost, and the engine is started anew at once",
    "the answer to an update is lost, and it is edited again",
    "a value is refused, then taken after all",
    "a conflict is answered for the right",
    "an answer is changed before anybody acted on it",
    "deleted and edited, the edit is kept",
    "an ambiguous match is answered with a new record",
    "a child refers to a parent whose create was answered by nobody",
    "a child arrives while its parent is made",
    "parent and child are edited across each other",
    "an undone record is edited again",
    "a plan is applied",
)
"""Scenarios close to another one, left to `make proof`: this test has to be done in 40 s."""


PLAYED = tuple(story for story in ALL if story.name not in SELDOM)


def test_there_are_as_many_scenarios_as_promised() -> None:
    assert len(PLAYED) >= FEWEST
    assert len(ALL) == len(PLAYED) + len(SELDOM)
    assert len({story.name for story in ALL}) == len(ALL)


@pytest.mark.parametrize("story", PLAYED, ids=lambda story: story.name)
def test_a_crash_at_any_await_changes_nothing_in_the_end(story: Story) -> None:
    done = crashed_once(story)
    assert done.points == done.runs - 1 > 0
    assert done.broken == ()


@pytest.mark.parametrize("name", TWICE)
def test_nor_does_a_second_crash_on_the_way_back(name: str) -> None:
    done = crashed_twice(named(name), every=20)
    assert done.runs > 40
    assert done.broken == ()
