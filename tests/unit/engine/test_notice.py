"""What both systems tell, page by page, and a whole look at both sides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import World, fail, far, linked, near, on, state

from crosstie import Reference
from crosstie import field as say
from crosstie.core.errors import Halt, Misconfigured, Rejected, Retry, SyncError
from crosstie.core.values import Cursor, LinkState, Page, Record, Side, Tombstone
from crosstie.engine import reconcile as survey
from crosstie.engine.notice import notice, sightings
from crosstie.engine.reconcile import Surveyed
from crosstie.engine.run import Options, Report, run
from crosstie.ports import Sighting
from crosstie.testing.fakes import drive


def cursor(world: World, side: Side = Side.LEFT) -> str | None:
    return drive(world.store.cursor("people", side))


def test_pages_say_who_changed_and_who_is_gone() -> None:
    assert sightings([Record("1", {"a": 1}), Tombstone("2")]) == [
        Sighting("1", Record("1", {"a": 1}).mark),
        Sighting("2", gone=True),
    ]


def test_a_feed_is_read_to_its_end_page_by_page() -> None:
    world, *_ = linked(left_habits=near(page_size=2))
    for left_id in world.left.rows():
        world.left.edit(left_id, name="Anna")
    before = world.left.calls["changes"]
    world.run()
    assert world.left.calls["changes"] - before == 3
    assert {row["name"] for row in world.rights()} == {"Anna"}


def test_the_cursor_is_kept_and_acknowledged_once_its_marks_are_durable() -> None:
    world, left_id, _ = linked()
    before = cursor(world)
    world.left.edit(left_id, name="Anna")
    seen: list[str | None] = []
    on(world.left, "acknowledge", lambda: seen.append(cursor(world)))
    world.run()
    assert seen == [cursor(world)]
    assert cursor(world) != before


def test_a_feed_that_never_ends_is_left_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crosstie.engine.notice.PAGES", 3)
    world, _left_id, _ = linked(left_habits=near(page_size=1))
    for left in world.left.rows():
        world.left.edit(left, name="Anna")
    assert drive(notice(world.work(), Side.LEFT)) == 0
    assert drive(world.store.figures("people", world.clock.now())).due == 3
    world.run()
    assert {row["name"] for row in world.rights()} == {"Anna"}


def test_a_page_without_a_cursor_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    world, left_id, _ = linked()
    calls = world.left.calls["acknowledge"]

    async def changes(cursor: Cursor | None) -> Page:
        return Page([Tombstone(left_id), Tombstone("nobody")], None, False)

    monkeypatch.setattr(world.left, "changes", changes)
    before = cursor(world)
    assert drive(notice(world.work(), Side.LEFT)) == 2
    assert (cursor(world), world.left.calls["acknowledge"]) == (before, calls)


def test_a_quiet_feed_leaves_no_trace_in_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    world, *_ = linked()
    runs = drive(world.store.runs(99))

    async def never(*said: Any, **more: Any) -> Any:
        pytest.fail("nothing was told")

    monkeypatch.setattr(world.store, "notice", never)
    report = world.run()
    assert (report.run_id, dict(report.counts)) == (0, {})
    assert drive(world.store.runs(99)) == runs


def test_a_system_without_a_feed_is_not_asked_for_one() -> None:
    world = World(right_habits=far(has_changes=False))
    assert drive(notice(world.work(), Side.RIGHT)) == 0
    assert world.right.calls["changes"] == 0


# A whole look.


def test_a_record_that_no_feed_told_as_gone_is_found_by_its_absence() -> None:
    for habits in (far(sees_deletes=False), far(has_changes=False)):
        world, left_id, right_id = linked(right_habits=habits)
        world.right.remove(right_id)
        world.run(full=True)
        assert left_id in world.left.rows(), "one listing's silence is no proof"
        world.run(full=True)
        assert left_id not in world.left.rows()


def test_many_records_are_looked_at_page_by_page_and_chunk_by_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survey, "CHUNK", 4)
    world = World(left_habits=near(page_size=3), right_habits=far(page_size=5))
    for number in range(12):
        world.add(name=f"P{number}", email=f"{number}@x.example", phone=None)
        if number % 2:
            world.right.add({"name": f"P{number}", "email": f"{number}@x.example", "phone": "1"})
    world.run()
    assert world.lefts() == world.rights()
    assert len(world.rights()) == 12
    for left_id in list(world.left.rows())[:9]:
        world.left.remove(left_id)
    world.left.behaviour = near(sees_deletes=False, page_size=3)
    world.run(full=True)
    assert len(world.rights()) == 3, "a database beside us answers exactly"


def test_a_listing_that_never_ends_is_left_at_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "PAGES", 2)
    world = World(left_habits=near(page_size=1))
    for number in range(3):
        world.add(name=f"P{number}", email=f"{number}@x.example", phone=None)
    world.run()
    assert len(world.rights()) == 2


def test_a_link_made_while_a_scan_goes_on_is_not_taken_for_gone() -> None:
    world, *_ = linked(right_habits=far(page_size=2))
    made: list[str] = []

    def meanwhile() -> None:
        """Another process links two records, of which this scan will show one."""
        if made:
            return
        shown = world.right.add({"name": "New", "email": "n@x.example", "phone": None})
        made.extend([shown, "R99"])
        now = world.clock.now()
        drive(world.store.notice("people", Side.RIGHT, [Sighting(i) for i in made], now))

    on(world.right, "scan", meanwhile, after=True, times=9)
    found = drive(survey.reconcile(world.work()))
    assert found.absent == {Side.LEFT: 0, Side.RIGHT: 0}


def test_a_side_is_emptied_when_it_had_linked_records_and_shows_none() -> None:
    empty = Surveyed({Side.LEFT: 0, Side.RIGHT: 3}, {Side.LEFT: 2, Side.RIGHT: 1})
    assert empty.emptied() == (Side.LEFT,)
    assert Surveyed().emptied() == ()


def test_tombstones_in_a_listing_are_no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _left_id, right_id = linked()
    entries = [*drive(world.right.scan(None)).entries, Tombstone("R77")]
    entries[0] = Tombstone(right_id)
    entries.append(Record("R50", {"name": "New", "email": "n@x.example", "phone": None}))

    async def scan(cursor: Cursor | None) -> Page:
        return Page(entries, None, False)

    monkeypatch.setattr(world.right, "scan", scan)
    drive(survey.reconcile(world.work()))
    due = drive(world.store.claim("people", world.clock.now(), 9, frozenset()))
    assert sorted(str(link.right_id) for link in due) == ["R1", "R50"]


def test_hints_are_matched_by_what_they_show_and_read_before_anything_is_decided() -> None:
    world = World(right_habits=far(full_rows=False, hidden=("phone",)))
    left_id = world.add(name="Ann", email="a@x.example", phone=None)
    right_id = world.right.add({"name": "Ann", "email": "a@x.example", "phone": "7"})
    world.run()
    assert world.link(left_id).right_id == right_id
    assert world.left.rows()[left_id]["phone"] == "7"


def test_a_filter_is_not_asked_about_a_hint() -> None:
    options = {"where_right": lambda row: row["phone"] == "yes", "where_left": lambda row: True}
    world = World(right_habits=far(full_rows=False, hidden=("phone",)), options=options)
    world.right.add({"name": "In", "email": "i@x.example", "phone": "yes"})
    world.right.add({"name": "Out", "email": "o@x.example", "phone": "no"})
    world.run()
    assert [row["name"] for row in world.lefts()] == ["In"]


def test_a_linked_record_stays_when_the_filter_no_longer_lets_it_in() -> None:
    world, left_id, right_id = linked(options={"where_left": lambda row: row["phone"] != "no"})
    world.left.edit(left_id, phone="no")
    world.run()
    assert world.right.rows()[right_id]["phone"] == "no"


def test_a_record_that_cannot_be_read_meets_nobody_and_stops_nobody() -> None:
    world = World()
    odd = world.add(name=["no", "text"], email="a@x.example", phone=None)
    world.right.add({"name": "Ann", "email": "a@x.example", "phone": None})
    world.add(name="Bob", email="b@x.example", phone=None)
    world.run()
    assert world.link(odd).state is LinkState.DEAD
    assert "Bob" in {row["name"] for row in world.rights()}


def test_keys_that_cannot_be_read_are_no_keys() -> None:
    world = World()
    world.add(name="A", email=["no", "text"], phone=None)
    world.add(name="B", email=["no", "text"], phone=None)
    world.run()
    assert world.conflicts() == []
    assert len(state(world, LinkState.DEAD)) == 2


def test_pairs_with_references_are_read_before_they_are_in_step() -> None:
    fields = [say("name", "name"), say("email", "email"), say("phone", "phone", Reference("x"))]
    world = World(fields=fields)
    left_id = world.add(name="Ann", email="a@x.example", phone="l1")
    world.right.add({"name": "Ann", "email": "a@x.example", "phone": "r1"})
    world.run()
    link = world.link(left_id)
    assert link.right_id is not None
    assert link.state is LinkState.WAITING


def test_a_complete_scan_is_made_when_its_time_comes_by_the_state() -> None:
    world, left_id, right_id = linked(right_habits=far(sees_deletes=False))
    world.right.remove(right_id)
    world.run()
    assert left_id in world.left.rows()
    world.clock.advance(world.sync.rhythm.reconcile + 1)
    world.run(looks={"people": tuple(Side)})
    scans = world.right.calls["scan"]
    world.run(looks={"people": tuple(Side)})
    assert world.right.calls["scan"] == scans, "a running engine has a timetable of its own"
    world.run()
    assert world.right.calls["scan"] == scans + 1


def test_a_scan_of_the_future_counts_as_none() -> None:
    world, *_ = linked()
    scans = world.right.calls["scan"]
    world.clock.advance(-1_000)
    world.run()
    assert world.right.calls["scan"] - scans == 1


# Runs.


def again(world: World, work: Any, **options: Any) -> Report:
    return drive(run([work], world.store, Options(**options)))


def test_a_run_of_nothing_is_nothing() -> None:
    world = World()
    assert drive(run([], world.store, Options())) == Report(0, {})


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("verb", ["open", "changes", "scan"])
@pytest.mark.parametrize(
    "error", [Retry("down"), Halt("no scope"), Rejected("bad cursor")], ids=lambda e: e.code
)
def test_a_system_that_cannot_be_looked_at_is_told_and_nothing_is_done(
    side: Side, verb: str, error: SyncError
) -> None:
    world = World()
    world.add(name="Ann", email="a@x.example", phone=None)
    fail(world.left if side is Side.LEFT else world.right, verb, error)
    report = world.run()
    assert report.missed == {"people": error}
    assert error.side is side
    assert report.writes == 0
    assert bool(report.halted) is isinstance(error, Halt)
    report = world.run()
    assert (report.missed, len(world.rights())) == ({}, 1)


def test_a_wrong_set_up_ends_the_run() -> None:
    world = World()
    fail(world.right, "open", Misconfigured("no such table", fix="name another"))
    with pytest.raises(Misconfigured):
        world.run()


def test_one_sync_that_cannot_be_looked_at_does_not_stop_the_others() -> None:
    one, other = World(), World()
    other.store = one.store
    other.sync = replace(other.sync, name="others")
    for world in (one, other):
        world.add(name="Ann", email="a@x.example", phone=None)
    fail(one.right, "changes", Retry("down"))
    report = drive(run([one.work(), other.work()], one.store, Options()))
    assert list(report.missed) == ["people"]
    assert (len(one.rights()), len(other.rights())) == (0, 1)


def test_a_run_that_missed_something_says_so_in_its_record() -> None:
    world, *_ = linked()
    fail(world.right, "changes", Retry("down"))
    world.run(full=True)
    newest = drive(world.store.runs(1))[0]
    assert (newest.kind, newest.error) == ("full", "people: down")


def test_only_the_sides_that_are_named_are_looked_at() -> None:
    world, left_id, right_id = linked()
    world.right.edit(right_id, phone="9")
    world.left.edit(left_id, name="Anna")
    calls = world.right.calls["changes"]
    world.run(looks={"people": (Side.LEFT,)})
    assert world.right.calls["changes"] == calls
    assert world.right.rows()[right_id]["name"] == "Anna"
    world.run(looks={})
    assert Options(looks={}).sides("people") == ()


def test_a_held_sync_stays_held_until_a_person_lets_go() -> None:
    world = World()
    ids = [world.add(name=f"P{n}", email=f"{n}@x.example", phone="1") for n in range(60)]
    world.quiet()
    for left_id in ids[:30]:
        world.left.edit(left_id, phone="2")
    assert world.run().held
    for left_id in ids[:30]:
        world.left.edit(left_id, phone="1")
    assert world.run().held, "even when the harm is gone"
    assert world.run(release=True).held == {}
    world.left.edit(ids[0], phone="3")
    assert world.run().held == {}


@pytest.mark.parametrize("side", list(Side))
def test_a_feed_that_tells_everything_as_gone_stops_the_run(side: Side) -> None:
    world, *_ = linked()
    system = world.left if side is Side.LEFT else world.right
    for record_id in list(system.rows()):
        system.remove(record_id)
    report = world.run()
    assert report.held["people"] == f"the {side} shows no records, and 6 were linked"


def test_a_single_deletion_passes() -> None:
    world, left_id, _ = linked()
    world.left.remove(left_id)
    assert world.run().held == {}


def test_a_child_that_names_an_unknown_parent_is_settled_in_a_further_pass() -> None:
    world, left_id, right_id = linked()
    work = world.work()
    on(world.right, "update", lambda: None)
    world.left.edit(left_id, name="Anna")

    def news() -> None:
        now = world.clock.now()
        world.left.edit(left_id, phone="5")
        drive(world.store.notice("people", Side.LEFT, [Sighting(left_id)], now))

    on(world.right, "update", news, after=True)
    again(world, work)
    assert world.right.rows()[right_id]["phone"] == "5", "what came meanwhile is taken up too"


def test_a_run_that_goes_round_and_round_ends_after_five_passes() -> None:
    world, left_id, _ = linked()
    world.left.edit(left_id, name="Anna")
    turn = iter(range(100))

    def news() -> None:
        world.left.edit(left_id, name=f"{next(turn)}")
        now = world.clock.now()
        drive(world.store.notice("people", Side.LEFT, [Sighting(left_id)], now))

    on(world.right, "update", news, after=True, times=99)
    before = world.right.calls["update"]
    world.run()
    assert world.right.calls["update"] - before == 5


def test_the_report_adds_up_what_was_written() -> None:
    counts = {"a.created_left": 1, "b.created_left": 2, "a.updated_right": 4, "a.linked": 9}
    report = Report(1, counts)
    assert (report.total("created_left"), report.writes) == (3, 7)
