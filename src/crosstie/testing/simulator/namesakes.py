"""I4: no counterpart is made for one of two that share a match key, unless a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstie.core.values import Side
from crosstie.testing.simulator.values import plain
from crosstie.testing.simulator.worlds import Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life


def made_beside(life: Life, sync: str, side: Side, record_id: str, source: str) -> None:
    """A record was made on `side` from `source`: no other one, on either side, has its key.

    Looked at where a look is exact and costs nothing, in databases beside us, and only among what
    was there when the run began or was made by the engine itself.
    """
    if life.people.answered or life.late_writes or _was_paired(life, sync, side, source):
        return
    played = life.played[sync]
    keys = _keys(life, played, side.other, source)
    for where, own in ((side, record_id), (side.other, source)):
        if life.systems[sync, where].behaviour.local:
            for other in life.systems[sync, where].ids():
                if (
                    other != own
                    and _known(life, sync, where, other)
                    and (keys & _keys(life, played, where, other))
                ):
                    text = f"{side} {record_id} was created from {source} beside {other}"
                    life.violate("I4", f"{sync}: {text}, which has its match key")


def _was_paired(life: Life, sync: str, side: Side, source: str) -> bool:
    """It had a counterpart once: what is made again is not looked for by its match keys."""
    place = 1 if side is Side.RIGHT else 2
    pairs = [*life.pairs, *life.witness.paired[:-1]]
    return any(pair[0] == sync and pair[place] == source for pair in pairs)


def _known(life: Life, sync: str, side: Side, record_id: str) -> bool:
    """It was there when the look was made."""
    return all(
        born.tick <= life.begun + 1
        for born in life.people.born
        if (born.sync, born.side, born.record_id) == (sync, side, record_id)
    )


def _keys(life: Life, played: Played, side: Side, record_id: str) -> set[tuple[str, str]]:
    """(name, value) of its match keys, as far as they can be read."""
    row = life.systems[played.sync.name, side].row(record_id) or {}
    half = played.sync.mapping.side(side)
    keys = {(name, plain(half.read_one(name, row))) for name in played.sync.match}
    return {(name, value) for name, value in keys if value}
