"""Booleans and enumerations: values from a short list, by their names on either side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crosstie.core.lens.base import Lens, TwoWay, Unmappable, composed, folded
from crosstie.core.lens.text import digits
from crosstie.core.values import Json

_SPELLINGS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


@dataclass(frozen=True, slots=True)
class Boolean(TwoWay):
    """Yes or no. Canonical: True or False. Written as `yes` and `no`: True/False, 1/0, "Ja"/"Nein".

    Reads what it writes, without regard to capitals, and true/false, t/f, yes/no, y/n, on/off, 1/0.
    """

    yes: bool | int | str = True
    no: bool | int | str = False
    _read: Mapping[str, bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        yes, no = _spelling(self.yes), _spelling(self.no)
        if not yes or not no or yes == no:
            raise ValueError(
                "a boolean needs two different spellings; fix: give yes= and no= values that "
                'differ in more than capitals, such as yes="Ja", no="Nein"'
            )
        object.__setattr__(self, "_read", {**_SPELLINGS, yes: True, no: False})

    @property
    def kind(self) -> str:
        return "boolean"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        spelling = _spelling(raw)
        if spelling == "":
            return None
        value = self._read.get(spelling) if spelling is not None else None
        if value is None:
            raise Unmappable(f"expected {self.yes!r} or {self.no!r}")
        return value

    def raw_of(self, value: Json) -> Json:
        if type(value) is not bool:
            raise Unmappable("expected true or false")
        return self.yes if value else self.no


def _spelling(raw: Json) -> str | None:
    """How a value looks when written down, in small letters; None for what is no spelling."""
    if type(raw) is bool:
        return "true" if raw else "false"
    if type(raw) is str:
        return folded(raw)
    if type(raw) is float and raw.is_integer():
        raw = int(raw)
    return str(raw) if type(raw) is int and abs(raw) < 2**63 else None


@dataclass(frozen=True, slots=True)
class EnumMap(TwoWay):
    """Names on the left against names on the right. Canonical: the name on the left.

    `pairs` maps left to right. When two left names share a right name, `back` says which of them
    the right name means; the other left names then read as that one and stay as they are until
    the right side changes. `default` is the left name that unknown names read as, on either side;
    they too stay as they are. Without it an unknown name is refused.

    Raises ValueError for two-to-one pairs without `back`, and for names that are empty, untrimmed
    or not in `pairs`.
    """

    pairs: Mapping[str, str] = field(hash=False)
    back: Mapping[str, str] = field(default_factory=dict, hash=False)
    default: str | None = None
    _meaning: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Right name -> the left name it means."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", dict(self.pairs))
        object.__setattr__(self, "back", dict(self.back))
        _check_names(self.pairs)
        if self.default is not None and self.default not in self.pairs:
            raise ValueError(
                f"default {self.default!r} is no left name; fix: use one of {_listed(self.pairs)}"
            )
        object.__setattr__(self, "_meaning", _meaning(self.pairs, self.back))

    @property
    def kind(self) -> str:
        return "enum"

    def get(self, raw: Json) -> Json:
        name = _name(raw)
        if name is None:
            return None
        meant = self._meaning.get(name)
        if meant is not None:
            return meant
        return self._unknown(self._meaning)

    def get_left(self, raw: Json) -> Json:
        """The canonical name for a raw value of the left side. Raises Unmappable."""
        name = _name(raw)
        if name is None:
            return None
        right = self.pairs.get(name)
        if right is not None:
            return self._meaning[right]
        return self._unknown(self.pairs)

    def _unknown(self, known: Mapping[str, str]) -> str:
        if self.default is None:
            raise Unmappable(f"expected one of {_listed(known)}")
        return self._meaning[self.pairs[self.default]]

    def raw_of(self, value: Json) -> Json:
        # Only names that a right name means are in the range: another would read back as that one.
        if type(value) is not str or self._meaning.get(self.pairs.get(value, "")) != value:
            raise Unmappable(f"expected one of {_listed(dict.fromkeys(self._meaning.values()))}")
        return self.pairs[value]

    def sides(self) -> tuple[Lens, Lens]:
        return EnumNames(self), self


@dataclass(frozen=True, slots=True)
class EnumNames(TwoWay):
    """The left half of an enum map: its left names as text, those that mean the same as one."""

    map: EnumMap

    @property
    def kind(self) -> str:
        return "text"

    def get(self, raw: Json) -> Json:
        return self.map.get_left(raw)

    def raw_of(self, value: Json) -> Json:
        self.map.raw_of(value)
        return value


def _name(raw: Json) -> str | None:
    """Trimmed text in NFC, "" as None."""
    if raw is None:
        return None
    if type(raw) is not str:
        return digits(raw)
    return (raw if raw.isascii() else composed(raw)).strip() or None


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(repr(name) for name in names)


def _check_names(pairs: Mapping[str, str]) -> None:
    if not pairs:
        raise ValueError('an enum map needs pairs; fix: EnumMap({"draft": "New"})')
    for name in (*pairs.keys(), *pairs.values()):
        if type(name) is not str or _name(name) != name:
            raise ValueError(
                f"{name!r} cannot be a name of an enum map; fix: use text that is not empty and "
                "has no blanks around it"
            )


def _meaning(pairs: Mapping[str, str], back: Mapping[str, str]) -> dict[str, str]:
    for right, left in back.items():
        if pairs.get(left) != right:
            raise ValueError(
                f"back says {right!r} means {left!r}, but pairs do not map {left!r} to it; "
                "fix: name in back only pairs that pairs holds"
            )
    meaning = dict(back)
    for left, right in pairs.items():
        other = meaning.setdefault(right, left)
        if other != left and right not in back:
            raise ValueError(
                f"{other!r} and {left!r} both map to {right!r}: the way back is lost; fix: say "
                f"which one it means with back={{{right!r}: {other!r}}}"
            )
    return meaning
