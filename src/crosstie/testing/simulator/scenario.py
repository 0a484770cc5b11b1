"""Stories without chance: fixed acts, and a crash at whichever await is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crosstie.core.values import Side
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator.builtin import builtin
from crosstie.testing.simulator.items import Item, Script
from crosstie.testing.simulator.life import Life
from crosstie.testing.simulator.play import Player, play
from crosstie.testing.simulator.remote import HONEST, Worst
from crosstie.testing.simulator.worlds import World


def act(
    kind: str,
    side: Side,
    *,
    record: int = 0,
    field: int = 0,
    sync: int = 0,
    at: int = 0,
    size: int = 0,
) -> Item:
    """An act, fault or turn for a `Scenario`; see `items.py` for the kinds.

    record, field, sync: which, counted from 0 and around.  at: the await from which on it is due;
    0: before the first run.  size: how long or how far, where the kind knows several.
    """
    return Item(0, kind, at, side, sync | size << 1 | record << 4 | field << 8)


@dataclass(frozen=True)
class Scenario:
    """A named story. Played as it is it must end well; so it must with a crash anywhere."""

    name: str
    acts: Sequence[Item]
    world: str | World = "contacts"
    records: int = 2
    """Pairs in step when it begins."""
    near: tuple[Behaviour, Worst] = (Behaviour(local=True), HONEST)
    far: tuple[Behaviour, Worst] = field(default_factory=lambda: (Behaviour(read_batch=1), HONEST))
    full: bool = False
    """Runs scan both sides completely instead of trusting the feeds."""
    answers: bool = False
    """People answer in the end what they are asked."""

    def script(self) -> Script:
        """The script of the story."""
        items = tuple(replace(item, number=n) for n, item in enumerate(self.acts, 1))
        return Script(
            seed=1,
            items=items,
            records=self.records,
            strangers=0,
            pauses=(1.0,),
            restarts=(True,),
            honest_feed=not self.full,
            answers=self.answers,
            planned=False,
            near=self.near,
            far=self.far,
        )

    def played(self) -> World:
        """The world it is played in."""
        return builtin(self.world) if isinstance(self.world, str) else self.world


def points(scenario: Scenario) -> list[str]:
    """The names of all awaits before the recovery, in order: where `crashed_at` can crash."""
    names: list[str] = []
    life = Life(scenario.played(), scenario.script())
    life.on_tick = names.append
    Player(life).trouble()
    return names


def crashed_at(scenario: Scenario, *at: int) -> Life:
    """The story with a crash at those awaits (numbers from 0, in the order of `points`).

    The awaits of a second crash are those of the story with the first one. Without any it is the
    story as it is. `violations` of the answer says what was broken.
    """
    script = scenario.script()
    first = len(script.items) + 1
    crashes = tuple(Item(first + n, "crash", k, Side.LEFT, 0) for n, k in enumerate(at))
    return play(scenario.played(), replace(script, items=(*script.items, *crashes)))
