"""Values that a lens accepts, told apart by a number, in the raw form of a side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from crosstie.core.lens import Lens, Unmappable
from crosstie.core.lens.choice import EnumMap, EnumNames
from crosstie.core.values import Json

Maker = Callable[[int], Json]
"""Number -> raw value."""

_DAY = date(2020, 1, 1)
_CANONICAL: dict[str, Maker] = {
    "text": lambda n: f"v{n}",
    "phone": lambda n: f"+1555{1_000_000 + n:07d}",
    "email": lambda n: f"v{n}@x.example",
    "integer": lambda n: n,
    "money": lambda n: f"{n}.00",
    "date": lambda n: (_DAY + timedelta(days=n % 30_000)).isoformat(),
    "datetime": lambda n: f"{(_DAY + timedelta(days=n % 30_000)).isoformat()}T12:00:00Z",
    "boolean": lambda n: bool(n % 2),
    "tags": lambda n: sorted({f"t{n}", f"t{n % 3}"}),
    "list": lambda n: [f"t{n}", f"s{n}"],
    "json": lambda n: {"n": n},
    "id": lambda n: str(n),
}
_TRIED: tuple[Maker, ...] = (
    *_CANONICAL.values(),
    lambda n: f"{n}",
    lambda n: n,
    lambda n: float(n),
)


def maker(lens: Lens) -> Maker | None:
    """Raw values for that lens; None where no value was found that it accepts."""
    named = _named(lens)
    if named:
        return lambda n: lens.put(named[n % len(named)], None)
    fits = _CANONICAL.get(lens.kind)
    for candidate in (*((fits,) if fits else ()), *_TRIED):
        if _works(lens, candidate):
            return lambda n, of=candidate: lens.put(of(n), None)  # type: ignore[misc]
    return None


def _named(lens: Lens) -> list[str]:
    """The canonical names of an enumeration that can be written."""
    pairs = lens.map if isinstance(lens, EnumNames) else lens
    if not isinstance(pairs, EnumMap):
        return []
    return [name for name in pairs.pairs if pairs.get_left(name) == name]


def _works(lens: Lens, candidate: Maker) -> bool:
    try:
        for number in (1, 2, 40_000):
            raw = lens.put(candidate(number), None)
            if raw is None or lens.get(raw) != candidate(number):
                return False
    except (Unmappable, TypeError, ValueError):
        return False
    return True


def plain(value: Json) -> str:
    """How a value reads without what systems rewrite: blanks, case, order, marks of a number."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, list):
        return "|".join(sorted(map(plain, value)))
    return "".join(str(value).split()).casefold()
