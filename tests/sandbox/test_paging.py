"""Laws of sorting, cursors and the lagging index, on values alone."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from crosstie.sandbox.ghl.index import LaggingIndex
from crosstie.sandbox.ghl.paging import Order, SortKey


class Row(NamedTuple):
    id: str
    name: str
    number: int


ROWS = st.lists(
    st.builds(Row, st.uuids().map(str), st.sampled_from(["", "a", "b"]), st.integers(0, 3)),
    max_size=12,
    unique_by=lambda row: row.id,
)
ORDERS = st.lists(st.tuples(st.sampled_from(["name", "number"]), st.booleans()), max_size=2)


@given(ROWS, ORDERS, st.integers(1, 5))
def test_a_walk_by_cursor_sees_every_row_once_in_any_order(
    rows: list[Row], wanted: list[tuple[str, bool]], size: int
) -> None:
    keys: list[SortKey[Row]] = [
        SortKey(lambda row, name=name: getattr(row, name), descending)  # type: ignore[misc]
        for name, descending in wanted
    ]
    order: Order[Row] = Order(keys, lambda row: row.id)
    ordered = order.sorted(rows)
    walked: list[Row] = ordered[:size]
    while walked and (page := ordered[order.after(ordered, order.cursor(walked[-1])) :][:size]):
        walked += page
    assert walked == ordered
    assert sorted(walked) == sorted(rows)


WRITES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.booleans()), max_size=30)


@given(WRITES, st.integers(0, 50), st.integers(0, 10), st.integers(0, 60))
def test_the_index_shows_what_was_true_a_lag_ago(
    writes: list[tuple[str, int, bool]], now: int, lag: int, since: int
) -> None:
    index: LaggingIndex[tuple[str, int]] = LaggingIndex(lambda record: record[1])
    truth: dict[str, tuple[str, int]] = {}
    for name, moment, gone in sorted(writes, key=lambda write: write[1]):
        record = None if gone else (name, moment)
        index.tell(moment * 1000, name, record)
        if moment <= now - lag:
            truth.pop(name, None)
            if record is not None:
                truth[name] = record
    index.settle(now * 1000, lag)
    assert index.records == truth
    found = list(index.since(since))
    assert sorted(found) == sorted(r for r in truth.values() if r[1] >= since)
