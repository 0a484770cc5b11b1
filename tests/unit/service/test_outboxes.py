"""What waits in outboxes is counted in bounded time, and what cannot be asked is said."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from crosstie import Crosstie, Sync
from crosstie import field as say
from crosstie.connectors.sql import Database, TableSource
from crosstie.core.errors import Misconfigured
from crosstie.service import outboxes as module
from crosstie.service.outboxes import OutboxStatus, outboxes
from crosstie.testing.memory import MemoryAccount, MemoryCollection, MemorySource


def app(*tables: TableSource) -> Crosstie:
    """A sync for each of these tables, with something that has no outbox on the right."""
    right = MemorySource(MemoryCollection("far"), MemoryAccount("far"))
    name = [say("name", "name")]
    return Crosstie([Sync(f"s{n}", left, right, name) for n, left in enumerate(tables)])


def shop(path: Path = Path("shop.db")) -> Database:
    return Database(f"sqlite:///{path}", label="shop")


def test_a_table_of_several_syncs_has_one_outbox() -> None:
    table = shop().table
    asked: list[str] = []

    def ask(source: TableSource, most: int) -> int | None:
        asked.append(source.table)
        return {"a": 3, "b": 0, "c": None}[source.table]

    declared = app(table("a"), table("b"), table("a", columns=["more"]), table("c"))
    assert asyncio.run(outboxes(declared, ask)) == [
        OutboxStatus("a", "shop", ["s0", "s2"], 3),
        OutboxStatus("b", "shop", ["s1"], 0),
    ]
    assert sorted(asked) == ["a", "b", "c"]


def test_an_application_without_tables_asks_nobody() -> None:
    assert asyncio.run(outboxes(app(), pytest.fail)) == []


def test_changes_are_counted_no_further_than_there_is_a_point_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    for there, told, at_least in ((5, 5, False), (6, 5, True)):
        [box] = asyncio.run(outboxes(app(shop().table("a")), lambda _, most, n=there: min(n, most)))
        assert (box.changes, box.at_least) == (told, at_least)


def test_a_database_that_does_not_answer_in_time_is_named_and_the_others_are_told() -> None:
    never = threading.Event()

    def ask(source: TableSource, most: int) -> int | None:
        if source.table == "slow":
            never.wait()
        return 1

    declared = app(shop().table("slow"), shop().table("quick"))
    slow, quick = asyncio.run(outboxes(declared, ask, patience=0.1))
    never.set()
    assert (slow.table, slow.changes, slow.error) == ("slow", None, "no answer within 0 s")
    assert slow.fix
    assert (quick.changes, quick.error) == (1, None)


def test_what_a_database_refuses_is_said() -> None:
    def ask(source: TableSource, most: int) -> int | None:
        raise Misconfigured("no such table", fix="make it")

    [box] = asyncio.run(outboxes(app(shop().table("a")), ask))
    assert (box.changes, box.error, box.fix) == (None, "no such table", "make it")


def test_a_fault_of_ours_is_not_taken_for_one_of_the_database() -> None:
    def ask(source: TableSource, most: int) -> int | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(outboxes(app(shop().table("a")), ask))


def test_a_database_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    [box] = asyncio.run(outboxes(app(shop(tmp_path / "no.db").table("a"))))
    assert box.error is not None and box.fix
    assert not (tmp_path / "no.db").exists()
