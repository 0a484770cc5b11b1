"""The filter and sort grammar that contact and opportunity search share.

A list of filters means AND; `{"group": "OR", "filters": [...]}` nests. Operators: eq, not_eq,
contains, not_contains, exists, not_exists, range {gt, gte, lt, lte}. Text is compared without
case. An unknown field is answered with 400 `Invalid field <name>`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from .clock import millis_of
from .wire import bad, invalid

R = TypeVar("R")
Test: TypeAlias = Callable[[Any], bool]

TEXT = frozenset({"eq", "not_eq", "contains", "not_contains", "exists", "not_exists"})
EXACT = frozenset({"eq", "not_eq", "exists", "not_exists"})
MOMENT = frozenset({"range", "exists", "not_exists"})
NUMBER = frozenset({"eq", "not_eq", "range", "exists", "not_exists"})
ANY = TEXT | MOMENT
_RANGE: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_LONGEST = 75
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """A field that can be filtered: how to read it off a record, and the operators it knows.

    `read` gives text, a number, milliseconds, a list, or None.
    """

    read: Callable[[R], Any]
    operators: frozenset[str]
    moment: bool = False


Lookup: TypeAlias = Callable[[str], Field[R] | None]


def predicate(filters: list[Any], lookup: Lookup[R], depth: int = 0) -> Callable[[R], bool] | None:
    """One test for a list of filters joined by AND; None when there is none."""
    tests = [_one(item, lookup, depth) for item in filters]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _one(item: Any, lookup: Lookup[R], depth: int) -> Callable[[R], bool]:
    if not isinstance(item, dict):
        invalid("filters must contain objects")
    if "group" in item:
        return _group(item, lookup, depth)
    name = item.get("field")
    field = lookup(name) if isinstance(name, str) else None
    if field is None:
        bad(f"Invalid field {name}")
    word = item.get("operator")
    if not isinstance(word, str) or word not in field.operators:
        bad(f"Invalid operator {word} for field {name}")
    test = _test(word, item.get("value"), field)
    read = field.read
    return lambda record: test(read(record))


def _group(item: dict[str, Any], lookup: Lookup[R], depth: int) -> Callable[[R], bool]:
    inner = item.get("filters")
    if item["group"] not in ("AND", "OR") or not isinstance(inner, list) or not inner:
        bad("Invalid filter group")
    if depth >= _DEEPEST:
        bad("Filters are nested too deeply")
    tests = [_one(each, lookup, depth + 1) for each in inner]
    if item["group"] == "OR":
        return lambda record: any(test(record) for test in tests)
    return lambda record: all(test(record) for test in tests)


def _test(word: str, value: Any, field: Field[R]) -> Test:
    if word == "exists":
        return _filled
    if word == "not_exists":
        return lambda found: not _filled(found)
    if word == "range":
        return _within(value, field)
    wanted = _wanted(value)
    matches = _equal(wanted) if word in ("eq", "not_eq") else _containing(wanted)
    if word.startswith("not_"):
        return lambda found: not matches(found)
    return matches


def _filled(found: Any) -> bool:
    return found is not None and found != "" and found != [] and found != ()


def _wanted(value: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or any(v is None or isinstance(v, dict | list) for v in values):
        bad("Invalid filter value")
    if any(isinstance(v, str) and len(v) > _LONGEST for v in values):
        bad(f"Filter values must be at most {_LONGEST} characters")
    return tuple(v.lower() if isinstance(v, str) else v for v in values)


def _equal(wanted: tuple[Any, ...]) -> Test:
    def test(found: Any) -> bool:
        if isinstance(found, list | tuple):
            return any(str(item).lower() in wanted for item in found)
        return (found.lower() if isinstance(found, str) else found) in wanted

    return test


def _containing(wanted: tuple[Any, ...]) -> Test:
    parts = [str(value) for value in wanted]

    def test(found: Any) -> bool:
        if found is None:
            return False
        texts = found if isinstance(found, list | tuple) else (found,)
        return any(part in str(text).lower() for text in texts for part in parts)

    return test


def _within(value: Any, field: Field[R]) -> Test:
    if not isinstance(value, dict) or not value or any(word not in _RANGE for word in value):
        bad("Invalid range")
    bounds = [(_RANGE[word], _bound(limit, moment=field.moment)) for word, limit in value.items()]

    def test(found: Any) -> bool:
        if isinstance(found, bool) or not isinstance(found, int | float):
            return False
        return all(holds(found, limit) for holds, limit in bounds)

    return test


def _bound(limit: Any, *, moment: bool) -> int | float:
    if not moment and isinstance(limit, int | float) and not isinstance(limit, bool):
        return limit
    millis = millis_of(limit)
    if millis is None:
        bad("Invalid range value")
    return millis


def earliest(filters: list[Any], name: str) -> int | None:
    """The lower bound that the filters put on a date at the top level, if they do."""
    for item in filters:
        if isinstance(item, dict) and item.get("field") == name and "group" not in item:
            value = item.get("value")
            if item.get("operator") == "range" and isinstance(value, dict):
                return millis_of(value.get("gte", value.get("gt")))
    return None
