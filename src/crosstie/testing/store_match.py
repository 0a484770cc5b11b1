"""The part of the store contract about the first match."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crosstie.core.errors import Duplicate
from crosstie.core.values import Link, LinkState, Parent
from crosstie.ports import Conflict, ConflictKind, Sighting, Step, Store, Stranger
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, link_at, noticed_link, run


def stranger(name: str, *keys: str | None) -> Stranger:
    """A stranger with these match keys."""
    return Stranger(name, keys, f"mark of {name}", {"name": name, "tags": [1, None]})


def names(strangers: tuple[Stranger, ...]) -> list[str]:
    """Their ids, sorted."""
    return sorted(each.id for each in strangers)


class MatchContract:
    """Promises of `MatchStore`."""

    def test_strangers_come_back_as_they_were_kept(self, store: Store) -> None:
        hint = replace(stranger("h", None, "k"), fields=None)
        alone = Stranger("z", (), "m", {})
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k", None), hint, alone]))
        run(store.add_strangers(SYNC, LEFT, []))
        found = run(store.strangers(SYNC, LEFT, None, 9))
        assert found == [stranger("a", "k", None), hint, alone]

    def test_strangers_are_paged_by_id(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger(name, name) for name in ("c", "", "b")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("d", "d")]))
        run(store.add_strangers("other", LEFT, [stranger("e", "e")]))
        page = run(store.strangers(SYNC, LEFT, None, 2))
        assert [each.id for each in page] == ["", "b"]
        assert [each.id for each in run(store.strangers(SYNC, LEFT, "b", 2))] == ["c"]

    def test_a_second_stranger_with_the_same_id_replaces_the_first(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k1"), stranger("b", "k1")]))
        newer = Stranger("a", ("k2", "x"), "newer", {"n": 1})
        run(store.add_strangers(SYNC, LEFT, [newer]))
        assert run(store.strangers(SYNC, LEFT, None, 9))[0] == newer
        assert run(store.stranger_groups(SYNC, 0, None, 9)) == []

    def test_groups_share_a_key_on_either_side(self, store: Store) -> None:
        left = [stranger("a", "k1"), stranger("b", "k2"), stranger("c", "k3"), stranger("d", None)]
        right = [stranger("x", "k1"), stranger("y", "k3"), stranger("z", "k3"), stranger("w", None)]
        both = [stranger("p", "k4"), stranger("q", "k4")]
        run(store.add_strangers(SYNC, LEFT, left + both))
        run(store.add_strangers(SYNC, RIGHT, right))
        groups = run(store.stranger_groups(SYNC, 0, None, 9))
        assert [(group.key, names(group.left), names(group.right)) for group in groups] == [
            ("k1", ["a"], ["x"]),
            ("k3", ["c"], ["y", "z"]),
            ("k4", ["p", "q"], []),
        ]
        assert groups[0].left == (stranger("a", "k1"),)

    def test_groups_are_paged_by_key(self, store: Store) -> None:
        keys = ["", *(f"k{number:03}" for number in range(300))]
        for side in (LEFT, RIGHT):
            run(store.add_strangers(SYNC, side, [stranger(f"of {key}", key) for key in keys]))
        seen: list[str] = []
        while page := run(store.stranger_groups(SYNC, 0, seen[-1] if seen else None, 7)):
            assert len(page) <= 7
            seen += [group.key for group in page]
        assert seen == keys

    def test_groups_by_the_second_key_and_of_another_sync_are_their_own(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k1", "s")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("x", "k2", "s")]))
        run(store.add_strangers("other", RIGHT, [stranger("y", "k1", "s")]))
        assert run(store.stranger_groups(SYNC, 0, None, 9)) == []
        assert [group.key for group in run(store.stranger_groups(SYNC, 1, None, 9))] == ["s"]

    def test_clearing_forgets_the_strangers_of_one_sync(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k")]))
        run(store.add_strangers("other", LEFT, [stranger("b", "k")]))
        run(store.clear_strangers(SYNC))
        run(store.clear_strangers(SYNC))
        assert run(store.strangers(SYNC, LEFT, None, 9)) == []
        assert len(run(store.strangers("other", LEFT, None, 9))) == 1

    def test_dropping_forgets_the_strangers_and_keeps_nothing(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k"), stranger("b", "k")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("a", "k"), stranger("x", "k")]))
        run(store.drop_strangers(SYNC, [Link(SYNC, "a"), Link(SYNC, "c", "x")]))
        run(store.drop_strangers(SYNC, []))
        assert [each.id for each in run(store.strangers(SYNC, LEFT, None, 9))] == ["b"]
        assert [each.id for each in run(store.strangers(SYNC, RIGHT, None, 9))] == ["a"]
        assert run(store.newest_link(SYNC)) == 0

    def test_pairing_keeps_links_and_forgets_their_strangers(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k"), stranger("b", "k")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("x", "k")]))
        quiet = Link(
            SYNC, "a", "x", {"n": 1}, {"n": "one"}, "m", "n", settled=0, noticed=0, attempts=0
        )
        due = Link(SYNC, "c", "y", noticed=1)
        run(store.pair_strangers(SYNC, [quiet, due], 5.0))
        assert [each.id for each in run(store.strangers(SYNC, LEFT, None, 9))] == ["b"]
        assert run(store.strangers(SYNC, RIGHT, None, 9)) == []
        link = link_at(store, "a")
        assert link == replace(quiet, id=link.id)
        assert [each.left_id for each in run(store.claim(SYNC, 5.0, 9, frozenset()))] == ["c"]
        run(store.pair_strangers(SYNC, [], 5.0))

    def test_pairing_absorbs_a_record_that_was_noticed_meanwhile(self, store: Store) -> None:
        meanwhile = noticed_link(store, "x", RIGHT)
        run(store.pair_strangers(SYNC, [Link(SYNC, "a", "x", settled=0)], 5.0))
        link = link_at(store, "x", RIGHT)
        assert (link.left_id, link.noticed) == ("a", 1)
        assert run(store.link(meanwhile.id)) is None
        assert is_due(store, link, now=5.0)

    def test_pairing_a_record_that_is_linked_is_refused_as_a_whole(self, store: Store) -> None:
        run(store.pair_strangers(SYNC, [Link(SYNC, "a", "x")], 5.0))
        run(store.add_strangers(SYNC, LEFT, [stranger("b", "k")]))
        with pytest.raises(Duplicate) as caught:
            run(store.pair_strangers(SYNC, [Link(SYNC, "b", "y"), Link(SYNC, "c", "x")], 5.0))
        assert caught.value.existing == "x"
        assert run(store.links_at(SYNC, LEFT, ["b", "c"])) == {}
        assert len(run(store.strangers(SYNC, LEFT, None, 9))) == 1

    def test_pairing_wakes_links_that_wait_for_the_record(self, store: Store) -> None:
        child = noticed_link(store, "child", sync="passengers")
        waiting = replace(
            child, state=LinkState.WAITING, waits_for=Parent(SYNC, LEFT, "a"), settled=1
        )
        run(store.keep([Step(waiting)]))
        assert not is_due(store, child)
        run(store.pair_strangers(SYNC, [Link(SYNC, "a", "x")], 5.0))
        assert is_due(store, child)

    def test_asked_strangers_rest_with_their_conflict(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k"), stranger("b", "k")]))
        asked = [
            (
                Link(SYNC, name, left_mark="m"),
                Conflict(ConflictKind.MATCH, candidates=(f"x of {name}", "y"), opened_at=5.0),
            )
            for name in ("a", "b")
        ]
        run(store.ask_strangers(SYNC, asked, 5.0))
        run(store.ask_strangers(SYNC, [], 5.0))
        assert run(store.strangers(SYNC, LEFT, None, 9)) == []
        assert len(run(store.conflicts(SYNC, 9))) == 2
        for name in ("a", "b"):
            link = link_at(store, name)
            assert (link.state, link.left_mark) == (LinkState.ASKING, "m")
            assert not is_due(store, link)
            conflict = run(store.conflict(link.conflict_id or 0))
            assert conflict is not None
            assert conflict.candidates == (f"x of {name}", "y")
            assert (conflict.link_id, conflict.sync, conflict.opened_at) == (link.id, SYNC, 5.0)

    def test_asking_about_a_record_that_was_noticed_meanwhile_absorbs_it(
        self, store: Store
    ) -> None:
        run(store.notice(SYNC, LEFT, [Sighting("a")], 1.0))
        question = Conflict(ConflictKind.MATCH, candidates=("x", "y"))
        run(store.ask_strangers(SYNC, [(Link(SYNC, "a"), question)], 5.0))
        assert link_at(store, "a").state is LinkState.ASKING
        run(store.ask_strangers(SYNC, [(Link(SYNC, "a"), question)], 6.0))
        (conflict,) = run(store.conflicts(SYNC, 9))
        assert conflict.link_id == kept(store, link_at(store, "a")).id
