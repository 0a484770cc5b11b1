"""The three-way merge, field by field: each side is compared with its own base, never the other's.

A remote that rewrites what it is given (case, phone format, order of tags) shows its rewriting in
its own base, so neither side has moved and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from crosstie.core.mapping import Field, Policy
from crosstie.core.values import MISSING, Fields, Instant, Json, Missing, Side


class Verdict(Enum):
    """What happened to one field since both sides agreed."""

    STILL = "still"
    RIGHTWARD = "rightward"
    LEFTWARD = "leftward"
    SAME = "same"
    CLASH = "clash"


def verdict(
    base_left: Json | Missing, base_right: Json | Missing, left: Json, right: Json
) -> Verdict:
    """Say which way a field goes.

    Without a base, equal values agree and an empty side takes the other's value. Where one side
    alone has a base, the other was given a value that this one lacks as yet: the other has moved.
    Mirroring the sides mirrors the verdict.
    """
    if base_left is MISSING and base_right is MISSING:
        return _without_base(left, right)
    moved_left, moved_right = left != base_left, right != base_right
    if not moved_left and not moved_right:
        return Verdict.STILL
    if moved_left and moved_right:
        return Verdict.SAME if left == right else Verdict.CLASH
    if left == right:
        return Verdict.SAME
    return Verdict.RIGHTWARD if moved_left else Verdict.LEFTWARD


def _without_base(left: Json, right: Json) -> Verdict:
    if left == right:
        return Verdict.SAME
    if left is None:
        return Verdict.LEFTWARD
    if right is None:
        return Verdict.RIGHTWARD
    return Verdict.CLASH


class Clash(msgspec.Struct, frozen=True):
    """One field changed on both sides to different values, and nobody said who wins."""

    base_left: Json | Missing
    base_right: Json | Missing
    left: Json
    right: Json


class Settled(msgspec.Struct, frozen=True):
    """A clash that a policy or a person decided: this side's value was overruled, and why."""

    loser: Side
    why: str


class Merged(msgspec.Struct):
    """What the merge of one link came to. Values are canonical."""

    to_left: dict[str, Json] = msgspec.field(default_factory=dict)
    to_right: dict[str, Json] = msgspec.field(default_factory=dict)
    agreed: dict[str, tuple[Json, Json]] = msgspec.field(default_factory=dict)
    """Field -> (left, right) that become the base without a write."""
    clashes: dict[str, Clash] = msgspec.field(default_factory=dict)
    decided: dict[str, Settled] = msgspec.field(default_factory=dict)

    def write_to(self, side: Side) -> dict[str, Json]:
        """The values to be written to that side."""
        return self.to_left if side is Side.LEFT else self.to_right


class Stamps(msgspec.Struct, frozen=True):
    """When each side's record last changed, by that side's own clock."""

    left: Instant | None = None
    right: Instant | None = None


class Rulings(msgspec.Struct, frozen=True):
    """What a person decided for this link: field -> side whose value is right, or a value."""

    take: Mapping[str, Side] = msgspec.field(default_factory=dict)
    values: Fields = msgspec.field(default_factory=dict)


NO_RULINGS = Rulings()


def merge(
    fields: tuple[Field, ...],
    policy: Policy,
    bases: tuple[Fields, Fields],
    views: tuple[Fields, Fields],
    stamps: Stamps,
    rulings: Rulings = NO_RULINGS,
) -> Merged:
    """Merge one link. Bases and views are (left, right), canonical."""
    out = Merged()
    base_left, base_right = bases
    left_view, right_view = views
    if left_view == base_left and right_view == base_right:
        return out
    for f in fields:
        name = f.name
        left, right = left_view[name], right_view[name]
        base = (base_left.get(name, MISSING), base_right.get(name, MISSING))
        if left == base[0] and right == base[1]:
            continue
        if name in rulings.values:
            _both_get(out, f, rulings.values[name], left, right)
            continue
        way = verdict(*base, left, right)
        ruled = rulings.take.get(name)
        if ruled and f.create_only and way is not Verdict.SAME and f.direction.reaches(ruled.other):
            # Asked about although only one side moved; no policy but the person can end that.
            out.decided[name] = Settled(ruled.other, "a person decided")
            out.write_to(ruled.other)[name] = left if ruled is Side.LEFT else right
            continue
        if f.owner is not None and way is not Verdict.SAME:
            way = Verdict.RIGHTWARD if f.owner is Side.LEFT else Verdict.LEFTWARD
        _place(out, f, way, base, (left, right), policy, stamps, rulings)
    return out


