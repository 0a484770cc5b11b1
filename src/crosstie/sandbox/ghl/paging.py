"""Sorted results and the two ways through them: pages, and the searchAfter cursor."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .wire import bad, invalid

R = TypeVar("R")
DEEPEST = 10_000


@dataclass(frozen=True, slots=True)
class SortKey(Generic[R]):
    """One key of a sort: reads text ("" when missing) or a number (0 when missing)."""

    read: Callable[[R], Any]
    descending: bool


class Order(Generic[R]):
    """Up to two keys and a tie-breaker, which always ascends.

    Where the tie-breaker is not unique, neither is the cursor: rows that share keys and
    tie-breaker with the last row of a page are skipped, as at the original.
    """

    __slots__ = ("_keys", "_tie")

    def __init__(self, keys: list[SortKey[R]], tie: Callable[[R], str]) -> None:
        self._keys = keys
        self._tie = tie

    def sorted(self, records: list[R]) -> list[R]:
        """A new list in this order."""
        ordered = sorted(records, key=self._tie)
        for key in reversed(self._keys):
            ordered.sort(key=key.read, reverse=key.descending)
        return ordered

    def cursor(self, record: R) -> list[Any]:
        """What a row hands out as its place: the sort values, then the tie-breaker."""
        return [*(key.read(record) for key in self._keys), self._tie(record)]

    def after(self, ordered: list[R], cursor: list[Any]) -> int:
        """The position of the first record behind a cursor. Refuses an unfit cursor with 400."""
        if len(cursor) != len(self._keys) + 1:
            bad("Invalid searchAfter")
        place = _Place(cursor, [key.descending for key in self._keys])
        try:
            return bisect_right(ordered, place, key=self._place)
        except TypeError:
            bad("Invalid searchAfter")

    def _place(self, record: R) -> _Place:
        return _Place(self.cursor(record), [key.descending for key in self._keys])


class _Place:
    """A cursor that compares in its order, descending keys the other way round."""

    __slots__ = ("descending", "values")

    def __init__(self, values: list[Any], descending: list[bool]) -> None:
        self.values = values
        self.descending = descending

    def __lt__(self, other: _Place) -> bool:
        last = len(self.descending)
        for number, (mine, theirs) in enumerate(zip(self.values, other.values, strict=True)):
            if mine != theirs:
                falling = number < last and self.descending[number]
                return bool(mine > theirs) if falling else bool(mine < theirs)
        return False


def sort_keys(sort: Any, known: Mapping[str, Callable[[R], Any]]) -> list[SortKey[R]]:
    """The keys of a sort clause: at most two, each `{field, direction}`."""
    if not isinstance(sort, list):
        invalid("sort must be an array")
    if len(sort) > 2:
        bad("At most two sort fields are allowed")
    keys: list[SortKey[R]] = []
    for item in sort:
        if not isinstance(item, dict) or item.get("direction") not in ("asc", "desc"):
            bad("Invalid sort")
        read = known.get(str(item.get("field")))
        if read is None:
            bad(f"Invalid sort field {item.get('field')}")
        keys.append(SortKey(read, item["direction"] == "desc"))
    return keys


def page_slice(ordered: list[R], order: Order[R], body: Mapping[str, Any], size: int) -> list[R]:
    """One page: behind `searchAfter`, or by number. Both at once and too deep are refused."""
    after = body.get("searchAfter")
    page = body.get("page")
    if after:
        if page is not None and page > 1:
            bad("page and searchAfter cannot be used together")
        start = order.after(ordered, after)
    else:
        start = ((page or 1) - 1) * size
        if start + size > DEEPEST:
            bad(f"Only the first {DEEPEST} records can be paged, use searchAfter")
    return ordered[start : start + size]


class Results(Generic[R]):
    """The last few sorted results, so that walking the pages of one search sorts once."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[int, list[R]]] = OrderedDict()

    def get(self, key: bytes, generation: int, make: Callable[[], list[R]]) -> list[R]:
        """The result for a search while the index has not changed, else a new one."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] == generation:
            return kept[1]
        made = make()
        self._kept[key] = (generation, made)
        self._kept.move_to_end(key)
        if len(self._kept) > 4:
            self._kept.popitem(last=False)
        return made
