"""Lists: tags, ordered texts, and whole JSON values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite

from crosstie.core.lens.base import TwoWay, Unmappable, composed, folded
from crosstie.core.lens.text import digits
from crosstie.core.values import Json

_DEEPEST = 64
_FLOAT_EXACT = 2**53
_JSON_TEXT = "expected valid JSON text"


@dataclass(frozen=True, slots=True)
class _Texts(TwoWay):
    """What both lists share: a list as such, as text with separators, or as JSON text.

    | raw column or field         | declare           |
    |-----------------------------|-------------------|
    | a list of texts             | nothing           |
    | "red,blue"                  | `separator=","`   |
    | '["red", "blue"]'           | `text=True`       |
    """

    separator: str | None = None
    text: bool = field(default=False, kw_only=True)
    _cut: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cut", _cut_of(self.separator))
        if self.separator is not None and self.text:
            raise ValueError(
                "a list is either separated text or JSON text; fix: give separator= or text=True"
            )

    def _items(self, raw: Json) -> list[str]:
        """The items trimmed, in NFC, the empty ones left out."""
        if type(raw) is str:
            raw = self._unpacked(raw)
        if type(raw) is not list:
            raise Unmappable(self._expected())
        return [item for item in map(_item, raw) if item]

    def _unpacked(self, raw: str) -> Json:
        if not raw.strip():
            return []
        if self._cut:
            return raw.split(self._cut)
        if self.text:
            loaded = _loaded(raw)
            return [] if loaded is None else loaded
        raise Unmappable(self._expected())

    def raw_of(self, value: Json) -> Json:
        if type(value) is not list or not value or self.get(value) != value:
            raise Unmappable(self._expected())
        if self.separator is not None:
            joined = self.separator.join(value)
            if self.get(joined) != value:
                raise Unmappable(f"expected items without the separator {self.separator!r}")
            return joined
        return _dumped(value) if self.text else list(value)

    def cleared(self, was: Json) -> Json:
        return [] if type(was) is list else None

    def _expected(self) -> str:
        if self.separator is not None:
            return f"expected a list of texts, or text separated by {self.separator!r}"
        return f"expected a list of texts{' as JSON text' if self.text else ''}"


_tag = lru_cache(maxsize=4_096)(folded)
"""Few words serve many records: most are folded already."""


@dataclass(frozen=True, slots=True)
class Tags(_Texts):
    """A set of words. Canonical: small letters, each once, sorted; None for the empty set."""

    @property
    def kind(self) -> str:
        return "tags"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is list:
            # Listings are full of these: one pass instead of trimming first and folding then.
            tags = {_tag(tag) if type(tag) is str else _item(tag) for tag in raw}
            tags.discard("")
            return sorted(tags) or None
        return sorted({folded(item) for item in self._items(raw)}) or None


@dataclass(frozen=True, slots=True)
class StringList(_Texts):
    """Texts in their order, repetitions kept. Canonical: trimmed, empty ones left out, or None."""

    @property
    def kind(self) -> str:
        return "list"

    def get(self, raw: Json) -> Json:
        return None if raw is None else self._items(raw) or None


@dataclass(frozen=True, slots=True)
class JsonValue(TwoWay):
    """Any JSON value. Canonical: keys sorted, whole floats as integers (1.0 is 1).

    `text=True`: the raw value is JSON text; native values are read as well, as drivers give them.
    Refuses what JSON cannot carry: NaN, infinities, integers beyond 64 bits, half surrogates, more
    than 64 levels.
    """

    text: bool = field(default=False, kw_only=True)

    @property
    def kind(self) -> str:
        return "json"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if self.text and type(raw) is str:
            return canonical(_loaded(raw)) if raw.strip() else None
        return canonical(raw)

    def raw_of(self, value: Json) -> Json:
        plain = canonical(value)
        return _dumped(plain) if self.text else plain


def canonical(value: Json, depth: int = 0) -> Json:
    """A copy with sorted keys and whole floats as integers. Raises Unmappable."""
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return _encodable(value)
    if type(value) is int:
        if not -(2**63) <= value < 2**64:
            raise Unmappable("expected JSON whose integers fit into 64 bits")
        return value
    if type(value) is float:
        return _number(value)
    if depth == _DEEPEST:
        raise Unmappable(f"expected JSON of at most {_DEEPEST} levels")
    if type(value) is list:
        return [canonical(item, depth + 1) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {_encodable(key): canonical(value[key], depth + 1) for key in sorted(value)}
    raise Unmappable("expected a JSON value: text, number, boolean, list or object")


def _number(value: float) -> int | float:
    if not isfinite(value):
        raise Unmappable("expected JSON whose numbers are finite")
    return int(value) if value.is_integer() and abs(value) < _FLOAT_EXACT else value


def _encodable(text: str) -> str:
    if not text.isascii():
        composed(text)
    return text


def _loaded(raw: str) -> Json:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Unmappable(_JSON_TEXT) from None


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _item(raw: Json) -> str:
    """A list item as trimmed text; "" for None."""
    if type(raw) is not str:
        return "" if raw is None else digits(raw)
    return (raw if raw.isascii() else composed(raw)).strip()


def _cut_of(separator: str | None) -> str:
    """What texts are split at: the separator without blanks around it, unless it is all blanks."""
    if separator is None:
        return ""
    if not separator or len(separator) > 3 or not separator.isascii() or _has_letters(separator):
        raise ValueError(
            f"{separator!r} cannot separate a list; fix: use one to three signs that are neither "
            'letters nor digits, such as "," or "; "'
        )
    return separator.strip() or separator


def _has_letters(separator: str) -> bool:
    return any(char.isalnum() for char in separator)
