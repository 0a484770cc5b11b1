"""The verdict on a schedule, when everything has come to rest."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from crosstie.core.causes import FOUND
from crosstie.core.values import SIDES, Link, LinkState, Side
from crosstie.testing.simulator.evidence import Evidence
from crosstie.testing.simulator.lost import nothing_lost
from crosstie.testing.simulator.undisputed import as_the_model_says
from crosstie.testing.simulator.values import plain
from crosstie.testing.simulator.worlds import Played

if TYPE_CHECKING:
    from crosstie.testing.simulator.life import Life

_TWICE = (
    "SELECT sync, {0}, count(*) FROM link WHERE {0} IS NOT NULL GROUP BY sync, {0} "
    "HAVING count(*) > 1"
)
_OPEN = (
    "SELECT link.state, link.id FROM intent JOIN link ON link.id = intent.link_id "
    "WHERE link.state NOT IN ('asking', 'dead', 'closed', 'waiting')"
)
_IN_VAIN = (
    "SELECT c.id FROM link c JOIN link p ON p.sync = c.waits_sync AND "
    "CASE c.waits_side WHEN 'left' THEN p.left_id ELSE p.right_id END = c.waits_id "
    "WHERE c.state = 'waiting' AND p.left_id IS NOT NULL AND p.right_id IS NOT NULL"
)
_UNHEARD = (
    "SELECT c.id FROM conflict c JOIN link l ON l.conflict_id = c.id "
    "WHERE c.closed_at IS NULL AND c.answer IS NOT NULL AND c.answer <> 'null' "
    "AND (l.state = 'asking' OR l.state = 'active' AND l.due_at IS NULL)"
)
_UNASKED = (
    "SELECT DISTINCT h.link_id FROM history h WHERE h.operation = 'conflict' "
    "AND NOT EXISTS (SELECT 1 FROM conflict c WHERE c.link_id = h.link_id)"
)
_TORN = (
    "SELECT DISTINCT sync, side, record_id, across FROM history "
    "WHERE operation IN ('link', 'create') AND link_id NOT IN (SELECT id FROM link)"
)
MOST_REFUSALS = 5
"""Tries of one value: one for each time that its record is news, in as short a life."""
_HISTORY = (
    "SELECT side, record_id, operation, count(*) FROM history "
    "WHERE operation IN ('create', 'update', 'delete') AND cause NOT LIKE '%' || ? "
    "GROUP BY 1, 2, 3"
)


def judge(life: Life) -> None:
    """Add to the schedule's violations whatever its end disproves."""
    _one_link_each(life)
    _no_loose_ends(life)
    _nobody_waits_in_vain(life)
    _answers_are_acted_on(life)
    _no_poison_is_tried_for_ever(life)
    evidence = Evidence(life)
    for played in life.world.plays:
        _in_step(life, played, evidence)
    _history_is_true(life)
    nothing_lost(life, evidence)
    as_the_model_says(life, evidence)
    if life.touched_after_death:
        life.violate("crash", "a process that was killed went on to call")


def _one_link_each(life: Life) -> None:
    for column in ("left_id", "right_id"):
        for sync, record_id, number in life.state.rows(_TWICE.format(column)):
            life.violate("I3", f"{sync}: {record_id} has {number} links as {column}")
    for sync, side, record_id, across in life.state.rows(_TORN):
        here, there = life.systems[sync, Side(side)], life.systems[sync, Side(side).other]
        if here.row(record_id) is not None and there.row(str(across)) is not None:
            life.violate("I3", f"{sync}: {record_id} and {across} were linked, and no link is left")


def _no_loose_ends(life: Life) -> None:
    for state, link_id in life.state.rows(_OPEN):
        life.violate("I15", f"an intent of link {link_id} ({state}) is still open")


def _nobody_waits_in_vain(life: Life) -> None:
    """I7: a child waits only as long as its parent has no counterpart."""
    for (link_id,) in life.state.rows(_IN_VAIN):
        life.violate("I7", f"link {link_id} waits for a parent that is linked")


def _answers_are_acted_on(life: Life) -> None:
    """I5: what a person decided is carried out, or tried, or asked again."""
    for (conflict_id,) in life.state.rows(_UNHEARD):
        life.violate("I5", f"conflict {conflict_id} is answered, and nobody acts on it")


def _no_poison_is_tried_for_ever(life: Life) -> None:
    """I14: what is refused is dead after a few tries."""
    for system in life.systems.values():
        for value, times in system.refusals.items():
            if times > MOST_REFUSALS:
                life.violate("I14", f"{system.name} refused {value!r} {times} times")


