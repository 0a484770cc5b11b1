"""Makes a failing schedule small: what does not matter is left out, until all that is left does."""

from __future__ import annotations

from collections.abc import Sequence

from crosstie.testing.simulator.items import Script
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.play import play
from crosstie.testing.simulator.worlds import World

GROUPS = (0, 1, 2)
"""Acts of people first, then faults, then turns of the scheduler."""


def shrunk(world: World, script: Script) -> Script:
    """The smallest script found that still breaks the promise that this one breaks first.

    It is replayed with the numbers of its items. A script that breaks nothing is given back.
    """
    rule = _broken(world, script)
    if rule is None:
        return script
    while True:
        smaller = _smaller(world, script, rule)
        if smaller is None:
            return script
        script = smaller


def _smaller(world: World, script: Script, rule: str) -> Script | None:
    for group in GROUPS:
        members = [item.number for item in script.items if item.group == group]
        tries: list[Sequence[int]] = [members] if len(members) > 1 else []
        tries += [[number] for number in members]
        for numbers in tries:
            candidate = script.without(numbers)
            if _broken(world, candidate) == rule:
                return candidate
    return None


def _broken(world: World, script: Script) -> str | None:
    life: Life = play(world, script)
    return life.violations[0].rule if life.violations else None
