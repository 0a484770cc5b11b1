"""Two systems in memory with the same contacts, one sync between them, and the real store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data import FIELDS, KEY, contact, order_of_right
from bench.edits import Edits, Outcome, SideName, judge
from crosstie import Date, Email, Integer, Phone, Policy, Side, Sync, Tags, Text, field
from crosstie.core.lens import Lens
from crosstie.engine.work import Ledger, Work
from crosstie.service.grouped import GroupedStore
from crosstie.service.runtime import AsyncTasks, SystemClock, SystemDice
from crosstie.testing.memory import Behaviour, MemoryAccount, MemoryCollection, MemorySource

SYNC = "contacts"
LENSES: Mapping[str, Lens] = {
    "email": Email(),
    "phone": Phone(),
    "birthday": Date(),
    "tags": Tags(),
    "score": Integer(),
}
"""By field; the others are text."""

Sides = Mapping[Side, MemoryCollection]


@dataclass(frozen=True, slots=True)
class World:
    """Both systems with the same contacts; the ids that contact number n has in each."""

    sides: Sides
    ids: Mapping[Side, list[str]]

    def make(self, edits: Edits) -> None:
        """People edit."""
        for edit in edits:
            side = Side(edit.side)
            self.sides[side].edit(self.ids[side][edit.number], **{edit.field: edit.value})

    def judge(self, edits: Edits) -> Outcome:
        """What became of the edits."""
        rows = {side: collection.rows() for side, collection in self.sides.items()}

        def shown(side: SideName, number: int, name: str) -> Any:
            return rows[Side(side)][self.ids[Side(side)][number]][name]

        return judge(edits, shown)

    def writes(self) -> int:
        """Records that were written on either side."""
        verbs = ("create", "update", "delete")
        return sum(side.calls[verb] for side in self.sides.values() for verb in verbs)

    def work(self, store: GroupedStore, policy: Policy) -> Work:
        """The sync, ready to be worked on, as the service opens it."""
        left, right = self.sides[Side.LEFT], self.sides[Side.RIGHT]
        sync = Sync(
            SYNC,
            left=MemorySource(left, MemoryAccount("left")),
            right=MemorySource(right, MemoryAccount("right")),
            fields=[field(name, name, LENSES.get(name, Text())) for name in FIELDS],
            match=[KEY],
            policy=policy,
        )
        return Work(
            sync=sync,
            left=left,
            right=right,
            store=store,
            clock=SystemClock(),
            dice=SystemDice(),
            tasks=AsyncTasks(),
            ledger=Ledger(),
        )


def build(count: int, *, feed: bool) -> World:
    """Fill both systems with the same contacts, in different orders."""
    habits = Behaviour(has_changes=feed)
    left = MemoryCollection("left", behaviour=habits, prefix="L")
    right = MemoryCollection("right", behaviour=habits, prefix="R")
    left_ids = [left.add(contact(number)) for number in range(count)]
    right_ids = [""] * count
    for number in order_of_right(count):
        right_ids[number] = right.add(contact(number))
    return World({Side.LEFT: left, Side.RIGHT: right}, {Side.LEFT: left_ids, Side.RIGHT: right_ids})


def agreed(count: int, folder: Path) -> str:
    """Address of a state in which both systems are in step, made by a first run elsewhere.

    Another process makes it, so that its memory does not count; once for each count, then copied.
    """
    made = folder / f"agreed-{count}.db"
    if not made.exists():
        command = [sys.executable, "-m", "bench.cases.base", str(count), str(made)]
        subprocess.run(command, check=True)
    copy = folder / f"state-{count}.db"
    shutil.copy(made, copy)
    # Else the first commit that is measured would wait for the copy to reach the disk.
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    return f"sqlite:///{copy}"
