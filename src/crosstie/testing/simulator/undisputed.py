"""Compares the end of a schedule with the reference model."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from crosstie.core.mapping import Policy
from crosstie.core.values import LinkState, Side
from crosstie.testing.simulator.evidence import Evidence, Place
from crosstie.testing.simulator.model import Expected, Rule, Told, expected
from crosstie.testing.simulator.values import plain
from crosstie.testing.simulator.worlds import Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


def as_the_model_says(life: Life, evidence: Evidence) -> None:
    """Things that people did not cross each other about show what the model says."""
    if life.people.answered or life.jumped or life.late_writes:
        return
    records: dict[Place, list[tuple[Side, str]]] = defaultdict(list)
    for place in _places(life):
        _, side, record_id = place
        records[evidence.thing(*place)].append((Side(side), record_id))
    for thing, members in records.items():
        played = life.played[thing[0]]
        if not _left_out(life, played, evidence, members):
            told = _told(life, played, members)
            wanted = expected(told, _rule(played))
            if wanted is not None:
                _compare(life, played, members, wanted)


def _places(life: Life) -> list[Place]:
    """Every record that there ever was, each once, in order."""
    found = [
        place
        for sync, left, right in life.pairs
        for place in ((sync, "left", left), (sync, "right", right))
    ]
    found += [(born.sync, born.side.value, born.record_id) for born in life.people.born]
    found += [
        (effect.sync, effect.side.value, effect.record_id)
        for effect in life.witness.effects
        if effect.verb == "create"
    ]
    return list(dict.fromkeys(found))


def _left_out(
    life: Life, played: Played, evidence: Evidence, members: list[tuple[Side, str]]
) -> bool:
    """Twins, what a person is asked about, what is dead, what was overwritten unseen."""
    name = played.sync.name
    twins = {b.record_id for b in life.people.born if b.twin}
    # What was entered anew with the key of something that is gone may be taken for it.
    if twins or life.witness.blind or any(sync == name for sync, _, _ in life.people.poisoned):
        return True
    for side, record_id in members:
        where, row = played.sync.where(side), life.systems[name, side].row(record_id)
        if where is not None and (row is None or not where(row)):
            return True
        link = evidence.link_of(name, side, record_id)
        if link is not None and (
            link.state in (LinkState.DEAD, LinkState.WAITING, LinkState.ASKING)
            or (evidence.asked(link) and str(played.sync.deletes) != "ask")
        ):
            return True
    uncertain = {e.record_id for e in life.witness.effects if not e.certain and e.verb == "create"}
    removed = {r.record_id for r in life.people.removed}
    return any(i in uncertain and i in removed for _, i in members)


def _told(life: Life, played: Played, members: list[tuple[Side, str]]) -> Told:
    name = played.sync.name
    own = {record_id for _, record_id in members}
    began = {
        side
        for s, left, right in life.pairs
        if s == name and {left, right} & own
        for side in ("left", "right")
    }
    began |= {b.side.value for b in life.people.born if b.sync == name and b.record_id in own}
    return Told(
        writes=[
            (w.side.value, w.field, w.value)
            for w in life.people.wrote
            if w.sync == name and w.record_id in own
        ],
        removed=frozenset(
            r.side.value for r in life.people.removed if r.sync == name and r.record_id in own
        ),
        began=frozenset(began),
        at_once=_at_once(life, name, own),
    )


def _at_once(life: Life, sync: str, own: set[str]) -> frozenset[str]:
    """Fields of a pair that was in step: written before the first call of the first run."""
    writes = [w for w in life.people.wrote if w.sync == sync and w.record_id in own]
    late = {w.field for w in writes if w.tick > 1}
    born = {b.record_id for b in life.people.born} & own
    return frozenset() if born else frozenset(w.field for w in writes) - late


@cache
def _rule(played: Played) -> Rule:
    flows = {}
    for f in played.sync.mapping.fields:
        sides = {s.value for s in Side if f.direction.reaches(s.other) and f.raw_name(s)}
        if f.owner is not None:
            sides &= {f.owner.value}
        flows[f.name] = frozenset() if f.create_only else frozenset(sides)
    policies = {f.name: str(f.policy or played.sync.policy) for f in played.sync.mapping.fields}
    wins = {n: p for n, p in policies.items() if p in (Policy.LEFT, Policy.RIGHT)}
    return Rule(str(played.sync.deletes), str(played.sync.creates), flows, wins)


def _compare(life: Life, played: Played, members: list[tuple[Side, str]], wanted: Expected) -> None:
    name, mapping = played.sync.name, played.sync.mapping
    for side in Side:
        system = life.systems[name, side]
        rows = [(i, row) for s, i in members if s is side if (row := system.row(i)) is not None]
        there = wanted.there.get(side.value)
        if there is not None and len(rows) != there:
            ids = ", ".join(i for _, i in members)
            text = f"{len(rows)} records on the {side} for what is {ids}"
            life.violate("model", f"{name}: {text}")
        for record_id, row in rows:
            for field, value in wanted.fields.items():
                shown = mapping.side(side).read_one(field, row)
                if mapping.by_name[field].raw_name(side) and plain(shown) != plain(value):
                    text = f"{field} of {side} {record_id} is {shown!r}, not {value!r}"
                    life.violate("model", f"{name}: {text}")
