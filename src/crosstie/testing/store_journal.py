"""The part of the store contract about intents, steps and history."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from crosstie.core.errors import Stale
from crosstie.core.values import Fields, Link, LinkState, Parent
from crosstie.ports import Conflict, ConflictKind, Entry, Intent, Sighting, Step, Store
from crosstie.testing.driving import LEFT, RIGHT, SYNC, is_due, kept, noticed_link, run


def intent(link: Link, values: Fields | None = None) -> Intent:
    """A create on the right."""
    return Intent(
        link.id, RIGHT, "create", None, values or {}, {"n": None}, {"N": [1, {"x": 2}]}, "key", 4.5
    )


def entry(operation: str, at: float = 0.0) -> Entry:
    """A line of history."""
    return Entry(RIGHT, "r1", operation, "left changed", {"n": 1}, {"n": [2]}, at, run_id=7)


class IntentContract:
    """Promises about intents and history."""

    def test_intents_come_back_as_they_were_kept_oldest_first(self, store: Store) -> None:
        first, second = noticed_link(store, "l1"), noticed_link(store, "l2")
        intents = [intent(second, {"n": 1}), intent(first), replace(intent(second), target="r")]
        intents.append(replace(intent(first), apart={"n": None, "m": [1]}))
        ids = run(store.intend(intents))
        assert run(store.intend([])) == []
        with_ids = [replace(each, id=given) for each, given in zip(intents, ids, strict=True)]
        assert run(store.open_intents([first.id, second.id])) == with_ids
        assert run(store.open_intents([first.id])) == [with_ids[1], with_ids[3]]
        assert run(store.open_intents([])) == []

    def test_a_closed_intent_is_gone_and_its_id_never_used_again(self, store: Store) -> None:
        link = noticed_link(store)
        (first,) = run(store.intend([intent(link)]))
        run(store.keep([Step(link, closes=(first,))]))
        assert run(store.open_intents([link.id])) == []
        (second,) = run(store.intend([intent(link)]))
        assert second > first

    def test_an_intent_of_a_link_that_is_gone_is_refused_with_its_batch(self, store: Store) -> None:
        link = noticed_link(store)
        with pytest.raises(Stale):
            run(store.intend([intent(link), replace(intent(link), link_id=404)]))
        assert run(store.open_intents([link.id])) == []

    def test_creates_of_unknown_outcome_are_told_with_the_state_of_their_link(
        self, store: Store
    ) -> None:
        link, asked = noticed_link(store, "l1"), noticed_link(store, "l2")
        update = replace(intent(link), kind="update")
        run(store.intend([intent(link), intent(asked), update, replace(intent(link), side=LEFT)]))
        run(store.intend([intent(noticed_link(store, "l3", sync="other"))]))
        run(store.keep([Step(replace(asked, state=LinkState.ASKING, settled=1))]))
        told = run(store.open_creates(SYNC, RIGHT))
        assert [(known.link_id, state) for known, state in told] == [
            (link.id, LinkState.ACTIVE),
            (asked.id, LinkState.ASKING),
        ]
        assert len(run(store.open_creates(SYNC, LEFT))) == 1

    def test_history_is_told_oldest_first(self, store: Store) -> None:
        link = noticed_link(store)
        untold = Entry(None, None, "conflict", "both changed")
        run(store.keep([Step(link, history=(entry("create", 5.0), untold))]))
        run(store.keep([Step(link, history=(entry("update", 4.0),))]))
        told = run(store.history(link.id))
        assert [replace(each, id=0, link_id=0, sync="", across=None) for each in told] == [
            entry("create", 5.0),
            untold,
            entry("update", 4.0),
        ]
        assert {each.link_id for each in told} == {link.id}
        assert run(store.history(404)) == []

    def test_links_in_a_state_come_newest_error_first(self, store: Store) -> None:
        for name, at in (("a", 5.0), ("b", 9.0), ("c", 7.0)):
            link = replace(noticed_link(store, name), state=LinkState.DEAD, settled=1)
            run(store.keep([Step(link, history=(entry("dead", at),))]))
        dead = run(store.links_in(LinkState.DEAD, None, 9))
        assert [link.left_id for link in dead] == ["b", "c", "a"]
        assert len(run(store.links_in(LinkState.DEAD, SYNC, 2))) == 2
        assert run(store.links_in(LinkState.DEAD, "other", 9)) == []
        assert run(store.links_in(LinkState.ASKING, None, 9)) == []


class StepContract:
    """Promises of `keep` about the link itself."""

    def test_a_step_writes_the_link_but_not_what_was_noticed(self, store: Store) -> None:
        link = noticed_link(store)
        after = Link(
            SYNC,
            "l1",
            "r1",
            {"n": 1.5, "d": {"x": [True]}},
            {"n": None},
            "m",
            "n",
            LinkState.WAITING,
            99,
            1,
            4,
            "retry",
            "told",
            Parent("trips", RIGHT, "p1"),
            None,
            link.id,
        )
        run(store.keep([Step(after)]))
        assert kept(store, link) == replace(after, noticed=1)
        run(store.keep([Step(replace(link, settled=1))]))
        assert kept(store, link) == replace(link, settled=1)
        run(store.keep([]))

    def test_a_settled_link_is_quiet_or_due_later(self, store: Store) -> None:
        link = replace(noticed_link(store), settled=1)
        run(store.keep([Step(link)]))
        assert not is_due(store, link)
        run(store.keep([Step(link, due_at=50.0)]))
        assert not is_due(store, link, now=49.0)
        assert is_due(store, link, now=50.0)

    def test_what_was_noticed_meanwhile_leaves_the_link_due(self, store: Store) -> None:
        link = noticed_link(store, now=1.0)
        run(store.notice(SYNC, LEFT, [Sighting("l1", "newer")], 8.0))
        for due_at in (None, 50.0, 1.0):
            run(store.keep([Step(replace(link, settled=1), due_at=due_at)]))
            assert is_due(store, link, now=1.0)
        run(store.keep([Step(replace(link, settled=1), due_at=0.5)]))
        assert is_due(store, link, now=0.5)
        run(store.keep([Step(replace(link, settled=2))]))
        assert not is_due(store, link)

    def test_a_link_does_not_rest_over_what_was_noticed_meanwhile(self, store: Store) -> None:
        for state in (LinkState.DEAD, LinkState.ASKING, LinkState.WAITING):
            link = noticed_link(store, state)
            run(store.notice(SYNC, LEFT, [Sighting(state, "newer")], 8.0))
            resting = replace(link, state=state, settled=1, attempts=9, error="rejected")
            run(store.keep([Step(resting)]))
            assert is_due(store, link)
            assert (kept(store, link).attempts, kept(store, link).error) == (0, None)

    def test_a_link_is_closed_whatever_was_noticed_meanwhile(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.notice(SYNC, LEFT, [Sighting("l1", "newer")], 8.0))
        run(store.keep([Step(replace(link, state=LinkState.CLOSED, settled=1), due_at=1.0)]))
        assert kept(store, link).state is LinkState.CLOSED
        assert run(store.figures(SYNC, 1e9)).due == 0

    def test_many_steps_are_kept_at_once(self, store: Store) -> None:
        run(store.notice(SYNC, LEFT, [Sighting(str(number)) for number in range(300)], 1.0))
        links = run(store.claim(SYNC, 1.0, 300, frozenset()))
        ids = run(store.intend([intent(link) for link in links]))
        run(
            store.keep(
                [
                    Step(
                        replace(link, right_id=f"r{link.left_id}", settled=1),
                        closes=(intent_id,),
                        history=(entry("create", 2.0),),
                    )
                    for link, intent_id in zip(links, ids, strict=True)
                ]
            )
        )
        assert run(store.claim(SYNC, 9.0, 9, frozenset())) == []
        assert run(store.open_intents([link.id for link in links])) == []
        assert len(run(store.counterparts(SYNC, LEFT, [str(n) for n in range(300)]))) == 300

    def test_a_dropped_link_is_gone_with_its_intents_and_conflict(self, store: Store) -> None:
        link = replace(noticed_link(store), settled=1)
        run(store.keep([Step(link, conflict=Conflict(ConflictKind.EDIT))]))
        (conflict,) = run(store.conflicts(None, 9))
        run(store.intend([intent(link)]))
        run(store.keep([Step(link, drops=True, history=(entry("close", 6.0),))]))
        assert run(store.link(link.id)) is None
        assert run(store.open_intents([link.id])) == []
        assert run(store.conflicts(None, 9)) == []
        closed = run(store.conflict(conflict.id))
        assert closed is not None
        assert closed.closed_at == 6.0
        assert len(run(store.history(link.id))) == 1
        assert run(store.past_links("r1", 9)) == [link.id]
        assert run(store.past_links("r2", 9)) == []
        assert noticed_link(store).id > link.id

    def test_a_link_that_was_noticed_again_is_not_dropped(self, store: Store) -> None:
        link = noticed_link(store)
        run(store.notice(SYNC, LEFT, [Sighting("l1", "back")], 8.0))
        run(store.keep([Step(replace(link, settled=1), drops=True)]))
        assert is_due(store, link)

    def test_a_step_of_a_link_that_is_gone_only_tells_its_history(self, store: Store) -> None:
        link = replace(noticed_link(store), settled=1)
        run(store.keep([Step(link, drops=True)]))
        run(
            store.keep(
                [
                    Step(
                        link,
                        history=(entry("dead"),),
                        conflict=Conflict(ConflictKind.EDIT),
                        wakes=True,
                    )
                ]
            )
        )
        assert run(store.link(link.id)) is None
        assert run(store.conflicts(None, 9)) == []
        assert len(run(store.history(link.id))) == 1
