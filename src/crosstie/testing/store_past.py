"""The part of the store contract about what was: runs, deleted records, dead letters."""

from __future__ import annotations

from msgspec.structs import replace

from crosstie.core.values import Link, LinkState
from crosstie.ports import Entry, Intent, Step, Store
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, noticed_link, run


def _entry(operation: str, run_id: int, record_id: str = "r1") -> Entry:
    return Entry(RIGHT, record_id, operation, "told", {"n": 1}, {"n": 2}, 5.0, run_id=run_id)


def _dead(store: Store, name: str, detail: str, at: float, sync: str = SYNC) -> Link:
    link = noticed_link(store, name, sync=sync)
    buried = replace(link, state=LinkState.DEAD, settled=1, error="rejected:email", detail=detail)
    told = Entry(RIGHT, None, "dead", "rejected on the right", at=at)
    run(store.keep([Step(buried, history=(told,))]))
    return link


class PastContract:
    """Promises about earlier runs, links that begin again, and dead letters."""

    def test_a_run_is_found_by_its_number(self, store: Store) -> None:
        assert run(store.run(1)) is None
        run_id = run(store.start_run("undo", 1.0))
        run(store.finish_run(run_id, 2.0, {"writes": 1}, None))
        found = run(store.run(run_id))
        assert found is not None
        assert (found.id, found.kind, found.counts) == (run_id, "undo", {"writes": 1})

    def test_what_a_run_wrote_is_told_by_link_oldest_first(self, store: Store) -> None:
        one, two = noticed_link(store, "l1"), noticed_link(store, "l2")
        run(store.keep([Step(two, history=(_entry("create", 7, "r2"),))]))
        run(store.keep([Step(one, history=(_entry("create", 7), _entry("update", 7)))]))
        run(store.keep([Step(one, history=(_entry("update", 8),))]))
        assert run(store.run_links(7, 0, 9)) == [one.id, two.id]
        assert run(store.run_links(7, 0, 1)) == [one.id]
        assert run(store.run_links(7, one.id, 9)) == [two.id]
        assert run(store.run_links(9, 0, 9)) == []
        told = run(store.run_entries(7, [one.id, two.id]))
        assert [(e.link_id, e.operation) for e in told] == [
            (one.id, "create"),
            (one.id, "update"),
            (two.id, "create"),
        ]
        assert [e.operation for e in run(store.run_entries(8, [one.id, two.id]))] == ["update"]
        assert run(store.run_entries(7, [])) == []

    def test_history_knows_its_sync_and_the_record_across(self, store: Store) -> None:
        link = replace(noticed_link(store), right_id="r1")
        run(store.keep([Step(link, history=(_entry("create", 7),))]))
        [told] = run(store.history(link.id))
        assert (told.sync, told.across) == (SYNC, "l1")
        parting = replace(_entry("delete", 7), across="l9")
        run(store.keep([Step(replace(link, left_id=None), history=(parting,))]))
        assert run(store.history(link.id))[1].across == "l9"

    def test_a_link_that_is_gone_is_found_by_either_record(self, store: Store) -> None:
        link = replace(noticed_link(store), right_id="r1", settled=1)
        run(store.keep([Step(link)]))
        run(store.keep([Step(link, history=(_entry("delete", 7),), drops=True)]))
        for name in ("l1", "r1"):
            assert run(store.past_links(name, 9)) == [link.id]
        assert run(store.past_links("nobody", 9)) == []

    def test_a_link_begins_again_under_its_number_with_its_intent(self, store: Store) -> None:
        link = replace(noticed_link(store), settled=1)
        run(store.keep([Step(link, history=(_entry("delete", 7),), drops=True)]))
        intent = Intent(0, RIGHT, "create", None, {"n": 1}, {}, {"N": 1}, "key", 6.0, undoes=7)
        made, begun = run(store.begin_again(Link(SYNC, id=link.id, noticed=1), intent, 6.0))
        assert (made.id, begun.link_id) == (link.id, link.id)
        assert run(store.open_intents([link.id])) == [begun]
        assert begun.undoes == 7
        assert is_due(store, made)
        assert len(run(store.history(link.id))) == 1
        assert noticed_link(store, "l7").id > link.id

    def test_dead_letters_are_grouped_by_what_they_died_of(self, store: Store) -> None:
        first = _dead(store, "a", "contact 1718 has no 'x@y.example'", 3.0)
        second = _dead(store, "b", "contact 99 has no 'z@y.example'", 9.0)
        _dead(store, "c", "it is closed", 4.0)
        _dead(store, "d", "it is closed", 4.0, sync="other")
        noticed_link(store, "alive")
        groups = run(store.dead_groups(None, 1))
        assert [(g.sync, g.count) for g in groups] == [(SYNC, 2), (SYNC, 1), ("other", 1)]
        assert groups[1].cause == groups[2].cause != groups[0].cause
        assert (groups[0].oldest, groups[0].newest) == (3.0, 9.0)
        assert [letter.link_id for letter in groups[0].sample] == [first.id]
        assert [g.sync for g in run(store.dead_groups("other", 1))] == ["other"]
        cause = groups[0].cause
        letters = run(store.dead_letters(None, cause, 0, 9))
        assert [(x.link_id, x.left_id, x.at) for x in letters] == [
            (first.id, "a", 3.0),
            (second.id, "b", 9.0),
        ]
        assert len(run(store.dead_letters(SYNC, None, 0, 9))) == 3
        assert run(store.dead_letters(None, cause, first.id, 9)) == letters[1:]
        assert len(run(store.dead_letters(None, None, 0, 2))) == 2

    def test_a_letter_that_is_woken_leaves_its_group(self, store: Store) -> None:
        link = _dead(store, "a", "it is closed", 3.0)
        run(store.wake([link.id], 5.0))
        assert run(store.dead_groups(None, 1)) == []
        assert kept(store, link).state is LinkState.ACTIVE
        assert run(store.links_at(SYNC, LEFT, ["a"]))["a"].error is None
