"""Conflicts: what a person is asked, and taking the answer. No screen in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from crosstie.core.lens import Unmappable
from crosstie.core.lens.laws import law_put_get
from crosstie.core.mapping import Field
from crosstie.core.values import Fields, Instant, Json, Link, Side
from crosstie.ports import Answer, Conflict, ConflictKind, Store
from crosstie.service.asked import Misused, Unknown
from crosstie.sync import Crosstie

MOST = 10_000


class ConflictLine(msgspec.Struct, frozen=True):
    """One open conflict, without values."""

    id: int
    sync: str
    kind: str
    left_id: str | None
    right_id: str | None
    fields: Sequence[str]
    note: str | None
    opened_at: Instant
    answered: bool


class ConflictView(msgspec.Struct, frozen=True):
    """One conflict with the values that both sides showed. Values are canonical."""

    id: int
    sync: str
    kind: str
    left_id: str | None
    right_id: str | None
    fields: Mapping[str, Fields]
    """Field -> {left, right, base_left, base_right}; a base is left out where there is none."""
    candidates: Sequence[str]
    deleted: str | None
    note: str | None
    opened_at: Instant
    closed_at: Instant | None
    answer: Mapping[str, Json] | None
    examples: Sequence[str]
    """Commands with the answers that fit what is not answered yet; none where all of it is."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's answer as given. Exactly one of take, value, pair and keep_apart."""

    take: str | None = None
    """left or right."""
    field: str | None = None
    """The field it is about; None: all of them."""
    value: str | None = None
    """Text of the value that both sides shall have; empty text is nothing."""
    pair: str | None = None
    keep_apart: bool = False


async def conflicts(app: Crosstie, store: Store, sync: str | None) -> Sequence[ConflictLine]:
    """Open conflicts, oldest first."""
    if sync is not None:
        app.sync(sync)
    lines = []
    for c in await store.conflicts(sync, MOST):
        link = await store.link(c.link_id) or Link(c.sync)
        lines.append(
            ConflictLine(
                id=c.id,
                sync=c.sync,
                kind=c.kind.value,
                left_id=link.left_id,
                right_id=link.right_id,
                fields=sorted(c.fields),
                note=c.note,
                opened_at=c.opened_at,
                answered=c.answer is not None,
            )
        )
    return lines


async def conflict(store: Store, conflict_id: int) -> ConflictView:
    """One conflict, open or closed. Raises Unknown."""
    c = await _found(store, conflict_id)
    link = await store.link(c.link_id) or Link(c.sync)
    return ConflictView(
        id=c.id,
        sync=c.sync,
        kind=c.kind.value,
        left_id=link.left_id,
        right_id=link.right_id,
        fields=c.fields,
        candidates=c.candidates,
        deleted=c.deleted.value if c.deleted else None,
        note=c.note,
        opened_at=c.opened_at,
        closed_at=c.closed_at,
        answer=None if c.answer is None else _told(c.answer),
        examples=() if c.closed_at is not None else examples(c),
    )


def _all_examples(c: Conflict) -> Sequence[str]:
    """Also of what is answered: an answer may be given anew."""
    return examples(msgspec.structs.replace(c, answer=None))


def examples(c: Conflict) -> Sequence[str]:
    """The commands that answer what is open of this conflict, each way that fits it once."""
    begin = f"crosstie conflicts resolve {c.id}"
    if c.kind is ConflictKind.EDIT:
        known = {} if c.answer is None else {**c.answer.take, **c.answer.values}
        name = next((name for name in c.fields if name not in known), None)
        if name is None:
            return ()
        one = f" --field {name}" if len(c.fields) > 1 else ""
        return (
            f"{begin} --take left{one}",
            f"{begin} --take right{one}",
            f"{begin} --field {name} --value TEXT",
        )
    if c.answer is not None:
        return ()
    if c.kind is ConflictKind.DELETE:
        return tuple(f"{begin} --take {side}" for side in Side)
    pair = c.candidates[0] if c.candidates else "ID"
    return (f"{begin} --pair {pair}", f"{begin} --keep-apart")


