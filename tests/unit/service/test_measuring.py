"""What the running engine counts, and that it is kept once, whatever happens to the state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from crosstie.core.tally import Tally
from crosstie.core.values import Link, LinkState
from crosstie.ports import Conflict, ConflictKind, Entry, Rollup, Step
from crosstie.service import measuring
from crosstie.service.measuring import MeasuredStore, Meter
from crosstie.testing.driving import LEFT, SYNC, noticed_link
from crosstie.testing.fakes import FakeClock, drive

NOBODY: frozenset[int] = frozenset()


class Bench:
    """A measured store and its clock."""

    def __init__(self) -> None:
        self.clock, self.meter = FakeClock(), Meter()
        self.store = MeasuredStore.open("sqlite://")
        self.store.measure(self.meter, self.clock)

    def due(self, record_id: str = "l1") -> Link:
        """A link that becomes due now."""
        return noticed_link(self.store, record_id, now=self.clock.now())

    def claim(self) -> list[int]:
        found = drive(self.store.claim(SYNC, self.clock.now(), 10, NOBODY))
        return [link.id for link in found]

    def keep(self, *steps: Step) -> None:
        asyncio.run(self.store.keep(steps))

    def tally(self) -> Tally:
        rollups = {r.name: r.tally for r in self.meter.take(0.0)}
        return rollups.get(SYNC, Tally())


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.store.close()


def done(link: Link) -> Step:
    return Step(replace(link, settled=link.noticed, state=LinkState.ACTIVE, error=None))


def failed(link: Link, clock: FakeClock, pause: float = 30.0) -> Step:
    text = "no answer from 'somebody'"
    later = replace(link, settled=link.noticed, attempts=1, error="retry", detail=text)
    return Step(later, due_at=clock.now() + pause)


def test_a_settled_link_took_as_long_as_it_was_due(bench: Bench) -> None:
    link = bench.due()
    bench.clock.advance(4.0)
    assert bench.claim() == [link.id]
    bench.clock.advance(1.0)
    bench.keep(done(link))
    tally = bench.tally()
    assert (tally.settled, tally.failed, tally.took.most) == (1, 0, 5.0)
    assert bench.tally() == Tally(), "counting begins anew"


def test_a_link_that_failed_before_is_due_since_it_first_was(bench: Bench) -> None:
    link = bench.due()
    bench.claim()
    bench.keep(failed(link, bench.clock))
    bench.clock.advance(60.0)
    assert drive(bench.store.newest_due(SYNC, bench.clock.now(), 5, NOBODY))
    bench.keep(done(link))
    tally = bench.tally()
    assert (tally.settled, tally.failed, tally.dead, tally.took.most) == (1, 1, 0, 60.0)
    (cause,) = tally.causes
    assert cause.endswith(" retry")
    assert "somebody" not in cause


def test_a_step_in_the_middle_of_a_try_is_no_failure_and_no_success(bench: Bench) -> None:
    link = bench.due()
    middle = failed(link, bench.clock, 0.0)
    entry = Entry(LEFT, "l1", "update", "left changed")
    for step in (replace(middle, closes=(7,)), replace(middle, history=(entry,))):
        bench.keep(step)
    bench.keep(Step(replace(link, attempts=1, settled=1), due_at=bench.clock.now() + 5.0))
    assert bench.tally() == Tally()


def test_a_dead_letter_is_a_failure_by_code_and_field(bench: Bench) -> None:
    link = bench.due()
    bench.claim()
    dead = replace(link, state=LinkState.DEAD, settled=1, error="rejected:phone", detail="no")
    bench.keep(Step(dead))
    tally = bench.tally()
    assert (tally.failed, tally.dead) == (1, 1)
    assert next(iter(tally.causes)).endswith(" rejected:phone")


def test_who_waits_or_asks_is_neither(bench: Bench) -> None:
    link = bench.due()
    bench.claim()
    asked = Conflict(ConflictKind.MATCH)
    bench.keep(Step(replace(link, state=LinkState.ASKING, settled=1), conflict=asked))
    assert bench.tally() == Tally()
    assert link.id not in bench.store._since


def test_a_link_woken_for_anothers_sake_has_no_beginning(bench: Bench) -> None:
    link = bench.due()
    bench.store._since[link.id] = 0.0
    bench.keep(Step(replace(link, settled=1), drops=True))
    tally = bench.tally()
    assert (tally.settled, tally.took.total) == (1, 0)


def test_what_is_remembered_has_a_bound(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST", 2)
    for number in range(3):
        bench.due(f"l{number}")
    bench.claim()
    bench.due("l9")
    bench.claim()
    assert len(bench.store._since) <= 3


def test_a_store_that_measures_nothing_is_an_ordinary_one() -> None:
    store = MeasuredStore.open("sqlite://")
    link = noticed_link(store)
    assert [each.id for each in drive(store.claim(SYNC, 9.0, 5, NOBODY))] == [link.id]
    store.close()


def test_figures_that_could_not_be_kept_go_with_the_next() -> None:
    meter = Meter()
    meter.settled(SYNC, 1.0)
    meter.called("crm", 0.2, well=True)
    taken = meter.take(5.0)
    meter.called("crm", 0.4, well=False)
    meter.give_back(taken)
    again: dict[str, Any] = {r.name: r.tally for r in meter.take(6.0)}
    assert (again[SYNC].settled, again["crm"].settled, again["crm"].failed) == (1, 1, 1)


def test_an_idle_sync_leaves_no_figures() -> None:
    meter = Meter()
    meter.waits(SYNC, 0, None)
    assert meter.take(1.0) == []
    meter.waits(SYNC, 3, 7.0)
    assert meter.take(1.0) == [Rollup("sync", SYNC, 1.0, Tally(due=3, oldest=7.0))]
