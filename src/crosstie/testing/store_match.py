"""The part of the store contract about the first match."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from crosstie.core.errors import Duplicate
from crosstie.core.values import Link, LinkState, Parent, Side
from crosstie.ports import Conflict, ConflictKind, Match, Sighting, Step, Store, Stranger
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, link_at, noticed_link, run


def stranger(name: str, *keys: str | None, fields: bytes | None = b"{}") -> Stranger:
    """A stranger with these match keys."""
    return Stranger(name, keys, f"mark of {name}", fields)


def alone(store: Store, side: Side, sync: str = SYNC) -> list[str]:
    """Ids of those who met nobody."""
    return [record_id for record_id, _ in run(store.strangers(sync, side, None, 999))]


def met(store: Store, number: int = 0) -> list[tuple[str, str]]:
    """Let them meet on that key; ids of the pairs that it makes."""
    run(store.meet_strangers(SYNC, number))
    matches = run(store.stranger_matches(SYNC, 0, 999))
    return sorted((match.left_id, match.right_id) for match in matches)


class MatchContract:
    """Promises of `MatchStore`."""

    def test_strangers_are_paged_by_id(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger(name, name) for name in ("c", "", "b")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("d", "d")]))
        run(store.add_strangers("other", LEFT, [stranger("e", "e")]))
        run(store.add_strangers(SYNC, LEFT, []))
        page = run(store.strangers(SYNC, LEFT, None, 2))
        assert page == [("", "mark of "), ("b", "mark of b")]
        assert run(store.strangers(SYNC, LEFT, "b", 2)) == [("c", "mark of c")]

    def test_without_strangers_nobody_meets(self, store: Store) -> None:
        assert met(store) == []
        assert run(store.stranger_groups(SYNC, 0, 9)) == []
        assert alone(store, LEFT) == []

    def test_a_second_stranger_with_the_same_id_replaces_the_first(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k1")]))
        run(store.add_strangers(SYNC, RIGHT, [stranger("a", "k1")]))
        newer = Stranger("a", ("k2",), "newer", b"{}")
        run(store.add_strangers(SYNC, LEFT, [newer]))
        assert run(store.strangers(SYNC, LEFT, None, 9)) == [("a", "newer")]
        assert met(store) == []

    def test_one_on_each_side_is_a_match_and_more_are_a_group(self, store: Store) -> None:
        left = [stranger("a", "k1"), stranger("b", "k2"), stranger("c", "k3"), stranger("d", None)]
        right = [stranger("x", "k1"), stranger("y", "k3"), stranger("z", "k3"), stranger("w", None)]
        both = [stranger("p", "k4"), stranger("q", "k4")]
        run(store.add_strangers(SYNC, LEFT, left + both))
        run(store.add_strangers(SYNC, RIGHT, right))
        assert met(store) == [("a", "x")]
        groups = run(store.stranger_groups(SYNC, 0, 9))
        assert sorted((sorted(group.left), sorted(group.right)) for group in groups) == [
            (["c"], ["y", "z"]),
            (["p", "q"], []),
        ]
        assert [g.left["c"] for g in groups if "c" in g.left] == ["mark of c"]
        assert (alone(store, LEFT), alone(store, RIGHT)) == (["b", "d"], ["w"])

    def test_a_match_tells_both_records_and_whether_they_are_equal(self, store: Store) -> None:
        pairs = {"a": (b'{"n":1}', b'{"n":1}'), "b": (b"1", b"2"), "c": (None, None)}
        for number, side in enumerate((LEFT, RIGHT)):
            own = [
                stranger(f"{name} {side}", name, f"on {side}", fields=fields[number])
                for name, fields in pairs.items()
            ]
            run(store.add_strangers(SYNC, side, own))
        run(store.meet_strangers(SYNC, 0))
        first, second, third = run(store.stranger_matches(SYNC, 0, 9))
        assert first[1:] == (
            "a left",
            "a right",
            "mark of a left",
            "mark of a right",
            b'{"n":1}',
            ("a", "on left"),
            ("a", "on right"),
        )
        assert (second.fields, third.fields) == (None, None)

    def test_matches_and_groups_are_paged_by_number(self, store: Store) -> None:
        keys = ["", *(f"k{number:03}" for number in range(300))]
        for side in (LEFT, RIGHT):
            run(store.add_strangers(SYNC, side, [stranger(f"of {key}", key) for key in keys]))
        twice = [stranger(f"again {key}", key) for key in keys[::2]]
        run(store.add_strangers(SYNC, RIGHT, twice))
        run(store.meet_strangers(SYNC, 0))
        pairs: list[str] = []
        place = 0
        while matches := run(store.stranger_matches(SYNC, place, 7)):
            assert len(matches) <= 7
            pairs += [match.left_id for match in matches]
            place = matches[-1].number
        assert sorted(pairs) == sorted(f"of {key}" for key in keys[1::2])
        crowds: list[str] = []
        place = 0
        while groups := run(store.stranger_groups(SYNC, place, 7)):
            assert len(groups) <= 7
            assert all(len(group.right) == 2 for group in groups)
            crowds += [record_id for group in groups for record_id in group.left]
            place = groups[-1].number
        assert sorted(crowds) == sorted(f"of {key}" for key in keys[::2])

    def test_only_those_who_met_nobody_meet_on_the_next_key(self, store: Store) -> None:
        left = [stranger("a", "k1", "s"), stranger("b", "k2", "t"), stranger("c", "k3", "s")]
        right = [stranger("x", "k1", "t"), stranger("y", "k4", "t"), stranger("z", "k5", "s")]
        run(store.add_strangers(SYNC, LEFT, left))
        run(store.add_strangers(SYNC, RIGHT, right))
        run(store.add_strangers("other", RIGHT, [stranger("w", "k2", "t")]))
        assert met(store, 0) == [("a", "x")]
        assert met(store, 1) == [("b", "y"), ("c", "z")]
        assert (alone(store, LEFT), alone(store, RIGHT)) == ([], [])
        assert alone(store, RIGHT, "other") == ["w"]

    def test_a_group_on_the_next_key_leaves_out_who_has_met(self, store: Store) -> None:
        left = [stranger("a", "k1", "s"), stranger("b", "k2", "s"), stranger("c", None, "s")]
        run(store.add_strangers(SYNC, LEFT, left))
        run(store.add_strangers(SYNC, RIGHT, [stranger("x", "k1", "s")]))
        assert met(store, 0) == [("a", "x")]
        assert met(store, 1) == []
        (group,) = run(store.stranger_groups(SYNC, 0, 9))
        assert (set(group.left), set(group.right)) == ({"b", "c"}, set())
        assert (alone(store, LEFT), alone(store, RIGHT)) == ([], [])

    def test_any_number_of_keys_will_do(self, store: Store) -> None:
        run(store.add_strangers("keyless", LEFT, [stranger("a")]))
        assert alone(store, LEFT, "keyless") == ["a"]
        for name, side in (("a", LEFT), ("x", RIGHT)):
            keys = [f"{number} of {name}" for number in range(19)]
            run(store.add_strangers(SYNC, side, [stranger(name, *keys, "k")]))
        assert run(store.stranger_matches(SYNC, 0, 9)) == []
        assert run(store.stranger_groups(SYNC, 0, 9)) == []
        assert met(store, 18) == []
        assert met(store, 19) == [("a", "x")]

    def test_clearing_forgets_the_strangers_of_one_sync(self, store: Store) -> None:
        run(store.add_strangers(SYNC, LEFT, [stranger("a", "k")]))
        run(store.add_strangers("other", LEFT, [stranger("b", "k")]))
        run(store.clear_strangers(SYNC))
        run(store.clear_strangers(SYNC))
        assert alone(store, LEFT) == []
        assert alone(store, LEFT, "other") == ["b"]

    def test_a_match_becomes_a_link_that_is_in_step_or_due(self, store: Store) -> None:
        matches = [
            Match(1, "a", "x", "m", "n", b'{"n":"\xc3\xa9"}', ("k",), ("k",)),
            Match(3, "b", "y", "m", "n", None, ("k",), ("k",)),
        ]
        run(store.pair_strangers(SYNC, matches, 5.0))
        run(store.pair_strangers(SYNC, [], 5.0))
        equal, other = link_at(store, "a"), link_at(store, "y", RIGHT)
        assert equal == Link(SYNC, "a", "x", {"n": "é"}, {"n": "é"}, "m", "n", id=equal.id)
        assert other == Link(SYNC, "b", "y", noticed=1, id=other.id)
        assert [each.id for each in run(store.claim(SYNC, 5.0, 9, frozenset()))] == [other.id]

    def test_a_match_goes_on_with_what_was_noticed_meanwhile(self, store: Store) -> None:
        child = noticed_link(store, "child", sync="passengers")
        waits = Parent(SYNC, RIGHT, "x")
        run(store.keep([Step(replace(child, state=LinkState.WAITING, waits_for=waits, settled=1))]))
        meanwhile = noticed_link(store, "x", RIGHT)
        match = Match(1, "a", "x", "m", "n", b"{}", ("k",), ("k",))
        run(store.pair_strangers(SYNC, [match], 5.0))
        link = link_at(store, "a")
        assert (link.right_id, link.noticed) == ("x", 1)
        assert run(store.link(meanwhile.id)) is None
        assert is_due(store, link, now=5.0)
        assert is_due(store, child)
        with pytest.raises(Duplicate):
            run(store.pair_strangers(SYNC, [match], 6.0))

    def test_links_are_kept_quiet_or_due(self, store: Store) -> None:
        quiet = Link(SYNC, "a", "x", {"n": 1}, {"n": "one"}, "m", "n")
        due = Link(SYNC, "c", "y", noticed=1)
        run(store.link_strangers(SYNC, [quiet, due], 5.0))
        link = link_at(store, "a")
        assert link == replace(quiet, id=link.id)
        assert [each.left_id for each in run(store.claim(SYNC, 5.0, 9, frozenset()))] == ["c"]
        run(store.link_strangers(SYNC, [], 5.0))

    def test_linking_absorbs_a_record_that_was_noticed_meanwhile(self, store: Store) -> None:
        meanwhile = noticed_link(store, "x", RIGHT)
        run(store.link_strangers(SYNC, [Link(SYNC, "a", "x", settled=0)], 5.0))
        link = link_at(store, "x", RIGHT)
        assert (link.left_id, link.noticed) == ("a", 1)
        assert run(store.link(meanwhile.id)) is None
        assert is_due(store, link, now=5.0)

    def test_linking_a_record_that_is_linked_is_refused_as_a_whole(self, store: Store) -> None:
        run(store.link_strangers(SYNC, [Link(SYNC, "a", "x")], 5.0))
        with pytest.raises(Duplicate) as caught:
            run(store.link_strangers(SYNC, [Link(SYNC, "b", "y"), Link(SYNC, "c", "x")], 5.0))
        assert caught.value.existing == "x"
        assert run(store.links_at(SYNC, LEFT, ["b", "c"])) == {}

    def test_linking_wakes_links_that_wait_for_the_record(self, store: Store) -> None:
        child = noticed_link(store, "child", sync="passengers")
        waiting = replace(
            child, state=LinkState.WAITING, waits_for=Parent(SYNC, LEFT, "a"), settled=1
        )
        run(store.keep([Step(waiting)]))
        assert not is_due(store, child)
        run(store.link_strangers(SYNC, [Link(SYNC, "a", "x")], 5.0))
        assert is_due(store, child)

    def test_asked_strangers_rest_with_their_conflict(self, store: Store) -> None:
        asked = [
            (
                Link(SYNC, name, left_mark="m"),
                Conflict(ConflictKind.MATCH, candidates=(f"x of {name}", "y"), opened_at=5.0),
            )
            for name in ("a", "b")
        ]
        run(store.ask_strangers(SYNC, asked, 5.0))
        run(store.ask_strangers(SYNC, [], 5.0))
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
