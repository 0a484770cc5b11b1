"""What follows from each error, and who is taken up when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from world import NAMES, World, fail, far, linked, near, on, state

from crosstie import Reference
from crosstie import field as say
from crosstie.core.errors import Halt, Rejected, Retry, Stale, SyncError, Unlinked
from crosstie.core.retry import Schedule
from crosstie.core.values import LinkState, Record, Side
from crosstie.engine.drain import drain, settle_now
from crosstie.engine.run import Options, Report, run
from crosstie.engine.work import HALT_PAUSE, Ledger, Work
from crosstie.ports import Answer, ConflictKind, Sighting
from crosstie.testing.fakes import drive
from crosstie.testing.memory import Behaviour


def again(world: World, work: Work) -> Report:
    """A further run of the same process."""
    return drive(run([work], world.store, Options()))


def edited(**options: Any) -> tuple[World, str, str]:
    world, left_id, right_id = linked(**options)
    world.left.edit(left_id, name="Anna")
    return world, left_id, right_id


def all_edited(**options: Any) -> World:
    world, *_ = linked(**options)
    for left_id in world.left.rows():
        world.left.edit(left_id, name="Anna")
    return world


# Each error.


def test_a_failed_attempt_comes_back_later_with_growing_pauses_and_ends_as_a_dead_letter() -> None:
    world, left_id, right_id = edited()
    work = replace(world.work(), schedule=Schedule(soon=2, first=1.0, later=(10.0, 100.0)))
    fail(world.right, "update", Retry("not now"), times=99)
    drive(world.store.notice("people", Side.LEFT, [Sighting(left_id)], world.clock.now()))
    pauses = []
    for attempt in range(1, 5):
        drive(drain(work))
        link = world.link(left_id)
        assert (link.attempts, link.error, link.detail) == (attempt, "retry", "not now")
        assert drive(drain(work)) == 0, "not before its time"
        due = drive(world.store.figures("people", world.clock.now())).next_due
        assert due is not None
        pauses.append(due - world.clock.now())
        world.clock.time = due
    assert pauses[2] > max(pauses[:2])
    assert pauses[3] > pauses[2]
    drive(drain(work))
    link = world.link(left_id)
    assert (link.state, link.error) == (LinkState.DEAD, "retry")
    assert world.history(left_id)[-1].cause == "retry on the right"
    world.left.edit(left_id, name="Annabel")
    world.right.behaviour = far()
    again(world, work)
    assert world.right.rows()[right_id]["name"] == "Annabel", "news wake it with fresh attempts"
    assert world.link(left_id).attempts == 0


def test_what_the_system_asks_for_is_waited() -> None:
    world, _left_id, _ = edited()
    fail(world.right, "update", Retry("busy", after=500.0))
    world.run()
    due = drive(world.store.figures("people", world.clock.now())).next_due
    assert due is not None
    assert due >= world.clock.now() + 500.0


def test_a_pause_of_the_account_is_no_failed_attempt_and_leaves_the_rest_due() -> None:
    world = all_edited()
    work = world.work()
    fail(world.right, "update", Retry("429", after=30.0, counts=False))
    report = again(world, work)
    assert world.right.calls["update"] == 1, "the others are not even tried"
    assert report.busy == {"right account": world.clock.now() + 30.0}
    assert drive(world.store.figures("people", world.clock.now())).due == 5
    assert sum(link.attempts for link in state(world, LinkState.ACTIVE)) == 0
    report = again(world, work)
    assert list(report.missed) == ["people"], "nor is it asked before its time"
    assert str(report.missed["people"]) == "right account is left alone for a moment"
    world.clock.advance(31)
    again(world, work)
    assert {row["name"] for row in world.rights()} == {"Anna"}


def test_a_pause_without_a_time_is_a_second_or_two() -> None:
    world = all_edited()
    work = world.work()
    fail(world.right, "update", Retry("busy", counts=False))
    report = again(world, work)
    assert 1.0 <= report.busy["right account"] - world.clock.now() <= 2.0


def test_a_halt_leaves_the_account_alone_and_every_link_due() -> None:
    world = all_edited()
    work = world.work()
    fail(world.right, "update", Halt("the token is not valid", login=True))
    report = again(world, work)
    assert world.right.calls["update"] == 1
    assert report.halted["right account"].login
    assert report.total("halted") == 1
    assert drive(world.store.figures("people", world.clock.now())).due == 6
    again(world, work)
    assert world.right.calls["update"] == 1
    world.clock.advance(HALT_PAUSE + 1)
    again(world, work)
    assert {row["name"] for row in world.rights()} == {"Anna"}
    assert again(world, work).halted == {}


def test_a_state_that_can_keep_nothing_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world = all_edited()

    async def full(intents: Any) -> Any:
        raise Halt("the disk is full")

    monkeypatch.setattr(world.store, "intend", full)
    with pytest.raises(Halt, match="the disk is full"):
        world.run()


def test_a_stale_record_that_stays_so_is_a_failed_attempt() -> None:
    world, left_id, _ = edited()
    fail(world.right, "update", Stale("moved"), times=3)
    world.run()
    assert (world.link(left_id).attempts, world.link(left_id).error) == (1, "stale")


def test_a_refusal_names_its_field_and_its_fix() -> None:
    world, left_id, right_id = edited()
    fail(world.right, "update", Rejected("too long", field="name", fix="shorten it."))
    world.run()
    link, last = world.link(left_id), world.history(left_id)[-1]
    assert (link.error, link.detail) == ("rejected:name", "too long fix: shorten it.")
    assert (last.cause, last.record_id) == ("rejected on the right: field name", right_id)


def test_a_refusal_that_comes_from_the_mapping_has_no_side() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name=["no", "text"])
    world.run()
    last = world.history(left_id)[-1]
    assert (last.side, last.cause, last.record_id) == (None, "rejected: field name", None)


GONE = [Retry("x"), Rejected("x"), Stale("x"), Unlinked("people", Side.LEFT, "l9")]


@pytest.mark.parametrize("error", GONE, ids=lambda e: e.code)
def test_a_link_that_is_gone_by_then_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, error: SyncError
) -> None:
    world, left_id, _ = edited()
    link = world.link(left_id)

    fail(world.right, "update", error, times=3)

    async def nothing(link_id: int) -> None:
        return None

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "link", nothing)
        drive(settle_now(world.work(), link))
    kept = drive(world.store.link(link.id))
    assert kept is not None
    assert (kept.attempts, kept.error, kept.state) == (0, None, LinkState.ACTIVE)


# Who is taken up.


def test_a_link_is_taken_up_once_a_drain() -> None:
    world, left_id, _ = edited()
    drive(world.store.notice("people", Side.LEFT, [Sighting(left_id)], world.clock.now()))
    on(world.right, "update", lambda: world.left.edit(left_id, name="Annabel"))
    assert drive(drain(world.work())) == 1


def test_more_links_than_a_claim_are_all_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosstie.engine.drain.BATCH", 4)
    world = all_edited()
    told: list[int] = []
    drive(run([world.work()], world.store, Options(), told.append))
    assert {row["name"] for row in world.rights()} == {"Anna"}
    assert sum(told) == 6


def test_an_account_that_rests_is_not_drained() -> None:
    world = all_edited()
    ledger = Ledger(paused={"right account": world.clock.now() + 5})
    assert drive(drain(replace(world.work(), ledger=ledger))) == 0


def test_what_is_in_flight_when_the_account_pauses_stays_as_it_is() -> None:
    class Eager:
        """Starts everything before anything runs."""

        async def run(self, work: Any, limit: int) -> None:
            for flight in list(work):
                await flight

    world = all_edited()
    fail(world.right, "update", Retry("429", after=30.0, counts=False))
    drive(run([replace(world.work(), tasks=Eager())], world.store, Options()))
    assert world.right.calls["update"] == 1
    assert drive(world.store.figures("people", world.clock.now())).due == 5


def test_a_closed_gate_ends_the_drain() -> None:
    class Closing:
        """Lets one operation pass."""

        passed = 0

        def permits(self, sync: str, scene: Any, operation: Any) -> bool:
            self.passed += 1
            return self.passed == 1

        @property
        def over(self) -> bool:
            return self.passed >= 1

    world = all_edited()
    drive(run([replace(world.work(), gate=Closing())], world.store, Options()))
    assert world.right.calls["update"] == 1


def test_what_the_gate_withholds_stays_due() -> None:
    class Shut:
        """Lets nothing pass."""

        over = False

        def permits(self, sync: str, scene: Any, operation: Any) -> bool:
            return False

    acts: list[Callable[[World, str], object]] = [
        lambda world, left_id: world.left.edit(left_id, name="Anna"),
        lambda world, left_id: world.left.remove(left_id),
        lambda world, left_id: world.add(name="N", email="n@x.example", phone=None),
    ]
    for act in acts:
        world, left_id, _ = linked()
        act(world, left_id)
        before = world.writes()
        report = drive(run([replace(world.work(), gate=Shut())], world.store, Options()))
        assert (world.writes() - before, report.writes) == (0, 0)
        assert report.total("withheld") >= 1
        world.run()
        assert world.writes() - before == 1


def test_a_recreation_is_withheld_too() -> None:
    class Shut:
        over = False

        def permits(self, sync: str, scene: Any, operation: Any) -> bool:
            return False

    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(take={"*": Side.RIGHT}), world.clock.now()))
    drive(run([replace(world.work(), gate=Shut())], world.store, Options()))
    assert len(world.lefts()) == 5
    world.run()
    assert len(world.lefts()) == 6


def test_a_link_that_waits_for_a_known_record_does_not_notice_it_again() -> None:
    fields = [say("name", "name"), say("email", "email"), say("phone", "phone", Reference("p"))]
    world = World(fields=fields)
    drive(world.store.notice("p", Side.LEFT, [Sighting("l1")], 1.0))
    world.add(name="A", email="a@x.example", phone="l1")
    world.add(name="B", email="b@x.example", phone="l2")
    assert world.run().total("waiting") == 2
    known = drive(world.store.links_at("p", Side.LEFT, ["l1", "l2"]))
    assert {record_id: link.noticed for record_id, link in known.items()} == {"l1": 1, "l2": 1}


# Reading a whole claim at once.


def test_a_claim_is_read_at_once_where_that_is_one_call() -> None:
    world = all_edited(right_habits=far(read_batch=4))
    before = world.right.calls["read"]
    world.run()
    assert world.right.calls["read"] - before == 2


READING = [Retry("busy", after=5.0, counts=False), Retry("x"), Halt("no"), Rejected("bad id")]


@pytest.mark.parametrize("error", READING, ids=repr)
def test_a_reading_that_fails_costs_nobody_an_edit(error: SyncError) -> None:
    world = all_edited(right_habits=far(read_batch=4))
    fail(world.right, "read", error, times=1 if isinstance(error, Rejected) else 2)
    for _ in range(4):
        world.run()
        world.clock.advance(60)
    assert {row["name"] for row in world.rights()} == {"Anna"}
    assert state(world, LinkState.DEAD) == []


def test_one_link_is_settled_at_once_due_or_not() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    link = drive(settle_now(world.work(), world.link(left_id)))
    assert link is not None
    assert world.right.rows()[right_id]["name"] == "Anna"
    world.left.remove(left_id)
    assert drive(settle_now(world.work(), link)) is None


def test_a_link_whose_both_records_are_gone_is_forgotten() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.right.remove(right_id)
    report = world.run()
    assert (report.total("forgotten"), report.writes) == (1, 0)
    assert world.link(left_id) is None


def test_a_question_that_was_asked_is_not_asked_again() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.right.edit(right_id, name="Anne")
    world.run()
    [asked] = world.conflicts()
    assert asked.kind is ConflictKind.DELETE
    drive(world.store.notice("people", Side.RIGHT, [Sighting(right_id)], world.clock.now()))
    report = world.run()
    assert report.total("conflicts") == 0
    assert world.conflicts() == [asked]


def test_an_edit_conflict_that_was_asked_is_not_asked_again() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    world.run()
    [asked] = world.conflicts()
    lines = len(world.history(left_id))
    world.left.edit(left_id, phone="5")
    assert world.run().total("conflicts") == 0
    assert world.conflicts() == [asked]
    assert len(world.history(left_id)) == lines + 1


def test_a_clash_without_a_base_shows_none() -> None:
    world = World()
    world.run()
    world.right.add({"name": "Robert", "email": "bob@x.example", "phone": None})
    world.add(name="Bob", email="bob@x.example", phone=None)
    world.run()
    [conflict] = world.conflicts()
    assert conflict.fields["name"] == {"left": "Bob", "right": "Robert"}


def test_work_of_a_sync_tells_its_parts() -> None:
    habits = Behaviour(searchable=NAMES)
    world = World(left_habits=habits, right_habits=near())
    work = world.work()
    assert work.run_id is None
    assert [work.account(side) for side in Side] == ["left account", "right account"]
    assert drive(work.refs({Side.LEFT: Record("1", {}), Side.RIGHT: None})).to_left == {}


# A backlog does not keep those waiting who edit meanwhile.


def test_a_run_ends_when_its_time_is_up_and_the_next_goes_on() -> None:
    world, _, _ = linked()
    for number in range(10):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone=str(number))
    on(world.right, "create", lambda: world.clock.advance(1.0), times=99)
    report = world.run(patience=3.0)
    assert report.more and report.total("created_right") == 3
    report = world.run(looks={}, patience=3.0)
    assert report.more and report.total("created_right") == 3
    report = world.run(looks={})
    assert not report.more and report.total("created_right") == 4
    assert len(world.rights()) == 16


def test_the_newest_edit_goes_before_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosstie.engine.drain.BATCH", 4)
    world, left_id, right_id = linked()
    for number in range(40):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone=str(number))
    on(world.right, "create", lambda: world.clock.advance(1.0), times=99)
    assert world.run(patience=3.0).more
    world.clock.advance(1.0)
    world.left.edit(left_id, name="edited just now")
    report = world.run(patience=3.0)
    assert report.more
    assert world.right.rows()[right_id]["name"] == "edited just now"
