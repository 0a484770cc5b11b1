"""diffsync: both sides loaded into its models, compared, and (steady) written one way.

It keeps no base: what the right side edited is overwritten with what the left side shows.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import structlog
from diffsync import Adapter, DiffSyncModel

from bench import edits
from bench.data import FIELDS, KEY, contact, encoded, order_of_right
from bench.edits import Edits, SideName
from bench.measure import span
from bench.peers.telling import Told, tell

_PLAIN = tuple(name for name in FIELDS if name != KEY)


class Person(DiffSyncModel):  # type: ignore[misc]
    """A contact."""

    _modelname = "person"
    _identifiers = (KEY,)
    _attributes = _PLAIN

    first_name: str
    last_name: str
    email: str
    phone: str
    company: str
    street: str
    city: str
    region: str
    postal_code: str
    birthday: str
    tags: list[str]
    score: int


class System(Adapter):  # type: ignore[misc]
    """One side: JSON rows, read into models."""

    person = Person
    top_level = ("person",)

    def __init__(self, rows: list[bytes]) -> None:
        super().__init__()
        self._rows = rows

    def load(self) -> None:
        """Read every row."""
        for row in self._rows:
            self.add(Person(**json.loads(row)))


def systems(count: int, made: Edits) -> dict[SideName, System]:
    """Both sides after the edits, not read yet."""
    changed: dict[tuple[str, int], dict[str, Any]] = {}
    for edit in made:
        changed.setdefault((edit.side, edit.number), {})[edit.field] = edit.value

    def row(side: SideName, number: int) -> bytes:
        return encoded({**contact(number), **changed.get((side, number), {})})

    return {
        "left": System([row("left", number) for number in range(count)]),
        "right": System([row("right", number) for number in order_of_right(count)]),
    }


async def first(count: int, folder: Path) -> Told:
    """Load, compare."""
    made = edits.first_run(count)
    sides = systems(count, made)
    with span() as measured:
        for system in sides.values():
            system.load()
        found = sides["left"].diff_to(sides["right"])
    same = found.summary()["update"] == len(made.alone)
    return Told(measured, checks={"every difference is found": same})


async def steady(count: int, folder: Path) -> Told:
    """Load, compare, write to the right what the left shows."""
    made = edits.steady(count)
    sides = systems(count, made)
    with span() as measured:
        for system in sides.values():
            system.load()
        sides["left"].sync_to(sides["right"])

    def shown(side: SideName, number: int, name: str) -> Any:
        return getattr(sides[side].get(Person, {KEY: contact(number)[KEY]}), name)

    return Told(measured, edits.judge(made, shown))


if __name__ == "__main__":
    # It would print a line for each record.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    asyncio.run(tell({"first": first, "steady": steady}))
