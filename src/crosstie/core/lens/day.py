"""Calendar days, as columns, forms and web APIs write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise

from crosstie.core.lens.base import TwoWay, Unmappable
from crosstie.core.lens.moment import instant_of_milliseconds
from crosstie.core.values import Json

_ISO = "%Y-%m-%d"
_PARTS = re.compile(r"%(.)|([^%]+)|(%)", re.DOTALL)
_ISO_MIDNIGHT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]00:00(?::00(?:\.0{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Date(TwoWay):
    """A day without time. Canonical: "2026-01-31". Written in `format`.

    Reads `format`, the ISO date, an ISO date and time at midnight, and the milliseconds of a UTC
    midnight (GoHighLevel shows dates of opportunities so). A time other than midnight is refused:
    cutting it off would be a guess at the zone. `format` holds %Y, %m and %d, each once; a year of
    two digits or the name of a month has no sure way back.
    """

    format: str = _ISO
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _template: str = field(init=False, repr=False, compare=False)
    _expected: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern, template = _compiled(self.format)
        object.__setattr__(self, "_pattern", pattern)
        object.__setattr__(self, "_template", template)
        sample = template.format(Y=2026, m=1, d=31)
        object.__setattr__(self, "_expected", f"expected a day written like {sample}")

    @property
    def kind(self) -> str:
        return "date"

    def get(self, raw: Json) -> Json:
        if raw is None:
            return None
        if type(raw) is not str:
            return self._from_milliseconds(raw)
        if len(raw) == 10 and raw[4] == raw[7] == "-" and self.format == _ISO:
            return self._checked(raw)
        return self._from_text(raw.strip())

    def _from_text(self, text: str) -> str | None:
        if not text:
            return None
        if found := self._pattern.fullmatch(text):
            year, month, day = int(found["Y"]), int(found["m"]), int(found["d"])
            return self._checked(f"{year:04d}-{month:02d}-{day:02d}")
        if found := _ISO_MIDNIGHT.fullmatch(text):
            return self._checked(found[1])
        raise Unmappable(self._expected)

    def _from_milliseconds(self, raw: Json) -> str:
        try:
            moment: datetime = instant_of_milliseconds(raw)
        except Unmappable:
            raise Unmappable(self._expected) from None
        if moment.time() != _MIDNIGHT:
            raise Unmappable(f"{self._expected}, or the milliseconds of a midnight in UTC")
        return moment.date().isoformat()

    def _checked(self, text: str) -> str:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise Unmappable(self._expected) from None
        return text

    def raw_of(self, value: Json) -> Json:
        if type(value) is not str or len(value) != 10 or value[7] != "-":
            raise Unmappable(self._expected)
        self._checked(value)
        year, month, day = value.split("-")
        return self._template.format(Y=int(year), m=int(month), d=int(day))


def _compiled(format: str) -> tuple[re.Pattern[str], str]:
    """A pattern that reads the format and a template that writes it. Raises ValueError."""
    parts = [(found[1], found[2]) for found in _PARTS.finditer(format)]
    codes = sorted(code or "%" for code, literal in parts if literal is None)
    if codes != ["Y", "d", "m"] or format != format.strip():
        raise ValueError(
            f"date format {format!r} cannot be read back; fix: use %Y, %m and %d, each once, "
            'such as "%d.%m.%Y"'
        )
    # Without separators "1112026" would be two dates, so there every part has all its digits.
    separated = all(a[1] or b[1] for a, b in pairwise(parts))
    separated &= not any(char.isdigit() for _, literal in parts if literal for char in literal)
    digit = r"[0-9]{1,2}" if separated else r"[0-9]{2}"
    pattern, template = "", ""
    for code, literal in parts:
        if literal is not None:
            pattern += re.escape(literal)
            template += literal.replace("{", "{{").replace("}", "}}")
        elif code == "Y":
            pattern, template = pattern + "(?P<Y>[0-9]{4})", template + "{Y:04d}"
        else:
            pattern, template = pattern + f"(?P<{code}>{digit})", template + f"{{{code}:02d}}"
    return re.compile(pattern), template
