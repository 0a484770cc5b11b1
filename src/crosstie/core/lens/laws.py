"""The laws of a lens, as functions that `crosstie check` runs on real values.

GetPut: looking and writing back changes nothing.      put(get(raw), was=raw) == raw
PutGet: what was written is what is read.              get(put(value, was)) == value

A lens that breaks one makes two systems write to each other for ever. Each function gives None when
the law holds, else a text that tells how it fails, without any value.
"""

from __future__ import annotations

from crosstie.core.lens.base import Lens, Unmappable, same
from crosstie.core.values import Json


def law_get_put(lens: Lens, raw: Json) -> str | None:
    """Check GetPut for one raw value. It holds where `get` refuses: nothing is written back."""
    try:
        value = lens.get(raw)
    except Unmappable:
        return None
    try:
        back = lens.put(value, raw)
    except Unmappable as refusal:
        return f"{lens.kind}: what was read is refused when written back: {refusal}"
    if same(back, raw):
        return None
    return f"{lens.kind}: writing back what was read changes it ({_types(raw, back)})"


def law_put_get(lens: Lens, value: Json, was: Json) -> str | None:
    """Check PutGet for one canonical value written over `was`.

    A value that the lens refuses is told as well: the other side shows it, this one cannot take it.
    """
    if lens.one_way:
        return None
    try:
        raw = lens.put(value, was)
    except Unmappable as refusal:
        return f"{lens.kind}: cannot be written: {refusal}"
    try:
        back = lens.get(raw)
    except Unmappable as refusal:
        return f"{lens.kind}: what was written is refused when read: {refusal}"
    if same(back, value):
        return None
    return f"{lens.kind}: reading what was written gives another value ({_types(value, back)})"


def _types(before: Json, after: Json) -> str:
    if type(before) is not type(after):
        return f"{type(before).__name__} became {type(after).__name__}"
    if isinstance(before, str | list | dict) and len(before) != len(after):
        return f"length {len(before)} became {len(after)}"
    return f"another {type(before).__name__}"
