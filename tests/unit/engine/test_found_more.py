"""What the simulator found and was wrong about: its eye sees a real fault all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from crosstie.core.values import Record, Side
from crosstie.engine import recover
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator import HONEST, Life, Scenario, act, play
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.opening import begin
from crosstie.testing.simulator.process import Process

EDITED = act("edit", Side.RIGHT, field=1)
SHOUTS = Behaviour(
    conditional_write=False,
    read_batch=1,
    normalise=lambda row: {**row, "fullName": row["fullName"] and row["fullName"].upper()},
)
"""A service that takes any write, and rewrites names."""


def lives(crash: int, sleep: int = 18) -> Life:
    """One process falls asleep; the next one dies at a later await, before or after it woke."""
    story = Scenario("", [EDITED, act("sleep", Side.LEFT, at=sleep)])
    return story_under_lease(story, crash)


def story_under_lease(story: Scenario, crash: int | None = None) -> Life:
    items: Sequence[Any] = story.acts
    if crash is not None:
        items = [*items, act("crash", Side.LEFT, at=crash)]
    script = replace(story, acts=items).script()
    return play(story.played(), replace(script, leased=True))


@pytest.mark.parametrize("crash", range(40, 72))
def test_x(crash: int) -> None:
    life = lives(crash)
    print("\n".join(life.trace))
    assert life.violations == []
