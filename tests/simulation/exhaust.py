"""Every crash of every canonical scenario, once and twice: what the test plays a part of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenarios.story import Story, end_of, told


@dataclass(frozen=True, slots=True)
class Figures:
    """How much was played."""

    scenarios: int = 0
    points: int = 0
    """Awaits at which a first crash was put."""
    runs: int = 0
    broken: tuple[str, ...] = ()

    def plus(self, other: Figures) -> Figures:
        """Both."""
        return Figures(
            self.scenarios + other.scenarios,
            self.points + other.points,
            self.runs + other.runs,
            (*self.broken, *other.broken),
        )


def crashed_once(story: Story) -> Figures:
    """A crash at every await of the story."""
    whole, points = told(story)
    broken = [] if not whole.violations else [_said(story, (), str(whole.violations[0]))]
    end = end_of(whole)
    for at in range(points):
        broken += _wrong(story, (at,), end)
    return Figures(1, points, points + 1, tuple(broken))


def crashed_twice(story: Story, every: int = 1) -> Figures:
    """A crash at every await (at each `every`-th), and one more at every await that follows."""
    whole, points = told(story)
    end, broken, runs = end_of(whole), list[str](), 0
    for first in range(0, points, every):
        _, longer = told(story, first)
        for second in range(first + 1, longer):
            broken += _wrong(story, (first, second), end)
            runs += 1
    return Figures(1, len(range(0, points, every)), runs, tuple(broken))


def _wrong(story: Story, crashes: tuple[int, ...], end: object) -> Iterator[str]:
    life, _ = told(story, *crashes)
    if life.violations:
        yield _said(story, crashes, str(life.violations[0]))
    elif life.crashes != len(crashes):
        yield _said(story, crashes, f"{life.crashes} crashes")
    elif story.same and end_of(life) != end:
        yield _said(story, crashes, "it ends otherwise than without a crash")


def _said(story: Story, crashes: Iterable[int], what: str) -> str:
    at = ", ".join(map(str, crashes)) or "none"
    return f"{story.name!r}, crash at {at}: {what}"
