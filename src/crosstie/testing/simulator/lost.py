"""I5 and I11: nothing that a person wrote is gone without a word, no deletion is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstie.core.values import Side
from crosstie.testing.simulator.evidence import Evidence, Place
from crosstie.testing.simulator.people import Wrote
from crosstie.testing.simulator.values import plain

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


def nothing_lost(life: Life, evidence: Evidence) -> None:
    """Every write of a person is there, outdone by a later one, or on record."""
    last: dict[tuple[Place, str], int] = {}
    for number, wrote in enumerate(life.people.wrote):
        last[evidence.thing(wrote.sync, wrote.side.value, wrote.record_id), wrote.field] = number
    for number, wrote in enumerate(life.people.wrote):
        thing = evidence.thing(wrote.sync, wrote.side.value, wrote.record_id)
        if last[thing, wrote.field] > number or _is_there(life, evidence, thing, wrote):
            continue
        if _removed_by_hand(life, wrote) or _unseen(life, wrote):
            continue
        if not evidence.told(thing, wrote.field, wrote.value):
            text = f"{wrote.field}={wrote.value!r} of {wrote.side} {wrote.record_id}"
            life.violate("I5", f"{wrote.sync}: {text} (item {wrote.item}) is lost")
    _no_resurrection(life, evidence)


def _is_there(life: Life, evidence: Evidence, thing: Place, wrote: Wrote) -> bool:
    mapping = life.played[wrote.sync].sync.mapping
    raw = mapping.by_name[wrote.field].raw_name
    for side in (wrote.side, wrote.side.other):
        system, name = life.systems[wrote.sync, side], raw(side)
        if name is None:
            continue
        ids = [wrote.record_id] if side is wrote.side else system.ids()
        for record_id in ids:
            row = system.row(record_id)
            if row is None or evidence.thing(wrote.sync, side.value, record_id) != thing:
                continue
            if plain(mapping.side(side).read_one(wrote.field, row)) == plain(wrote.value):
                return True
    return False


def _removed_by_hand(life: Life, wrote: Wrote) -> bool:
    """The record itself was deleted by a person, who saw the value."""
    return any(
        (gone.sync, gone.side, gone.record_id) == (wrote.sync, wrote.side, wrote.record_id)
        for gone in life.people.removed
    )


def _unseen(life: Life, wrote: Wrote) -> bool:
    """It was overwritten between our read and our write, where no system could notice."""
    place = (wrote.sync, wrote.side.value, wrote.record_id, wrote.raw)
    return (*place, plain(wrote.raw_value)) in life.witness.blind


def _no_resurrection(life: Life, evidence: Evidence) -> None:
    if life.people.answered or life.late_writes:
        return
    made = {e.record_id: e for e in life.witness.effects if e.verb == "create"}
    for gone in life.people.removed:
        own = made.get(gone.record_id)
        if own is not None and not own.certain:
            continue
        thing = evidence.thing(gone.sync, gone.side.value, gone.record_id)
        for effect in made.values():
            if (effect.sync, effect.side) != (gone.sync, gone.side) or effect.tick < gone.tick:
                continue
            source = str(effect.source)
            if evidence.thing(gone.sync, Side(gone.side).other.value, source) == thing:
                text = f"{gone.side} {gone.record_id} was deleted and came back as"
                life.violate("I11", f"{gone.sync}: {text} {effect.record_id}")