def _in_step(life: Life, played: Played, evidence: Evidence) -> None:
    """I7: what is linked is equal, and what is not linked has a reason."""
    name = played.sync.name
    for side in SIDES:
        for record_id in life.systems[name, side].ids():
            link = evidence.link_of(name, side, record_id)
            if link is None:
                if _takes_part(life, played, side, record_id):
                    life.violate("I7", f"{name}: nobody knows of {side} record {record_id}")
            elif link.id_of(side.other) is None:
                _alone_for_a_reason(life, played, link, side, evidence)
    for link in evidence.links(name):
        if link.left_id is not None and link.right_id is not None:
            _pair_in_step(life, played, link, evidence)


def _takes_part(life: Life, played: Played, side: Side, record_id: str) -> bool:
    where = played.sync.where(side)
    return where is None or where(life.systems[played.sync.name, side].known(record_id).fields)


def _alone_for_a_reason(
    life: Life, played: Played, link: Link, side: Side, evidence: Evidence
) -> None:
    if link.state is LinkState.DEAD:
        _dead_for_a_reason(life, played, link)
    elif link.state is LinkState.ASKING:
        if not evidence.asked(link):
            life.violate("I5", f"{played.sync.name}: link {link.id} asks, and nobody is asked")
    elif link.state is LinkState.CLOSED:
        if str(played.sync.deletes) in ("propagate", "ask"):
            life.violate("I11", f"{played.sync.name}: link {link.id} is closed")
    elif link.error == "retry" and evidence.unknown(played.sync.name):
        # It may be what an unanswered create made: a person is asked about that one.
        return
    elif played.sync.may_create_on(side.other) and link.state is LinkState.ACTIVE:
        text = f"{side} record {link.id_of(side)} has no counterpart and nobody is asked"
        life.violate("I7", f"{played.sync.name}: {text}")


def _dead_for_a_reason(life: Life, played: Played, link: Link) -> None:
    """I14: only what a system refuses dies, and what refers to something that is not there."""
    name = played.sync.name
    poisoned = any(sync == name for sync, _, _ in life.people.poisoned)
    nameless = any(life.systems[name, side].worst.nameless for side in Side)
    if (link.error or "").split(":")[0] not in ("rejected", "duplicate") or not (
        poisoned
        or nameless
        or life.systems[name, Side.LEFT].refused
        or life.systems[name, Side.RIGHT].refused
    ):
        life.violate("I14", f"{name}: link {link.id} is dead ({link.error})")


def _pair_in_step(life: Life, played: Played, link: Link, evidence: Evidence) -> None:
    name = played.sync.name
    if link.state is LinkState.DEAD:
        _dead_for_a_reason(life, played, link)
        return
    gone = [s for s in SIDES if life.systems[name, s].row(str(link.id_of(s))) is None]
    if gone:
        if not evidence.asked(link):
            life.violate("I11", f"{name}: the {gone[0]} of link {link.id} is gone, and it stands")
        return
    if link.state is not LinkState.ACTIVE:
        if "delete" in evidence.kinds(link) and not life.people.answered:
            text = f"link {link.id} asks about a deletion, and both records are there"
            life.violate("I11", f"{name}: {text}")
        return
    left, right = evidence.canon(link, Side.LEFT), evidence.canon(link, Side.RIGHT)
    open_fields = evidence.asked(link)
    for field in _both_ways(played):
        if field in open_fields or field not in left or field not in right:
            continue
        if plain(left[field]) != plain(right[field]):
            text = f"{field} of {link.left_id} and {link.right_id} differs"
            life.violate("I7", f"{name}: {text}")


@cache
def _both_ways(played: Played) -> tuple[str, ...]:
    """Fields that are to be equal on both sides."""
    return tuple(
        f.name
        for f in played.sync.mapping.fields
        if not f.create_only and all(f.direction.reaches(side) for side in SIDES)
    )


def _history_is_true(life: Life) -> None:
    """I16: each write has its line, and each line that claims one its write."""
    told: Counter[tuple[str, str, str]] = Counter()
    for side, record_id, operation, number in life.state.rows(_HISTORY, FOUND):
        told[side, record_id, operation] = number
    done: Counter[tuple[str, str, str]] = Counter()
    for effect in life.witness.effects:
        if effect.certain:
            done[effect.side.value, effect.record_id, effect.verb] += 1
    for place, number in done.items():
        if told[place] < number:
            life.violate("I16", f"{number} x {' '.join(place)}, and {told[place]} in the history")
    for place, number in told.items():
        if number > life.witness.attempts[place]:
            life.violate("I16", f"the history tells of a write that was not made: {place}")
    for (link_id,) in life.state.rows(_UNASKED):
        life.violate("I16", f"the history of link {link_id} tells of a question nobody was asked")
