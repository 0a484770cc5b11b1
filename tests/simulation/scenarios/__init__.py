"""The canonical scenarios, by subject."""

from scenarios import asked, creates, deletes, edits, families, outside, troubles
from scenarios.story import Story

ALL: tuple[Story, ...] = (
    *edits.STORIES,
    *creates.STORIES,
    *deletes.STORIES,
    *troubles.STORIES,
    *asked.STORIES,
    *families.STORIES,
    *outside.STORIES,
)


def named(name: str) -> Story:
    """The scenario of that name."""
    return next(story for story in ALL if story.name == name)
