"""What a run may delete and overwrite before a person lets go of the brake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crosstie.testing.simulator.witness import Effect
from crosstie.testing.simulator.worlds import LENIENT, Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life

_LINKED = (
    "SELECT count(*) FROM link WHERE sync = ? AND left_id IS NOT NULL AND right_id IS NOT NULL"
)


def within_the_brake(life: Life, effects: Sequence[Effect]) -> None:
    """Hold the writes of a run that nobody released against what each sync allows."""
    for played in life.world.plays:
        if played.sync.brake is not LENIENT:
            _within(life, played, [e for e in effects if e.sync == played.sync.name])


def _within(life: Life, played: Played, effects: Sequence[Effect]) -> None:
    limits, name = played.sync.brake, played.sync.name
    harm = [effect for effect in effects if effect.verb != "create"]
    deletes = sum(effect.verb == "delete" for effect in harm)
    [(linked,)] = life.state.rows(_LINKED, name)
    before = linked + deletes
    if len(harm) > limits.records and len(harm) > limits.share * before:
        text = f"{len(harm)} of {before} records were deleted or overwritten in one run"
        life.violate("brake", f"{name}: {text}")
    if limits.empty_side and deletes and deletes == before:
        life.violate("brake", f"{name}: the last {deletes} records were deleted in one run")
