"""Do lenses fit the fields they stand on, by kind and by trying real values?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from crosstie.core.lens import EnumMap, Reference, Unmappable
from crosstie.core.lens.laws import law_get_put, law_put_get
from crosstie.core.mapping import Field
from crosstie.core.values import Record, Side
from crosstie.ports import RemoteField, Schema
from crosstie.sync import Sync

_TEXTS = {"text", "choice", "id"}
FITS: dict[str, set[str]] = {
    "text": {*_TEXTS, "date", "datetime"},
    "integer": {"integer", "number", "money", "id", "text"},
    "money": {"money", "number", "integer", "text"},
    "date": {"date", "text"},
    "datetime": {"datetime", "text"},
    "boolean": {"boolean", "integer", "text", "choice"},
    "enum": _TEXTS,
    "phone": {"text"},
    "email": {"text"},
    "tags": {"choices", "json", "text"},
    "list": {"choices", "json", "text"},
    "reference": {"id", "integer", "text"},
}
"""Kind of lens -> kinds of fields whose every value it is made for."""
MAYBE: dict[str, set[str]] = {
    "text": {"integer"},
    "date": {"datetime"},
    "datetime": {"date", "integer", "number"},
    "boolean": {"number"},
    "tags": {"choice"},
    "list": {"choice"},
}
"""Kinds of which it takes some values."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not fit, without values."""

    field: str
    text: str
    fix: str
    maybe: bool = False
    """It need not go wrong: a warning."""


def missing(sync: Sync, side: Side, schema: Schema) -> Iterator[Finding]:
    """Mapped fields that the system does not have, with near names."""
    for name in sync.mapping.side(side).reads:
        if name in schema.fields:
            continue
        near = get_close_matches(name, schema.fields, n=3)
        like = " or ".join(map(repr, near))
        fix = f"did you mean {like}?" if near else f"see `crosstie fields {sync.name}`"
        yield Finding(name, f"the {side} has no field {name!r}", fix)


def misfits(sync: Sync, side: Side, schema: Schema) -> Iterator[Finding]:
    """Fields of this side whose kind, options or rights do not suit the mapping."""
    for f in sync.mapping.fields:
        raw, lens = f.raw_name(side), f.lens_of(side)
        there = schema.fields.get(raw) if raw is not None else None
        if there is None or lens.one_way:
            continue
        kind = lens.kind
        if there.kind not in FITS.get(kind, {there.kind}):
            maybe = there.kind in MAYBE.get(kind, set())
            yield Finding(
                f.name,
                f"the {side} field {raw!r} holds {there.kind}, its lens is for {kind}",
                f"give field {f.name!r} a lens for {there.kind}, or map another field",
                maybe,
            )
        yield from _options(f, side, there)
        if not there.writable and f.direction.reaches(side):
            way = "to_right" if side is Side.LEFT else "to_left"
            yield Finding(
                f.name,
                f"the {side} field {raw!r} cannot be written",
                f'give field {f.name!r} the direction "{way}"',
            )
    yield from _required(sync, side, schema)


def _options(f: Field, side: Side, there: RemoteField) -> Iterator[Finding]:
    lens = f.lens_of(side)
    if not isinstance(lens, EnumMap) or not there.options:
        return
    known = {option.strip().casefold() for option in there.options}
    wrong = [name for name in lens.pairs.values() if name.casefold() not in known]
    if wrong:
        yield Finding(
            f.name,
            f"the {side} field {there.name!r} has no option {', '.join(map(repr, wrong))}",
            f"use some of: {', '.join(there.options)}",
        )


def _required(sync: Sync, side: Side, schema: Schema) -> Iterator[Finding]:
    if not sync.may_create_on(side):
        return
    written = {sync.mapping.by_name[name].raw_name(side) for name in sync.mapping.writable(side)}
    for name, there in schema.fields.items():
        if there.required and name not in written:
            yield Finding(
                name,
                f"the {side} field {name!r} must have a value, and no field is mapped to it",
                f"map a field or a constant to it, or do not create on the {side}",
                maybe=True,
            )


def laws(sync: Sync, side: Side, records: Sequence[Record]) -> Iterator[Finding]:
    """Fields whose real values do not survive the way across and back."""
    for f in sync.mapping.fields:
        raw, lens = f.raw_name(side), f.lens_of(side)
        if raw is None or lens.one_way or isinstance(lens, Reference):
            continue
        lossy, unreadable, refused = _tried(f, side, [r.fields.get(raw) for r in records])
        if lossy:
            yield Finding(
                f.name,
                f"{_of(lossy, records)} do not survive the way back: {_first(lossy)}",
                f"give field {f.name!r} a lens that keeps them, or only one direction",
            )
        if unreadable:
            yield Finding(
                f.name,
                f"{_of(unreadable, records)} cannot be read: {_first(unreadable)}",
                f"correct them on the {side}; until then these records are dead letters",
                maybe=True,
            )
        if refused:
            yield Finding(
                f.name,
                f"{_of(refused, records)} cannot be written to the {side.other}: {_first(refused)}",
                f"correct them on the {side}; until then these records are dead letters",
                maybe=True,
            )


_Told = Counter[str]


def _tried(f: Field, side: Side, values: Sequence[object]) -> tuple[_Told, _Told, _Told]:
    """How values break a law, cannot be read, cannot be written across; each told how often."""
    here, there = f.lens_of(side), f.lens_of(side.other)
    lossy, unreadable, refused = _Told(), _Told(), _Told()
    for raw in values:
        try:
            value = here.get(raw)
        except Unmappable as wrong:
            unreadable[str(wrong)] += 1
            continue
        if f.direction.reaches(side):
            lossy.update(filter(None, [law_get_put(here, raw)]))
        if f.direction.reaches(side.other) and f.raw_name(side.other) is not None:
            told = law_put_get(there, value, None)
            if told is not None:
                (refused if "cannot be written" in told else lossy)[told] += 1
    return lossy, unreadable, refused


def _of(told: _Told, records: Sequence[Record]) -> str:
    return f"{sum(told.values())} of {len(records)} values"


def _first(told: _Told) -> str:
    return told.most_common(1)[0][0]


def doubles(sync: Sync, side: Side, records: Sequence[Record]) -> Iterator[Finding]:
    """Match keys that several of these records share."""
    for name in sync.match:
        half = sync.mapping.side(side)
        keys = Counter(
            str(key) for r in records if (key := half.read_one(name, r.fields)) is not None
        )
        twice = sum(number for number in keys.values() if number > 1)
        if twice:
            yield Finding(
                name,
                f"{twice} of {len(records)} records share their match key with another one",
                "a person is asked about each that could match; make the keys unique before",
                maybe=True,
            )
