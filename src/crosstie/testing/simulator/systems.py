"""The two systems of every sync of a schedule, with the habits that its seed gives them."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from crosstie.core.values import Instant, Side
from crosstie.ports.runtime import Clock
from crosstie.testing.simulator import habits
from crosstie.testing.simulator.items import Script
from crosstie.testing.simulator.remote import Remote
from crosstie.testing.simulator.worlds import PREFIX, World

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


class TrueClock:
    """The clock of the systems."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def now(self) -> Instant:
        """The time of the schedule."""
        return self._life.time


def systems_of(world: World, script: Script, clock: Clock) -> dict[tuple[str, Side], Remote]:
    """(sync, side) -> the system, without a record in it."""
    dice = Random(script.seed * 104_729 + 5)
    systems: dict[tuple[str, Side], Remote] = {}
    for number, played in enumerate(world.plays, 1):
        for side, half in played.halves.items():
            given = script.near if side is Side.LEFT else script.far
            behaviour, worst = given or habits.drawn(dice, half, script.honest_feed)
            if given is not None and not behaviour.searchable:
                behaviour = replace(behaviour, searchable=half.keys)
            systems[played.sync.name, side] = Remote(
                f"{side} {played.sync.name}",
                fields=half.names,
                behaviour=behaviour,
                clock=clock,
                prefix=f"{PREFIX[side]}{number}0",
                worst=worst,
                id_field=half.id_field,
            )
    return systems
