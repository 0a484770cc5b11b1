"""What is played: syncs with two systems in memory each, and the values that people write."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crosstie.core.errors import Misconfigured
from crosstie.core.lens import Derived, Lens, Reference
from crosstie.core.values import Fields, Json, Side
from crosstie.rhythm import Rhythm
from crosstie.sync import Brake, Crosstie, Sync
from crosstie.testing.simulator.habits import rewriting
from crosstie.testing.simulator.values import Maker, maker

LENIENT = Brake(share=1.0, records=1_000_000, empty_side=False)
NEVER = 1e12
PREFIX = {Side.LEFT: "", Side.RIGHT: "9"}


@dataclass(frozen=True)
class Half:
    """One side of a sync as people and the system see it."""

    names: tuple[str, ...]
    """All raw fields."""
    made: Mapping[str, Maker]
    """Raw field -> values for it."""
    editable: tuple[tuple[str, str], ...]
    """(canonical, raw) of the fields that people edit."""
    parents: Mapping[str, str]
    """Raw field -> the sync whose records it refers to."""
    lenses: Mapping[str, Lens]
    keys: tuple[str, ...]
    """Raw names of the match keys, best first."""
    id_field: str | None
    local: bool
    """A database beside us."""
    rewrite: Callable[[Fields], Fields]


@dataclass(frozen=True, eq=False)
class Played:
    """One sync of a world."""

    sync: Sync
    """With a brake that lets small worlds pass; scans when the rhythm says so."""
    patient: Sync
    """The same, that never scans by itself after the first time."""
    halves: Mapping[Side, Half]


@dataclass(frozen=True)
class World:
    """Syncs that are played together, parents first."""

    name: str
    plays: tuple[Played, ...]


def world_of(app: Crosstie, name: str) -> World:
    """A world with the syncs of an application; its sources are never opened.

    Raises Misconfigured for a sync of which no record can be made up.
    """
    return World(name, tuple(_played(sync) for sync in app.in_order))


def _played(sync: Sync) -> Played:
    lenient = dataclasses.replace(
        sync,
        brake=LENIENT,
        where_left=_filter(sync.where_left),
        where_right=_filter(sync.where_right),
    )
    patient = dataclasses.replace(lenient, rhythm=Rhythm(reconcile=NEVER))
    halves = {side: _half(sync, side) for side in Side}
    for side, half in halves.items():
        if not half.made and not half.parents:
            raise Misconfigured(
                f"sync {sync.name!r}: no value was found that its fields take on the {side}",
                fix="map at least one field there with a lens of Crosstie",
            )
    return Played(lenient, patient, halves)


class _Shown(dict[str, Json]):
    """A record as its filter sees it: what is not mapped is not made up, and empty."""

    def __missing__(self, name: str) -> None:
        return None


def _filter(where: Callable[[Fields], bool] | None) -> Callable[[Fields], bool] | None:
    return None if where is None else lambda fields: where(_Shown(fields))


def _half(sync: Sync, side: Side) -> Half:
    made: dict[str, Maker] = {}
    parents: dict[str, str] = {}
    lenses: dict[str, Lens] = {}
    editable: list[tuple[str, str]] = []
    names = list(sync.mapping.side(side).reads)
    names += [raw for f in sync.mapping.fields if (raw := f.raw_name(side)) is not None]
    id_field = "id" if "id" in names else None
    for f in sync.mapping.fields:
        raw, lens = f.raw_name(side), f.lens_of(side)
        if raw is None or raw == id_field or isinstance(lens, Derived):
            continue
        if isinstance(lens, Reference):
            parents[raw] = lens.sync
            continue
        values = maker(lens)
        if values is None or raw in made:
            continue
        made[raw], lenses[raw] = values, lens
        if not f.lens_of(side.other).one_way and f.name not in sync.match:
            editable.append((f.name, raw))
    fields = sync.mapping.by_name
    keys = [raw for key in sync.match if (raw := fields[key].raw_name(side)) in made]
    return Half(
        names=tuple(dict.fromkeys(names)),
        made=made,
        editable=tuple(editable),
        parents=parents,
        lenses=lenses,
        keys=tuple(key for key in keys if key is not None),
        id_field=id_field,
        local=_local(sync, side),
        rewrite=rewriting(lenses, [key for key in keys if key is not None]),
    )


def _local(sync: Sync, side: Side) -> bool:
    return sync.source(side).account.connector == "sql"


def pick(worlds: Sequence[World], seed: int) -> World:
    """The world of a seed."""
    return worlds[seed % len(worlds)]
