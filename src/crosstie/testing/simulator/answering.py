"""What a person says about a conflict."""

from __future__ import annotations

from crosstie.core.values import Side
from crosstie.ports import Answer, Conflict, ConflictKind

_SIDES = (Side.LEFT, Side.RIGHT)


def answer_of(conflict: Conflict, choice: int) -> Answer:
    """An answer of the kind that the conflict asks for; `choice` decides which."""
    side = _SIDES[choice % 2]
    if conflict.kind is ConflictKind.EDIT:
        return Answer(take=dict.fromkeys(conflict.fields, side))
    if conflict.kind is ConflictKind.DELETE:
        return Answer(take={"*": side})
    if conflict.candidates and choice % 3:
        return Answer(pair=conflict.candidates[choice % len(conflict.candidates)])
    return Answer(pair="")
