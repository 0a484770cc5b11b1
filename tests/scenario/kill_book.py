"""The book of the people: who wrote what where, and what must therefore stand in the end.

It knows nothing of links, bases and merges. Every value is written once in the whole play, so a
value that stands somewhere tells who wrote it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LABELS = {"contacts": "email", "trips": "name", "passengers": "passport_number"}
"""The column by which people tell records apart; nobody ever changes it."""
FAR_LABELS = {"contacts": "email", "trips": "name", "passengers": "passportnumber"}

Name = tuple[str, str]
"""Table and label of a record."""


@dataclass(slots=True)
class Edit:
    """One value that a person wrote on one side."""

    side: str
    value: str
    saw: str | None
    """What stood there before."""


@dataclass(slots=True)
class Found:
    """What stands on both sides in the end: label -> the records that carry it, by table."""

    left: Mapping[str, Mapping[str, Sequence[Mapping[str, str | None]]]]
    right: Mapping[str, Mapping[str, Sequence[Mapping[str, str | None]]]]
    listed: frozenset[str]
    """Every value that an open conflict or a dead letter shows to a person."""


@dataclass(slots=True)
class Verdict:
    """What is wrong, in words."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    listed: int = 0
    """Fields that a person is asked about."""

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.different)


class Book:
    """All edits of an episode."""

    def __init__(self) -> None:
        self.edits: dict[tuple[Name, str], list[Edit]] = {}
        self.there: set[Name] = set()
        self.gone: set[Name] = set()
        self.done: Counter[str] = Counter()

    def created(self, table: str, label: str) -> None:
        """A person made a record."""
        self.there.add((table, label))
        self.done["creates"] += 1

    def deleted(self, table: str, label: str) -> None:
        """A person deleted a record."""
        self.there.discard((table, label))
        if (table, label) not in self.gone:
            self.gone.add((table, label))
            self.done["deletes"] += 1

    def edited(self, name: Name, column: str, edit: Edit) -> None:
        """A person wrote a value; `column` by its name on the left."""
        self.edits.setdefault((name, column), []).append(edit)
        self.done["edits"] += 1

    def judged(self, found: Found) -> Verdict:
        """Compare with what stands there."""
        out = Verdict()
        for name in sorted(self.there | self.gone):
            self._counted(name, found, out)
        for (name, column), edits in self.edits.items():
            if name in self.there:
                _kept(f"{name[0]} {name[1]} {column}", *self._shown(name, column, found),
                      edits, found.listed, out)  # fmt: skip
        return out

    def _counted(self, name: Name, found: Found, out: Verdict) -> None:
        table, label = name
        wanted = 1 if name in self.there else 0
        for side, rows in (("left", found.left), ("right", found.right)):
            count = len(rows[table].get(label, ()))
            if count > wanted and count > 1:
                out.doubled += [f"{table} {label}: {count} times on the {side}"] * (count - 1)
            elif count > wanted:
                out.lost.append(f"{table} {label}: its deletion, it is on the {side}")
            elif count < wanted:
                out.lost.append(f"{table} {label}: the record, it is not on the {side}")

    def _shown(self, name: Name, column: str, found: Found) -> tuple[set[str | None], ...]:
        table, label = name
        return tuple(
            {row.get(column) for row in rows[table].get(label, ())}
            for rows in (found.left, found.right)
        )


def _kept(
    what: str, left: set[str | None], right: set[str | None], edits: Sequence[Edit],
    listed: frozenset[str], out: Verdict,
) -> None:  # fmt: skip
    """An edit stands somewhere, was seen by who wrote over it, or is shown to a person."""
    seen = {edit.saw for edit in edits}
    for edit in edits:
        if edit.value not in left | right | seen | listed:
            out.lost.append(f"{what}: {edit.value!r} of the {edit.side}")
    if left != right and left and right:
        if all(value in listed for value in left | right if value is not None):
            out.listed += 1
        else:
            out.different.append(f"{what}: {sorted(map(str, left))} and {sorted(map(str, right))}")