def _place(
    out: Merged,
    f: Field,
    way: Verdict,
    base: tuple[Json | Missing, Json | Missing],
    now: tuple[Json, Json],
    policy: Policy,
    stamps: Stamps,
    rulings: Rulings,
) -> None:
    if way is Verdict.CLASH:
        if not (f.direction.reaches(Side.LEFT) and f.direction.reaches(Side.RIGHT)):
            # The source of a one-way field decides; the far side's edit had nowhere to go.
            way = Verdict.RIGHTWARD if f.direction.reaches(Side.RIGHT) else Verdict.LEFTWARD
            out.decided[f.name] = Settled(_target(way), "the field goes one way")
        elif _unites(f.policy or policy, base, now) and f.name not in rulings.take:
            _both_get(out, f, _union(base, now), *now)
            return
        else:
            way = _judge(out, f, base, now, policy, stamps, rulings)
    _carry(out, f, way, base, now)


def _judge(
    out: Merged,
    f: Field,
    base: tuple[Json | Missing, Json | Missing],
    now: tuple[Json, Json],
    policy: Policy,
    stamps: Stamps,
    rulings: Rulings,
) -> Verdict:
    """Who wins a clash, or CLASH when a person has to say."""
    ruled = rulings.take.get(f.name)
    winner = ruled or _winner(f.policy or policy, stamps)
    if winner is None:
        out.clashes[f.name] = Clash(*base, *now)
        return Verdict.CLASH
    why = "a person decided" if ruled else f"policy {(f.policy or policy).value}"
    out.decided[f.name] = Settled(winner.other, why)
    return Verdict.RIGHTWARD if winner is Side.LEFT else Verdict.LEFTWARD


def _winner(policy: Policy, stamps: Stamps) -> Side | None:
    if policy is Policy.LEFT:
        return Side.LEFT
    if policy is Policy.RIGHT:
        return Side.RIGHT
    if policy is not Policy.NEWEST or stamps.left is None or stamps.right is None:
        return None
    if stamps.left == stamps.right:
        return None
    return Side.LEFT if stamps.left > stamps.right else Side.RIGHT


def _carry(
    out: Merged,
    f: Field,
    way: Verdict,
    base: tuple[Json | Missing, Json | Missing],
    now: tuple[Json, Json],
) -> None:
    left, right = now
    if way is Verdict.SAME:
        out.agreed[f.name] = (left, right)
    elif way in (Verdict.RIGHTWARD, Verdict.LEFTWARD):
        target = _target(way)
        if not f.direction.reaches(target):
            return
        if f.create_only and MISSING not in base and f.raw_name(target) is not None:
            out.clashes[f.name] = Clash(*base, *now)
        else:
            out.write_to(target)[f.name] = left if way is Verdict.RIGHTWARD else right


def _target(way: Verdict) -> Side:
    return Side.RIGHT if way is Verdict.RIGHTWARD else Side.LEFT


def _both_get(out: Merged, f: Field, value: Json, left: Json, right: Json) -> None:
    if left == right == value:
        out.agreed[f.name] = (left, right)
        return
    if left != value:
        out.to_left[f.name] = value
    if right != value:
        out.to_right[f.name] = value


def _unites(
    policy: Policy, base: tuple[Json | Missing, Json | Missing], now: tuple[Json, Json]
) -> bool:
    """Whether the policy applies: to sets of texts, or nothing; all else a person is asked."""
    return policy is Policy.UNION and all(
        side is None
        or side is MISSING
        or (isinstance(side, list) and all(isinstance(member, str) for member in side))
        for side in (*base, *now)
    )


def _union(base: tuple[Json | Missing, Json | Missing], now: tuple[Json, Json]) -> list[Json]:
    """What either side added stays, what either removed goes; sorted as tags are."""
    left, right = (set(side or ()) for side in now)
    was_left, was_right = (set() if b is MISSING else set(b or ()) for b in base)
    removed = (was_left - left) | (was_right - right)
    return sorted((left | right) - removed)