async def resolve(
    app: Crosstie, store: Store, conflict_id: int, ruling: Ruling, now: Instant
) -> ConflictView:
    """Keep a person's answer; the next run carries it out. Field by field answers add up.

    Raises Unknown for a conflict that is not there, Misused for one that is closed and for an
    answer that does not fit the question; nothing is kept then.
    """
    c = await _found(store, conflict_id)
    if c.closed_at is not None:
        raise Misused(f"conflict {c.id} is closed", fix="see `crosstie conflicts list`")
    given = [ruling.take, ruling.value, ruling.pair, ruling.keep_apart or None]
    if sum(part is not None for part in given) != 1:
        raise Misused(
            f"conflict {c.id} takes one answer at a time",
            fix="give one of: " + ", ".join(f"`{example}`" for example in _all_examples(c)),
        )
    if c.kind is ConflictKind.EDIT:
        answer = _of_edit(app, c, ruling)
    elif c.kind is ConflictKind.DELETE:
        answer = _of_delete(c, ruling)
    else:
        answer = _of_match(c, ruling)
    await store.answer(c.id, answer, now)
    return await conflict(store, c.id)


async def _found(store: Store, conflict_id: int) -> Conflict:
    c = await store.conflict(conflict_id)
    if c is None:
        raise Unknown(f"there is no conflict {conflict_id}", fix="see `crosstie conflicts list`")
    return c


def _told(answer: Answer) -> dict[str, Json]:
    return {
        "take": {name: side.value for name, side in answer.take.items()},
        "values": dict(answer.values),
        "pair": answer.pair,
    }


def _of_edit(app: Crosstie, c: Conflict, ruling: Ruling) -> Answer:
    if ruling.pair is not None or ruling.keep_apart:
        raise Misused(
            f"conflict {c.id} is about fields, not about which records belong together",
            fix="give `--take left`, `--take right`, or `--field NAME --value TEXT`",
        )
    names = list(c.fields)
    if ruling.field is not None:
        if ruling.field not in c.fields:
            raise Misused(
                f"conflict {c.id} is not about field {ruling.field!r}",
                fix=f"use one of: {', '.join(names)}",
            )
        names = [ruling.field]
    before = c.answer or Answer()
    take = {name: side for name, side in before.take.items() if name not in names}
    values = {name: value for name, value in before.values.items() if name not in names}
    if ruling.take is not None:
        side = _side(ruling.take)
        return Answer({**take, **dict.fromkeys(names, side)}, values)
    if len(names) > 1:
        raise Misused("a value is for one field", fix=f"add `--field`, one of: {', '.join(names)}")
    f = app.sync(c.sync).mapping.by_name[names[0]]
    return Answer(take, {**values, f.name: _canonical(f, ruling.value or "")})


def _canonical(f: Field, text: str) -> Json:
    """The value that both sides can show for this text. Raises Misused without repeating it."""
    lens = f.right_lens if f.left_lens.one_way else f.left_lens
    try:
        value = lens.get(text)
    except Unmappable as wrong:
        raise Misused(f"field {f.name!r} cannot have this value: {wrong}", fix=_RIGHT) from wrong
    for side in Side:
        broken = law_put_get(f.lens_of(side), value, None)
        if broken is not None:
            text = f"field {f.name!r} cannot have this value on the {side}: {broken}"
            raise Misused(text, fix=_RIGHT)
    return value


_RIGHT = "give a value of the expected form"


def _of_delete(c: Conflict, ruling: Ruling) -> Answer:
    if ruling.take is None or ruling.field is not None:
        raise Misused(
            f"conflict {c.id} is about a deleted record as a whole",
            fix=f"`--take {c.deleted}` deletes the other one too, `--take "
            f"{c.deleted.other if c.deleted else 'left'}` makes it anew",
        )
    return Answer({"*": _side(ruling.take)})


def _of_match(c: Conflict, ruling: Ruling) -> Answer:
    if ruling.keep_apart:
        return Answer(pair="")
    if ruling.pair is None:
        raise Misused(
            f"conflict {c.id} asks which record belongs to it",
            fix="give `--pair ID`, or `--keep-apart` to make a new one",
        )
    if c.candidates and ruling.pair not in c.candidates:
        raise Misused(
            f"{ruling.pair!r} is no candidate of conflict {c.id}",
            fix=f"use one of: {', '.join(c.candidates[:20])}",
        )
    return Answer(pair=ruling.pair)


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise Misused(f"there is no side {text!r}", fix="use left or right") from None
