"""What is asked without a transaction around it is a single statement."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from crosstie.core.values import Side
from crosstie.store import origin, sql_store, transacting
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import SYNC, noticed_link, run

ASKED: dict[str, tuple[Any, ...]] = {
    "claim": (SYNC, 9.0, 10, frozenset()),
    "newest_due": (SYNC, 9.0, 10, frozenset()),
    "link": (1,),
    "links_at": (SYNC, Side.LEFT, ["L1"]),
    "marks_at": (SYNC, Side.LEFT, ["L1"]),
    "newest_link": (SYNC,),
    "counterparts": (SYNC, Side.LEFT, ["L1"]),
    "open_intents": ([1],),
    "open_creates": (SYNC, Side.LEFT),
    "conflict": (1,),
    "cursor": (SYNC, Side.LEFT),
    "last_scan": (SYNC,),
    "due_count": (SYNC, 9.0, 10),
    "held": (SYNC,),
    "proven": ([1], Side.LEFT),
    "suspected": (SYNC,),
    "wanted": (SYNC,),
}


@pytest.fixture
def store() -> Iterator[SqlStore]:
    opened = SqlStore.open("sqlite://")
    noticed_link(opened, "L1")
    yield opened
    opened.close()


def test_each_is_known_here() -> None:
    calls = [
        method.name
        for module in (sql_store, origin, transacting)
        for method in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(method, ast.AsyncFunctionDef) and "._asking(" in ast.unparse(method)
    ]
    assert sorted(calls) == sorted(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_it_is_one_statement(store: SqlStore, name: str) -> None:
    told: list[str] = []
    raw = store._database.reader.raw_connection()
    raw.dbapi_connection.set_trace_callback(told.append)
    run(getattr(store, name)(*ASKED[name]))
    raw.dbapi_connection.set_trace_callback(None)
    assert len([line for line in told if line.startswith(("SELECT", "WITH"))]) == 1, told
