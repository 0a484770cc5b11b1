"""The validator in front of every route: unknown and ill-typed properties are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], str | None]
"""Says what is wrong with a value, without its name; None if nothing is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties a body or a query may have, and those it must have."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def complaints(self, given: Mapping[str, Any]) -> list[str]:
        """All that is wrong, unknown properties first; empty when nothing is."""
        fields = self.fields
        found = [f"property {name} should not exist" for name in given if name not in fields]
        for name in self.required:
            if given.get(name) in (None, ""):
                found.append(f"{name} should not be empty")
        for name, value in given.items():
            check = fields.get(name)
            wrong = check(value) if check is not None else None
            if wrong is not None:
                found.append(f"{name} {wrong}")
        return found


def string(value: object) -> str | None:
    """A string."""
    return None if isinstance(value, str) else "must be a string"


def string_or_null(value: object) -> str | None:
    """A string or null."""
    return None if value is None or isinstance(value, str) else "must be a string"


def boolean(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be a boolean value"


def number(value: object) -> str | None:
    """A number that conforms to the usual constraints."""
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return None if fine else "must be a number conforming to the specified constraints"


def digits(value: object) -> str | None:
    """A whole number written in a query."""
    fine = isinstance(value, str) and value.isdigit()
    return None if fine else "must be a number string"


def strings(value: object) -> str | None:
    """A list of strings."""
    if not isinstance(value, list):
        return "must be an array"
    return None if all(isinstance(item, str) for item in value) else "must be strings"


def mapping(value: object) -> str | None:
    """An object."""
    return None if isinstance(value, dict) else "must be an object"


def objects(value: object) -> str | None:
    """A list of objects."""
    if not isinstance(value, list):
        return "must be an array"
    return None if all(isinstance(item, dict) for item in value) else "must contain objects"


def sequence(value: object) -> str | None:
    """A list of anything."""
    return None if isinstance(value, list) else "must be an array"


def anything(value: object) -> str | None:
    """No demand."""
    return None


def one_of(allowed: Iterable[str]) -> Check:
    """A check for an enumeration."""
    values = tuple(allowed)
    wrong = "must be one of the following values: " + ", ".join(values)

    def check(value: object) -> str | None:
        return None if value in values else wrong

    return check


def between(low: int, high: int) -> Check:
    """A check for a whole number in a range, both ends included."""

    def check(value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be an integer number"
        if value < low:
            return f"must not be less than {low}"
        return None if value <= high else f"must not be greater than {high}"

    return check


def at_most(length: int) -> Check:
    """A check for a string that is not too long."""

    def check(value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        fine = len(value) <= length
        return None if fine else f"must be shorter than or equal to {length} characters"

    return check
