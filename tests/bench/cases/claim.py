"""(g) Claiming what is due among very many links, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, create_engine, text

from bench.cases.figures import Figures
from bench.measure import Span, span
from crosstie.core.values import Link
from crosstie.engine.drain import BATCH
from crosstie.ports import Step
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import run
from crosstie.testing.store_postgres import postgres_database

SYNC = "contacts"
NOW = 1_700_000_000.0
EVERY = 25
"""One of so many links is due; all of them were noticed at a few moments, as listings are."""
MOMENTS = 40

_NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE one(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM one WHERE i < :count)"
    ),
    "postgresql": "WITH one(i) AS (SELECT generate_series(1, :count))",
}
_BASE = (
    '{"birthday":"1980-01-31","city":"Springfield","email":"somebody@example.com",'
    '"first":"Firstname","last":"Lastname","phone":"+15555550100","tags":["a","b"]}'
)
_FILL = """
INSERT INTO link (sync, left_id, right_id, base_left, base_right, left_mark, right_mark,
                  noticed, settled, due_at)
{numbers}
SELECT :sync, 'left ' || i, 'right ' || i, :base, :base, 'mark', 'mark', 1,
       CASE WHEN i % :every = 0 THEN 0 ELSE 1 END,
       CASE WHEN i % :every = 0 THEN CAST(:now AS FLOAT) - i % :moments END
FROM one
"""


async def claim(count: int, folder: Path) -> Figures:
    """In a SQLite file."""
    return _measured(count, f"sqlite:///{folder / 'claims.db'}")


async def claim_postgresql(count: int, folder: Path) -> Figures:
    """In PostgreSQL, where a server answers."""
    try:
        with postgres_database() as address:
            return _measured(count, address)
    except pytest.skip.Exception as none:
        return Figures(Span(), records=0, more={"skipped": str(none)})


def _measured(count: int, address: str) -> Figures:
    store = SqlStore.open(address)
    store._write(_fill, count)
    _tidy(address)
    took: list[float] = []
    done: set[int] = set()
    with span() as measured:
        while links := _claimed(store, done, took):
            # As a drain does: what was taken up is settled, and not taken up again.
            done.update(link.id for link in links)
            run(store.keep([Step(replace(link, settled=link.noticed)) for link in links]))
    store.close()
    took.sort()
    return Figures(
        measured,
        records=len(done),
        checks={"every due link was claimed once": len(done) == count // EVERY},
        more={
            "links": count,
            "claims": len(took),
            "median_ms": _at(took, 0.5),
            "p99_ms": _at(took, 0.99),
            "slowest_ms": _at(took, 1.0),
        },
    )


def _claimed(store: SqlStore, done: set[int], took: list[float]) -> list[Link]:
    began = time.perf_counter()
    links = run(store.claim(SYNC, NOW, BATCH, done))
    took.append(time.perf_counter() - began)
    return list(links)


def _fill(connection: Connection, count: int) -> None:
    statement = _FILL.format(numbers=_NUMBERS[connection.dialect.name])
    values = {"count": count, "sync": SYNC, "base": _BASE, "now": NOW}
    connection.execute(text(statement), {**values, "every": EVERY, "moments": MOMENTS})
    connection.execute(text("ANALYZE"))


def _tidy(address: str) -> None:
    """As a table is that was not filled a moment ago: what is written is marked as kept."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM"))
    engine.dispose()


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000.0
