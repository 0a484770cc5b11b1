"""What people change in the data, and how to find out afterwards what became of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bench.data import SEED

SideName = Literal["left", "right"]

CROSSED = 100
"""Contacts that both sides edit in different fields."""
CLASHED = 100
"""Contacts that both sides edit in the same field."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of one contact gets a value that stands nowhere else."""

    number: int
    side: SideName
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Edits:
    """All edits of a scenario."""

    alone: tuple[Edit, ...]
    """Of contacts that one side edits."""
    crossed: tuple[Edit, ...] = ()
    """Two of each contact, in different fields."""
    clashed: tuple[Edit, ...] = ()
    """Two of each contact, in the same field."""

    def __iter__(self) -> Any:
        return iter((*self.alone, *self.crossed, *self.clashed))

    def of(self, side: SideName) -> list[Edit]:
        """Those that people made on that side."""
        return [edit for edit in self if edit.side == side]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the edits."""

    lost: int
    """Edits whose value stands on neither side."""
    merged: int
    """Of the contacts edited in different fields: both edits stand on both sides."""
    spread: int
    """Of the edits of contacts that one side edited: those that stand on both sides."""

    def as_json(self) -> dict[str, int]:
        """For the report."""
        return asdict(self)


def first_run(count: int) -> Edits:
    """1 % of the contacts differ in one field, by an edit on the left."""
    fields = ("city", "company", "street", "last_name")
    numbers = _chosen(count, count // 100)
    return Edits(
        tuple(Edit(n, "left", fields[n % 4], f"Changed {n} left") for n in numbers),
    )


def steady(count: int) -> Edits:
    """1 % edited on one side, half on each; and 200 more on both sides."""
    share = count // 100
    numbers = _chosen(count, share + CROSSED + CLASHED)
    alone, both = numbers[:share], numbers[share:]
    sides: tuple[SideName, SideName] = ("left", "right")
    crossed, clashed = [], []
    for n in both[:CROSSED]:
        crossed += [
            Edit(n, "left", "street", f"{n} Left Street"),
            Edit(n, "right", "city", f"Right City {n}"),
        ]
    for n in both[CROSSED:]:
        clashed += [Edit(n, side, "company", f"Company {n} {side}") for side in sides]
    return Edits(
        tuple(Edit(n, sides[i % 2], "city", f"City {n}") for i, n in enumerate(alone)),
        tuple(crossed),
        tuple(clashed),
    )


def judge(edits: Edits, shown: Callable[[SideName, int, str], Any]) -> Outcome:
    """Compare with what both sides show now, asked as `shown(side, number, field)`."""

    def on_both(edit: Edit) -> bool:
        return all(shown(side, edit.number, edit.field) == edit.value for side in _SIDES)

    def on_neither(edit: Edit) -> bool:
        return all(shown(side, edit.number, edit.field) != edit.value for side in _SIDES)

    return Outcome(
        lost=_count(map(on_neither, edits)),
        merged=_count(
            on_both(one) and on_both(other)
            for one, other in zip(edits.crossed[::2], edits.crossed[1::2], strict=True)
        ),
        spread=_count(map(on_both, edits.alone)),
    )


_SIDES: tuple[SideName, SideName] = ("left", "right")


def _count(answers: Iterable[bool]) -> int:
    return sum(answers)


def _chosen(count: int, many: int) -> list[int]:
    return random.Random(SEED + 2).sample(range(count), many)
