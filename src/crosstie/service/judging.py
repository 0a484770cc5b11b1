"""What an undo may do: everything, what stands in a plan, or nothing but be written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crosstie.core.plan import Planned
from crosstie.core.values import canonical_json


@dataclass(slots=True)
class Draft:
    """The judge of a plan: writes everything down and lets nothing pass."""

    operations: list[Planned] = field(default_factory=list)

    def permits(self, operation: Planned) -> bool:
        """Never."""
        self.operations.append(operation)
        return False

    def withdrawn(self, operation: Planned) -> None:
        """Never either."""

    @property
    def over(self) -> bool:
        """A plan is of all of it."""
        return False


@dataclass(slots=True)
class Chosen:
    """Lets through what stands in a plan, each operation once; without a plan everything."""

    planned: Sequence[Planned] | None
    limit: int | None = None
    applied: list[Planned] = field(default_factory=list)
    _waiting: dict[tuple[object, ...], list[Planned]] = field(init=False)
    _refused: set[tuple[object, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._waiting = {}
        for operation in self.planned or ():
            self._waiting.setdefault(place(operation), []).append(operation)

    @property
    def operations(self) -> Sequence[Planned]:
        """What was planned."""
        return self.planned or ()

    @property
    def over(self) -> bool:
        """All that was planned came up, or as much as the limit allows."""
        full = self.limit is not None and len(self.applied) >= self.limit
        return full or (self.planned is not None and not self._waiting)

    def permits(self, operation: Planned) -> bool:
        """Whether the plan has it."""
        if self.over:
            return False
        if self.planned is not None:
            key = place(operation)
            here = self._waiting.get(key, [])
            if not any(_same(each, operation) for each in here):
                self._refused.add(key)
                return False
            here.remove(next(each for each in here if _same(each, operation)))
            if not here:
                del self._waiting[key]
        self.applied.append(operation)
        return True

    def withdrawn(self, operation: Planned) -> None:
        """It was let through, and could not be carried out."""
        self.applied.remove(operation)
        if self.planned is not None:
            self._waiting.setdefault(place(operation), []).append(operation)

    def open(self) -> Sequence[Planned]:
        """Planned operations that did not come up, or could not be carried out."""
        return [operation for here in self._waiting.values() for operation in here]

    def refused(self, operation: Planned) -> bool:
        """Something else came up for its record."""
        return place(operation) in self._refused


def place(operation: Planned) -> tuple[object, ...]:
    """The record that an operation is about."""
    return (operation.sync, operation.side, operation.left_id, operation.right_id)


def _same(one: Planned, other: Planned) -> bool:
    # Encoded, because a plan that comes from a file has lists where another one has tuples.
    return one.kind == other.kind and canonical_json(one.changes) == canonical_json(other.changes)
