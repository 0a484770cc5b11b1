"""How a schedule begins: some records in step, some that nobody has seen yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstie.core.mapping import Refs
from crosstie.core.values import Link, Side
from crosstie.testing.fakes import drive
from crosstie.testing.simulator.worlds import Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


def begin(life: Life) -> None:
    """Fill both systems, link what is in step, and set the feeds to now."""
    to_left: dict[tuple[str, str], str] = {}
    to_right: dict[tuple[str, str], str] = {}
    refs = Refs(to_left, to_right)
    number = 0
    for played in life.world.plays:
        name = played.sync.name
        made = []
        for _ in range(life.script.records):
            number += 1
            link = _pair(life, played, number, refs)
            to_left[name, str(link.right_id)] = str(link.left_id)
            to_right[name, str(link.left_id)] = str(link.right_id)
            made.append(link)
            life.pairs.append((name, str(link.left_id), str(link.right_id)))
        drive(life.state.store.link_strangers(name, made, life.time))
        for side in Side:
            system = life.systems[name, side]
            if system.can.has_changes:
                page = drive(system.changes(None))
                drive(life.state.store.notice(name, side, [], life.time, page.cursor))
        # Who was never scanned completely lets all strangers meet first.
        if life.script.seed % 3 or life.script.honest_feed:
            drive(life.state.store.scanned(name, life.time))
    for played in life.world.plays:
        for _ in range(life.script.strangers):
            number += 1
            side = (Side.LEFT, Side.RIGHT)[(life.script.seed + number) % 2]
            life.people.settled(played, side, life.people.add(played, side, number))


def _pair(life: Life, played: Played, number: int, refs: Refs) -> Link:
    """Two records that are in step, as a sync without trouble leaves them."""
    name, mapping = played.sync.name, played.sync.mapping
    left, right = life.systems[name, Side.LEFT], life.systems[name, Side.RIGHT]
    left_id = life.people.add(played, Side.LEFT, number)
    canon = mapping.left.read(left.known(left_id).fields, refs)
    values = {n: canon[n] for n in mapping.writable(Side.RIGHT) if canon[n] is not None}
    right_id = right.add(mapping.right.write(values, {}, refs))
    for field, raw in played.halves[Side.RIGHT].editable:
        if field not in values:
            right.edit(right_id, **{raw: played.halves[Side.RIGHT].made[raw](number)})
    shown = mapping.right.read(right.known(right_id).fields, refs)
    back = {n: shown[n] for n in mapping.writable(Side.LEFT) if n not in values}
    patch = mapping.left.write(back, left.known(left_id).fields, refs)
    if patch:
        left.edit(left_id, **patch)
    return Link(
        sync=name,
        left_id=left_id,
        right_id=right_id,
        base_left=mapping.left.read(left.known(left_id).fields, refs),
        base_right=shown,
        left_mark=left.known(left_id).mark,
        right_mark=right.known(right_id).mark,
        noticed=1,
        settled=1,
    )
