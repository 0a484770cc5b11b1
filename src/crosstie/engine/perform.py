"""Carry out one operation: keep the intent, call the connector, say how the base moves."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.causes import told
from crosstie.core.decide import Archive, Create, Delete, Update, View
from crosstie.core.errors import (
    Duplicate,
    Rejected,
    Retry,
    SyncError,
)
from crosstie.core.match import resembles
from crosstie.core.values import MISSING, Fields, Json, Link, Side
from crosstie.engine import maker, meet
from crosstie.engine.scene import Entries, Scene
from crosstie.engine.work import Work, with_bases, with_id, with_mark, without_base
from crosstie.ports import Entry, Intent, OperationKind, Step


async def write(work: Work, scene: Scene, operation: Update | Archive) -> tuple[Step, Entries]:
    """Change one record; the step that keeps it, and the records as the reply shows them."""
    side, values = operation.side, operation.values
    target = scene.view(side)
    assert target.record is not None
    was = target.record.fields
    raw = work.mapping.side(side).write(values, was, scene.refs)
    intent = _intent(work, scene, side, "update", values, raw, target.record.id)
    [intent_id] = await work.store.intend([intent])
    try:
        reply = await work.ask(
            side, work.at(side).update(target.record.id, raw, was, target.record.version)
        )
    except SyncError as error:
        await _give_up(work, scene, intent_id, error)
        raise
    shown = work.mapping.side(side).read(reply.fields, scene.refs)
    link = with_mark(_moved(scene, side, values, shown), side, reply.mark)
    causes = operation.causes if isinstance(operation, Update) else {}
    entry = _entry(work, side, reply.id, "update", _cause(causes, scene, side))
    entry = replace(
        entry,
        before={name: target.canon.get(name) for name in values},
        after={name: shown.get(name) for name in values},
    )
    step = _step(work, link, intent_id, entry)
    work.wrote("updated", side)
    await _refuse_silence(work, scene, operation, shown, step)
    return step, scene.with_view(side, View(reply, shown))


async def create(work: Work, scene: Scene, operation: Create) -> tuple[Step, Entries] | None:
    """Make the counterpart of a record, or adopt the one that the system says exists."""
    side, values = operation.side, operation.values
    raw = work.mapping.side(side).write(values, {}, scene.refs)
    intent = _intent(work, scene, side, "create", values, raw, None)
    key = maker.marker_of(work.store.identity, scene.link.id, intent.made_at)
    intent = replace(intent, key=key)
    [intent_id] = await work.store.intend([intent])
    try:
        reply = await work.ask(side, work.at(side).create(raw, key))
    except Duplicate as refused:
        return await meet.existing(work, scene, replace(intent, id=intent_id), refused.existing)
    except SyncError as error:
        await _give_up(work, scene, intent_id, error)
        raise
    shown = work.mapping.side(side).read(reply.fields, scene.refs)
    link = _moved(scene, side, values, shown)
    link = with_mark(with_id(link, side, reply.id), side, reply.mark)
    entry = _entry(work, side, reply.id, "create", f"new on the {side.other}")
    entry = replace(entry, after=filled(shown))
    step = replace(_step(work, link, intent_id, entry), adopts=True, wakes=True)
    step = replace(step, closes=(*scene.begun, *step.closes))
    work.wrote("created", side)
    await _refuse_silence(work, scene, operation, shown, step)
    return step, scene.with_view(side, View(reply, shown))


async def delete(work: Work, scene: Scene, operation: Delete) -> None:
    """Remove a record whose counterpart is gone, and the link with it."""
    side = operation.side
    target = scene.view(side)
    assert target.record is not None
    intent = _intent(work, scene, side, "delete", {}, {}, target.record.id)
    intent = replace(intent, was=target.canon)
    [intent_id] = await work.store.intend([intent])
    record = target.record
    try:
        await work.ask(side, work.at(side).delete(record.id, record.fields, record.version))
    except SyncError as error:
        await _give_up(work, scene, intent_id, error)
        raise
    await work.store.keep([deleted(work, scene.link, side, record.id, target.canon, intent_id)])
    work.wrote("deleted", side)


def deleted(
    work: Work, link: Link, side: Side, record_id: str, before: Fields, intent_id: int
) -> Step:
    """The step that ends a link after its last record was deleted."""
    entry = _entry(work, side, record_id, "delete", f"deleted on the {side.other}")
    done = replace(link, settled=link.noticed)
    return Step(done, closes=(intent_id,), history=(replace(entry, before=before),), drops=True)


def filled(shown: Fields) -> Fields:
    """The whole image of a record: what is not in it is empty."""
    return {name: value for name, value in shown.items() if value is not None}


def _intent(
    work: Work,
    scene: Scene,
    side: Side,
    kind: OperationKind,
    values: Fields,
    raw: Fields,
    target: str | None,
) -> Intent:
    source = scene.view(side.other).canon
    return Intent(
        link_id=scene.link.id,
        side=side,
        kind=kind,
        target=target,
        values=values,
        was={name: scene.view(side).canon.get(name) for name in values},
        raw=raw,
        key="",
        made_at=work.clock.now(),
        apart={n: source[n] for n, v in values.items() if n in source and source[n] != v},
    )


def _moved(scene: Scene, side: Side, values: Fields, shown: Fields) -> Link:
    """Both bases after a write landed on `side`: of exactly the written fields.

    A value that the source itself does not show yet (a union, a person's value) leaves the
    target's base: the target then counts as moved, and the source gets the value next. On a value
    that the target shows empty nobody agreed, whatever was agreed before: the field has no base,
    so the next settling writes it again. Where it shows what it held before, that base stands.
    """
    source, lost = scene.view(side.other).canon, _lost(values, shown)
    ignored = _ignored(scene, side, values, shown)
    base_source: dict[str, Json] = {}
    base_target: dict[str, Json] = {}
    for name, value in values.items():
        if name not in source or name in lost or name in ignored:
            continue
        base_source[name] = source[name]
        if source[name] == value:
            base_target[name] = shown.get(name)
    link = with_bases(scene.link, side.other, base_source, base_target)
    return without_base(link, lost) if lost else link


def _lost(values: Fields, shown: Fields) -> list[str]:
    """Fields that were given a value and are shown empty."""
    return [n for n, value in values.items() if value is not None and shown.get(n) is None]


def _ignored(scene: Scene, side: Side, values: Fields, shown: Fields) -> list[str]:
    """Fields that show what they held before, as if nothing had been written.

    Only where both sides showed the same until now: a system that rewrites what it is given may
    well write two values alike.
    """
    link, was = scene.link, scene.view(side).canon
    return [
        n
        for n, value in values.items()
        if n in link.base_left
        and link.base_left[n] == link.base_right.get(n, MISSING)
        and shown.get(n) == was.get(n, MISSING)
        and not resembles(value, shown.get(n))
    ]


def _step(work: Work, link: Link, intent_id: int, entry: Entry) -> Step:
    """A landed write. The link stays due until the settling says that it is quiet."""
    return Step(link, due_at=work.clock.now(), closes=(intent_id,), history=(entry,))


def _entry(work: Work, side: Side, record_id: str, operation: str, cause: str) -> Entry:
    return Entry(
        side=side,
        record_id=record_id,
        operation=operation,
        cause=cause,
        at=work.clock.now(),
        run_id=work.run_id,
    )


def _cause(causes: Fields, scene: Scene, side: Side) -> str:
    return told(causes) or f"deleted on the {side.other}, archived"


async def _give_up(work: Work, scene: Scene, intent_id: int, error: SyncError) -> None:
    """Close the intent of an operation that certainly did not happen; else it stays open."""
    if not (isinstance(error, (Retry, Rejected)) and error.unknown):
        step = Step(scene.link, due_at=work.clock.now(), closes=(intent_id,))
        await work.store.keep([step])


async def _refuse_silence(
    work: Work, scene: Scene, operation: Update | Archive | Create, shown: Fields, step: Step
) -> None:
    """A system that answers well and does not show the value dropped it: a person is told."""
    side, values = operation.side, operation.values
    refused = dict.fromkeys(_ignored(scene, side, values, shown), "what it held before")
    refused |= dict.fromkeys(_lost(values, shown), "it empty")
    if refused:
        await work.store.keep([step])
        name, instead = next(iter(refused.items()))
        dropped = Rejected(
            f"the {side} accepted field {name!r} and shows {instead}",
            field=name,
            fix=f"see in the {side} system whether it takes that value for {name!r}",
        )
        # The echo of the write that landed is no news, and does not raise the dead.
        dropped.marks = (step.link.left_mark, step.link.right_mark)
        raise dropped
