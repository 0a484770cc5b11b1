"""What happens in a schedule besides the engine's own work, drawn beforehand from the seed.

Every item is fixed by itself: leaving one out does not change another, which is what lets a
failing schedule be made smaller.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from random import Random

from crosstie.core.values import Side
from crosstie.testing.memory import Behaviour
from crosstie.testing.simulator.remote import Worst

ACTS = ("edit", "both", "clash", "add", "twin", "remove", "again", "poison", "vanish", "answer")
FAULTS = ("crash", "crash_write", "lose", "fail", "busy", "busy_done", "down", "halt", "jump")
TURNS = ("switch", "sleep")

_ACT_WEIGHTS = (30, 8, 10, 10, 6, 9, 3, 2, 3, 4)
_FAULT_WEIGHTS = (20, 30, 16, 6, 4, 5, 5, 2, 6)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happens at an await, or at the first chance after it."""

    number: int
    """Its name in `--keep`."""
    kind: str
    at: int
    """From which await on it is due, counted from 0 over all processes of the schedule."""
    side: Side
    pick: int
    """Chooses the record, the field, the size: whatever the kind has to choose."""

    @property
    def group(self) -> int:
        """Order of shrinking: 0 for acts of people, 1 for faults, 2 for turns of the scheduler."""
        return 0 if self.kind in ACTS else 1 if self.kind in FAULTS else 2


@dataclass(frozen=True, slots=True)
class Script:
    """All of a schedule that is not the engine's."""

    seed: int
    items: tuple[Item, ...]
    records: int
    """Pairs that are in step when it begins."""
    strangers: int
    """Records of one side that nobody has seen when it begins."""
    pauses: tuple[float, ...]
    """Seconds between the runs."""
    restarts: tuple[bool, ...]
    """Whether a run that ended well is followed by a new process."""
    honest_feed: bool
    """What changed is told by the feeds in the end, so no complete scan is needed."""
    answers: bool
    """People answer what is open in the end."""
    planned: bool
    """A plan is made before the first quiet run."""
    leased: bool = False
    """Processes work under a lease; only then one can fall asleep."""
    near: tuple[Behaviour, Worst] | None = None
    """The habits of the left; drawn from the seed where they are not given."""
    far: tuple[Behaviour, Worst] | None = None
    """The habits of the right."""

    def without(self, numbers: Container[int]) -> Script:
        """The script with these items left out."""
        return replace(self, items=tuple(i for i in self.items if i.number not in numbers))

    def only(self, numbers: Container[int]) -> Script:
        """The script with no other items than these."""
        return replace(self, items=tuple(i for i in self.items if i.number in numbers))


def draw(seed: int, horizon: int = 70) -> Script:
    """The script of a seed."""
    dice = Random(seed * 7919 + 17)
    acts = 1 + dice.randrange(4)
    faults = dice.choice((0, 1, 1, 2, 2, 3))
    turns = dice.choice((0, 0, 2, 4))
    kinds = dice.choices(ACTS, _ACT_WEIGHTS, k=acts)
    kinds += dice.choices(FAULTS, _FAULT_WEIGHTS, k=faults)
    kinds += ["switch"] * turns
    if dice.random() < 0.15:
        kinds.append("sleep")
    items = []
    for number, kind in enumerate(kinds, 1):
        early = kind in ACTS and dice.random() < 0.4
        at = 0 if early else dice.randrange(horizon)
        side = Side.LEFT if dice.random() < 0.5 else Side.RIGHT
        items.append(Item(number, kind, at, side, dice.randrange(1 << 20)))
    return Script(
        seed,
        tuple(items),
        records=dice.choice((1, 2, 2, 3)),
        strangers=dice.choice((0, 0, 0, 1, 2)),
        pauses=tuple(dice.choice((0.0, 0.5, 3.0, 40.0, 4_000.0)) for _ in range(8)),
        restarts=tuple(dice.random() < 0.5 for _ in range(8)),
        honest_feed=dice.random() < 0.5,
        answers=dice.random() < 0.4,
        planned=dice.random() < 0.06,
        leased="sleep" in kinds or dice.random() < 0.1,
    )
