"""What a call to a system fails with, as the schedule says."""

from __future__ import annotations

from crosstie.core.errors import Halt, Retry, SyncError
from crosstie.testing.simulator.items import Item


def failing(item: Item) -> SyncError | None:
    """Raise what the call fails with before it does anything; give what it fails with after."""
    wait = float((item.pick >> 3) % 40)
    if item.kind == "lose":
        return Retry("no answer came", unknown=True)
    if item.kind == "busy_done":
        return Retry("429 after the work was done", after=wait, unknown=True, counts=False)
    if item.kind == "fail":
        raise Retry("no answer came", unknown=True)
    if item.kind == "busy":
        raise Retry("429", after=wait, counts=False)
    if item.kind == "halt":
        raise Halt("401", login=True, fix="log in again")
    raise Retry("503", unknown=bool(item.pick & 4), counts=False)
