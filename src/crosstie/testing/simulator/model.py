"""What both systems must show in the end where people did not cross each other. About the thing,
not about the engine: nothing of the merge, the links or the flows is used here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LEFT, RIGHT = "left", "right"
ACROSS = {LEFT: RIGHT, RIGHT: LEFT}


@dataclass(frozen=True)
class Rule:
    """What the sync says, in a few words."""

    deletes: str
    creates: str
    flows: Mapping[str, frozenset[str]]
    """Field -> the sides from which its changes travel."""
    wins: Mapping[str, str]
    """Field -> the side whose value stands where both were edited before anybody looked."""


@dataclass(frozen=True)
class Told:
    """What people did to one thing, in order: (side, field, value), and where they removed it."""

    writes: Sequence[tuple[str, str, object]]
    removed: frozenset[str]
    began: frozenset[str]
    """The sides that had it when it began; the side on which it was entered, for a new one."""
    at_once: frozenset[str] = frozenset()
    """Fields that were written before anybody looked, and not after."""


@dataclass(frozen=True)
class Expected:
    """None where the model does not say."""

    there: Mapping[str, bool | None]
    fields: Mapping[str, object]


def expected(told: Told, rule: Rule) -> Expected | None:
    """What must be seen of this thing; None where people crossed each other."""
    writers = {side for side, _, _ in told.writes}
    if told.removed:
        if len(told.removed) == 2:
            return Expected({LEFT: False, RIGHT: False}, {})
        (gone,) = told.removed
        if ACROSS[gone] in writers or told.began != {LEFT, RIGHT}:
            return None
        if rule.deletes == "propagate":
            return Expected({LEFT: False, RIGHT: False}, {})
        return Expected({gone: False, ACROSS[gone]: True}, {})
    there: dict[str, bool | None] = {LEFT: True, RIGHT: True}
    for side in (LEFT, RIGHT):
        if side not in told.began and rule.creates not in ("both", side):
            there[side] = False
    return Expected(there, dict(_last(told, rule)) if all(there.values()) else {})


def _last(told: Told, rule: Rule) -> Iterable[tuple[str, object]]:
    """Fields that one side alone wrote, and whose changes travel from there: its last word.

    And of those that crossed before anybody looked: the word of the side that the sync names.
    """
    for name in dict.fromkeys(name for _, name, _ in told.writes):
        own = {side: value for side, field, value in told.writes if field == name}
        winner = next(iter(own)) if len(own) == 1 else rule.wins.get(name, "")
        if len(own) > 1 and name not in told.at_once:
            continue
        if winner in own and winner in rule.flows.get(name, ()):
            yield name, own[winner]
