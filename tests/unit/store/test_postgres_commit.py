"""A commit whose answer was lost has happened or has not; what is broken off is done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cut import When, Wire, wire
from msgspec.structs import replace
from sqlalchemy import Connection, create_engine, event, text

from crosstie.core.errors import Fenced, Retry
from crosstie.core.values import Side
from crosstie.ports import TENANT, Intent, Sighting, Step
from crosstie.store.postgres import ATTEMPTS
from crosstie.store.sql_store import SqlStore
from crosstie.testing.driving import LEFT, SYNC, noticed_link, run


@pytest.fixture
def wired(address: str) -> Iterator[tuple[Wire, SqlStore]]:
    """A store at the end of a wire that can be cut."""
    with wire(address) as (line, through):
        store = SqlStore.open(through)
        yield line, store
        store.close()


@pytest.mark.parametrize("whens", [["before"], ["after"], ["before", "after"], ["after", "before"]])
def test_what_was_to_be_kept_is_kept_once_wherever_the_wire_was_cut(
    wired: tuple[Wire, SqlStore], whens: list[When]
) -> None:
    line, store = wired
    link = noticed_link(store)
    line.cut(*whens)
    made = run(store.intend([Intent(link.id, Side.RIGHT, "create", None, {}, {}, {}, "", 1.0)]))
    assert line.made == (1 if whens[0] == "after" else len(whens))
    assert [each.id for each in run(store.open_intents([link.id]))] == list(made)
    line._cuts.clear()
    line.cut(*whens)
    run(store.keep([Step(replace(link, right_id="r1", settled=1), closes=tuple(made))]))
    line._cuts.clear()
    assert run(store.open_intents([link.id])) == []
    assert run(store.counterparts(SYNC, LEFT, ["l1"])) == {"l1": "r1"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_news_that_were_counted_are_not_counted_again(
    wired: tuple[Wire, SqlStore], when: When
) -> None:
    line, store = wired
    link = noticed_link(store)
    line.cut(when)
    assert run(store.notice(SYNC, LEFT, [Sighting("l1")], 2.0)).marked == 1
    found = run(store.link(link.id))
    assert found is not None
    assert found.noticed == link.noticed + 1


def test_a_wire_that_is_cut_again_and_again_means_later_with_nothing_kept(
    wired: tuple[Wire, SqlStore],
) -> None:
    line, store = wired
    line.cut(*["before"] * ATTEMPTS)
    with pytest.raises(Retry) as caught:
        run(store.hold(SYNC, "never"))
    assert not caught.value.counts
    assert run(store.held(SYNC)) is None


def test_what_landed_has_landed_even_where_the_lease_was_lost_meanwhile(
    wired: tuple[Wire, SqlStore], address: str
) -> None:
    line, store = wired
    lease = run(store.take(TENANT, "one", 1.0, 60.0))
    store.work_under(lease)
    line.cut("after")
    run(store.hold(SYNC, "landed"))
    assert run(store.take(TENANT, "two", 99.0, 60.0)) is not None
    line.cut("before")
    with pytest.raises(Fenced):
        run(store.hold(SYNC, "late"))
    assert run(store.held(SYNC)) == "landed"


def _on(store: SqlStore, moment: str, do: Callable[[Connection], Any], times: int) -> list[int]:
    """Do that at the first few of these moments of a transaction; how often it was."""
    done: list[int] = []

    def hear(connection: Connection) -> None:
        if len(done) < times:
            done.append(1)
            do(connection)

    event.listen(store._writer, moment, hear)
    return done


def _killer(address: str) -> Callable[[Connection], None]:
    def kill(connection: Connection) -> None:
        pid = connection.connection.driver_connection.info.backend_pid
        engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as other:
            # Waits until it is gone, so that no answer of it is under way.
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        engine.dispose()

    return kill


def test_a_backend_that_is_killed_at_the_commit_costs_nothing(address: str) -> None:
    store = SqlStore.open(address)
    done = _on(store, "commit", _killer(address), 1)
    link = noticed_link(store)
    assert done == [1]
    assert link.noticed == 1
    store.close()


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_the_database_breaks_off_is_done_again_as_a_whole(address: str, state: str) -> None:
    store = SqlStore.open(address)

    def break_off(connection: Connection) -> None:
        raising = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
        connection.exec_driver_sql(raising)

    calls: list[int] = []

    def work(connection: Connection) -> str:
        calls.append(1)
        connection.execute(text("UPDATE tenant SET epoch = epoch + 1"))
        if len(calls) < ATTEMPTS:
            break_off(connection)
        return "done"

    assert store._write(work) == "done"
    assert len(calls) == ATTEMPTS
    with store._reader.begin() as connection:
        assert connection.execute(text("SELECT epoch FROM tenant")).scalar() == 1

    def never(connection: Connection) -> None:
        calls.append(1)
        break_off(connection)

    calls.clear()
    with pytest.raises(Retry):
        store._write(never)
    assert len(calls) == ATTEMPTS
    store.close()
