"""What systems tell by webhook: a hint that makes links due, and never more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from world import World, far, linked, on

from crosstie.core.errors import Retry
from crosstie.core.values import Record, Side
from crosstie.engine import hear as hearing
from crosstie.engine.hear import ODD, UNDECLARED, Ear, Heard, disown, hear
from crosstie.engine.run import Options, run
from crosstie.ports import ArrivalState, Event
from crosstie.ports.webhooks import LOGIN
from crosstie.testing.fakes import Crash, drive
from crosstie.testing.signed import SignedWebhooks

EAR = Ear("crm", "right account", SignedWebhooks("secret"))
QUIET = far(has_changes=False)
"""A system that tells of nothing by itself: what is seen of it was heard, or scanned."""


def told(world: World, *ids: str, endpoint: str = "crm", **more: Any) -> None:
    """The system sends a delivery for each of these records."""
    before = len(drive(world.store.arrivals(None, None, 1_000)))
    events = [
        Event(f"d{before + n}", "changed", _kept({"kind": "right", "record": each, **more}))
        for n, each in enumerate(ids)
    ]
    arrived = [(endpoint, event) for event in events]
    drive(world.store.receive(arrived, world.clock.now()))


def _kept(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode()


def heard(world: World, *works: Any, ear: Ear = EAR) -> Heard:
    return drive(hear(world.store, [ear], works or [world.work()], world.clock))


def settled(world: World) -> Any:
    """A run that looks at neither side: what it does follows from what was heard."""
    return world.run(looks={})


def states(world: World) -> list[str]:
    return [str(each.state) for each in drive(world.store.arrivals(None, None, 100))]


def test_an_edit_that_is_told_of_is_read_and_brought_over() -> None:
    world, left_id, right_id = linked(right_habits=QUIET)
    world.right.edit(right_id, phone="22")
    told(world, right_id)
    assert heard(world) == Heard(1, 0, 1)
    assert states(world) == ["done"]
    report = settled(world)
    assert report.total("updated_left") == 1
    assert world.left.rows()[left_id]["phone"] == "22"
    assert heard(world) == Heard()


def test_nothing_that_a_delivery_says_is_believed() -> None:
    world, left_id, right_id = linked(right_habits=QUIET)
    told(world, right_id, phone="forged", gone=True)
    assert heard(world).marked == 1
    assert not settled(world).writes
    assert world.right.rows()[right_id]["phone"] == "1"
    assert left_id in world.left.rows()


def test_a_new_record_that_is_told_of_gets_its_counterpart_once() -> None:
    world, *_ = linked(right_habits=QUIET)
    new = world.right.add({"name": "Bea", "email": "bea@x.example", "phone": "9"})
    told(world, new, new)
    assert heard(world) == Heard(2, 0, 1)
    assert settled(world).total("created_left") == 1
    told(world, new)
    heard(world)
    assert not settled(world).writes
    assert not world.quiet().writes


def test_a_record_that_has_its_counterpart_is_paired_and_not_made_again() -> None:
    world, *_ = linked(right_habits=QUIET)
    world.add(name="Cy", email="cy@x.example", phone="4")
    new = world.right.add({"name": "Cy", "email": "cy@x.example", "phone": "4"})
    told(world, new)
    heard(world)
    assert not settled(world).writes
    world.quiet()
    assert len(world.rights()) == len(world.lefts()) == 7


def test_a_record_that_nobody_knows_and_that_is_gone_leaves_nothing() -> None:
    world, *_ = linked(right_habits=QUIET)
    links = drive(world.store.newest_link("people"))
    told(world, "R99", gone=True)
    assert heard(world) == Heard(1, 0, 0)
    assert drive(world.store.newest_link("people")) == links
    told(world, "R99")
    assert heard(world).marked == 1
    for _ in range(3):
        settled(world)
        world.clock.advance(60.0)
    assert drive(world.store.links_at("people", Side.RIGHT, ["R99"])) == {}
    assert not world.quiet().writes


def test_a_record_that_the_filter_leaves_out_stays_out() -> None:
    world, *_ = linked(
        right_habits=QUIET, options={"where_right": lambda fields: fields["name"] != "Mute"}
    )
    out = world.right.add({"name": "Mute", "email": "m@x.example", "phone": "5"})
    told(world, out)
    heard(world)
    assert not settled(world).writes
    assert drive(world.store.links_at("people", Side.RIGHT, [out])) == {}


def test_a_record_of_another_part_of_the_system_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world, left_id, right_id = linked(right_habits=QUIET)
    new = world.right.add({"name": "Far", "email": "far@x.example", "phone": "5"})
    shelf, shown = world.right._shelf, world.right._shelf.record

    def outside(record_id: str) -> Record:
        return changed(shown(record_id), outside=True)

    monkeypatch.setattr(shelf, "record", outside)
    told(world, new, right_id)
    assert heard(world).marked == 2
    world.right.edit(right_id, phone="33")
    report = settled(world)
    assert report.total("created_left") == 0
    assert drive(world.store.links_at("people", Side.RIGHT, [new])) == {}
    # One that was linked before it went there stays linked.
    assert world.left.rows()[left_id]["phone"] == "33"


def test_a_deletion_that_is_told_of_wants_the_proof_that_every_deletion_wants() -> None:
    world, left_id, right_id = linked(right_habits=QUIET)
    world.right.remove(right_id)
    told(world, right_id, gone=True)
    heard(world)
    assert settled(world).total("unproven") == 1
    assert left_id in world.left.rows()
    for _ in range(4):
        world.clock.advance(100.0)
        world.run()
    assert left_id not in world.left.rows()


def test_a_late_delivery_does_not_take_the_proof_of_a_deletion_away() -> None:
    world, left_id, right_id = linked(right_habits=far(sees_deletes=True))
    world.right.remove(right_id)
    told(world, right_id)
    work = world.work()
    drive(run([work], world.store, Options(looks={"people": [Side.RIGHT]}, patience=0.0)))
    heard(world)
    assert settled(world).total("deleted_left") == 1
    assert left_id not in world.left.rows()


def test_before_the_first_match_what_is_told_is_left_to_it() -> None:
    world = World(right_habits=QUIET)
    world.add(name="Ann", email="a@x.example", phone="1")
    there = world.right.add({"name": "Ann", "email": "a@x.example", "phone": "1"})
    told(world, there)
    assert heard(world) == Heard(1, 0, 0)
    assert drive(world.store.newest_link("people")) == 0
    assert not world.run().writes
    assert len(world.lefts()) == len(world.rights()) == 1


def test_a_hint_is_about_its_kind_in_its_account_alone() -> None:
    world, _, right_id = linked(right_habits=QUIET)
    told(world, right_id, kind="others")
    assert heard(world) == Heard(1, 0, 0)
    told(world, right_id)
    assert heard(world, ear=EAR._replace(account="left account")) == Heard(1, 0, 0)


def test_every_sync_with_that_account_and_kind_is_told() -> None:
    world, _, right_id = linked(right_habits=QUIET)
    again = replace(world.work(), sync=replace(world.sync, name="again"))
    drive(world.store.scanned("again", world.clock.now()))
    told(world, right_id)
    works = [world.work(), again]
    assert heard(world, *works) == Heard(1, 0, 2)
    assert right_id in drive(world.store.links_at("again", Side.RIGHT, [right_id]))
    assert [work.ledger.counts.total() for work in works] == [1, 1]


def test_types_that_mean_nothing_are_done_with() -> None:
    world, *_ = linked(right_habits=QUIET)
    drive(world.store.receive([("crm", Event("x", "paid", b"{}"))], world.clock.now()))
    assert heard(world) == Heard(1, 0, 0)
    assert states(world) == ["done"]


def test_a_delivery_that_cannot_be_read_fails_and_holds_up_nobody() -> None:
    world, _, right_id = linked(right_habits=QUIET)
    drive(world.store.receive([("crm", Event("x", "changed", b"secret"))], world.clock.now()))
    told(world, right_id)
    assert heard(world) == Heard(2, 1, 1)
    drive(world.store.replay(None, failed=True))
    assert heard(world) == Heard(1, 1, 0)
    [failed] = drive(world.store.arrivals(None, ArrivalState.FAILED, 9))
    assert failed.detail == "it cannot be read (JSONDecodeError)"


def test_whoever_looks_after_log_ins_is_told_of_one_that_may_have_ended() -> None:
    world, *_ = linked(right_habits=QUIET)
    ended: list[str] = []

    async def may_have_ended(account: str) -> None:
        ended.append(account)

    told(world, "app", kind=LOGIN)
    told(world, "app", kind=LOGIN, gone=True)
    for expected in (Heard(2, 0, 0), Heard()):
        listening = hear(world.store, [EAR], [world.work()], world.clock, ended=may_have_ended)
        assert drive(listening) == expected
    assert ended == ["right account"]


@pytest.mark.parametrize(
    "odd, why",
    [
        ("", ODD),
        ("x" * 501, ODD),
        ("a\0b", ODD),
        ("\ud800", "it cannot be read (UnicodeEncodeError)"),
        (7, "it cannot be read (AttributeError)"),
        ({}, "it cannot be read (AttributeError)"),
    ],
)
def test_what_can_be_no_id_is_looked_for_nowhere(odd: Any, why: str) -> None:
    world, *_ = linked(right_habits=QUIET)
    told(world, odd)
    assert heard(world) == Heard(1, 1, 0)
    [failed] = drive(world.store.arrivals(None, ArrivalState.FAILED, 9))
    assert failed.detail == why


def test_a_crash_between_marking_and_being_done_is_made_good_by_doing_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, left_id, right_id = linked(right_habits=QUIET)
    world.right.edit(right_id, phone="44")
    told(world, right_id)
    with monkeypatch.context() as broken:

        async def dies(*_: object, **__: object) -> None:
            raise Crash

        broken.setattr(world.store, "worked_off", dies)
        with pytest.raises(Crash):
            heard(world)
    assert heard(world) == Heard(1, 0, 1)
    assert settled(world).total("updated_left") == 1
    assert world.left.rows()[left_id]["phone"] == "44"


def test_while_the_state_is_away_it_all_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _, right_id = linked(right_habits=QUIET)
    told(world, right_id)
    with monkeypatch.context() as away:

        async def locked(*_: object, **__: object) -> None:
            raise Retry("locked")

        away.setattr(world.store, "notice", locked)
        with pytest.raises(Retry):
            heard(world)
    assert states(world) == ["pending"]


def test_many_are_worked_on_in_parts_and_no_more_than_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "BATCH", 2)
    world, *_ = linked(right_habits=QUIET)
    told(world, *(f"R{number}" for number in range(50, 55)))
    some = drive(hear(world.store, [EAR], [world.work()], world.clock, until=3))
    assert some.worked == 4
    assert heard(world).worked == 1


def test_what_waits_for_an_endpoint_that_is_gone_has_failed_and_can_be_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "BATCH", 1)
    world, _, right_id = linked(right_habits=QUIET)
    told(world, right_id, right_id, endpoint="old")
    told(world, right_id)
    assert heard(world).worked == 1
    assert drive(disown(world.store, ["crm"], world.clock)) == 2
    failed = drive(world.store.arrivals("old", ArrivalState.FAILED, 9))
    assert {each.detail for each in failed} == {UNDECLARED}
    assert drive(disown(world.store, ["crm", "old"], world.clock)) == 0
    assert drive(world.store.replay(None, failed=True)) == 2
    assert heard(world, ear=EAR._replace(endpoint="old")) == Heard(2, 0, 2)


def test_the_echo_of_a_create_does_not_make_the_record_again() -> None:
    """The system tells of a record that we are just making, before we know its id."""
    world, *_ = linked(right_habits=far(marker=True, has_changes=False))
    new = world.add(name="Dee", email="dee@x.example", phone="7")

    def echo() -> None:
        told(world, *(each for each in world.right.rows() if each not in known))
        heard(world)

    known = set(world.right.rows())
    on(world.right, "create", echo, after=True)
    world.quiet()
    assert len(world.rights()) == len(world.lefts()) == 7
    assert world.link(new).right_id is not None
