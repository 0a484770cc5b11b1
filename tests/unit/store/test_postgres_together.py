"""An engine and people at their desks write to one state in PostgreSQL at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, text

from crosstie.core.errors import Fenced, Retry
from crosstie.core.values import Side
from crosstie.ports import TENANT, Intent, Sighting, Step
from crosstie.store import leases, runs
from crosstie.store.postgres import IDLE
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import LEFT, SYNC, kept, link_at, noticed_link, run

WRITERS, TIMES = 4, 25


@pytest.fixture
def open_store(address: str) -> Iterator[Callable[..., SqlStore]]:
    """Opens another store on the same state, as another process does."""
    made: list[SqlStore] = []

    def opened(**options: Any) -> SqlStore:
        made.append(SqlStore.open(address, **options))
        return made[-1]

    yield opened
    for store in made:
        store.close()


def test_news_from_all_sides_are_all_counted(open_store: Callable[..., SqlStore]) -> None:
    store = open_store()
    link = noticed_link(store)

    def tell(_: int) -> None:
        mine = open_store(busy=60.0)
        for _ in range(TIMES):
            assert run(mine.notice(SYNC, LEFT, [Sighting("l1")], 2.0)).marked == 1

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(tell, range(WRITERS)))
    assert kept(store, link).noticed == 1 + WRITERS * TIMES


def test_records_that_are_noticed_by_many_at_once_get_one_link_each(
    open_store: Callable[..., SqlStore],
) -> None:
    def tell(turn: int) -> int:
        mine = open_store(busy=60.0)
        ids = [f"r{number}" for number in range(50)]
        ordered = ids if turn % 2 else ids[::-1]
        return run(mine.notice(SYNC, LEFT, [Sighting(each) for each in ordered], 2.0)).new

    with ThreadPoolExecutor(WRITERS) as threads:
        assert sum(threads.map(tell, range(WRITERS))) == 50


def test_ids_of_intents_are_never_given_out_twice(open_store: Callable[..., SqlStore]) -> None:
    link = noticed_link(open_store())

    def tell(_: int) -> list[int]:
        mine = open_store(busy=60.0)
        intent = Intent(link.id, Side.RIGHT, "create", None, {}, {}, {}, "", 1.0)
        return [each for _ in range(TIMES) for each in run(mine.intend([intent, intent]))]

    with ThreadPoolExecutor(WRITERS) as threads:
        given = [each for ids in threads.map(tell, range(WRITERS)) for each in ids]
    assert len(set(given)) == WRITERS * TIMES * 2


def test_a_step_and_an_answer_at_the_same_moment_are_both_kept(
    open_store: Callable[..., SqlStore],
) -> None:
    engine, desk = open_store(busy=60.0), open_store(busy=60.0)
    link = noticed_link(engine)
    with ThreadPoolExecutor(2) as threads:
        step = Step(replace(link, right_id="r1", settled=1))
        both: list[Future[Any]] = [
            threads.submit(run, engine.keep([step])),
            threads.submit(run, desk.wake([link.id], 7.0)),
        ]
        for each in both:
            each.result()
    after = link_at(engine, "l1")
    assert (after.right_id, after.noticed) == ("r1", 2)
    assert run(engine.claim(SYNC, 9.0, 9, frozenset()))


def test_a_take_over_waits_for_the_commit_that_is_under_way_and_ends_all_later_ones(
    open_store: Callable[..., SqlStore],
) -> None:
    late, next_one = open_store(), open_store(busy=60.0)
    late.work_under(run(late.take(TENANT, "late", 1.0, 1.0)))
    inside, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        runs.hold(connection, SYNC, "in time")
        inside.set()
        go.wait()

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(late._write, slow)
        inside.wait()
        taking = threads.submit(run, next_one.take(TENANT, "next", 99.0, 60.0))
        go.set()
        writing.result()
        assert taking.result() is not None
    assert run(next_one.held(SYNC)) == "in time"
    with pytest.raises(Fenced):
        run(late.hold(SYNC, "too late"))
    assert run(next_one.held(SYNC)) == "in time"


def test_whoever_waits_too_long_for_another_writer_tries_again_later(
    open_store: Callable[..., SqlStore],
) -> None:
    holder, waiting = open_store(), open_store(busy=0.05)

    def refused(connection: Connection) -> None:
        with pytest.raises(Retry) as caught:
            run(waiting.hold(SYNC, "never"))
        assert "locked by another process" in str(caught.value)
        assert not caught.value.counts

    holder._write(refused)
    assert run(waiting.held(SYNC)) is None


def test_a_worker_that_sleeps_in_the_middle_of_a_write_is_ended_by_the_server(
    open_store: Callable[..., SqlStore],
) -> None:
    def asked(connection: Connection) -> Any:
        name = "idle_in_transaction_session_timeout"
        return connection.execute(text(f"SHOW {name}")).scalar()

    assert open_store()._write(asked) == f"{IDLE}s"


def test_a_tenant_whose_row_is_gone_gets_one_with_the_next_write(
    open_store: Callable[..., SqlStore],
) -> None:
    store = open_store()
    with store._writer.begin() as connection:
        connection.execute(text("DELETE FROM tenant"))
    run(store.hold(SYNC, "kept"))
    with store._reader.begin() as connection:
        assert leases.holder(connection, TENANT) is None
        assert connection.execute(text("SELECT count(*) FROM tenant")).scalar() == 1


def test_what_is_looked_at_is_of_one_moment(open_store: Callable[..., SqlStore]) -> None:
    store, other = open_store(), open_store()

    def looked(connection: Connection) -> tuple[str | None, str | None]:
        before = runs.held(connection, SYNC)
        run(other.hold(SYNC, "meanwhile"))
        return before, runs.held(connection, SYNC)

    assert store._read(looked) == (None, None)
    assert run(store.held(SYNC)) == "meanwhile"
