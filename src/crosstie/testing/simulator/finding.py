"""Many schedules: until the first that breaks a promise, or all of them with their sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crosstie.testing.simulator.builtin import builtin, mix
from crosstie.testing.simulator.items import Script, draw
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.pause import Violation
from crosstie.testing.simulator.play import play
from crosstie.testing.simulator.worlds import World, pick


@dataclass(frozen=True, slots=True)
class Failure:
    """A schedule that broke a promise."""

    seed: int
    world: str
    script: Script
    violations: tuple[Violation, ...]
    timeline: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The first promise that it broke."""
        return self.violations[0].rule

    def __str__(self) -> str:
        return f"seed {self.seed} in world {self.world!r}: {self.violations[0]}"


def chosen(world: str | World | Sequence[World] | None) -> Sequence[World]:
    """The worlds that are meant; the default mix for None."""
    if world is None:
        return mix()
    if isinstance(world, str):
        return (builtin(world),)
    return (world,) if isinstance(world, World) else world


def simulate(seed: int, world: str | World | Sequence[World] | None = None) -> Life:
    """Play the schedule of one seed. What it broke is in `violations`."""
    return play(pick(chosen(world), seed), draw(seed))


def failure_of(life: Life) -> Failure | None:
    """What a schedule broke, apart from its life; None where it broke nothing."""
    if not life.violations:
        return None
    # The state is used again by the next schedule; what is told is kept as text.
    script = replace(life.script)
    return Failure(script.seed, life.world.name, script, tuple(life.violations), tuple(life.trace))


def first_violation(
    seeds: Iterable[int],
    world: str | World | Sequence[World] | None = None,
) -> Failure | None:
    """Play seed after seed until one breaks a promise; None where none does.

    An exception that the engine or the store let out counts as broken, too.
    """
    worlds = chosen(world)
    for seed in seeds:
        found = failure_of(play(pick(worlds, seed), draw(seed)))
        if found is not None:
            return found
    return None
