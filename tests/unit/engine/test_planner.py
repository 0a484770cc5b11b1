"""A plan is what a run would do: nothing more, nothing less, and nothing done."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import World, fail, far, linked, near

from crosstie import Brake, Constant, Sync
from crosstie import field as say
from crosstie.core.errors import Halt, Rejected, Retry
from crosstie.core.plan import Plan, Planned, dump_plan, load_plan
from crosstie.core.values import Link, LinkState, Side
from crosstie.engine import planner
from crosstie.engine.planner import Recorder
from crosstie.engine.run import Options, run
from crosstie.engine.virtual_collection import PENDING, VirtualCollection
from crosstie.engine.virtual_store import VirtualStore
from crosstie.ports import Answer, LastScan, Sighting
from crosstie.testing.fakes import drive

LIFT = Brake(records=10_000)


def plan(world: World, *, full: bool = False, only: str | None = None) -> Plan:
    return drive(planner.plan([world.work()], full=full, only=only))


def dump(world: World) -> list[str]:
    """All that the state holds."""
    with world.store._reader.connect() as connection:
        driver: Any = connection.connection.driver_connection
        return list(driver.iterdump())


def really(world: World, **options: Any) -> list[Planned]:
    """The operations of a real run, and proof that it made no other."""
    recorder = Recorder()
    work = replace(world.work(), gate=recorder)
    report = drive(run([work], world.store, Options(release=True, **options)))
    assert report.missed == {}
    for link, made in ((x, x.kind) for x in recorder.operations):
        assert made != "ask", link
    return recorder.operations


def keys(operations: Sequence[Planned]) -> Counter[tuple[object, ...]]:
    return Counter(operation.key for operation in operations if operation.kind != "ask")


# A random life, small enough that records meet, clash and vanish often.

STEPS = ("add", "add", "mirror", "edit", "edit", "edit", "remove", "run", "far edit", "far remove")


def live(world: World, dice: random.Random, steps: int) -> None:
    for number in range(steps):
        step = dice.choice(STEPS)
        system = dice.choice([world.left, world.right])
        ids = list(system.rows())
        row = {"name": f"n{dice.randrange(4)}", "email": f"{dice.randrange(9)}@x.example"}
        if step == "add":
            system.add({**row, "phone": dice.choice([None, str(number)])})
        elif step == "mirror":
            world.left.add({**row, "phone": None})
            world.right.add({**row, "phone": str(number)})
        elif step == "run":
            world.run(release=True)
            world.clock.advance(5)
        elif ids and step.endswith("edit"):
            system.edit(dice.choice(ids), **{dice.choice(["name", "phone"]): f"v{number}"})
        elif ids and step.endswith("remove"):
            system.remove(dice.choice(ids))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    policy=st.sampled_from(["ask", "left", "newest"]),
    deletes=st.sampled_from(["propagate", "ignore", "ask", "archive"]),
    creates=st.sampled_from(["both", "both", "left", "none"]),
    feed=st.booleans(),
    full=st.booleans(),
)
def test_what_is_planned_is_what_a_run_then_does(
    seed: int, policy: str, deletes: str, creates: str, feed: bool, full: bool
) -> None:
    options = {
        "policy": policy,
        "deletes": deletes,
        "archive": {"name": "gone"},
        "creates": creates,
        "brake": LIFT,
    }
    world = World(right_habits=far(has_changes=feed), options=options)
    dice = random.Random(seed)
    live(world, dice, dice.randrange(1, 14))
    before = dump(world), world.left.rows(), world.right.rows()
    made = plan(world, full=full)
    assert (dump(world), world.left.rows(), world.right.rows()) == before
    rows = world.left.rows(), world.right.rows()
    done = really(world, full=full)
    assert keys(done) <= keys(made.operations), "nothing is done that was not shown"
    # A run that looks at one side only may meet a lone record that a complete look passes by, and
    # then asks instead.
    if creates == "both" and deletes == "propagate" and not world.conflicts():
        assert keys(done) == keys(made.operations)
    writing = [x for x in made.operations if x.kind in ("create", "update", "delete", "archive")]
    changed = (world.left.rows(), world.right.rows()) != rows
    assert changed <= bool(writing)


def test_a_plan_of_a_life_survives_its_file() -> None:
    world = World()
    live(world, random.Random(7), 20)
    made = plan(world)
    assert load_plan(dump_plan(made)) == made


def test_a_plan_calls_nothing_that_writes_and_acknowledges_nothing() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, phone="9")
    world.add(name="New", email="n@x.example", phone=None)
    before = dump(world), world.left.calls.copy(), world.right.calls.copy()
    made = plan(world)
    assert made.summary() == "Plan: 1 to create, 2 to change, 0 to delete."
    assert dump(world) == before[0]
    for calls, old in ((world.left.calls, before[1]), (world.right.calls, before[2])):
        assert not {"create", "update", "delete", "acknowledge"} & (calls - old).keys()


def test_each_line_says_what_is_there_now_and_what_then() -> None:
    world, left_id, right_id = linked()
    other = next(i for i in world.left.rows() if i != left_id)
    world.left.edit(left_id, name="Anna")
    world.left.remove(other)
    added = world.add(name="New", email="n@x.example", phone=None)
    lines = {line.kind: line for line in plan(world).operations}
    assert lines["update"].changes == {"name": ["Ann", "Anna"]}
    assert (lines["update"].side, lines["update"].target) == (Side.RIGHT, right_id)
    assert lines["update"].cause == "changed on the left"
    assert lines["create"].changes == {"name": [None, "New"], "email": [None, "n@x.example"]}
    assert (lines["create"].left_id, lines["create"].cause) == (added, "new on the left")
    assert lines["delete"].changes["name"] == ["P0", None]
    assert lines["delete"].cause == "deleted on the left"


def test_a_plan_of_one_record_leaves_the_others_out() -> None:
    world, left_id, right_id = linked()
    for each in world.left.rows():
        world.left.edit(each, phone="9")
    for only in (left_id, right_id):
        assert [line.left_id for line in plan(world, only=only).operations] == [left_id]
    assert len(plan(world).operations) == 6
    assert plan(world, only="nobody").operations == ()


def test_a_full_plan_sees_what_no_feed_told() -> None:
    world, _left_id, right_id = linked(right_habits=far(sees_deletes=False))
    world.right.remove(right_id)
    assert plan(world).operations == ()
    first = plan(world, full=True)
    assert first.operations == ()
    assert "1 linked records are missing in a listing" in first.warnings[0]
    world.run(full=True)
    assert [line.kind for line in plan(world, full=True).operations] == ["delete"]


def test_records_that_only_get_linked_are_counted() -> None:
    world = World()
    for number in range(3):
        row = {"name": f"P{number}", "email": f"{number}@x.example", "phone": "1"}
        world.left.add(row)
        world.right.add(row)
    made = plan(world)
    assert (made.operations, made.matched) == ((), {"people": 3})


def test_what_a_person_would_be_asked_is_in_the_plan() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, name="Anna")
    world.right.edit(right_id, name="Anne")
    for phone in ("1", "2"):
        world.add(name="Twin", email="twin@x.example", phone=phone)
    lines = [line for line in plan(world, full=True).operations if line.kind == "ask"]
    assert {line.side for line in lines} == {None}
    assert [line.changes for line in lines if line.changes] == [{"name": ["Anna", "Anne"]}]
    assert sorted(line.cause for line in lines) == [
        "2 on the left and 0 on the right share a match key",
        "2 on the left and 0 on the right share a match key",
        "edit",
    ]
    assert world.conflicts() == []


def test_records_that_cannot_be_synced_and_accounts_that_cannot_be_used_are_warned_of() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name=["no", "text"])
    made = plan(world)
    assert made.warnings == ("people: 1 record cannot be synced as it is",)
    [unfit] = made.unfit
    assert (unfit.sync, unfit.left_id, unfit.error) == ("people", left_id, "rejected:name")
    assert unfit.reason.startswith("field 'name' on the left: expected")
    assert (unfit.fix or "").startswith("correct the value of 'name' on the left")
    assert load_plan(dump_plan(made)).unfit == made.unfit
    for fix, said in ((None, "no scope"), ("ask for it", "no scope fix: ask for it")):
        fail(world.right, "read", Halt("no scope", fix=fix), times=9)
        assert plan(world).warnings == (f"right account: {said}",)


def test_of_a_plan_for_one_record_the_others_that_cannot_be_synced_are_left_out() -> None:
    world, left_id, right_id = linked()
    other = next(i for i in world.left.rows() if i != left_id)
    for each in (left_id, other):
        world.left.edit(each, name=["no", "text"])
    assert {each.left_id for each in plan(world).unfit} == {left_id, other}
    for name in (left_id, right_id):
        made = drive(planner.plan([world.work()], full=False, only=name))
        assert [each.left_id for each in made.unfit] == [left_id]
        assert made.warnings == ("people: 1 record cannot be synced as it is",)
    assert drive(planner.plan([world.work()], full=False, only="nobody")).unfit == ()


def test_what_a_system_says_of_a_record_that_it_refuses_is_told_without_what_it_quotes() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    refused = Rejected("Nobody called 'Ann Lee' under +41 44 668 18 00 is ours")
    fail(world.right, "read", refused, times=9)
    [unfit] = plan(world).unfit
    assert (unfit.error, unfit.fix) == ("rejected", None)
    assert unfit.reason == "nobody called * under * is ours"


def test_a_plan_of_nothing_is_empty() -> None:
    assert drive(planner.plan([], full=True)) == Plan(0.0, ())


def test_a_planned_recreation_shows_the_create_alone() -> None:
    world, left_id, right_id = linked()
    world.left.remove(left_id)
    world.right.edit(right_id, name="Anne")
    world.run()
    [conflict] = world.conflicts()
    drive(world.store.answer(conflict.id, Answer(take={"*": Side.RIGHT}), world.clock.now()))
    made = plan(world)
    assert [(line.kind, line.side) for line in made.operations] == [("create", Side.LEFT)]
    assert keys(really(world)) == keys(made.operations)


def test_what_follows_from_a_planned_create_is_part_of_it() -> None:
    fields = [say("name", "name"), say("email", "email"), say("phone", None, Constant("x"))]
    world = World(fields=fields)
    left_id = world.add(name="Ann", email="a@x.example")
    made = plan(world)
    assert [line.kind for line in made.operations] == ["create"]
    assert keys(really(world)) == keys(made.operations)
    assert world.left.rows()[left_id]["phone"] == "x"


def test_two_strangers_that_are_each_other_are_planned_once() -> None:
    world, *_ = linked()
    world.add(name="Bob", email="bob@x.example", phone="3")
    world.right.add({"name": "Bob", "email": "bob@x.example", "phone": None})
    made = plan(world)
    assert [(line.kind, line.side) for line in made.operations] == [("update", Side.RIGHT)]
    assert keys(really(world)) == keys(made.operations)


def test_a_plan_scans_when_a_run_would() -> None:
    world, _, right_id = linked(right_habits=far(sees_deletes=False))
    world.right.remove(right_id)
    assert plan(world).operations == ()
    world.run(full=True)
    assert plan(world).operations == (), "the second look is a minute later"
    world.clock.advance(60)
    made = plan(world)
    assert [line.kind for line in made.operations] == ["delete"]
    assert keys(really(world)) == keys(made.operations)


def test_closing_is_a_line_and_forgetting_is_none() -> None:
    world, left_id, _right_id = linked(options={"deletes": "ignore"})
    other = next(i for i in world.left.rows() if i != left_id)
    world.left.remove(left_id)
    gone = world.link(other).right_id
    world.left.remove(other)
    world.right.remove(gone)
    lines = plan(world).operations
    assert [(line.kind, line.side, line.changes) for line in lines] == [("close", Side.RIGHT, {})]


# The brake stops planning early.


def test_counting_harm_stops_when_it_is_enough() -> None:
    world = World(options={"brake": LIFT})
    ids = [world.add(name=f"P{n}", email=f"{n}@x.example", phone="1") for n in range(30)]
    world.run()
    for left_id in ids[:10]:
        world.left.edit(left_id, phone="2")
    for left_id in ids[10:15]:
        world.left.remove(left_id)
    marks = [Sighting(i, gone=True) for i in ids[:15]]
    drive(world.store.notice("people", Side.LEFT, marks, world.clock.now()))
    reads = world.right.calls["read"]
    harm = drive(planner.harm(world.work(), linked=30, enough=100))
    assert (harm.linked, harm.overwrites, harm.deletes) == (30, 10, 5)
    assert not harm.at_least
    assert world.right.calls["read"] - reads == 15
    harm = drive(planner.harm(world.work(), linked=30, enough=3))
    assert harm.overwrites + harm.deletes == 4
    assert harm.at_least
    assert world.right.calls["read"] - reads <= 15 + 5


def test_harm_is_counted_over_pairs_only() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    for number in range(5):
        world.add(name=f"N{number}", email=f"n{number}@x.example", phone=None)
    news = [Sighting(i) for i in world.left.rows()]
    drive(world.store.notice("people", Side.LEFT, news, world.clock.now()))
    finds = world.right.calls["find"]
    harm = drive(planner.harm(world.work(), linked=6, enough=10))
    assert (harm.overwrites, harm.deletes) == (1, 0)
    assert world.right.calls["find"] == finds, "strangers are not looked for"


# The imagined world itself.


def test_an_imagined_collection_reads_and_never_writes() -> None:
    world, _left_id, right_id = linked()
    box = VirtualCollection(world.right)
    rows = world.right.rows()
    assert (box.name, box.can) == (world.right.name, world.right.can)
    drive(box.open())
    drive(box.acknowledge(drive(box.changes(None)).cursor))  # type: ignore[arg-type]
    assert drive(box.create({"name": "x"}, "key")).id == PENDING
    assert drive(box.update(right_id, {"name": "x"}, {"name": "y"}, None)).fields == {"name": "x"}
    drive(box.delete(right_id, {}, None))
    assert drive(box.schema()) == drive(world.right.schema())
    assert world.right.rows() == rows


def test_a_record_that_is_only_planned_cannot_be_read() -> None:
    world, _, right_id = linked()
    box = VirtualCollection(world.right)
    assert drive(box.read([PENDING])).missing == {PENDING}
    assert set(drive(box.read([PENDING, right_id])).records) == {right_id}


def test_an_imagined_store_shows_the_real_one() -> None:
    world, left_id, right_id = linked()
    store, real = VirtualStore(world.store), world.store
    link = world.link(left_id)
    assert store.identity == real.identity
    assert drive(store.link(link.id)) == link
    assert drive(store.marks_at("people", Side.LEFT, [left_id])) == {
        left_id: (link.id, link.left_mark)
    }
    assert drive(store.counterparts("people", Side.LEFT, [left_id])) == {left_id: right_id}
    assert drive(store.wake([link.id], 0.0)) == 1
    assert drive(store.open_creates("people", Side.LEFT)) == ()
    drive(store.scanned("people", 99.0))
    drive(store.waive_scan("people"))
    assert drive(store.last_scan("people")) == drive(real.last_scan("people")) != LastScan(99.0)
    assert drive(store.conflict(12345)) is None


def test_an_imagined_store_claims_what_is_due_in_either_world() -> None:
    world, _left_id, _ = linked()
    now = world.clock.now()
    ids = list(world.left.rows())
    drive(world.store.notice("people", Side.LEFT, [Sighting(i) for i in ids[:3]], now))
    store = VirtualStore(world.store)
    drive(store.notice("people", Side.LEFT, [Sighting(i) for i in ids[3:5]], now))
    drive(store.notice("people", Side.LEFT, [Sighting("new"), Sighting("x", gone=True)], now))
    first = drive(store.claim("people", now, 2, frozenset()))
    assert [link.left_id for link in first] == ids[3:5]
    every = drive(store.claim("people", now, 99, frozenset()))
    assert {link.left_id for link in every} == {*ids[:5], "new"}
    assert all(isinstance(link, Link) for link in every)
    assert drive(store.claim("people", now, 99, {link.id for link in every})) == []


def test_a_closed_link_stays_closed_in_a_plan() -> None:
    world, left_id, right_id = linked(options={"deletes": "ignore"})
    world.left.remove(left_id)
    world.run()
    assert len(drive(world.store.links_in(LinkState.CLOSED, None, 9))) == 1
    world.right.edit(right_id, name="Zoe")
    assert plan(world).operations == ()
    assert plan(world, full=True).operations == ()


def test_a_whole_left_that_is_not_local_is_planned_from_its_feed() -> None:
    world, left_id, _ = linked(left_habits=near(local=False))
    world.left.edit(left_id, name="Anna")
    scans = world.left.calls["scan"]
    assert [line.kind for line in plan(world).operations] == ["update"]
    assert world.left.calls["scan"] == scans
    assert isinstance(world.sync, Sync)


@pytest.mark.parametrize("full", [True, False])
def test_a_second_plan_says_the_same(full: bool) -> None:
    world = World()
    live(world, random.Random(3), 12)
    assert plan(world, full=full) == plan(world, full=full)


def test_a_plan_says_that_not_all_that_is_due_could_be_read() -> None:
    world, left_id, right_id = linked()
    world.left.edit(left_id, phone="5")
    said = ("people: not all that is due could be read; make the plan again later",)
    for error in (Retry("429", after=30.0, counts=False), Retry("no answer")):
        fail(world.right, "read", error)
        made = plan(world)
        assert (made.warnings, made.operations) == (said, ())
    assert plan(world).warnings == ()
    assert world.right.rows()[right_id]["phone"] == "1"
