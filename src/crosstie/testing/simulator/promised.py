"""I18: what a plan does not show, applying it does not write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crosstie.core.plan import Plan
from crosstie.core.values import Side
from crosstie.testing.simulator.witness import Effect

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


def compare(life: Life, plan: Plan, effects: Sequence[Effect]) -> None:
    """Hold the writes of a run against the plan."""
    shown: set[tuple[str, str, Side | None, str | None]] = set()
    for line in plan.operations:
        if line.kind == "create":
            source = line.left_id if line.side is Side.RIGHT else line.right_id
            shown.add((line.sync, "create", line.side, source))
        else:
            verb = "update" if line.kind == "archive" else line.kind
            shown.add((line.sync, verb, line.side, line.target))
    made: set[tuple[str, str | None]] = set()
    for effect in effects:
        if effect.verb == "create":
            made |= {(effect.sync, effect.record_id), (effect.sync, effect.source)}
        elif (effect.sync, effect.record_id) in made:
            continue  # it completes what was created
        name = effect.source if effect.verb == "create" else effect.record_id
        if (effect.sync, effect.verb, effect.side, name) not in shown:
            text = f"{effect.verb} of {effect.side} {name} was not in the plan"
            life.violate("I18", f"{effect.sync}: {text}")
