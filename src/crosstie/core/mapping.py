"""The field correspondences of a sync: raw record <-> canonical fields, on each side."""

from __future__ import annotations

import dataclasses
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crosstie.core.errors import Misconfigured, Rejected, Unlinked
from crosstie.core.lens import Derived, Lens, Reference, Text, Unmappable
from crosstie.core.values import Fields, Json, Side


class Direction(StrEnum):
    """Which way the changes of a field travel."""

    BOTH = "both"
    TO_RIGHT = "to_right"
    TO_LEFT = "to_left"

    def reaches(self, side: Side) -> bool:
        """Changes may be written to that side."""
        return self is not (Direction.TO_LEFT if side is Side.RIGHT else Direction.TO_RIGHT)


class Policy(StrEnum):
    """Who wins when one field was changed on both sides to different values."""

    LEFT = "left"
    RIGHT = "right"
    NEWEST = "newest"
    """The side whose record changed last by its own clock; asks where that cannot be told."""
    UNION = "union"
    """Sets: what either side added stays, what either removed goes."""
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Field:
    """One correspondence. Made by `field`, which fills in what is not said."""

    name: str
    left: str | None
    right: str | None
    left_lens: Lens
    right_lens: Lens
    direction: Direction = Direction.BOTH
    policy: Policy | None = None
    """None: the policy of the sync."""
    owner: Side | None = None
    """An edit of this field on the other side is put back."""
    create_only: bool = False
    """Written when a record is created on the far side, never after."""

    def raw_name(self, side: Side) -> str | None:
        """The side's own name of it; None where the value is derived."""
        return self.left if side is Side.LEFT else self.right

    def lens_of(self, side: Side) -> Lens:
        """The lens of that side."""
        return self.left_lens if side is Side.LEFT else self.right_lens


@dataclass(frozen=True, slots=True)
class Refs:
    """Ids of linked parents, looked up beforehand, so that reading a reference stays pure."""

    to_left: abc.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    """(sync, right id) -> left id."""
    to_right: abc.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    """(sync, left id) -> right id."""


NO_REFS = Refs()


class SideMap:
    """One side of a mapping: reads raw records into canonical fields and writes them back."""

    def __init__(self, side: Side, fields: Sequence[Field]) -> None:
        self.side = side
        self._fields = {f.name: f for f in fields}
        self._plain: list[tuple[str, str, Callable[[Json], Json]]] = []
        self._derived: list[tuple[str, Callable[[Fields], Json]]] = []
        self._references: list[tuple[str, str, str]] = []
        self._follows: list[Callable[[Json], Json]] = []
        for f in fields:
            lens, raw = f.lens_of(side), f.raw_name(side)
            if isinstance(lens, Derived):
                self._derived.append((f.name, lens.value_of))
            elif raw is None:
                raise Misconfigured(
                    f"field {f.name!r} has no name on the {side}", fix="give it one"
                )
            elif isinstance(lens, Reference):
                self._references.append((f.name, raw, lens.sync))
                self._follows.append(lens.get)
            else:
                self._plain.append((f.name, raw, lens.get))

    @property
    def reads(self) -> tuple[str, ...]:
        """Raw field names that this side needs."""
        names = [raw for _, raw, _ in self._plain] + [raw for _, raw, _ in self._references]
        for f in self._fields.values():
            lens = f.lens_of(self.side)
            if isinstance(lens, Derived):
                names += lens.reads
        return tuple(dict.fromkeys(names))

    @property
    def references(self) -> Sequence[tuple[str, str, str]]:
        """(canonical name, raw name, sync it refers to) of every reference."""
        return self._references

    def read(self, fields: Fields, refs: Refs = NO_REFS) -> dict[str, Json]:
        """Canonical fields of a raw record.

        Raises Rejected naming the field that cannot be read, Unlinked for a reference whose
        record has no link.
        """
        out: dict[str, Json] = {}
        name = raw = ""
        try:
            for name, raw, get in self._plain:
                out[name] = get(fields.get(raw))
            for name, value_of in self._derived:
                out[name] = value_of(fields)
            for (name, raw, sync), get in zip(self._references, self._follows, strict=True):
                out[name] = self._follow(get(fields.get(raw)), sync, refs)
        except Unmappable as wrong:
            raise self._unreadable(name, wrong) from wrong
        return out

    def read_one(self, name: str, fields: Fields) -> Json:
        """One canonical field that is neither derived nor a reference; None if it is unreadable.

        For match keys: a key that cannot be read is no key.
        """
        f = self._fields[name]
        raw = f.raw_name(self.side)
        try:
            return f.lens_of(self.side).get(fields.get(raw)) if raw is not None else None
        except Unmappable:
            return None

    def write(self, values: Fields, was: Fields, refs: Refs = NO_REFS) -> dict[str, Json]:
        """Raw patch that makes this side show the canonical `values`; `was` is raw, as there now.

        Raises Rejected where a value cannot be expressed here, Unlinked as `read` does.
        """
        patch: dict[str, Json] = {}
        for name, value in values.items():
            f = self._fields[name]
            lens, raw = f.lens_of(self.side), f.raw_name(self.side)
            if raw is None:
                continue
            if isinstance(lens, Reference):
                value = self._lead(value, lens.sync, refs)
            try:
                patch[raw] = lens.put(value, was.get(raw))
            except Unmappable as wrong:
                raise self._unreadable(name, wrong) from wrong
        return patch

    def _follow(self, record_id: Json, sync: str, refs: Refs) -> Json:
        if record_id is None or self.side is Side.LEFT:
            return record_id
        found = refs.to_left.get((sync, record_id))
        if found is None:
            raise Unlinked(sync, self.side, record_id)
        return found

    def _lead(self, value: Json, sync: str, refs: Refs) -> Json:
        if value is None or self.side is Side.LEFT:
            return value
        found = refs.to_right.get((sync, value))
        if found is None:
            raise Unlinked(sync, Side.LEFT, value)
        return found

    def _unreadable(self, name: str, wrong: Unmappable) -> Rejected:
        return Rejected(
            f"field {name!r} on the {self.side}: {wrong}",
            field=name,
            fix=f"correct the value of {name!r} on the {self.side}, or give the field another lens",
        )


