"""A link's situation -> the operations that settle it. Pure; the engine carries them out.

| left    | right   | linked before | what follows                                             |
|---------|---------|---------------|----------------------------------------------------------|
| there   | there   | any           | merge: update the sides that lack something              |
| there   | none    | no            | look for a counterpart, else create it on the right      |
| there   | gone    | yes           | the policy for deletions; a conflict if the left moved   |
| gone    | gone    | yes           | forget the link                                          |
| gone    | none    | no            | forget the link                                          |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from crosstie.core.mapping import Mapping, Policy
from crosstie.core.merge import NO_RULINGS, Merged, Rulings, Stamps, merge
from crosstie.core.values import Fields, Json, Link, Record, Side


class View(msgspec.Struct, frozen=True):
    """One side of a link as read now."""

    record: Record | None
    """None: there is no record (any more)."""
    canon: Fields = msgspec.field(default_factory=dict)


class Update(msgspec.Struct, frozen=True):
    """Change these fields of the record on that side."""

    side: Side
    values: Fields
    """Canonical values, as decided from the other side."""
    causes: Fields
    """Field -> why, for people."""


class Create(msgspec.Struct, frozen=True):
    """Make the record on that side, from the other side's values."""

    side: Side
    values: Fields


class Delete(msgspec.Struct, frozen=True):
    """Remove the record on that side, because the other side's is gone."""

    side: Side


class Archive(msgspec.Struct, frozen=True):
    """The other side's record is gone: mark the one on that side and leave it alone."""

    side: Side
    values: Fields


class Close(msgspec.Struct, frozen=True):
    """The other side's record is gone and this one stays as it is."""

    side: Side


class AskDelete(msgspec.Struct, frozen=True):
    """A person decides: gone on that side, and edited (or to be confirmed) on the other."""

    gone: Side
    edited: tuple[str, ...]


class Forget(msgspec.Struct, frozen=True):
    """Both records are gone."""


Operation: TypeAlias = Update | Create | Delete | Archive | Close | AskDelete | Forget


class Decision(msgspec.Struct, frozen=True):
    """What to do with a link now. Operations are in order."""

    operations: tuple[Operation, ...]
    merged: Merged = msgspec.field(default_factory=Merged)


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of a sync that decides."""

    mapping: Mapping
    policy: Policy
    deletes: str
    archive: Fields


def decide(
    rules: Rules, link: Link, left: View, right: View, rulings: Rulings = NO_RULINGS
) -> Decision:
    """Decide what settles the link. A side without id and record has never had one."""
    if left.record is not None and right.record is not None:
        stamps = Stamps(left.record.updated, right.record.updated)
        return _meet(rules, link, left, right, stamps, rulings)
    if left.record is None and right.record is None:
        return Decision((Forget(),))
    here, canon = (Side.RIGHT, right.canon) if left.record is None else (Side.LEFT, left.canon)
    if not link.agreed and link.id_of(here.other) is None:
        return Decision((Create(here.other, _creatable(rules, here.other, canon)),))
    return _deleted(rules, link, here, canon, rulings)


def _meet(
    rules: Rules, link: Link, left: View, right: View, stamps: Stamps, rulings: Rulings
) -> Decision:
    merged = merge(
        rules.mapping.fields,
        rules.policy,
        (link.base_left, link.base_right),
        (left.canon, right.canon),
        stamps,
        rulings,
    )
    operations: list[Operation] = []
    # The right first: it is the slow, remote one in the usual sync, and its reply may show values
    # (an id, a normalised phone) that the left then gets in the same settling.
    for side in (Side.RIGHT, Side.LEFT):
        values = merged.write_to(side)
        if values:
            causes = {n: _cause(merged, rulings, n, side) for n in values}
            operations.append(Update(side, values, causes))
    return Decision(tuple(operations), merged)


def _cause(merged: Merged, rulings: Rulings, name: str, target: Side) -> str:
    if name in rulings.values:
        return "a person decided"
    decided = merged.decided.get(name)
    return decided.why if decided is not None else f"changed on the {target.other}"


def _creatable(rules: Rules, side: Side, canon: Fields) -> dict[str, Json]:
    return {
        name: canon[name]
        for name in rules.mapping.writable(side)
        if name in canon and canon[name] is not None
    }


def _deleted(rules: Rules, link: Link, here: Side, canon: Fields, rulings: Rulings) -> Decision:
    """The record on `here` is alone: its counterpart was deleted."""
    gone = here.other
    ruled = rulings.take.get("*")
    if ruled is not None:
        return Decision((Delete(here) if ruled is gone else _again(rules, gone, canon),))
    if rules.deletes == "ignore":
        return Decision((Close(here),))
    edited = tuple(
        f.name
        for f in rules.mapping.fields
        if f.direction.reaches(gone)
        and f.name in link.base_of(here)
        and canon[f.name] != link.base_of(here)[f.name]
    )
    if edited or rules.deletes == "ask":
        return Decision((AskDelete(gone, edited),))
    if rules.deletes == "archive":
        return Decision((Archive(here, rules.archive),))
    return Decision((Delete(here),))


def _again(rules: Rules, side: Side, canon: Fields) -> Create:
    """A person kept the edited record: its counterpart is made anew."""
    return Create(side, _creatable(rules, side, canon))
