"""A worker that is put to sleep in the middle of its work, and wakes when another one has begun."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from crosstie.core.errors import Fenced
from crosstie.testing.simulator.pause import Violation

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life
    from crosstie.testing.simulator.process import Process

_INTENTS = "SELECT intent.side, intent.kind, coalesce(intent.target, intent.marker) FROM intent"
LONG = 60
"""Awaits of others after which it wakes."""
LATE_WORK = 400
"""Awaits in which it must have found out that it is too late."""


class Asleep:
    """One sleeper: a process, and the flow in whose middle it stands."""

    def __init__(self, life: Life, process: Process, flow: Coroutine[Any, Any, Any]) -> None:
        self._life, self._process, self._flow = life, process, flow
        self._until = life.ticks + 5 + life.script.seed * 7 % LONG
        process.asleep = True
        process.begun = {(side, kind, name) for side, kind, name in life.state.rows(_INTENTS)}
        life.tell(f"process {process.number} falls asleep")

    def is_over(self) -> bool:
        """It wakes now."""
        return self._life.ticks >= self._until

    def wake(self) -> None:
        """It goes on as if nothing had happened, until it finds out."""
        life, process = self._life, self._process
        life.asleep = None
        life.tell(f"process {process.number} wakes")
        for _ in range(LATE_WORK):
            try:
                name = self._flow.send(None)
            except StopIteration:
                break
            except Fenced:
                life.tell(f"process {process.number} learns that it lost its lease")
                break
            life.ticks += 1
            life.trace.append(f"(late) {name}")
        else:
            raise Violation("I10", "a worker that lost its lease goes on and on")
        life.witness.run_over(process)