class Mapping:
    """Both sides of a sync's fields, checked once."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)
        _refuse_twice(self.fields)
        self.by_name = {f.name: f for f in self.fields}
        self.left = SideMap(Side.LEFT, self.fields)
        self.right = SideMap(Side.RIGHT, self.fields)
        self.refers = bool(self.left.references or self.right.references)
        self._writable = {side: _writable(self.fields, side) for side in Side}

    def side(self, side: Side) -> SideMap:
        """The half for that side."""
        return self.left if side is Side.LEFT else self.right

    def writable(self, side: Side) -> tuple[str, ...]:
        """Canonical names that may be written to that side."""
        return self._writable[side]


def _writable(fields: Sequence[Field], side: Side) -> tuple[str, ...]:
    return tuple(
        f.name for f in fields if f.direction.reaches(side) and f.raw_name(side) is not None
    )


def field(
    left: str | None,
    right: str | None,
    lens: Lens | None = None,
    *,
    name: str | None = None,
    left_lens: Lens | None = None,
    right_lens: Lens | None = None,
    direction: Direction | str | None = None,
    policy: Policy | str | None = None,
    owner: Side | str | None = None,
    create_only: bool = False,
) -> Field:
    """Say that two fields correspond.

    `lens` serves both sides (an enum map its right side); `left_lens`/`right_lens` replace a half.
    A derived lens (constant, computed, composed) stands for the side whose name is None, and the
    field then travels only away from it. Raises Misconfigured on a contradiction.
    """
    called = name or left or right
    if called is None:
        raise Misconfigured("a field needs a name on at least one side", fix="name it")
    halves = _halves(left, right, lens, called)
    chosen = (left_lens or halves[0], right_lens or halves[1])
    return Field(
        name=called,
        left=left,
        right=right,
        left_lens=chosen[0],
        right_lens=chosen[1],
        direction=_direction(direction, chosen, called),
        policy=None if policy is None else Policy(policy),
        owner=None if owner is None else Side(owner),
        create_only=create_only,
    )


def _direction(said: Direction | str | None, halves: tuple[Lens, Lens], called: str) -> Direction:
    """The direction that was said; away from the side on which the value is derived."""
    for side, half in zip(Side, halves, strict=True):
        if not isinstance(half, Derived):
            continue
        only = Direction.TO_RIGHT if side is Side.LEFT else Direction.TO_LEFT
        if said is not None and Direction(said) is not only:
            raise Misconfigured(
                f"field {called!r} is derived on the {side} and can only go {only.value}",
                fix="leave the direction out",
            )
        return only
    return Direction.BOTH if said is None else Direction(said)


def _halves(
    left: str | None, right: str | None, lens: Lens | None, called: str
) -> tuple[Lens, Lens]:
    if lens is None:
        return Text(), Text()
    if not isinstance(lens, Derived):
        return lens.sides()
    if (left is None) == (right is None):
        raise Misconfigured(
            f"field {called!r} has a {lens.kind} lens, which makes a value instead of reading one",
            fix="name only the side that it is written to and give None for the other",
        )
    return (lens, lens.to) if left is None else (lens.to, lens)


def _refuse_twice(fields: Sequence[Field]) -> None:
    """A name that two fields claim would be written by both, and neither would know."""
    for what, names in (
        ("canonical name", [f.name for f in fields]),
        ("left field", [f.left for f in fields if f.direction.reaches(Side.LEFT)]),
        ("right field", [f.right for f in fields if f.direction.reaches(Side.RIGHT)]),
    ):
        given = [n for n in names if n is not None]
        twice = sorted({n for n in given if given.count(n) > 1})
        if twice:
            raise Misconfigured(
                f"the mapping names {what} {twice[0]!r} twice",
                fix="keep one of the fields, or give the other a direction that leaves it alone",
            )
