"""The fields of both systems beside the mapping: what is mapped, what could be, what is gone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import msgspec

from crosstie.core.values import Side
from crosstie.ports import RemoteField, Schema

if TYPE_CHECKING:
    from crosstie.service.wiring import Opened

LIKELY = 0.82
"""Likeness of two names, 0..1, from which they are proposed as a pair."""


class FieldLine(msgspec.Struct, frozen=True):
    """One field of one side."""

    name: str
    kind: str
    label: str | None
    mapped: str | None
    """Name of the field of the mapping that uses it."""
    writable: bool
    required: bool
    options: Sequence[str] = ()


class Proposal(msgspec.Struct, frozen=True):
    """Two fields without a mapping that look like each other."""

    left: str
    right: str
    likeness: float
    lens: str
    """How it would be written in the declaration."""


class FieldsView(msgspec.Struct, frozen=True):
    """Both sides of one sync."""

    sync: str
    left: Sequence[FieldLine]
    right: Sequence[FieldLine]
    proposals: Sequence[Proposal]
    vanished: Mapping[str, Sequence[str]]
    """Side -> mapped fields that the system does not have (any more)."""


async def fields(opened: Opened, sync: str) -> FieldsView:
    """Read both schemas. Raises Misconfigured, Halt, Retry."""
    schemas = {side: await schema_of(opened, sync, side) for side in Side}
    mapping = opened.app.sync(sync).mapping
    used = {side: _used(opened, sync, side) for side in Side}
    lines = {side: [_line(f, used[side]) for f in schemas[side].fields.values()] for side in Side}
    free = {side: [f for f in lines[side] if f.mapped is None and f.kind != "id"] for side in Side}
    vanished = {
        side.value: [n for n in mapping.side(side).reads if n not in schemas[side].fields]
        for side in Side
    }
    return FieldsView(
        opened.app.sync(sync).name,
        lines[Side.LEFT],
        lines[Side.RIGHT],
        proposals(free[Side.LEFT], free[Side.RIGHT]),
        {side: names for side, names in vanished.items() if names},
    )


async def schema_of(opened: Opened, sync: str, side: Side) -> Schema:
    """The fields there are now, whatever the mapping says."""
    collection = opened.app.sync(sync).source(side).bind(opened.doors, ())
    await collection.open()
    return await collection.schema()


def proposals(left: Sequence[FieldLine], right: Sequence[FieldLine]) -> Sequence[Proposal]:
    """Pairs whose names are alike, that a lens fits and both sides can write; the most alike first.

    Each field is in one pair at most.
    """
    scored = [(_likeness(a, b), a, b) for a in left for b in right if a.writable and b.writable]
    scored = [entry for entry in scored if entry[0] >= LIKELY]
    scored.sort(key=lambda entry: (-entry[0], entry[1].name, entry[2].name))
    out: list[Proposal] = []
    taken: set[tuple[Side, str]] = set()
    for likeness, a, b in scored:
        lens = _lens(a, b)
        if lens is None or (Side.LEFT, a.name) in taken or (Side.RIGHT, b.name) in taken:
            continue
        taken |= {(Side.LEFT, a.name), (Side.RIGHT, b.name)}
        declared = f'field("{a.name}", "{b.name}", {lens})'
        out.append(Proposal(a.name, b.name, round(likeness, 2), declared))
    return out


def _used(opened: Opened, sync: str, side: Side) -> Mapping[str, str]:
    used: dict[str, str] = {}
    for f in opened.app.sync(sync).mapping.fields:
        raw = f.raw_name(side)
        names = (raw,) if raw is not None else getattr(f.lens_of(side), "reads", ())
        for name in names:
            used.setdefault(name, f.name)
    return used


def _line(f: RemoteField, used: Mapping[str, str]) -> FieldLine:
    return FieldLine(f.name, f.kind, f.label, used.get(f.name), f.writable, f.required, f.options)


def _likeness(a: FieldLine, b: FieldLine) -> float:
    names = [_plain(n) for n in (b.name, b.label or "") if n]
    return max(SequenceMatcher(None, _plain(a.name), name).ratio() for name in names)


def _plain(name: str) -> str:
    """The last part of a name, small, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


_LENSES: Sequence[tuple[str, frozenset[str], str]] = (
    ("date", frozenset({"date", "text"}), "Date()"),
    ("datetime", frozenset({"datetime"}), "DateTime()"),
    ("integer", frozenset({"integer", "number"}), "Integer()"),
    ("money", frozenset({"money", "number"}), 'Money("USD", wire="number")'),
    ("boolean", frozenset({"boolean"}), "Boolean()"),
    ("choices", frozenset({"choices", "json"}), "Tags()"),
    ("json", frozenset({"json"}), "JsonValue()"),
    ("text", frozenset({"text", "choice"}), "Text()"),
    ("choice", frozenset({"choice"}), "Text()"),
)
"""(a kind that one side must have, kinds that both must be of, the lens that then serves both)."""
_BY_NAME = {"email": "Email()", "phone": "Phone()"}


def _lens(a: FieldLine, b: FieldLine) -> str | None:
    """The lens for such a pair as it is written in a call of `field`; None where no lens is sure.

    Two plain numbers get none: whether they are amounts, and of which currency, is not told.
    """
    kinds = {a.kind, b.kind}
    if kinds == {"text"} and _plain(b.name) in _BY_NAME:
        return _BY_NAME[_plain(b.name)]
    if (a.kind, b.kind) == ("text", "choices"):
        return 'left_lens=Tags(separator=","), right_lens=Tags()'
    if (a.kind, b.kind) == ("text", "choice") and b.options:
        pairs = ", ".join(f'"{option}": "{option}"' for option in b.options)
        return f"EnumMap({{{pairs}}})"
    for needed, fitting, lens in _LENSES:
        if needed in kinds and kinds <= fitting:
            return lens
    return None
