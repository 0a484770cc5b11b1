"""A record without a counterpart: find the one it has, or find out that a person must say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Final

from msgspec.structs import replace

from crosstie.core.errors import Retry
from crosstie.core.match import resembles
from crosstie.core.values import Fields, Json, Link, LinkState, Record, Side
from crosstie.engine import conflicts, maker
from crosstie.engine.scene import Records, Scene, legible
from crosstie.engine.work import Work, with_bases, with_id, with_mark
from crosstie.ports import ConflictKind, Entry, Intent, Lookup, Step


@contextmanager
def alone(work: Work, canon: Fields) -> Iterator[None]:
    """Nobody else with the same match key looks for a counterpart meanwhile.

    Two records with one key that looked at the same moment would both find nothing, and both be
    created across. Raises Retry for the second one.
    """
    keys = {
        (work.name, name, str(canon[name]))
        for name in work.sync.match
        if canon.get(name) is not None
    }
    if keys & work.ledger.meeting:
        raise Retry("another record with the same match key is being matched", after=1.0)
    work.ledger.meeting |= keys
    try:
        yield
    finally:
        work.ledger.meeting -= keys


class NoPair(Enum):
    """What `counterpart` says when it pairs nothing."""

    ALONE = "alone"
    ASKED = "asked"


ALONE: Final = NoPair.ALONE
ASKED: Final = NoPair.ASKED


async def counterpart(work: Work, scene: Scene, side: Side) -> tuple[Step, Records] | NoPair:
    """Look on `side` for the record that matches; pair them, or ask, or say that it is alone."""
    here = side.other
    own = scene.view(here).record
    assert own is not None
    await maker.leave_to_maker(work, scene, own, here)
    if scene.answered.pair:
        return await _named(work, scene, side, scene.answered.pair)
    keys = {name: scene.view(here).canon.get(name) for name in work.sync.match}
    found, free, rivals = await _around(work, scene, side, own, keys)
    if len(free) == 1 and not rivals:
        return await _pair(work, scene, side, free[0], "match keys agree")
    if not found and not rivals:
        return ALONE
    note = _why(free, found, rivals, here)
    if not (free or rivals or await _taken(work, scene, side, [r.id for r in found])):
        note = f"what matches on the {side} is asked about already, or a person left it alone"
    candidates = [r.id for r in (free or found)]
    await conflicts.ask_match(work, scene, ConflictKind.MATCH, candidates, note)
    return ASKED


async def only_match(
    work: Work, scene: Scene, side: Side, own: Record, keys: Fields
) -> Record | None:
    """The record on `side` that `counterpart` would pair with `own`, which has these keys."""
    _, free, rivals = await _around(work, scene, side, own, keys)
    if len(free) != 1 or rivals:
        return None
    return await _whole(work, side, free[0])


async def _around(
    work: Work, scene: Scene, side: Side, own: Record, keys: Fields
) -> tuple[Sequence[Record], Sequence[Record], Sequence[Record]]:
    """Who shares these keys: all on that side, those who are free, and those beside `own`.

    Beside a free one, those that a person is asked about may be meant as well.
    """
    found = await matching(work, side, keys, scene)
    taken = await _taken(work, scene, side, [record.id for record in found], asked=True)
    free = [record for record in found if record.id not in taken]
    if free:
        free = [record for record in found if taken.get(record.id, True)]
    rivals = await _rivals(work, side.other, own.id, keys, scene, pairing=len(free) == 1)
    return found, free, rivals


async def existing(
    work: Work, scene: Scene, intent: Intent, record_id: str
) -> tuple[Step, Records] | None:
    """The system refused a create because `record_id` exists: adopt it, or ask."""
    side = intent.side
    await work.store.keep([Step(scene.link, due_at=work.clock.now(), closes=(intent.id,))])
    if await _taken(work, scene, side, [record_id]):
        note = f"the {side} has it already, linked to another record on the {side.other}"
        await conflicts.ask_match(work, scene, ConflictKind.CONSTRAINT, [record_id], note)
        return None
    found = await work.ask(side, work.at(side).read([record_id]))
    record = found.records.get(record_id)
    if record is None:
        raise Retry(f"the {side} says that a record exists and does not show it", counts=True)
    return await adopt(work, scene, replace(intent, id=0), record, "it existed already", ours=False)


async def adopt(
    work: Work, scene: Scene, intent: Intent, record: Record, cause: str, *, ours: bool
) -> tuple[Step, Records]:
    """Link a record that our create made, or may have made.

    Where it shows what was sent, that becomes the base. Where it shows something else and is
    certainly ours, the base is what was sent: the difference is then an edit made over there.
    """
    side = intent.side
    shown = await legible(work, intent, record)
    base_source: dict[str, Json] = {}
    base_target: dict[str, Json] = {}
    for name, value in intent.values.items():
        if resembles(value, shown.get(name)):
            base_source[name], base_target[name] = value, shown.get(name)
        elif ours:
            base_source[name] = base_target[name] = value
    link = with_bases(scene.link, side.other, base_source, base_target)
    step, records = _linked(work, scene, link, side, record, cause)
    if ours:
        [entry] = step.history
        made = {name: value for name, value in shown.items() if value is not None}
        entry = replace(entry, operation="create", after={**made, **base_target})
        step = replace(step, history=(entry,))
    else:
        work.gate.adopted(work.name, link.id)
    closes = (intent.id,) if intent.id else ()
    return replace(step, closes=closes), records


async def _named(work: Work, scene: Scene, side: Side, named: str) -> tuple[Step, Records] | NoPair:
    """A person named the counterpart."""
    found = await work.ask(side, work.at(side).read([named]))
    record = found.records.get(named)
    if record is None or await _taken(work, scene, side, [named]):
        what = "is gone" if record is None else "is linked to another record"
        note = f"the {side} record that was named {what}"
        await conflicts.ask_match(work, scene, ConflictKind.MATCH, [], note)
        return ASKED
    return _linked(work, scene, scene.link, side, record, "a person paired them")


async def matching(work: Work, side: Side, keys: Fields, scene: Scene) -> Sequence[Record]:
    """Records on that side that agree in the best key that both have."""
    collection, half = work.at(side), work.mapping.side(side)
    for name, value in keys.items():
        raw_name = work.mapping.by_name[name].raw_name(side)
        if value is None or raw_name is None or raw_name not in collection.can.searchable:
            continue
        raw = half.write({name: value}, {}, scene.refs)
        found = await work.ask(side, collection.find(Lookup(equal=raw)))
        # `find` may be coarser than our canonical equality, never finer.
        agree = [r for r in found if half.read_one(name, r.fields) == value]
        if agree:
            return agree
    return []


async def _rivals(
    work: Work, here: Side, own_id: str, keys: Fields, scene: Scene, *, pairing: bool
) -> Sequence[Record]:
    """Records beside it that share its key: looked for where that costs no call.

    pairing: it would be paired next. That is worth a search, where its system allows twins.
    """
    can = work.at(here).can
    if not (can.local or (can.twins and pairing)):
        return []
    return [r for r in await matching(work, here, keys, scene) if r.id != own_id]


async def _taken(
    work: Work, scene: Scene, side: Side, ids: Sequence[str], *, asked: bool = False
) -> Mapping[str, bool]:
    """Which of these records another link will not give up; whether only a question keeps it.

    It has a counterpart, or may have made one: nobody knows before its intent is closed.
    asked: neither what only a person ends: a question about its counterpart, and a link that was
    closed for good when the counterpart was deleted.
    """
    links = await work.store.links_at(work.name, side, ids) if ids else {}
    others = {i: link for i, link in links.items() if link.id != scene.link.id}
    if not others:
        return {}
    open_ = await work.store.open_intents([link.id for link in others.values()])
    making = {intent.link_id for intent in open_}
    firm = {
        i
        for i, other in others.items()
        if other.id_of(side.other) is not None
        or other.id in making
        or (other.agreed and other.state is not LinkState.CLOSED)
        or (asked and other.state is LinkState.CLOSED)
    }
    open_questions = {i for i, o in others.items() if asked and o.state is LinkState.ASKING}
    return {i: i not in firm for i in firm | open_questions}


def _why(
    free: Sequence[Record], found: Sequence[Record], rivals: Sequence[Record], here: Side
) -> str:
    if rivals:
        return f"{len(rivals) + 1} records on the {here} share a match key"
    if len(free) > 1:
        return f"{len(free)} records on the {here.other} match"
    return f"the {here.other} record that matches is linked to another record on the {here}"


async def _pair(
    work: Work, scene: Scene, side: Side, record: Record, cause: str
) -> tuple[Step, Records] | NoPair:
    whole = await _whole(work, side, record)
    if whole is None:
        return ALONE
    # What a create of this link was sent as may land only now, after it was looked for in vain.
    begun = await work.store.open_intents([scene.link.id]) if scene.begun else ()
    if begun:
        # Its note is closed with the settling: who cannot be read is not linked.
        return await adopt(work, scene, replace(begun[-1], id=0), whole, cause, ours=False)
    return _linked(work, scene, scene.link, side, whole, cause)


async def _whole(work: Work, side: Side, record: Record) -> Record | None:
    """The record in full; None when it is gone."""
    if not record.hint:
        return record
    found = await work.ask(side, work.at(side).read([record.id]))
    return found.records.get(record.id)


def _linked(
    work: Work, scene: Scene, link: Link, side: Side, record: Record, cause: str
) -> tuple[Step, Records]:
    now = work.clock.now()
    entry = Entry(side, record.id, "link", cause, at=now, run_id=work.run_id)
    link = with_mark(with_id(link, side, record.id), side, record.mark)
    step = Step(link, due_at=now, history=(entry,), adopts=True, wakes=True)
    work.count("linked")
    return step, scene.with_record(side, record)
