"""Rare turns of a plan, of a person's acceptance, and of a listing."""

from __future__ import annotations

from test_origin import backup, reset
from world import World, fail, far, linked

from crosstie.core.errors import Retry
from crosstie.core.values import Side
from crosstie.engine.maker import marker_of
from crosstie.engine.planner import plan
from crosstie.engine.virtual_store import VirtualStore
from crosstie.testing.fakes import drive

DEAF = far(sees_deletes=False)


def test_a_plan_of_a_remote_that_was_reset_tells_of_it_and_of_what_follows() -> None:
    world, *_ = linked()
    reset(world)
    made = drive(plan([world.work()], full=True))
    assert "the right lists 6 records and none of the 6 linked ones" in " ".join(made.warnings)
    assert len(made.operations) + sum(made.matched.values()) >= 6
    assert drive(world.store.origin("people", Side.RIGHT)).doubt is None, "a plan keeps nothing"


def test_a_newer_mark_that_comes_while_a_person_decides_is_accepted_with_the_rest() -> None:
    world, *_ = linked(right_habits=far(marker=True))
    yesterday = backup(world)
    later = world.add(name="Later", email="later@x.example", phone="9")
    world.quiet()
    number = world.link(later).id
    world.store = yesterday
    assert f"made by link {number} of this state" in world.run().held["people"]
    newer = marker_of(world.store.identity, number + 7, world.clock.now())
    drive(world.right.create({"name": "Newer", "email": "newer@x.example"}, newer))
    made = drive(plan([world.work()], full=True))
    assert f"made by link {number} of this state" in " ".join(made.warnings)
    assert world.run(release=True).held == {}
    assert drive(world.store.origin("people", Side.RIGHT)).beyond == number + 7
    assert world.run(full=True).held == {}


def test_records_that_are_known_to_be_gone_are_no_sign_of_another_system() -> None:
    world, _left_id, right_id = linked(right_habits=DEAF, options={"deletes": "ask"})
    for other in [i for i in world.right.rows() if i != right_id]:
        world.right.remove(other)
    for _ in range(2):
        assert world.run(full=True).held == {}
    assert len(world.conflicts()) == 5
    world.right.remove(right_id)
    world.right.add({"name": "Zed", "email": "zed@x.example", "phone": "9"})
    for _ in range(2):
        assert world.run(full=True).held == {}
    assert len(world.conflicts()) == 6


def test_a_plan_suspects_whom_the_state_suspects_and_clears_nobody() -> None:
    world, left_id, right_id = linked(right_habits=DEAF)
    world.right.remove(right_id)
    world.run(full=True)
    imagined, link_id = VirtualStore(world.store), world.link(left_id).id
    drive(imagined.found(link_id, Side.RIGHT))
    assert drive(imagined.suspected("people")) == {link_id}
    assert drive(world.store.suspected("people")) == {link_id}


def test_a_plan_takes_nothing_first_because_it_is_new() -> None:
    world, left_id, _ = linked()
    drive(world.store.wake([world.link(left_id).id], world.clock.now()))
    asked = ("people", world.clock.now(), 10, set[int]())
    assert drive(world.store.newest_due(*asked))
    assert drive(VirtualStore(world.store).newest_due(*asked)) == ()


def test_of_many_that_failed_only_a_few_are_tried_again_at_once() -> None:
    world = World()
    for number in range(40):
        world.add(name=f"P{number}", email=f"p{number}@x.example", phone="1")
    fail(world.right, "create", Retry("busy", counts=True), times=40)
    world.run()
    world.clock.advance(600)
    before = world.right.calls["create"]
    assert world.run().total("postponed") > 0
    assert 0 < world.right.calls["create"] - before < 40
    for _ in range(20):
        world.clock.advance(600)
        world.run()
    assert len(world.rights()) == 40
