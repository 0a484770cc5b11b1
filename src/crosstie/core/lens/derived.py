"""Values that are made, not read: constant, computed, composed. They go one way only.

Such a lens has `value_of(fields)`, the canonical value for the raw fields of the source record,
and `to`, the two-way lens of the field that is written. `put` is that lens's; reading back through
the lens itself is refused, since the fields it was made of cannot be told from it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from crosstie.core.lens.base import Lens, Unmappable, composed
from crosstie.core.lens.many import JsonValue
from crosstie.core.lens.text import Text, digits
from crosstie.core.values import Fields, Json

_TOKEN = re.compile(r"\{([^{}]+)\}|([^{}]+)|([{}])")


class Derived(ABC):
    """What the one-way lenses share."""

    __slots__ = ()
    to: Lens
    """The two-way lens of the written field: how its present value is read and replaced."""
    reads: tuple[str, ...]
    """The raw fields of the source record that the value depends on."""

    @property
    @abstractmethod
    def kind(self) -> str: ...

    @abstractmethod
    def value_of(self, fields: Fields) -> Json:
        """The canonical value for a record with these raw fields. Raises Unmappable."""

    @property
    def text(self) -> bool:
        """Whether the written field holds plain text."""
        return isinstance(self.to, Text)

    @property
    def one_way(self) -> bool:
        return True

    def get(self, raw: Json) -> NoReturn:
        raise Unmappable("expected nothing to be read back: this field is written one way only")

    def put(self, value: Json, was: Json) -> Json:
        return self.to.put(value, was)

    def sides(self) -> tuple[Lens, Lens]:
        return self, self


@dataclass(frozen=True, slots=True)
class Constant(Derived):
    """The same value in every record. Raises ValueError when `to` cannot hold it.

    `to` is the lens of text for a text, else that of JSON, unless given.
    """

    value: Json = field(hash=False)
    to: Lens = field(default_factory=JsonValue)
    reads: tuple[str, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        if type(self.value) is str and self.to == JsonValue():
            object.__setattr__(self, "to", Text())
        try:
            canonical = self.to.get(self.value)
        except Unmappable as error:
            raise ValueError(
                f"{self.value!r} cannot be written as {self.to.kind}: {error}; fix: give another "
                "value, or the lens of the written field with to="
            ) from None
        object.__setattr__(self, "value", canonical)

    @property
    def kind(self) -> str:
        return "constant"

    def value_of(self, fields: Fields) -> Json:
        return self.value


@dataclass(frozen=True, slots=True)
class Computed(Derived):
    """What `function` makes of the raw fields named in `reads`; it sees those and no others.

    An absent field is None. The function gives what the written system would show; `to` turns it
    into the canonical value. It must be a pure function: the same fields give the same value, or
    every run writes again. Raises Unmappable where the function raises one of the errors of bad
    values (ValueError, TypeError, LookupError, ArithmeticError, AttributeError).
    """

    function: Callable[[Mapping[str, Json]], Json]
    reads: tuple[str, ...]
    to: Lens = field(default_factory=JsonValue)

    def __post_init__(self) -> None:
        named = not isinstance(self.reads, str) and bool(self.reads)
        if not named or not callable(self.function):
            raise ValueError(
                "computed needs a function and the names of the fields it reads; fix: "
                'Computed(full_name, reads=("first_name", "last_name"))'
            )
        object.__setattr__(self, "reads", tuple(self.reads))

    @property
    def kind(self) -> str:
        return "computed"

    def value_of(self, fields: Fields) -> Json:
        try:
            made = self.function({name: fields.get(name) for name in self.reads})
        except Unmappable:
            raise
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            # The text of the error is left out: it likes to quote the value.
            raise Unmappable(
                f"expected values of {', '.join(self.reads)} that {self._name()} can work with; "
                f"it raised {type(error).__name__}"
            ) from None
        return self.to.get(made)

    def _name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


@dataclass(frozen=True, slots=True)
class Composed(Derived):
    """One text of several fields: "{first_name} {last_name}".

    An absent field leaves no double blank behind. None when all fields are absent. The template
    knows {name} and plain text, nothing else: no formats, no attributes, no calls.
    """

    template: str
    to: Lens = field(default_factory=Text)
    reads: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _tokens: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)
    """Pairs (field name, "") and ("", plain text), in order."""

    def __post_init__(self) -> None:
        tokens = tuple((found[1] or "", found[2] or "") for found in _TOKEN.finditer(self.template))
        names = [name for name, _ in tokens if name]
        if ("", "") in tokens or not names or any(name != name.strip() for name in names):
            raise ValueError(
                f"template {self.template!r} is not one; fix: write names of fields in single "
                'braces, such as "{first_name} {last_name}"'
            )
        object.__setattr__(self, "_tokens", tokens)
        object.__setattr__(self, "reads", tuple(dict.fromkeys(names)))

    @property
    def kind(self) -> str:
        return "composed"

    def value_of(self, fields: Fields) -> Json:
        parts = {name: _part(name, fields.get(name)) for name in self.reads}
        if not any(parts.values()):
            return None
        text, gap = "", False
        for name, plain in self._tokens:
            piece = parts[name] if name else plain
            if not piece:
                gap = not text or text.endswith(" ")
                continue
            text += piece.lstrip(" ") if gap else piece
            gap = gap and not text
        return self.to.get(text.strip())


def _part(name: str, raw: Json) -> str:
    """A raw field as a piece of text, "" when absent."""
    if raw is None:
        return ""
    try:
        return composed(raw).strip() if type(raw) is str else digits(raw)
    except Unmappable:
        raise Unmappable(f"expected text or a whole number in the field {name}") from None
