"""The part of the store contract about cursors, runs and figures."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.values import Cursor, Link, LinkState
from crosstie.ports import (
    CUT_OFF,
    Conflict,
    ConflictKind,
    Entry,
    Figures,
    Intent,
    LastScan,
    RunRecord,
    Sighting,
    Step,
    Store,
)
from crosstie.testing.driving import LEFT, RIGHT, SYNC, noticed_link, run


class RunContract:
    """Promises about cursors, scans, holds, runs and figures."""

    def test_a_cursor_is_none_until_it_is_kept_and_the_last_one_stays(self, store: Store) -> None:
        assert run(store.cursor(SYNC, LEFT)) is None
        run(store.notice(SYNC, LEFT, [], 1.0, Cursor("one")))
        run(store.notice(SYNC, LEFT, [], 2.0, Cursor("two")))
        run(store.notice(SYNC, LEFT, [], 3.0))
        assert run(store.cursor(SYNC, LEFT)) == "two"
        assert run(store.cursor(SYNC, RIGHT)) is None
        assert run(store.cursor("other", LEFT)) is None

    def test_scans_and_holds_are_told_without_disturbing_each_other(self, store: Store) -> None:
        assert run(store.last_scan(SYNC)) == LastScan()
        run(store.scanned(SYNC, 3.0))
        run(store.hold(SYNC, "would delete 900 of 1,000"))
        run(store.scanned(SYNC, 4.0, "six fields"))
        run(store.hold("other", "no scan yet"))
        assert run(store.last_scan(SYNC)) == LastScan(4.0, declared="six fields")
        assert run(store.last_scan("other")).at is None
        figures = run(store.figures(SYNC, 9.0))
        assert (figures.scanned_at, figures.held) == (4.0, "would delete 900 of 1,000")
        run(store.hold(SYNC, None))
        figures = run(store.figures(SYNC, 9.0))
        assert (figures.scanned_at, figures.held) == (4.0, None)

    def test_a_feed_read_past_a_record_without_a_link_owes_a_scan(self, store: Store) -> None:
        run(store.scanned(SYNC, 3.0))
        told = [Sighting("l1", "m1")]
        run(store.notice(SYNC, LEFT, told, 4.0, meet=False))
        assert not run(store.last_scan(SYNC)).owed, "the feed will tell of it again"
        run(store.notice(SYNC, LEFT, [Sighting("l1", gone=True)], 4.0, Cursor("c"), meet=False))
        assert not run(store.last_scan(SYNC)).owed, "it is gone"
        run(store.notice(SYNC, LEFT, told, 4.0, Cursor("d"), meet=False))
        assert run(store.cursor(SYNC, LEFT)) == Cursor("c"), "it is told again"
        assert run(store.last_scan(SYNC)) == LastScan(3.0, owed=True)
        assert run(store.last_scan(SYNC)).wanted
        run(store.scanned(SYNC, 5.0))
        assert run(store.last_scan(SYNC)) == LastScan(5.0)
        run(store.notice(SYNC, LEFT, told, 6.0, Cursor("e"), meet=False))
        run(store.waive_scan(SYNC))
        assert run(store.last_scan(SYNC)) == LastScan(5.0)

    def test_runs_are_told_newest_first(self, store: Store) -> None:
        first = run(store.start_run("sync", 1.0))
        second = run(store.start_run("reconcile", 2.0))
        run(store.finish_run(first, 3.0, {"writes": 2}, None))
        assert run(store.runs(9)) == [
            RunRecord("reconcile", 2.0, id=second),
            RunRecord("sync", 1.0, 3.0, {"writes": 2}, None, id=first),
        ]
        run(store.finish_run(second, 4.0, {}, "stopped"))
        assert run(store.runs(1)) == [RunRecord("reconcile", 2.0, 4.0, {}, "stopped", second)]

    def test_a_run_without_figures_or_error_is_forgotten(self, store: Store) -> None:
        run(store.finish_run(run(store.start_run("sync", 1.0)), 2.0, {}, None))
        assert run(store.runs(9)) == []
        run(store.finish_run(run(store.start_run("sync", 1.0)), 2.0, {"writes": 1}, None))
        run(store.finish_run(run(store.start_run("sync", 3.0)), 4.0, {}, "stopped"))
        assert len(run(store.runs(9))) == 2

    def test_runs_whose_process_is_gone_are_ended_with_what_they_wrote(self, store: Store) -> None:
        done = run(store.start_run("run", 1.0))
        run(store.finish_run(done, 2.0, {"writes": 1}, None))
        cut, bare = (run(store.start_run(kind, 3.0)) for kind in ("undo", "run"))
        told = [
            Entry(LEFT, "a", "update", "why", run_id=cut),
            Entry(LEFT, "a", "update", "why", run_id=cut),
            Entry(RIGHT, "x", "create", "why", run_id=cut),
            Entry(RIGHT, "x", "close", "why", run_id=cut),
            Entry(RIGHT, "x", "delete", "why", run_id=done),
        ]
        run(store.keep([Step(noticed_link(store, "a"), history=tuple(told))]))
        assert run(store.cut_off(9.0)) == 2
        counts = {f"{SYNC}.updated_left": 2, f"{SYNC}.created_right": 1}
        assert run(store.runs(9)) == [
            RunRecord("run", 3.0, 9.0, {}, CUT_OFF, bare),
            RunRecord("undo", 3.0, 9.0, counts, CUT_OFF, cut),
            RunRecord("run", 1.0, 2.0, {"writes": 1}, None, done),
        ]
        assert [each.was_cut_off for each in run(store.runs(9))] == [True, True, False]
        assert run(store.cut_off(10.0)) == 0

    def test_the_figures_of_an_empty_sync_are_zero(self, store: Store) -> None:
        assert run(store.figures(SYNC, 1.0)) == Figures(SYNC)

    def test_figures_count_what_there_is(self, store: Store) -> None:
        pairs = [
            Link(SYNC, "a", "x", noticed=1),
            Link(SYNC, "b", "y"),
            Link(SYNC, "c", "z", state=LinkState.DEAD),
            Link(SYNC, "d", "w", state=LinkState.CLOSED),
        ]
        run(store.link_strangers(SYNC, pairs, 5.0))
        noticed_link(store, "alone", now=3.0)
        noticed_link(store, "later", RIGHT, now=99.0)
        asked = (Link(SYNC, "q"), Conflict(ConflictKind.MATCH))
        run(store.ask_strangers(SYNC, [asked], 5.0))
        noticed_link(store, "elsewhere", sync="other", now=1.0)
        (due,) = [each for each in run(store.claim(SYNC, 5.0, 9, frozenset())) if each.right_id]
        run(store.intend([Intent(due.id, RIGHT, "update", "x", {}, {}, {}, "", 1.0)]))
        active, dead, asking = LinkState.ACTIVE, LinkState.DEAD, LinkState.ASKING
        assert run(store.figures(SYNC, 50.0)) == Figures(
            SYNC,
            linked=3,
            due=2,
            due_linked=1,
            states={active: 4, dead: 1, asking: 1, LinkState.CLOSED: 1},
            conflicts=1,
            intents=1,
            oldest_due=3.0,
            next_due=99.0,
        )

    def test_a_settled_sync_has_nothing_due(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.keep([Step(replace(link, settled=1))]))
        figures = run(store.figures(SYNC, 1e9))
        assert (figures.due, figures.oldest_due, figures.next_due) == (0, None, None)
